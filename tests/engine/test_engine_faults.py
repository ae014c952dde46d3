import enum
import time

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling import ABSTAIN, labeling_function
from labeling.engine.execution import WrongReturnError
from labeling.errors import DataError, LabelingFunctionError, UnknownLabelError
from labeling.functions import keywords, model

FRAME = pd.DataFrame({"text": ["x", "y", "z"], "n": [0, 1, 2]}, index=["a", "b", "c"])


class Code(enum.IntEnum):
    ABSTAIN = -1
    HAM = 0
    SPAM = 1


def returns(value, **options):
    """A rule that returns `value` for sample b, and abstains on the others."""
    return labeling_function(name="rule", **options)(lambda x: value if x.text == "y" else None)


def fails(x):
    if x.n == 1:
        raise KeyError("wrong")
    return 1


# Returns


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        *(
            ("spam", 1),
            ("ham", 0),
            (1, 1),
            (np.int64(1), 1),
            (np.uint8(0), 0),
            (np.str_("spam"), 1),
        ),
        *(
            (Code.SPAM, 1),
            (Code.HAM, 0),
            (Code.ABSTAIN, -1),
            (np.int8(-1), -1),
            (None, -1),
            (-1, -1),
        ),
    ],
)
def test_a_name_a_code_of_any_integer_type_or_an_abstention_is_a_vote(schema, answer, code):
    assert lb.apply(returns(answer), FRAME, schema).to_array()[:, 0].tolist() == [-1, code, -1]


@pytest.mark.parametrize(
    ("answer", "code"),
    [(True, 1), (False, -1), (np.True_, 1), (np.False_, -1), (None, -1), ("ham", 0), (0, 0)],
)
def test_a_bool_votes_for_the_label_of_its_function(schema, answer, code):
    votes = lb.apply(returns(answer, label="spam"), FRAME, schema)
    assert votes.to_array()[:, 0].tolist() == [-1, code, -1]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (1.0, r"returned 1\.0 \(float\)"),
        (np.float64(0), r"\(float64\)"),
        (-1.0, r"returned -1\.0 \(float\)"),
        (float("nan"), r"returned nan \(float\)"),
        (pd.NA, r"returned <NA> \(NAType\)"),
        (True, r"returned True \(bool\).*For a yes-or-no function write .*label="),
        (np.True_, r"\(bool\).*For a yes-or-no function"),
        ("spma", r"returned 'spma' \(str\).*Did you mean 'spam'\?"),
        (2, r"returned 2 \(int\).*a code from 0 to 1, or ABSTAIN"),
        (-2, r"returned -2 \(int\)"),
        (10**30, r"\(int\)"),
        (["ham"], r"returned \['ham'\] \(list\)"),
        (np.array([1]), r"\(ndarray\)"),
        (np.array([1, -1]), r"\(ndarray\)"),
        ({}, r"\(dict\)"),
        ("", r"returned '' \(str\)"),
    ],
)
def test_what_is_no_vote_is_an_error_that_names_function_sample_value_and_labels(
    schema, answer, message
):
    with pytest.raises(LabelingFunctionError, match=message) as caught:
        lb.apply(returns(answer), FRAME, schema)
    text = str(caught.value)
    assert text.startswith("Labeling function 'rule' returned ")
    assert "for sample 'b'. It must return a label ('ham', 'spam')" in text


def test_a_wrong_return_is_recorded_as_the_fault_it_is_raised_as(schema):
    votes = lb.apply(
        [returns(1.5), keywords("k", ["y"], label=0)], FRAME, schema, on_error="record"
    )
    assert votes.to_array().tolist() == [[-1, -1], [-1, 0], [-1, -1]]
    (fault,) = votes.faults
    assert (fault.labeling_function, fault.sample_id) == ("rule", "b")
    assert isinstance(fault.exception, WrongReturnError)
    with pytest.raises(WrongReturnError, match=r"'rule' returned 1\.5"):
        raise fault.exception


def test_a_yes_or_no_function_that_returns_something_else_is_told_so(schema):
    with pytest.raises(LabelingFunctionError, match=r"wrap the answer in bool\(...\)"):
        lb.apply(returns(["hit"], label="spam"), FRAME, schema)


# Exceptions


def test_an_exception_is_raised_with_function_and_sample_and_its_cause_chained(schema):
    message = r"^Labeling function 'fails' failed on sample 'b': KeyError\('wrong'\)"
    with pytest.raises(LabelingFunctionError, match=message) as caught:
        lb.apply(labeling_function(fails), FRAME, schema)
    assert isinstance(caught.value.__cause__, KeyError)


