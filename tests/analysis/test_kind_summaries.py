"""`lf_summary` of votes that are spans or sets of labels."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger", "fear"], kind="several")


def spans(*rows, **options):
    frame = pd.DataFrame(rows, columns=["sample", "voter", "start", "end", "label"])
    return lb.SpanVotes.from_frame(frame, schema=SPANS, **options)


def test_a_row_of_spans_counts_what_a_voter_marked():
    votes = spans(
        ("a", "x", 0, 3, "PER"),
        ("a", "x", 5, 9, "ORG"),
        ("b", "x", 0, 3, "PER"),
        ("a", "y", 0, 3, "PER"),
        ("a", "y", 4, 9, "ORG"),
        ("b", "y", 1, 2, "PER"),
        ("b", "z", 0, 3, None),
        sample_ids=["a", "b", "c", "d"],
    )
    table = lb.lf_summary(votes)
    assert table.index.tolist() == ["x", "y", "z"]
    assert table["polarity"].tolist() == ["PER, ORG", "PER, ORG", ""]
    assert table["votes"].tolist() == [3, 3, 0]
    assert table["no"].tolist() == [0, 0, 1]
    assert table["coverage"].tolist() == [0.5, 0.5, 0.25]
    assert table["overlaps"].tolist() == [1, 1, 0]
    # x: 5-9 is inside of y's 4-9; 0-3 of b is nothing to z. y: 1-2 is inside of both.
    assert table["conflicts"].tolist() == pytest.approx([2 / 3, 1 / 3, 0])


def test_spans_are_compared_with_gold():
    votes = spans(
        ("a", "x", 0, 3, "PER"),
        ("a", "x", 5, 9, "ORG"),
        ("a", "x", 10, 12, "PER"),
        ("a", "x", 20, 30, "PER"),
        ("a", "x", 33, 36, "PER"),
        ("a", "x", 50, 51, "PER"),
        ("b", "x", 0, 1, "PER"),
        ("c", "x", 0, 1, "PER"),
    )
    gold = {"a": [(0, 3, "PER"), (5, 9, "PER"), (10, 14, "PER"), (22, 24, "PER"), (34, 40, "ORG")]}
    row = lb.lf_summary(votes, gold | {"b": []}).loc["x"]
    assert (row["correct"], row["incorrect"]) == (1, 6)
    assert row["precision"] == pytest.approx(1 / 7)
    assert row["precision_low"] < 1 / 7 < row["precision_high"]
    shares = row[["exact", "inside", "around", "crossing", "elsewhere"]].tolist()
    assert shares == pytest.approx([2 / 7, 1 / 7, 1 / 7, 1 / 7, 2 / 7])
    assert row["recall"] == pytest.approx(1 / 5)


MARK = st.tuples(
    st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(0, 12), st.integers(1, 5)
)


@settings(max_examples=100)
@given(st.lists(MARK, min_size=1, max_size=12, unique=True))
def test_overlaps_are_those_of_all_pairs(marks):
    rows = [(sample, voter, start, start + n, "PER") for sample, voter, start, n in marks]
    table = lb.lf_summary(spans(*rows))
    for voter in table.index:
        its = [row for row in rows if row[1] == voter]
        others = [row for row in rows if row[1] != voter]
        n = sum(any(a[0] == b[0] and a[2] < b[3] and b[2] < a[3] for b in others) for a in its)
        assert table.loc[voter, "overlaps"] == pytest.approx(n / len(its))
        assert table.loc[voter, "conflicts"] <= table.loc[voter, "overlaps"]


def test_silence_of_people_contradicts():
    rows = [("a", "x", 0, 3, "PER"), ("a", "y", 5, 9, "PER")]
    assert lb.lf_summary(spans(*rows))["conflicts"].tolist() == [0, 0]
    assert lb.lf_summary(spans(*rows, speaks=True))["conflicts"].tolist() == [1, 1]


def test_a_row_of_sets_counts_yes_and_no():
    frame = pd.DataFrame(
        [
            ("a", "x", "joy", True),
            ("a", "x", "fear", True),
            ("b", "x", "joy", True),
            ("a", "y", "joy", False),
            ("b", "y", "joy", True),
            ("b", "y", "anger", False),
        ],
        columns=["sample", "voter", "label", "says"],
    )
    votes = lb.SetVotes.from_frame(frame, schema=SETS, sample_ids=["a", "b", "c", "d"])
    table = lb.lf_summary(votes, {"a": ["joy"], "b": []})
    assert table["polarity"].tolist() == ["joy, fear", "joy"]
    assert table[["votes", "no", "samples"]].to_numpy().tolist() == [[3, 0, 2], [1, 2, 2]]
    assert table["coverage"].tolist() == [0.5, 0.5]
    assert table["overlaps"].tolist() == pytest.approx([2 / 3, 2 / 3])
    assert table["conflicts"].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert table["correct"].tolist() == [1, 0]
    assert table["incorrect"].tolist() == [2, 1]
    assert table["precision"].tolist() == pytest.approx([1 / 3, 0])
    assert table[["no_correct", "no_incorrect"]].to_numpy().tolist() == [[0, 0], [1, 1]]


def test_faults_and_dropped_spans_are_counted():
    @lb.span_labeling_function(label="PER")
    def rule(x):
        if x.name == "b":
            raise ValueError
        return [(0, 3), (0, 2)]

    samples = pd.DataFrame({"text": ["Ann", "Bob"], "name": ["a", "b"]})
    votes = lb.apply(rule, samples, SPANS, on_error="record")
    assert lb.lf_summary(votes).loc["rule", ["faults", "trimmed"]].tolist() == [1, 1]


def test_votes_without_anything_have_a_table():
    for schema, kind in ((SPANS, lb.span_labeling_function), (SETS, lb.labeling_function)):
        votes = lb.apply(kind(name="a")(lambda x: None), pd.DataFrame({"text": ["x"]}), schema)
        table = lb.lf_summary(votes, {0: []})
        assert table["votes"].tolist() == [0]
        assert np.isnan(table["precision"]).all()
