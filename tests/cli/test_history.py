"""`labeling log` tells what happened to a sample in plain words; `ledger verify` checks it all."""

import json
import sqlite3
from contextlib import closing

import pytest

from labeling.cli.event_sentences import event_words
from labeling.records import Event, EventKind
from tests.support.in_process import run
from tests.support.killing import make_project


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = make_project(tmp_path_factory.mktemp("log"))
    assert 0 == run(folder, "-c", "project.yaml", "run").returncode
    return folder


def verb(folder, *arguments):
    return run(folder, "-c", "project.yaml", *arguments)


def events_of(folder, *arguments):
    return json.loads(verb(folder, "log", *arguments, "--json").stdout)


def test_a_log_names_who_was_asked_who_answered_what_and_who_decided(folder):
    last = events_of(folder, "-n", "1000000")
    by_review = next(event for event in last if event["kind"] == "adjudicated")
    sample = by_review["sample_id"]
    lines = verb(folder, "log", sample).stdout.splitlines()
    text = "\n".join(lines)

    assert f"chosen for batch {events_of(folder, sample)[0]['about']['batch']}: " in text
    assert "is on the platform" in text
    assert "asked annotators for 2 votes" in text
    assert "escalated to a reviewer: " in text
    assert "asked a reviewer" in text
    assert f"reviewer decided on '{by_review['about']['label']}'" in text
    for who, label, _ in by_review["about"]["votes"]:
        assert f"{who} said '{label}'" in text
    assert len(lines) == len(events_of(folder, sample))


def test_without_a_sample_the_last_events_are_shown_with_their_samples(folder):
    done = verb(folder, "log", "-n", "3")

    assert 3 == len(done.stdout.splitlines())
    assert "These are the last 3 of" in done.stderr
    assert "wrote the training set" in done.stdout


def test_a_sample_to_which_nothing_happened_is_an_error(folder):
    done = verb(folder, "log", "nobody")

    assert (1, True) == (
        done.returncode,
        "Nothing has happened to a sample 'nobody'" in done.stderr,
    )


def test_a_ledger_is_verified_and_a_change_is_named(folder):
    done = verb(folder, "ledger", "verify")
    assert 0 == done.returncode
    assert "All annotations, states, labels and questions are those of the events." in done.stdout
    assert [] == json.loads(verb(folder, "ledger", "verify", "--json").stdout)["findings"]

    database = folder / ".labeling" / "project" / "labeling.db"
    with closing(sqlite3.connect(database)) as connection, connection:
        before = connection.execute("SELECT * FROM samples WHERE state = 'reviewed'").fetchone()
        connection.execute("UPDATE samples SET state = 'asked' WHERE sample = ?", before[:1])
    done = verb(folder, "ledger", "verify")
    assert 1 == done.returncode
    assert f"Sample {json.loads(before[0])!r} is asked in batch" in done.stdout
    assert "has the label None, and" in done.stdout
    assert "2 stored values must follow from the events" in done.stderr
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("UPDATE samples SET state = 'reviewed' WHERE sample = ?", before[:1])
        connection.execute("DROP TRIGGER events_UPDATE")
        connection.execute("UPDATE events SET actor = 'me' WHERE number = 5")
    done = verb(folder, "ledger", "verify")
    assert (1, True) == (done.returncode, "Event 5 of the ledger" in done.stderr)


def test_exported_labels_are_frozen_once(folder):
    before = [event for event in events_of(folder, "-n", "1000000") if event["kind"] == "frozen"]
    assert 0 == verb(folder, "export").returncode
    again = [event for event in events_of(folder, "-n", "1000000") if event["kind"] == "frozen"]

    assert before
    assert before == again


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_event_has_words(kind):
    about = {
        **{"batch": 1, "label": "spam", "source": "review", "updated_at": "2026-01-01T10:00:00"},
        **{"annotator": "ann", "reason": "irony", "votes": 2, "platform_id": "7"},
    }
    if kind in (EventKind.SETTLED, EventKind.ESCALATED, EventKind.ADJUDICATED):
        about["votes"] = [["ann", "spam", "7"], ["bob", None, "8"]]
    words = event_words(Event(1, "2026-01-01", kind, "rev", "a", about))

    assert words != str(kind)
    assert "{" not in words