def test_ids_are_named_as_plain_python(schema):
    frame = FRAME.set_index("n")
    with pytest.raises(LabelingFunctionError, match=r"for sample 1\. It must"):
        lb.apply(returns(1.5), frame, schema)
    votes = lb.apply(returns(1.5), frame, schema, on_error="record")
    assert type(votes.faults[0].sample_id) is int


def test_recorded_faults_keep_function_sample_and_exception_and_all_other_votes(schema):
    lfs = [
        labeling_function(name="always")(lambda x: 0),
        labeling_function(fails),
        labeling_function(name="twice")(lambda x: 1 // (x.n - x.n % 2)),
    ]
    votes = lb.apply(lfs, FRAME, schema, on_error="record")
    assert votes.to_array().tolist() == [[0, 1, -1], [0, -1, -1], [0, 1, 0]]
    assert [(fault[0], fault[1], type(fault[2])) for fault in votes.faults] == [
        ("fails", "b", KeyError),
        ("twice", "a", ZeroDivisionError),
        ("twice", "b", ZeroDivisionError),
    ]


@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_stop_iteration_inside_a_function_loses_no_row(schema, row):
    @labeling_function
    def stops(x):
        return 1 if x.n != row else next(iter(()))

    votes = lb.apply(stops, FRAME, schema, on_error="record")
    assert votes.to_array()[:, 0].tolist() == [ABSTAIN if n == row else 1 for n in range(3)]
    assert [(f.sample_id, type(f.exception)) for f in votes.faults] == [("abc"[row], StopIteration)]
    with pytest.raises(LabelingFunctionError, match=f"'stops' failed on sample '{'abc'[row]}'"):
        lb.apply(stops, FRAME, schema)


def test_a_model_that_fails_on_one_sample_abstains_on_that_sample_alone(schema):
    def predict(texts):
        if "y" in texts:
            raise ValueError("cannot read y")
        return ["spam"] * len(texts)

    votes = lb.apply(model("m", predict), FRAME, schema, on_error="record")
    assert votes.to_array()[:, 0].tolist() == [1, -1, 1]
    assert [(f.sample_id, str(f.exception)) for f in votes.faults] == [("b", "cannot read y")]


# Arguments


ONE = labeling_function(name="one")(lambda x: 1)


@pytest.mark.parametrize(
    ("lfs", "frame", "options", "error", "message"),
    [
        ([], FRAME, {}, LabelingFunctionError, "at least one labeling function. Got none"),
        ([fails], FRAME, {}, LabelingFunctionError, "made with @labeling_function. Got <function"),
        ([ONE, ONE], FRAME, {}, LabelingFunctionError, "different names. Given twice: 'one'"),
        (returns(1, label="spma"), FRAME, {}, UnknownLabelError, "'rule': 'spma'.*mean 'spam'"),
        (ONE, FRAME, {"workers": 0}, LabelingFunctionError, "whole number from 1. Got 0"),
        (ONE, FRAME, {"workers": True}, LabelingFunctionError, "whole number from 1. Got True"),
        (ONE, FRAME, {"on_error": "skip"}, LabelingFunctionError, "'record'. Got 'skip'"),
        (ONE, FRAME[:0], {}, DataError, "at least one sample. Got an empty table"),
        (ONE, FRAME.set_axis(["a", "a", "b"]), {}, DataError, "given more than once: 'a'"),
        (ONE, FRAME.set_axis(["a", None, "b"]), {}, DataError, "Missing in rows 1"),
        (ONE, FRAME, {"id": "txt"}, DataError, "column 'txt' .*Did you mean 'text'"),
        (ONE, FRAME.set_axis(["n", "n"], axis=1), {}, DataError, "Given twice: 'n'"),
        (ONE, [1, 2], {}, DataError, "must hold texts, or dicts from column to value. Got 'int'"),
        (ONE, "no.csv", {}, DataError, "`id` must name the id column when `data` is a file"),
        (keywords("k", "a", label=0, column="txt"), FRAME, {}, DataError, "function 'k' reads"),
    ],
)
def test_what_cannot_be_applied_is_refused(schema, lfs, frame, options, error, message):
    with pytest.raises(error, match=f"(?i){message}"):
        lb.apply(lfs, frame, schema, **options)


def test_progress_adds_up_to_the_number_of_samples(schema, monkeypatch):
    monkeypatch.setattr("labeling.engine.applier.ROWS_AT_ONCE", 2)
    for workers in (1, 2):
        done = []
        lb.apply(ONE, FRAME, schema, workers=workers, progress=done.append)
        assert sum(done) == len(FRAME)


def slow_rows(x):
    time.sleep(0.004)
    return 0


def slow_batch(texts):
    time.sleep(0.12)
    return [0] * len(texts)


def slow_pre(x):
    time.sleep(0.004)
    x.more = 1
    return x


@pytest.mark.parametrize(
    ("lf", "count"),
    [
        (lb.LabelingFunction("rows", slow_rows), 200),
        (lb.LabelingFunction("pre", lambda x: 0, pre=[slow_pre]), 200),
        (model("batch", slow_batch), 4_000),
    ],
)
def test_progress_is_told_while_one_function_is_slow(schema, lf, count):
    """Chunks are large, and who waits must see that something moves."""
    frame = pd.DataFrame({"text": ["x"] * count})
    done = []
    votes = lb.apply([lf, returns(1)], frame, schema, progress=done.append)
    assert len(done) > 2
    assert min(done) > 0
    assert sum(done) == count
    assert votes.to_array()[:, 0].tolist() == [0] * count


def test_progress_adds_up_where_rows_fail_and_are_tried_one_by_one(schema, monkeypatch):
    monkeypatch.setattr("labeling.engine.progress.MIN_INTERVAL", 0.0)
    monkeypatch.setattr("labeling.engine.progress.BLOCK", 1)
    bad = model("bad", lambda texts: [1 / (text != "y") and 0 for text in texts])
    lfs = [bad, lb.LabelingFunction("fails", fails, pre=[slow_pre])]
    done = []
    votes = lb.apply(lfs, FRAME, schema, on_error="record", progress=done.append)
    assert votes.to_array().tolist() == [[0, 1], [-1, -1], [0, 1]]
    assert sum(done) == len(FRAME)
    assert min(done) > 0


def test_a_batch_that_answers_too_little_is_asked_row_by_row(schema, monkeypatch):
    monkeypatch.setattr("labeling.engine.calls.BATCH", 2)
    short = lb.LabelingFunction("short", lambda x: 0, batch=lambda rows: [0] * (len(rows) % 2 + 1))
    assert lb.apply(short, FRAME, schema).to_array()[:, 0].tolist() == [0, 0, 0]


def test_a_function_that_ends_the_process_is_a_fault(schema):
    leaves = lb.LabelingFunction("leaves", lambda x: exit(3) if x.n == 1 else 0)
    votes = lb.apply(leaves, FRAME, schema, on_error="record")
    assert votes.to_array()[:, 0].tolist() == [0, -1, 0]
    assert "tried to end the process" in str(votes.faults[0].exception)


def test_half_a_character_reaches_the_function(schema):
    frame = pd.DataFrame({"text": pd.Series(["a\ud83d", "b"], dtype=object)})
    half = lb.LabelingFunction("half", lambda x: 1 if x.text.endswith("\ud83d") else 0)
    assert lb.apply(half, frame, schema).to_array()[:, 0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("lfs", "schema_given", "message"),
    [
        ([keywords("k", ["x"], label="spam")], ["ham", "spam"], "must be of type LabelSchema"),
        (lambda x: 0, None, "must be made with @labeling_function. Got <function"),
        (None, None, "must be made with @labeling_function. Got None"),
    ],
)
def test_what_cannot_be_applied_is_said(schema, lfs, schema_given, message):
    with pytest.raises(lb.LabelingError, match=message):
        lb.apply(lfs, FRAME.assign(text="x"), schema_given or schema)


def test_many_different_answers_are_told_apart_by_their_types(schema):
    """1, True, 1.0 and np.int64(1) are equal, and only two of them are votes."""
    numbers = [1, True, 1.0, np.int64(1), 0, False, Code.SPAM, "spam", "sp" + "am"[:], None, -1]
    numbers += [np.int64(n % 2) for n in range(40)] + [np.float64(1), f"ha{'m'}", np.str_("ham")]
    frame = pd.DataFrame({"n": range(len(numbers))})
    lf = lb.LabelingFunction("odd", lambda x: numbers[x.n])
    votes = lb.apply(lf, frame, schema, on_error="record")
    wrong = [row for row, number in enumerate(numbers) if type(number) in (bool, float, np.float64)]
    assert [fault.sample_id for fault in votes.faults] == wrong
    names = {"ham": 0, "spam": 1, None: -1}
    wanted = [-1 if n in wrong else names.get(a, a) for n, a in enumerate(numbers)]
    assert votes.to_array()[:, 0].tolist() == wanted
    assert [str(fault.exception).split(" for sample")[0] for fault in votes.faults][:2] == [
        "Labeling function 'odd' returned True (bool)",
        "Labeling function 'odd' returned 1.0 (float)",
    ]
