"""Lots: a vote stays where it came, what is drawn depends on ids, and rework is a new vote."""

import datetime
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.errors import LabelingError
from labeling.records import Annotation, rejection_of
from labeling.work_review import LotPlan, disagreement, draw_order, lots_of

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


def vote(sample_id, who="ann", label="spam", minutes=0, **more):
    when = NOW + minutes * MINUTE
    return Annotation(sample_id, who, label, NOW, when, platform_id=f"{sample_id}/{who}", **more)


def members(lots):
    return [(lot.annotator, lot.number, [own.sample_id for own in lot.votes]) for lot in lots]


def test_votes_are_divided_in_the_order_of_arrival():
    ledger = [vote(number, who) for number in range(5) for who in ("bob", "Ann")]
    assert members(lots_of(ledger, LotPlan(3, first=1))) == [
        ("Ann", 1, [0]),
        ("Ann", 2, [1, 2, 3]),
        ("Ann", 3, [4]),
        ("bob", 1, [0]),
        ("bob", 2, [1, 2, 3]),
        ("bob", 3, [4]),
    ]


def test_skips_reviews_and_repetitions_are_in_no_lot():
    ledger = [
        vote("a", label=None),
        vote("b"),
        vote("c", reviewer=True),
        vote("b", " ANN", minutes=1, label="ham"),
        vote("a", minutes=2),
    ]
    (lot,) = lots_of(ledger, LotPlan(9, first=9))
    assert ["b", "a"] == [own.sample_id for own in lot.votes]
    assert ["ham", "spam"] == [own.label for own in lot.open_votes]
    assert not lot.is_full


def test_the_answer_to_a_rejected_vote_is_a_new_vote_in_a_later_lot():
    first = [vote("a"), vote("b")]
    ledger = [*first, rejection_of(first[0]), first[0]]  # and a platform reports it once more
    (lot,) = lots_of(ledger, LotPlan(9, first=2))
    assert [True, False] == [own.is_rejected for own in lot.votes]
    assert ["b"] == [own.sample_id for own in lot.open_votes]
    lots = lots_of([*ledger, vote("a", minutes=5, label="ham")], LotPlan(9, first=2))
    assert [("ann", 1, ["a", "b"]), ("ann", 2, ["a"])] == members(lots)
    assert ["ham"] == [own.label for own in lots[1].open_votes]


def test_a_deleted_vote_keeps_its_place_and_cannot_be_drawn():
    ledger = [vote("a"), vote("b"), vote("a", minutes=1, deleted=True), vote("c")]
    (lot,) = lots_of(ledger, LotPlan(9, first=3))
    assert ["a", "b", "c"] == [own.sample_id for own in lot.votes]
    assert {"b", "c"} == set(draw_order(lot, {}, 0).uniform)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 30), unique=True, min_size=1), st.integers(1, 5), st.integers(1, 5))
def test_later_votes_change_no_earlier_lot(ids, size, first):
    plan = LotPlan(size, first)
    ledger = [vote(own) for own in ids]
    full = [lot for lot in lots_of(ledger, plan) if lot.is_full]
    later = lots_of([*ledger, *(vote(own + 100) for own in range(7))], plan)
    assert full == list(later[: len(full)])


def test_what_is_drawn_depends_on_seed_person_and_ids_alone():
    """A larger share holds the smaller one: what was checked before stays drawn."""
    ledger = [vote(f"c{number}") for number in range(40)]
    plan = LotPlan(40, first=40)
    (lot,), (backward,) = lots_of(ledger, plan), lots_of(ledger[::-1], plan)
    order = draw_order(lot, {}, 7)
    assert order == draw_order(backward, {}, 7)
    assert order.uniform != draw_order(lot, {}, 8).uniform
    for small, large in itertools.pairwise([0.05, 0.2, 0.4, 0.9, 1.0]):
        assert set(order.take(small)[0]) <= set(order.take(large)[0])
        assert set(order.take(small)[0]).isdisjoint(order.take(small)[1])
    assert (4, 4) == tuple(map(len, order.take(0.2)))
    assert (40, 0) == tuple(map(len, order.take(1.0)))


def test_the_other_half_are_the_most_doubtful_votes():
    ledger = [vote(number) for number in range(20)]
    ledger += [vote(number, who, "ham") for number in (3, 11) for who in ("bob", "cy")]
    ledger += [vote(5, "bob", "ham"), vote(5, "cy")]
    doubts = disagreement(ledger)
    assert (1.0, 0.5, 0.0) == (doubts[3, "ann"], doubts[5, "ann"], doubts[0, "ann"])
    lot = lots_of(ledger, LotPlan(20, first=20))[0]
    uniform, doubtful = draw_order(lot, doubts, 0).take(0.3)
    assert {3, 11, 5} <= {*uniform, *doubtful}
    assert 3 == len(uniform) == len(doubtful)


def test_shares_fall_with_accepted_lots():
    plan = LotPlan()
    assert 1.0 == plan.share(1, has_full_lot_accepted=False)
    assert 0.2 == plan.share(2, has_full_lot_accepted=False)
    assert 0.05 == plan.share(3, has_full_lot_accepted=True)


@pytest.mark.parametrize("sizes", [(0, 1), (1, 0), (2.5, 1)])
def test_a_lot_has_at_least_one_vote(sizes):
    with pytest.raises(LabelingError, match="a whole number of votes"):
        LotPlan(*sizes)
