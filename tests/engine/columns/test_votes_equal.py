"""Votes on columns are those of the Python functions, on any values."""

import copy
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.engine.batches import SampleBatch
from labeling.engine.columns.plans import ColumnPlan, plan_of
from labeling.engine.execution import Job, votes_on
from labeling.engine.values import with_plain_objects
from labeling.records import LabelingFunction
from tests.engine.columns import bodies

SCHEMA = lb.LabelSchema(["ham", "spam"])

LFS = {name: LabelingFunction(name, function) for name, function in bodies.VOTING.items()} | {
    name: LabelingFunction(name, function, label="spam")
    for name, function in bodies.YES_OR_NO.items()
}

TEXTS = (
    *("", " ", "free", "Free money!!", "FREE", "you win!", "win", "end", "end\n", "end\n\n"),
    *("the\x1cend", "a\x0bb", "a  b", "\tfree ", "free\x85", "\u2003free", "FREE é", "é", "ẞ", "ß"),
    *("STRASSE", "İstanbul", "ΑΣ ΟΔΟΣ", "ﬁ", "K free", "\u017fs", "٣", "²", "12-34 5", "123", "0"),
    *("see http://x", "www.x", "eeee", "!!!!", "abcABC", "ABC DEF", "AB", "A", "\x00", "a\x00free"),
    *(
        "free cash prize click here",
        "shop.example",
        "news.example free",
        "x" * 300,
        "😀 win",
        "é!!",
    ),
    *(
        "fr\u200bee",
        "\u0130",
        "win\r\n",
        "e\u0301",
        "\ud7ff",
        "free win",
        "Titel Wort",
        "\U0010ffff",
    ),
)
NUMBERS = (
    0,
    1,
    2,
    3,
    4,
    -1,
    -5,
    5,
    29,
    2**53,
    2**53 + 1,
    2**53 - 1,
    -(2**53) - 1,
    2**62,
    2**63 - 1,
)
FLOATS = (0.0, -0.0, 1.0, 1.5, -2.0, 0.1, 2.0**53, np.nan, np.inf, -np.inf, 1e300, 5e-324, 3.0)
DOMAINS = ("shop.example", "news.example", "", "win.example", "free", "ß", "example", None)
TIMES = pd.to_datetime(["2026-01-01 03:00:00", "2026-02-01 23:59:59", "1969-12-31 04:59:00", None])


def edge_rows(texts=TEXTS):
    """Return rows in which every value meets others."""
    count = 210

    def draw(values, step):
        return list(itertools.islice(itertools.cycle(values), 0, count * step, step))

    return pd.DataFrame(
        {
            "text": draw(texts, 1),
            "n": draw(NUMBERS, 7),
            "m": draw((1, 2, 0, -1, 5, 29, -7, 100), 3),
            "score": draw(FLOATS, 5),
            "domain": pd.array(draw(DOMAINS, 3), dtype="str"),
            "flag": draw((True, False, False), 2),
            "maybe": pd.array(draw((1, 2, None, 0, 5), 3), dtype="Int64"),
            "when": draw(TIMES, 3),
        },
        index=[f"s{number}" for number in range(count)],
    )


def with_objects(**columns):
    """Return edge rows with these columns of objects, as they are."""
    frame = edge_rows()
    return frame.assign(
        **{
            name: pd.Series(values, index=frame.index, dtype=object)
            for name, values in columns.items()
        }
    )


FRAMES = {
    "plain": edge_rows(),
    "missing texts": edge_rows((*TEXTS, None)),
    "texts as objects": edge_rows((*TEXTS, None)).astype({"text": object, "domain": object}),
    "categories": edge_rows((*TEXTS, None)).astype({"text": "category", "domain": "category"}),
    "single floats": edge_rows().assign(
        score=np.array([0.1, 1.5, np.nan, -2.0, 3.0] * 42, "float32")
    ),
    "small ints": edge_rows().assign(n=np.arange(210, dtype="uint8"), m=np.int8(3)),
    "unsigned": edge_rows().assign(n=np.array([2**64 - 1, 3] * 105, dtype="uint64")),
    "huge ints": with_objects(n=[2**70, 3] * 105),
    "numbers as texts": edge_rows().assign(n=["1", "2"] * 105, score=["a", "b"] * 105),
    "mixed": edge_rows().assign(text=["free", 3, None, 2.5, ["free"], b"free"] * 35),
    "half characters": with_objects(text=["free", "\ud800"] * 105),
    "lists": edge_rows().assign(m=[[1], [2]] * 105),
    "no such columns": edge_rows()[["text"]],
    "nothing but missing": edge_rows().assign(text=None, n=None, score=None, domain=None),
    "bools for ints": edge_rows().assign(n=[True, False] * 105, m=[True, True, False] * 70),
    "zoned times": edge_rows().assign(when=edge_rows()["when"].dt.tz_localize("UTC")),
}


