"""Votes and soft labels of every kind come back from their files as they were, byte for byte."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.errors import StoreError
from labeling.project.parquet import read_soft, read_votes, write_soft, write_votes
from labeling.records import (
    Answers,
    LabelSchema,
    Marks,
    SetConstraints,
    SetVotes,
    SoftLabels,
    SoftSets,
    SoftSpans,
    SpanVotes,
    Votes,
)

SPANS = LabelSchema(["PER", "ORG"], kind="spans")
SETS = LabelSchema(["joy", "fear", "anger"], kind="several")
IDS = pd.Index(["b", "a", "c"], name="key")
SMALL = st.integers(0, 2)


@st.composite
def span_votes(draw):
    places = draw(
        st.lists(st.tuples(SMALL, SMALL, st.integers(1, 3), st.integers(-1, 1), SMALL), max_size=12)
    )
    unique = {
        (row, start, start + length, voter): label for row, start, length, label, voter in places
    }
    rows = [
        (row, start, end, label, voter, 1) for (row, start, end, voter), label in unique.items()
    ]
    marks = Marks(*np.array(rows, dtype=np.int64).reshape(-1, 6).T)
    asked = draw(st.none() | st.just(np.ones((3, 3), dtype=bool)))
    speaks = draw(st.tuples(st.booleans(), st.booleans(), st.booleans()))
    return SpanVotes(
        marks, IDS, ("x", "y", "z"), SPANS, speaks=speaks, asked=asked, trimmed={"x": 2}
    )


@st.composite
def set_votes(draw):
    cells = draw(st.dictionaries(st.tuples(SMALL, SMALL, SMALL), st.booleans(), max_size=12))
    columns = np.array([(*cell, says) for cell, says in cells.items()]).reshape(-1, 4).T
    return SetVotes(Answers(*columns[:3], columns[3].astype(bool)), IDS, ("x", "y", "z"), SETS)


def again(value, write, read):
    """Return what is read of a file, after checking that writing it again gives the same bytes."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder) / "first", Path(folder) / "second"
        write(value, first)
        found = read(first, value.schema)
        write(found, second)
        assert first.read_bytes() == second.read_bytes()
    return found


@settings(max_examples=40, deadline=None)
@given(span_votes())
def test_span_votes_come_back(votes):
    found = again(votes, write_votes, read_votes)

    assert all(map(np.array_equal, votes.marks, found.marks))
    assert (votes.voters, votes.speaks, votes.trimmed) == (
        found.voters,
        found.speaks,
        found.trimmed,
    )
    assert votes.sample_ids.equals(found.sample_ids)
    assert (votes.asked is None) == (found.asked is None)
    assert votes.asked is None or np.array_equal(votes.asked, found.asked)


@settings(max_examples=40, deadline=None)
@given(set_votes())
def test_set_votes_come_back(votes):
    found = again(votes, write_votes, read_votes)

    assert all(map(np.array_equal, votes.answers, found.answers))
    assert votes.voters == found.voters


def test_soft_spans_come_back_with_samples_that_have_none():
    array = [[0.5, 0.2, 0.3], [1, 0, 0], [0.1, 0.8, 0.1]]
    soft = SoftSpans(
        array, [0, 0, 2], [0, 3, 1], [2, 4, 5], [True, False, True], IDS, SPANS, [True, False, True]
    )
    found = again(soft, write_soft, read_soft)

    assert soft.to_frame().equals(found.to_frame())
    assert soft.covered.tolist() == found.covered.tolist()
    assert "key" == found.sample_ids.name


def test_soft_sets_come_back():
    array = np.arange(9).reshape(3, 3) / 10
    soft = SoftSets(array, IDS, SETS, array > 0.3, array > 0.5)
    found = again(soft, write_soft, read_soft)

    assert np.array_equal(soft.array, found.array)
    assert np.array_equal(soft.covered, found.covered)
    assert np.array_equal(soft.chosen, found.chosen)


def test_votes_and_soft_labels_of_one_label_come_back():
    schema = LabelSchema(["ham", "spam"])
    votes = Votes(np.array([[0, -1], [1, 1], [-1, -1]], dtype=np.int8), IDS, ("x", "y"), schema)
    soft = SoftLabels([[0.1, 0.9]] * 3, IDS, schema, [True, True, False])

    assert np.array_equal(votes.to_array(), again(votes, write_votes, read_votes).to_array())
    assert np.array_equal(soft.to_array(), again(soft, write_soft, read_soft).to_array())


def test_a_file_of_another_kind_is_refused(tmp_path):
    soft = SoftSets(np.zeros((3, 3)), IDS, SETS, np.zeros((3, 3)), np.zeros((3, 3)))
    write_soft(soft, tmp_path / "soft")

    with pytest.raises(StoreError, match=r"must hold one of Votes.*It holds SoftSets"):
        read_votes(tmp_path / "soft", SETS)


def test_constraints_and_what_an_end_model_added_come_back():
    constraints = SetConstraints.declared([["joy", "fear"]], {"anger": "fear"})
    no = np.zeros((3, 3), dtype=bool)
    soft = SoftSets(np.zeros((3, 3)), IDS, SETS, no, no, constraints)
    assert constraints == again(soft, write_soft, read_soft).constraints

    array = [[0.5, 0.2, 0.3], [1, 0, 0]]
    spans = SoftSpans(
        array, [0, 2], [0, 1], [2, 5], [True, True], IDS, SPANS, [True, False, True], [False, True]
    )
    assert [False, True] == again(spans, write_soft, read_soft).from_end_model.tolist()
