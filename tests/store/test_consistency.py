"""`Store.check` finds what does not follow from the events, and says where."""

import datetime

import pytest
import sqlalchemy as sa

from labeling.errors import LedgerError
from labeling.records import (
    Annotation,
    AskAgain,
    Escalation,
    EventKind,
    GoldLabel,
    MessageKind,
    NewMessage,
    SampleState,
    Verdict,
    fold,
)
from tests.store.test_events import changed_around_us
from tests.store.test_store import batch, choose

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def vote(sample, who, label, **more):
    return Annotation(sample, who, label, NOW, NOW, platform_id=f"{sample}{who}", **more)


@pytest.fixture
def worked(store):
    """A store with samples in every state."""
    choose(store, 1, batch("a", "b", "c", "d", "e"))
    store.batches.set_state(1, "pushed")
    votes = [vote(key, who, "spam") for key in "abc" for who in ("ann", "bob")]
    reviewed = vote("b", "rev", "ham", reviewer=True, reason="irony")
    store.ledger.append([*votes, reviewed])
    verdict = Verdict(
        (
            GoldLabel("a", "spam", "agreement", tuple(votes[:2])),
            GoldLabel("b", "ham", "review", (*votes[2:4], reviewed)),
        ),
        (AskAgain("c", 1, ()),),
        (Escalation("d", (), "no vote"),),
    )
    store.batches.settle(verdict, {"a": 2, "b": 2, "c": 2})
    store.outbox.add([NewMessage(MessageKind.ASK, "a", 1, 2)])
    (message,) = store.outbox.waiting(MessageKind.ASK)
    store.outbox.confirm({message.key: "1"})
    choose(store, 2, batch("f"))
    return store


def test_what_a_store_writes_follows_from_its_events(worked):
    check = worked.check()

    assert () == check.findings
    assert (7, 6, worked.events.count()) == (check.annotations, check.samples, check.events)
    assert worked.events.all()[-1].digest == check.digest


def test_a_fold_has_states_labels_votes_and_the_events_they_come_from(worked):
    events = worked.events.all()
    samples = fold(events).samples
    states = {key: str(history.state) for key, history in samples.items()}

    assert worked.batches.states() == states
    assert ("spam", "agreement") == (samples["a"].label, samples["a"].source)
    decided = events[samples["b"].decided_by - 1]
    assert (EventKind.ADJUDICATED, "rev", "irony") == (
        *(decided.kind, decided.actor),
        decided.about["reason"],
    )
    assert [["ann", "spam", "bann"], ["bob", "spam", "bbob"]] == decided.about["votes"]
    assert {"ann", "bob", "rev"} == {one.annotator for one in samples["b"].votes}
    assert samples["f"].batch == 2
    assert 1 == fold(events).counts()[SampleState.CHOSEN]


def test_the_same_batch_chosen_again_is_no_event(worked):
    before = worked.events.count()
    choose(worked, 2, batch("f"))
    assert before == worked.events.count()
    choose(worked, 2, batch("g"))
    assert [EventKind.UNCHOSEN, EventKind.CHOSEN] == [
        event.kind for event in worked.events.all()[before:]
    ]
    assert "f" not in worked.batches.states()
    assert () == worked.check().findings


def test_a_label_that_changes_is_open_in_between_and_says_why(worked):
    before = worked.events.count()
    worked.batches.settle(Verdict((GoldLabel("a", "ham", "review"),), (), ()), {"a": 2})

    kinds = [(event.kind, event.about.get("label")) for event in worked.events.all()[before:]]
    assert [(EventKind.REOPENED, "spam"), (EventKind.ADJUDICATED, "ham")] == kinds
    assert () == worked.check().findings


