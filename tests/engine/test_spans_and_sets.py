"""Votes that are spans or sets of labels: the same for any workers, chunks and caches."""

import os
import re
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.engine import VoteStore, applier, apply_to_frame, block_digests
from labeling.errors import LabelingFunctionError, LFTimeoutError
from labeling.records import SetVotes, SpanVotes

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger", "fear"], kind="several")
WORDS = ("Ann", "Bob", "Acme", "Inc", "the", "e\u0301t", "\U0001f600", "\u00a0x", "Lee\r\n")


def samples(n=700, seed=0):
    rng = np.random.default_rng(seed)
    texts = [" ".join(rng.choice(WORDS, size=rng.integers(0, 12))) for _ in range(n)]
    return pd.DataFrame({"text": texts, "n": np.arange(n)}, index=[f"s{row}" for row in range(n)])


def first_word(x):
    x.first = x.text.split(" ")[0]
    return x


@lb.span_labeling_function(label="PER")
def names(x):
    yield from re.finditer(r"Ann|Bob|Ann Lee", x.text)


@lb.span_labeling_function
def overlapping(x):
    found = [(match.start(), match.end(), "ORG") for match in re.finditer(r"Acme( Inc)?", x.text)]
    return [*found, *[(start, start + 4, "PER") for start, _, _ in found]]


@lb.span_labeling_function(label=1)
def failing(x):
    if x.n % 97 == 5:
        raise ValueError(f"no {x.n}")
    return re.search("Lee", x.text) if x.n % 89 else (0, 10_000)


@lb.span_labeling_function(pre=[first_word])
def articles(x):
    return [(m.start(), m.end(), None) for m in re.finditer("the|e", x.text)] if x.first else []


@lb.labeling_function
def has_ann(x):
    return "joy" if "Ann" in x.text else None


@lb.labeling_function
def sets(x):
    return {"joy", "fear"} if "Bob" in x.text else [] if x.n % 2 else None


@lb.labeling_function
def signed(x):
    return {"joy": "Lee" in x.text, 1: x.n % 3 == 0}


@lb.labeling_function(closed=True, pre=[first_word])
def closed(x):
    if x.n == 600:
        raise ValueError("no")
    return ("anger",) if x.first == "Acme" else set() if x.n % 5 == 0 else None


@lb.labeling_function(label="fear", compile=False)
def is_long(x):
    return len(x.text) > 40


SPAN_LFS = [names, overlapping, failing, articles]
SET_LFS = [has_ann, sets, signed, closed, is_long, lb.functions.keywords("k", ["inc"], label=1)]
KINDS = pytest.mark.parametrize(
    ("lfs", "schema"), [(SPAN_LFS, SPANS), (SET_LFS, SETS)], ids=["spans", "sets"]
)


def as_text(votes):
    """Return all of votes as text: equal for equal votes only."""
    columns = votes.marks if isinstance(votes, SpanVotes) else votes.answers
    trimmed = sorted(getattr(votes, "trimmed", {}).items())
    faults = [(fault[0], fault[1], str(fault[2])) for fault in votes.faults]
    parts = [column.tolist() for column in columns]
    return repr((parts, votes.sample_ids.tolist(), votes.voters, trimmed, faults))


@KINDS
def test_votes_are_the_same_for_any_workers_and_chunks(lfs, schema, monkeypatch):
    data = samples()
    expected = apply_to_frame(lfs, data, schema, on_error="record")
    assert expected.faults
    assert len({fault[0] for fault in expected.faults}) == 1
    for size in (1, 64, 333):
        monkeypatch.setattr(applier, "ROWS_AT_ONCE", size)
        again = apply_to_frame(lfs, data, schema, on_error="record", workers=1 if size < 9 else 2)
        assert as_text(again) == as_text(expected)


@KINDS
@pytest.mark.parametrize("workers", [1, 2])
def test_cached_votes_are_the_same(lfs, schema, workers, tmp_path, monkeypatch):
    monkeypatch.setattr(block_digests, "BLOCK_ROWS", 64, raising=False)
    data = samples()
    expected = as_text(apply_to_frame(lfs, data, schema, on_error="record"))
    store = VoteStore(tmp_path)
    how = {"on_error": "record", "cache": store, "workers": workers}
    assert as_text(apply_to_frame(lfs, data, schema, **how)) == expected
    assert as_text(apply_to_frame(lfs, data, schema, **how)) == expected
    assert [use.rows_run for use in store.report.functions] == [0] * len(lfs)
    changed = data.copy()
    changed.iloc[3, 0] = "Ann Acme Inc"
    fresh = as_text(apply_to_frame(lfs, changed, schema, on_error="record"))
    assert as_text(apply_to_frame(lfs, changed, schema, **how)) == fresh
    assert fresh != expected


