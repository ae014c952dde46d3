"""A, B and A again of one person at one time mean the same from a list and from the ledger."""

import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.records import live_annotations
from labeling.store import Store

NOON = datetime.datetime(2026, 1, 1, 12, tzinfo=datetime.UTC)


def said(label, who="ann", platform_id="", minute=0, deleted=False):
    when = NOON + datetime.timedelta(minutes=minute)
    return lb.Annotation("s", who, label, NOON, when, platform_id=platform_id, deleted=deleted)


A, B = said("ham"), said("spam")
STATEMENTS = st.builds(
    said,
    st.sampled_from(["ham", "spam", None]),
    st.sampled_from(["ann", "bob"]),
    st.sampled_from(["", "1", "2"]),
    st.integers(0, 1),
    st.sampled_from([False, False, True]),
)


def in_ledger(*calls):
    """Return the contents of a ledger after appending these, and its number of annotations."""
    with TemporaryDirectory() as folder:
        store = Store(Path(folder), "test")
        with store.locked("test"):
            for call in calls:
                store.ledger.append(call)
            return live_annotations(store.ledger.annotations()), store.ledger.counts()[0]


def test_the_last_of_equal_times_counts_though_it_was_said_before():
    for calls in ([[A, B, A]], [[A], [B], [A]], [[A, B], [A]], [[A], [B, A]]):
        live, count = in_ledger(*calls)

        assert (A,) == live == live_annotations([A, B, A])
        assert 3 == count


def test_what_is_read_again_is_not_said_again():
    for statements in ([A, B], [A, B, A], [A]):
        assert len(statements) == in_ledger(statements, statements, statements)[1]
    assert 1 == in_ledger([A, A])[1]


def test_a_deleted_annotation_of_another_does_not_change_whose_statement_is_the_last():
    first, second = said("ham", platform_id="1"), said("spam", platform_id="2")
    gone = said("ham", "bob", "3", deleted=True)
    statements = [first, second, first]

    assert live_annotations(statements) == live_annotations([gone, *statements])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(STATEMENTS, max_size=5), max_size=4))
def test_a_ledger_says_what_the_list_of_all_that_came_says(calls):
    listed = live_annotations([statement for call in calls for statement in call])

    live, count = in_ledger(*calls)
    assert set(listed) == set(live)
    assert count <= sum(map(len, calls))
