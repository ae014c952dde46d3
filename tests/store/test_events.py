"""Events are appended in order, chained by their hashes, and changed by nobody."""

import hashlib
import json

import pytest
import sqlalchemy as sa

from labeling.errors import LedgerError, StoreError
from labeling.records import EventKind, NewEvent

HARD = ["", "a", "1", "\0", "\ud800", '"', "\\json:", "😀", "é"]


def three(store):
    return (
        store.events.append(EventKind.CHOSEN, sample_id="a", about={"batch": 1}),
        store.events.append(EventKind.PUSHED, about={"batch": 1}),
        store.events.append(EventKind.ASKED, actor="x", sample_id=7, about={"votes": 2}),
    )


def changed_around_us(store, *statements):
    """Do what somebody could do who does not mind the triggers."""
    with store.database.writing() as connection:
        if store.database.is_sqlite:
            for what in ("UPDATE", "DELETE", "INSERT"):
                connection.execute(sa.text(f"DROP TRIGGER events_{what}"))
        else:
            connection.execute(sa.text("DROP TRIGGER events_stay ON events"))
        for statement in statements:
            connection.execute(sa.text(statement))


def test_events_come_back_in_order_as_they_were_appended(store):
    events = three(store)

    assert events == store.events.all()
    assert events[1:2] == store.events.all([EventKind.PUSHED])
    assert events[:2] == store.events.of_sample("a")  # with that of its batch
    assert events[2:] == store.events.of_sample(7)
    assert () == store.events.of_sample("7")
    assert (3, 3) == (store.events.count(), store.events.verify())
    assert [1, 2, 3] == [event.number for event in events]
    assert [event.digest for event in events[:-1]] == [event.previous for event in events[1:]]
    assert events[1] == store.events.last(EventKind.PUSHED)
    assert store.events.last(EventKind.FROZEN) is None


def test_any_text_is_kept_and_hashed(store):
    new = [
        NewEvent(EventKind.ANNOTATED, text, text, {"label": text, text: [None, 0.1, True]})
        for text in HARD
    ]
    events = store.events.append_all(new)

    assert events == store.events.all()
    assert [(text, text) for text in HARD] == [(one.actor, one.sample_id) for one in events]
    assert len(HARD) == store.events.verify()


@pytest.mark.parametrize("bad", [{"a": float("nan")}, {"a": float("inf")}, {"a": {1}}, {"a": b""}])
def test_details_that_json_does_not_have_are_refused_and_nothing_is_appended(store, bad):
    with pytest.raises(StoreError, match="types that JSON has"):
        store.events.append_all([NewEvent(EventKind.PUSHED), NewEvent(EventKind.PUSHED, about=bad)])

    assert 0 == store.events.count()


def test_a_digest_can_be_computed_without_this_package(store):
    """The format is fixed: SHA-256 of a JSON list that holds the digest of the event before."""
    _, event, last = three(store)
    values = [event.digest, 3, last.at, "asked", "x", "7", '{"votes":2}']
    text = json.dumps(values, separators=(",", ":"))

    assert hashlib.sha256(text.encode()).hexdigest() == last.digest


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE events SET about = '{}' WHERE number = 2", "Event 2 .*was changed"),
        ("UPDATE events SET at = '2020-01-01' WHERE number = 1", "Event 1 .*was changed"),
        ("UPDATE events SET actor = 'y' WHERE number = 3", "Event 3 .*asked.*was changed"),
        ("DELETE FROM events WHERE number = 2", "Event 2 of the ledger is missing"),
        ("DELETE FROM events WHERE number = 1", "Event 1 of the ledger is missing"),
        ("UPDATE events SET digest = 'f' || digest WHERE number = 1", "Event 1 .*was changed"),
        ("UPDATE events SET previous = 'f' WHERE number = 3", "Event 3 .*does not follow event 2"),
    ],
)
def test_the_first_event_that_was_changed_is_named(store, statement, message):
    three(store)
    changed_around_us(store, statement)

    with pytest.raises(LedgerError, match=message):
        store.events.verify()


def test_a_changed_event_with_a_new_digest_breaks_the_chain_after_it(store):
    """Who computes the digest again must compute all later ones."""
    events = three(store)
    row = [events[0].digest, 2, events[1].at, "pushed", "", None, '{"batch":2}']
    digest = hashlib.sha256(json.dumps(row, separators=(",", ":")).encode()).hexdigest()
    change = f"""UPDATE events SET about = '{{"batch":2}}', digest = '{digest}' WHERE number = 2"""
    changed_around_us(store, change.replace(":2}", "\\:2}"))

    with pytest.raises(LedgerError, match=r"Event 3 .*does not follow event 2"):
        store.events.verify()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'ham'",
        "DELETE FROM events",
        "DELETE FROM events WHERE number = 1",
        "INSERT INTO events SELECT * FROM events",
    ],
)
def test_the_database_itself_lets_nobody_change_events(store, statement):
    before = three(store)

    engine = sa.create_engine(store.database.url)
    with pytest.raises(sa.exc.DBAPIError), engine.begin() as connection:
        connection.execute(sa.text(statement))
    engine.dispose()
    assert before == store.events.all()


def test_what_is_rolled_back_leaves_no_gap(store):
    first = store.events.append(EventKind.PUSHED, about={"batch": 1})
    with store.rolled_back():
        store.events.append(EventKind.PUSHED, about={"batch": 2})
    second = store.events.append(EventKind.PUSHED, about={"batch": 3})

    assert (first, second) == store.events.all()
    assert 2 == second.number == store.events.verify()
