"""What functions say of samples, as texts: read back as it was, equal where the same is said."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.notebook.vote_cells import cells_of, sets_of_cells, spans_of_cells, votes_digest
from labeling.records import Answers, Marks, SetVotes, SpanVotes

LABELS = ['a "quoted" \\ label', "é, 😀", "b"]
SPANS = lb.LabelSchema(LABELS, kind="spans")
SETS = lb.LabelSchema(LABELS, kind="several")
TEXT = "two words 😀 and more"
N = 4
IDS = pd.Index([f"s{k}" for k in range(N)])

marks = st.dictionaries(
    st.tuples(
        st.integers(0, N - 1), st.integers(0, len(TEXT) - 1), st.integers(1, len(TEXT))
    ).filter(lambda place: place[1] < place[2]),
    st.integers(-1, len(LABELS) - 1),
    max_size=12,
)
answers = st.dictionaries(
    st.tuples(st.integers(0, N - 1), st.integers(0, len(LABELS) - 1)), st.booleans()
)


def span_votes(said, order=range(N)):
    place = {row: number for number, row in enumerate(order)}
    rows = [
        (place[row], start, end, code, 0, max(len(TEXT[start:end].split()), 1))
        for (row, start, end), code in said.items()
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 6).T
    return SpanVotes(Marks(*columns), IDS[list(order)], ["f"], SPANS)


def set_votes(said, order=range(N)):
    place = {row: number for number, row in enumerate(order)}
    rows = [(place[row], 0, code, says) for (row, code), says in said.items()]
    sample, voter, label, says = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return SetVotes(Answers(sample, voter, label, says == 1), IDS[list(order)], ["f"], SETS)


@settings(max_examples=60, deadline=None)
@given(marks)
def test_spans_are_read_back(said):
    votes = span_votes(said)
    again = spans_of_cells(cells_of(votes, 0), "f", IDS, SPANS, [TEXT] * N)
    for one, other in zip(votes.marks, again.marks, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=60, deadline=None)
@given(answers)
def test_sets_are_read_back(said):
    votes = set_votes(said)
    again = sets_of_cells(cells_of(votes, 0), "f", IDS, SETS)
    for one, other in zip(votes.answers, again.answers, strict=True):
        np.testing.assert_array_equal(one, other)


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.tuples(marks, marks), st.tuples(answers, answers)), st.permutations(range(N)))
def test_a_digest_is_that_of_what_is_said_whatever_the_order(pair, order):
    make = span_votes if any(len(key) == 3 for said in pair for key in said) else set_votes
    back = np.argsort(order)
    first, second = (votes_digest(cells_of(make(said), 0), np.arange(N)) for said in pair)
    turned = votes_digest(cells_of(make(pair[0], order), 0), back)
    assert first == turned
    assert (first == second) == (pair[0] == pair[1])