def test_a_sample_whose_annotations_were_all_deleted_is_what_it_was_before(worked):
    """Asked if it was asked; of one that nobody was asked about nothing is known any more."""
    worked.ledger.append([vote("x", "ann", "spam")])
    worked.batches.settle(Verdict((GoldLabel("x", "spam", "agreement"),), (), ()), {"x": 1})
    worked.batches.settle(Verdict((), (), ()), {}, ["a", "f", "x", "unknown"])

    states = worked.batches.states()
    assert ("asked", "chosen", False) == (states["a"], states["f"], "x" in states)
    assert "a" not in worked.batches.settled()
    assert () == worked.check().findings


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        (
            "UPDATE samples SET state = 'settled' WHERE sample = '\"c\"'",
            "Sample 'c' is settled in batch 1, and collecting in batch 1 by the events.",
        ),
        (
            "DELETE FROM samples WHERE sample = '\"e\"'",
            "Sample 'e' is unknown, and asked in batch 1 by the events.",
        ),
        (
            "UPDATE verdicts SET label = 'ham' WHERE sample = '\"a\"'",
            "Sample 'a' has the label 'ham', and 'spam' (agreement, event 14) by the events.",
        ),
        (
            "UPDATE choices SET propensity = 0.5 WHERE sample = '\"b\"'",
            "Sample 'b' was chosen with the propensity 0.5, and with 0.1 by the events.",
        ),
        (
            "DELETE FROM choices WHERE sample = '\"f\"'",
            "Sample 'f' is not in a stored batch, and chosen in batch 2 by the events.",
        ),
        (
            "UPDATE choices SET sample = '\"z\"' WHERE sample = '\"f\"'",
            "Sample 'f' is not in a stored batch, and chosen in batch 2 by the events.",
        ),
        (
            "UPDATE messages SET votes = 5 WHERE votes = 2",
            "People were asked for 5 votes on sample 'a' (ask), and for 2 on sample 'a' by the"
            " events.",
        ),
        (
            "DELETE FROM messages",
            "No question to people about sample 'a' (ask) is stored under the key 'ask: \"a\"', and"
            " people were asked it by event 18.",
        ),
        (
            "UPDATE messages SET state = 'waiting'",
            "The question about sample 'a' (ask) has the state 'waiting', and 'sent' by event 18.",
        ),
        (
            "UPDATE messages SET not_annotators = '[\"ann\"]'",
            "The question about sample 'a' (ask) has the not_annotators ['ann'], and [] by event"
            " 18.",
        ),
        (
            "UPDATE messages SET platform_id = '2'",
            "The question about sample 'a' (ask) has the platform_id '2', and '1' by event 18.",
        ),
        (
            "UPDATE batches SET state = 'pushing' WHERE number = 1",
            "Batch 1 is pushing, and pushed by the events.",
        ),
        (
            "UPDATE batches SET state = 'pushed' WHERE number = 2",
            "Batch 2 is pushed, and chosen or pushing by the events.",
        ),
        (
            "INSERT INTO batches VALUES (3, 'pushed', 'mixed', 0, '2026-01-01')",
            "Batch 3 is pushed, and unknown by the events.",
        ),
        (
            "UPDATE verdicts SET votes_for = 1 WHERE sample = '\"a\"'",
            "The verdict on sample 'a' has the votes_for 1, and 2 by event 14.",
        ),
        (
            "UPDATE verdicts SET votes_cast = 3 WHERE sample = '\"a\"'",
            "The verdict on sample 'a' has the votes_cast 3, and 2 by event 14.",
        ),
        (
            "UPDATE verdicts SET votes_needed = 3 WHERE sample = '\"c\"'",
            "The verdict on sample 'c' has the votes_needed 3, and 1 by event 16.",
        ),
        (
            "UPDATE verdicts SET reason = '' WHERE sample = '\"d\"'",
            "The verdict on sample 'd' has the reason '', and 'no vote' by event 17.",
        ),
        (
            "DELETE FROM verdicts WHERE sample = '\"c\"'",
            "Sample 'c' has no verdict, and 'pending' (event 16) by the events.",
        ),
        (
            "UPDATE verdicts SET sample = '\"e\"' WHERE sample = '\"d\"'",
            "Sample 'd' has no verdict, and 'escalated' (event 17) by the events.",
        ),
        (
            "INSERT INTO standings VALUES (8, 6, 1, 2, '{}')",
            "Quality was logged at 8 annotations with 6 votes and 1 review; there are 7"
            " annotations.",
        ),
        (
            "INSERT INTO standings VALUES (7, 7, 1, 2, '{}')",
            "Quality was logged at 7 annotations with 7 votes and 1 review; there are 7"
            " annotations.",
        ),
    ],
)
def test_a_state_that_does_not_follow_is_named(worked, statement, finding):
    with worked.database.writing() as connection:
        connection.execute(sa.text(statement))

    assert finding == worked.check().findings[0]


