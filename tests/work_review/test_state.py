"""The state of work review is a fold of events."""

from labeling.records import Event, EventKind
from labeling.work_review import Checks, LotDecision, work_state
from labeling.work_review.state import ids_to_json


def log(*rows):
    return [
        Event(number, f"2026-01-{number:02}", kind, "boss", sample_id, about)
        for number, (kind, sample_id, about) in enumerate(rows, 1)
    ]


def drawn(uniform, doubtful, size=20):
    about = {"annotator": "Ann", "lot": 1, "size": size}
    about |= {"uniform": ids_to_json(uniform), "doubtful": ids_to_json(doubtful)}
    return EventKind.LOT_SAMPLED, None, about


def test_only_uniformly_drawn_votes_count_as_checks():
    ann = {"annotator": "ann", "label": "spam"}
    state = work_state(
        log(
            drawn([1, "1"], [2]),
            (EventKind.VOTE_ACCEPTED, 1, ann),
            (EventKind.VOTE_FIXED, 2, {**ann, "instead": "ham"}),
        )
    )
    (lot,) = state.lots_of("ANN")
    assert Checks(1, 0) == state.checks(lot)
    assert ["1"] == state.unchecked(lot)
    assert LotDecision.CONTINUE == lot.decision


def test_a_doubtful_vote_that_is_drawn_uniformly_later_counts_then():
    events = log(
        drawn([1], [2]),
        (EventKind.VOTE_FIXED, 2, {"annotator": "ann", "label": "spam", "instead": "ham"}),
        drawn([1, 2], [3]),
    )
    (lot,) = work_state(events).lots.values()
    assert ([1, 2], [3]) == (lot.uniform, lot.doubtful)
    assert Checks(1, 1) == work_state(events).checks(lot)


def test_a_rejected_vote_counts_as_wrong_only_if_it_was_looked_at():
    about = {"annotator": "ann", "label": "spam", "reason": "why"}
    rows = [drawn([1, 2], []), (EventKind.REWORK_ASKED, 1, {**about, "checked": True})]
    state = work_state(log(*rows, (EventKind.REWORK_ASKED, 2, about)))
    assert Checks(1, 1) == state.checks(state.lots["ann", 1])
    assert {(1, "ann"): "why", (2, "ann"): "why"} == state.rework


def test_accepted_lots_since_the_last_rejected_one():
    def lot(number, kind):
        about = {"annotator": "ann", "lot": number, "size": 1, "uniform": [], "doubtful": []}
        decided = {"annotator": "ann", "lot": number, "n": 1, "wrong": 0}
        return [(EventKind.LOT_SAMPLED, None, about), (kind, None, decided)]

    accepted, rejected = EventKind.LOT_ACCEPTED, EventKind.LOT_REJECTED
    rows = [*lot(1, accepted), *lot(2, rejected), *lot(3, accepted), *lot(4, accepted)]
    state = work_state(log(*rows))
    assert [3] == [one.number for one in state.accepted_since_rejection("ann", before=4)]
    assert [1] == [one.number for one in state.accepted_since_rejection("ann", before=2)]


def test_who_is_paused_until_they_are_resumed():
    ann = {"annotator": "Ann", "reason": "why"}
    paused = [(EventKind.ANNOTATOR_PAUSED, None, ann)]
    assert "Ann" == work_state(log(*paused)).paused["ann"].name
    state = work_state(log(*paused, (EventKind.ANNOTATOR_RESUMED, None, ann)))
    assert {} == state.paused
    assert "2026-01-02" == state.resumed["ann"]


def test_answers_after_a_sample_was_hidden_are_measures_and_not_votes():
    about = {"batch": 3, "label": "spam", "voters": ["Bob"]}
    again = {"batch": 5, "label": "spam", "voters": ["Bob", "ann"]}
    state = work_state(log((EventKind.GOLD_ASKED, 7, about), (EventKind.GOLD_ASKED, 7, again)))
    assert state.is_gold_answer(7, "ann")
    assert not state.is_gold_answer(7, "bob ")
    assert not state.is_gold_answer(8, "ann")
    assert {3: [7], 5: [7]} == state.gold_of_batch