def test_spans_depend_on_the_text_even_if_the_function_does_not_read_it(tmp_path):
    lf = lb.span_labeling_function(name="start")(lambda x: (0, x.n, "PER"))
    data = pd.DataFrame({"text": ["Ann Lee", "Bob"], "n": [4, 3]})
    for texts in (["Ann Lee", "Bob"], ["AnnxLee", "Bob"]):
        data["text"] = texts
        plain = apply_to_frame(lf, data, SPANS)
        assert as_text(apply_to_frame(lf, data, SPANS, cache=tmp_path)) == as_text(plain)
    other = data.assign(body=data["text"].str[1:] + "   ")
    in_body = apply_to_frame(lf, other, SPANS, cache=tmp_path, text="body")
    assert as_text(in_body) == as_text(apply_to_frame(lf, other, SPANS, text="body"))


def test_a_text_of_kind_one_two_and_three_is_cached_apart(tmp_path):
    data = samples(50)
    one = apply_to_frame(has_ann, data, lb.LabelSchema(SETS.labels), cache=tmp_path)
    several = apply_to_frame(has_ann, data, SETS, cache=tmp_path)
    assert several.answers.sample.tolist() == np.flatnonzero(one.to_array()[:, 0] == 0).tolist()
    trimmed = apply_to_frame(overlapping, data, SPANS, cache=tmp_path).trimmed
    refusing = lb.span_labeling_function(name="overlapping", overlaps="error")(overlapping.function)
    again = apply_to_frame(refusing, data, SPANS, cache=tmp_path, on_error="record")
    assert trimmed["overlapping"] > 0
    assert len(again.faults) > 0


@KINDS
def test_streams_give_the_same_votes(lfs, schema, tmp_path):
    data = samples().rename_axis("key")
    data.reset_index().to_parquet(tmp_path / "a.parquet", row_group_size=100)
    data.reset_index().to_csv(tmp_path / "a.csv", index=False)
    data.reset_index().to_json(tmp_path / "a.jsonl", orient="records", lines=True)
    expected = as_text(lb.apply(lfs, data, schema, on_error="record"))
    for name in ("a.parquet", "a.jsonl"):
        votes = lb.apply(lfs, tmp_path / name, schema, id="key", on_error="record")
        assert as_text(votes) == expected
    cached = {"id": "key", "on_error": "record", "cache": tmp_path / "votes", "workers": 2}
    for _ in range(2):
        assert as_text(lb.apply(lfs, tmp_path / "a.parquet", schema, **cached)) == expected


@KINDS
def test_tables_in_csv_give_the_same_votes(lfs, schema, tmp_path):
    data = samples().rename_axis("key")
    data = data[data["text"] != ""]  # an empty cell is a missing text
    data.reset_index().to_csv(tmp_path / "a.csv", index=False)
    expected = as_text(lb.apply(lfs, data, schema, on_error="record"))
    for workers in (1, 2):
        how = {"id": "key", "on_error": "record", "workers": workers}
        assert as_text(lb.apply(lfs, tmp_path / "a.csv", schema, **how)) == expected


@KINDS
def test_the_first_fault_is_raised(lfs, schema):
    recorded = apply_to_frame(lfs, samples(), schema, on_error="record")
    for workers in (1, 2):
        with pytest.raises(LabelingFunctionError) as raised:
            apply_to_frame(lfs, samples(), schema, workers=workers)
        assert repr(recorded.faults[0].sample_id) in str(raised.value)


def test_calls_that_do_not_return_are_stopped_inside_generators():
    @lb.span_labeling_function
    def slow(x):
        yield 0, 1, "PER"
        while x.n == 1:
            pass

    data = pd.DataFrame({"text": ["Ann", "Bob", "Lee"], "n": [0, 1, 2]})
    for workers in (1, 2):
        votes = apply_to_frame(slow, data, SPANS, on_error="record", timeout=0.3, workers=workers)
        assert votes.marks.sample.tolist() == [0, 2]
        assert [type(fault.exception) for fault in votes.faults] == [LFTimeoutError]