def asked(store, sample, kind):
    """Ask a question, and confirm that it arrived."""
    store.outbox.add([NewMessage(kind, sample, 1)])
    (message,) = [one for one in store.outbox.waiting(kind) if one.sample_id == sample]
    store.outbox.confirm({message.key: "7"})


def test_a_review_that_was_lost_and_is_not_needed_any_more_may_be_taken_back(worked):
    """Its question waits again, and is deleted when the sample is withdrawn or reviewed."""
    worked.ledger.append([vote(key, "ann", "spam") for key in "de"])
    worked.batches.settle(Verdict((), (), (Escalation("e", (), "no vote"),)), {"e": 1})
    for key in "de":
        asked(worked, key, MessageKind.ESCALATE)
    worked.outbox.resend(["d", "e"], MessageKind.ESCALATE)
    assert () == worked.check().findings

    worked.outbox.withdraw(["d", "e"], [MessageKind.ESCALATE])
    assert ["'d'", "'e'"] == [finding.split()[6] for finding in worked.check().findings]

    review = vote("e", "rev", "ham", reviewer=True)
    worked.ledger.append([review])
    worked.batches.settle(Verdict((GoldLabel("e", "ham", "review", (review,)),), (), ()), {"e": 2})
    worked.batches.withdraw(["d"])
    assert () == worked.check().findings


def test_a_batch_of_which_something_was_asked_cannot_be_replaceable(worked):
    worked.batches.set_state(2, "pushing")
    asked(worked, "f", MessageKind.ASK)
    assert () == worked.check().findings
    worked.batches.set_state(2, "chosen")
    assert ("Batch 2 is chosen, and pushing by the events.",) == worked.check().findings


def test_an_unasked_sample_whose_annotations_are_deleted_leaves_no_verdict(worked):
    """It was annotated unasked, chosen since, and its batch replaced."""
    worked.ledger.append([vote("x", "ann", "spam")])
    worked.batches.settle(Verdict((GoldLabel("x", "spam", "agreement"),), (), ()), {"x": 1})
    choose(worked, 2, batch("x"))
    choose(worked, 2, batch("g"))
    worked.batches.settle(Verdict((), (), ()), {}, ["x"])

    assert "x" not in worked.batches.settled()
    assert () == worked.check().findings


def test_an_annotation_that_was_changed_is_named(worked):
    with worked.database.writing() as connection:
        if worked.database.is_sqlite:
            connection.execute(sa.text("DROP TRIGGER annotations_UPDATE"))
        else:
            connection.execute(sa.text("DROP TRIGGER annotations_stay ON annotations"))
        change = "UPDATE annotations SET label = 'ham' WHERE number = 2"
        connection.execute(sa.text(change))

    (finding,) = worked.check().findings
    assert "Annotation 2 of sample 'a' was changed after event " in finding


def test_events_removed_at_the_end_are_found_where_they_had_effects(worked):
    """The chain alone cannot show it."""
    last = worked.events.count()
    changed_around_us(worked, f"DELETE FROM events WHERE number = {last}")

    assert last - 1 == worked.events.verify()
    assert worked.check().findings == (
        "Sample 'f' is chosen in batch 2, and unknown by the events.",
        "Sample 'f' is in a stored batch, and not chosen by the events.",
        "Batch 2 is chosen, and unknown by the events.",
    )


def test_a_broken_chain_is_an_error(worked):
    changed_around_us(worked, "UPDATE events SET actor = 'me' WHERE number = 3")

    with pytest.raises(LedgerError, match=r"Event 3 of the ledger .*was changed"):
        worked.check()
