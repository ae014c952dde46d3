import uuid

import pandas as pd
import pytest

import labeling as lb
from labeling import labeling_function
from labeling.errors import LabelingFunctionError

FRAME = pd.DataFrame({"text": ["x", "y", "z"], "n": [0, 1, 2]}, index=["a", "b", "c"])


class Tokenizer:
    def __init__(self):
        self.calls = 0

    def split(self, x):
        self.calls += 1
        x.tokens, x.stamp = x.text.split(), uuid.uuid4().int
        return x


@pytest.mark.parametrize("at_once", [1, 2, 100])
def test_a_preprocessor_runs_once_a_row_for_all_functions_that_name_it(
    schema, monkeypatch, at_once
):
    monkeypatch.setattr("labeling.engine.applier.ROWS_AT_ONCE", at_once)
    tokenizer, calls = Tokenizer(), []

    def count(x):
        calls.append(x.tokens)
        return x

    stamp = lambda x: x.stamp % 2  # noqa: E731
    lfs = [
        lb.LabelingFunction("one", stamp, pre=[tokenizer.split]),
        lb.LabelingFunction("two", stamp, pre=[tokenizer.split, count]),
        lb.LabelingFunction("three", stamp, pre=[tokenizer.split, count]),
    ]
    array = lb.apply(lfs, FRAME, schema).to_array()
    assert (tokenizer.calls, calls) == (3, [["x"], ["y"], ["z"]])
    assert (array == array[:, :1]).all()


def test_what_a_preprocessor_changes_is_seen_only_by_functions_that_name_it(schema):
    def shout(x):
        x.text, x["my field"] = x.text.upper(), 1
        return x

    with_it = labeling_function(name="with", pre=[shout])(
        lambda x: int((x.text, x["my field"]) == ("X", 1))
    )
    without = labeling_function(name="without")(lambda x: int(x.text == "x"))
    twice = labeling_function(name="twice", pre=[shout, shout])(lambda x: int(x.text == "X"))
    wanted = [[1, 1, 1], [0, 0, 0], [0, 0, 0]]
    assert lb.apply([with_it, without, twice], FRAME, schema).to_array().tolist() == wanted


def test_a_function_cannot_change_a_row_that_another_one_sees(schema):
    def same(x):
        return x

    def by_attribute(x):
        x.text = "changed"

    def by_item(x):
        x["text"] = "changed"

    def by_deleting(x):
        del x.text

    changing = [
        lb.LabelingFunction(f"{function.__name__} {len(pre)}", function, pre=pre)
        for function in (by_attribute, by_item, by_deleting)
        for pre in ([], [same])
    ]
    after = [
        lb.LabelingFunction(f"after {len(pre)}", lambda x: int(x.text == "y"), pre=pre)
        for pre in ([], [same])
    ]
    votes = lb.apply([*changing, *after], FRAME, schema, on_error="record")
    assert votes.to_array()[:, -2:].tolist() == [[0, 0], [1, 1], [0, 0]]
    assert len(votes.faults) == len(changing) * len(FRAME)


def test_a_failing_preprocessor_is_the_fault_of_each_function_that_names_it(schema):
    def forget(x):
        if x.n == 1:
            return None
        return x if x.n else 1 / 0

    def note(x):
        x.note = 1
        return x

    lfs = [
        lb.LabelingFunction("p", lambda x: 1, pre=[forget, note]),
        lb.LabelingFunction("q", lambda x: x.n % 2, pre=[forget]),
        lb.LabelingFunction("r", lambda x: 0),
    ]
    votes = lb.apply(lfs, FRAME, schema, on_error="record")
    assert votes.to_array().tolist() == [[-1, -1, 0], [-1, -1, 0], [1, 0, 0]]
    assert [fault[:2] for fault in votes.faults] == [("p", "a"), ("p", "b"), ("q", "a"), ("q", "b")]
    assert isinstance(votes.faults[0].exception, ZeroDivisionError)
    message = r"'p' failed on sample 'b':.*Preprocessor 'forget' must return the row. Got None"
    with pytest.raises(LabelingFunctionError, match=message):
        lb.apply(lfs, FRAME.loc[["b"]], schema)