def test_progress_and_report_count_all_samples():
    done, runs = [], []
    apply_to_frame(names, samples(), SPANS, progress=done.append, report=runs.extend)
    assert sum(done) == 700
    assert (runs[0].rows_in_python, runs[0].rows_in_columns) == (700, 0)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (None, {}),
        (-1, {}),
        ([], {}),
        ("joy", {"joy": True}),
        (1, {"anger": True}),
        ({"joy", "fear"}, {"joy": True, "fear": True}),
        (["joy", 0, np.int64(2)], {"joy": True, "fear": True}),
        ({"joy": True, "fear": np.bool_(False)}, {"joy": True, "fear": False}),
    ],
)
def test_answers_speak_of_the_labels_they_name(answer, says):
    lf = lb.labeling_function(name="rule")(lambda x: answer)
    frame = apply_to_frame(lf, pd.DataFrame({"text": ["hi"]}), SETS).to_frame()
    assert dict(zip(frame["label"], frame["says"], strict=True)) == says
    lf = lb.labeling_function(name="rule", closed=True)(lambda x: answer)
    frame = apply_to_frame(lf, pd.DataFrame({"text": ["hi"]}), SETS).to_frame()
    abstains = answer is None or answer == -1
    expected = {} if abstains else dict.fromkeys(SETS.labels, False) | says
    assert dict(zip(frame["label"], frame["says"], strict=True)) == expected


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("joi", "Did you mean 'joy'"),
        (True, r"@labeling_function\(label="),
        (["joy", "sad"], "'sad' is not a label"),
        ({"joy": 1}, "must be True or False"),
        ({"joy": True, 0: False}, "both yes and no to 'joy'"),
        (7, "7 is not a label"),
        (1.0, "1.0"),
        ([True], "True"),
        ([-1], "-1"),
    ],
)
def test_wrong_answers_are_named(answer, words):
    lf = lb.labeling_function(name="rule", compile=False)(lambda x: answer)
    with pytest.raises(LabelingFunctionError, match=words) as raised:
        apply_to_frame(lf, pd.DataFrame({"text": ["hi"]}, index=["a"]), SETS)
    assert "'rule'" in str(raised.value)
    assert "'a'" in str(raised.value)


def test_a_yes_or_no_function_says_yes_or_nothing():
    votes = apply_to_frame(is_long, samples(), SETS)
    assert isinstance(votes, SetVotes)
    assert votes.answers.says.all()
    assert set(votes.answers.label.tolist()) == {2}


def test_votes_on_columns_are_those_of_python():
    pytest.importorskip("polars")
    runs = []
    fast = apply_to_frame([has_ann, SET_LFS[-1]], samples(), SETS, report=runs.extend)
    assert all(run.rows_in_columns for run in runs)
    slow = [
        lb.labeling_function(name=lf.name, compile=False)(lf.function)
        for lf in (has_ann, SET_LFS[-1])
    ]
    assert as_text(apply_to_frame(slow, samples(), SETS)) == as_text(fast)


def test_a_killed_run_goes_on_where_it_was(tmp_path):
    script = tmp_path / "run.py"
    script.write_text(
        textwrap.dedent(f"""
        import os, re, sys
        import labeling as lb, pandas as pd
        from labeling.engine import VoteStore, block_digests
        block_digests.BLOCK_ROWS = 64
        kill = sys.argv[1] == "kill"
        data = pd.DataFrame({{"text": ["Ann Bob Acme Inc"] * 900, "n": range(900)}})
        def rule(x):
            if os.environ.get("KILL") and x.n == 700:
                os.kill(os.getpid(), {signal.SIGKILL.value})
            return re.finditer("Ann|Bob|Bob Acme", x.text)
        lf = lb.span_labeling_function(label="PER", version=1)(rule)
        store = VoteStore(sys.argv[2])
        votes = lb.apply(lf, data, lb.LabelSchema(["PER"], kind="spans"), cache=store)
        print(len(votes.marks.start), store.report.functions[0].rows_cached)
        """)
    )
    command = [sys.executable, str(script), "kill", str(tmp_path / "votes")]
    killed = subprocess.run(command, env=os.environ | {"KILL": "1"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    resumed = subprocess.run(command, capture_output=True, text=True, check=True)
    marks, cached = map(int, resumed.stdout.split())
    assert (marks, cached % 64) == (1_800, 0)


def test_a_set_with_none_in_it_suggests_no_label():
    schema = lb.LabelSchema(["money", "food"], kind="several")
    rule = lb.labeling_function(lambda x: [None], name="rule")
    with pytest.raises(lb.LabelingError) as caught:
        lb.apply(rule, pd.DataFrame({"text": ["a"]}), schema)
    assert "Did you mean" not in str(caught.value)


def test_a_function_that_returns_zeros_and_ones_is_refused():
    schema = lb.LabelSchema(["sport", "money", "food"], kind="several")
    rule = lb.labeling_function(lambda x: [1, 0, 1], name="rule")
    with pytest.raises(lb.LabelingError, match="write a row of zeros and ones as the names"):
        lb.apply(rule, pd.DataFrame({"text": ["a"]}), schema)