def in_python(lf):
    """Return the same labeling function, which runs in Python only."""
    plain = LabelingFunction.__new__(LabelingFunction)
    vars(plain).update(vars(lf) | {"compile": False})
    return plain


def outcome(lf, frame, schema=SCHEMA):
    bodies.mutated.__defaults__[0].clear()
    votes, faults = votes_on(SampleBatch(frame), Job([lf], schema))
    return votes.tolist(), [(fault.sample_id, repr(fault.exception)) for fault in faults]


def decided_votes(lf, frame, schema=SCHEMA):
    plan = plan_of(lf, schema)
    assert isinstance(plan, ColumnPlan), plan
    codes, decided = plan.run(SampleBatch(frame), {})
    return codes, decided


@pytest.mark.parametrize("frame", FRAMES, ids=str)
def test_votes_and_faults_are_those_of_python(frame):
    samples = with_plain_objects(FRAMES[frame])
    for name, lf in LFS.items():
        assert outcome(in_python(lf), samples) == outcome(lf, samples), name


LEFT_TO_PYTHON = {
    *(
        "mutated",
        "back_reference",
        "group_of_match",
        "text_in_text",
        "text_in_constant",
        "words_in_text_of_row",
    ),
    *(
        "compared_to_text",
        "float_against_int",
        "late_error",
        "sum_of_floats",
        "parts_used_otherwise",
        "tried",
        "tried_finally",
    ),
}


def test_many_samples_are_decided_by_columns():
    """A rule that decides nothing would pass the test above."""
    samples = with_plain_objects(edge_rows(("free", "you win!", "AB")))
    decided = {
        name: decided_votes(LFS[name], samples)[1].mean() for name in set(LFS) - LEFT_TO_PYTHON
    }

    assert {} == {name: share for name, share in decided.items() if share < 0.2}


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_votes_are_those_of_python_on_any_values(data):
    rows = st.integers(1, 12)
    count = data.draw(rows)
    column = lambda values: data.draw(st.lists(values, min_size=count, max_size=count))  # noqa: E731
    texts = st.text(max_size=12) | st.sampled_from(TEXTS) | st.none()
    frame = pd.DataFrame(
        {
            "text": pd.Series(column(texts), dtype=object),
            "n": pd.Series(
                column(st.integers(-(2**63), 2**63 - 1) | st.sampled_from(NUMBERS)), dtype="int64"
            ),
            "m": pd.Series(column(st.integers(-100, 100)), dtype="int64"),
            "score": pd.Series(column(st.floats() | st.sampled_from(FLOATS)), dtype="float64"),
            "domain": pd.Series(column(st.sampled_from(DOMAINS)), dtype=object),
            "flag": pd.Series(column(st.booleans()), dtype=bool),
            "maybe": pd.array(column(st.none() | st.integers(-2, 3)), dtype="Int64"),
            "when": pd.Series(column(st.sampled_from(list(TIMES))), dtype="datetime64[ns]"),
        }
    )
    samples = with_plain_objects(frame)
    for name, lf in LFS.items():
        assert outcome(in_python(lf), samples) == outcome(lf, samples), name


@pytest.mark.parametrize("labels", [["0", "1"], ["1", "2"], ["no", "yes", "spam"]])
@pytest.mark.parametrize("name", ["keyword", "named", "column_of_answers", "enumerated", "greater"])
def test_answers_mean_what_they_mean_in_the_schema(name, labels):
    schema, samples = lb.LabelSchema(labels), with_plain_objects(edge_rows())

    assert outcome(in_python(LFS[name]), samples, schema) == outcome(LFS[name], samples, schema)


def test_functions_are_copied_faithfully():
    """What this module relies on."""
    lf = in_python(LFS["keyword"])

    assert (False, True) == (lf.compile, LFS["keyword"].compile)
    assert lf.function is copy.copy(bodies.keyword)
