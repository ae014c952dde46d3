"""Whether what is stored follows from the ledger of events."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from labeling.errors import counted
from labeling.records import (
    BatchState,
    Event,
    EventKind,
    MessageState,
    SampleHistory,
    States,
    fold,
)
from labeling.records.ids import decode_id
from labeling.records.label_texts import encode_answer
from labeling.store.database import Database
from labeling.store.events import EventLog
from labeling.store.expected_rows import DETAILS, QUESTIONS, ExpectedRows
from labeling.store.ledger import Ledger, digest_of
from labeling.store.resubmissions import MARK
from labeling.store.tables import batches, choices, messages, samples, standings, verdicts
from labeling.store.tables import ledger as annotations_table
from labeling.store.verdict_rows import FINAL, VerdictKind

CHOSEN_AS = ("batch", "stratum", "reason", "propensity")
"""What events say of how a sample was chosen."""


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """The result of checking a store against its events.

    Attributes:
        events: number of events; their chain is intact.
        annotations: number of annotations.
        samples: number of samples that have a state.
        digest: the digest of the last event; note it down to find out later whether events were
            removed at the end.
        findings: what does not follow from the events, a sentence each; empty if all does.
    """

    events: int
    annotations: int
    samples: int
    digest: str
    findings: tuple[str, ...] = ()


def check_store(database: Database, log: EventLog, ledger: Ledger) -> LedgerCheck:
    """Return whether annotations, batches, states, labels and questions are those of the events.

    Not compared, since events do not say it: questions that wait to be sent, how many answers a
    verdict is based on, when and with which strategy batches were chosen. Of the logged quality
    only the numbers of votes are compared with the annotations: estimates come from models.

    Raises:
        LedgerError: an event was changed, removed or inserted; it names the first.
    """
    count = log.verify()
    events = log.all()
    states, expected = fold(events, ledger.kind), ExpectedRows.after(events, ledger.kind)
    n_annotations = ledger.counts()[0]
    findings = [
        *_annotation_findings(database, ledger, events),
        *_state_findings(database, states),
        *_label_findings(database, states),
        *_choice_findings(database, events),
        *_message_findings(database, expected),
        *_batch_findings(database, expected),
        *_verdict_findings(database, expected),
        *_quality_findings(database, n_annotations),
    ]
    n_samples = sum(history.state is not None for history in states.samples.values())
    digest = events[-1].digest if events else ""
    return LedgerCheck(count, n_annotations, n_samples, digest, tuple(findings))


def _annotation_findings(
    database: Database, ledger: Ledger, events: Iterable[Event]
) -> Iterator[str]:
    """Yield where the ledger of annotations is not what the events say."""
    expected = [event for event in events if "annotation" in event.about]
    query = sa.select(annotations_table.c.digest).order_by(annotations_table.c.number)
    with database.reading() as connection:
        digests = list(connection.scalars(query))
    if len(digests) != len(expected):
        yield f"There are {len(digests):,} annotations, and events of {len(expected):,}."
        return
    pairs = zip(digests, expected, ledger.annotations(), strict=True)
    for number, (digest, event, annotation) in enumerate(pairs, 1):
        if event.about["annotation"] != digest:
            yield (
                f"Annotation {number} of sample {annotation.sample_id!r} is not the one of event"
                f" {event.number}."
            )
        elif digest_of(annotation) != digest.partition(MARK)[0]:
            yield (
                f"Annotation {number} of sample {annotation.sample_id!r} was changed after event"
                f" {event.number}."
            )


def _state_findings(database: Database, states: States) -> Iterator[str]:
    """Yield samples whose state or batch is not that of the events."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(samples)).mappings().all()
    stored = {decode_id(row["sample"]): (row["state"], row["batch"]) for row in rows}
    expected = {
        sample_id: (history.state.value, history.batch)
        for sample_id, history in states.samples.items()
        if history.state is not None
    }
    for sample_id in _in_order({*stored, *expected}):
        if stored.get(sample_id) != expected.get(sample_id):
            yield (
                f"Sample {sample_id!r} is {_described(stored.get(sample_id))}, and"
                f" {_described(expected.get(sample_id))} by the events."
            )


def _label_findings(database: Database, states: States) -> Iterator[str]:
    """Yield samples whose final label, or its source, is not that of the events."""
    query = sa.select(verdicts.c.sample, verdicts.c.label, verdicts.c.source)
    is_final = verdicts.c.sample.in_(sa.select(samples.c.sample).where(samples.c.state.in_(FINAL)))
    with database.reading() as connection:
        is_gold = verdicts.c.kind == VerdictKind.GOLD.value
        rows = connection.execute(query.where(is_gold, is_final)).all()
    stored = {decode_id(sample): (label, source) for sample, label, source in rows}
    expected = {
        sample_id: (encode_answer(history.label), history.source)
        for sample_id, history in states.samples.items()
        if history.label is not None
    }
    for sample_id in _in_order({*stored, *expected}):
        if stored.get(sample_id) != expected.get(sample_id):
            yield (
                f"Sample {sample_id!r} has the label {stored.get(sample_id, (None,))[0]!r}, and"
                f" {_decided(states.samples, sample_id)} by the events."
            )


def _choice_findings(database: Database, events: Iterable[Event]) -> Iterator[str]:
    """Yield samples that were not chosen as the events say: estimates rest on the propensities."""
    expected: dict[Hashable, dict[str, Any]] = {}
    for event in events:
        if event.kind == EventKind.CHOSEN:
            expected[event.sample_id] = {name: event.about.get(name) for name in CHOSEN_AS}
        elif event.kind == EventKind.UNCHOSEN:
            expected = {
                sample_id: choice
                for sample_id, choice in expected.items()
                if choice["batch"] != event.about["batch"]
            }
    with database.reading() as connection:
        rows = connection.execute(sa.select(choices)).mappings().all()
    stored = {decode_id(row["sample"]): {name: row[name] for name in CHOSEN_AS} for row in rows}
    for sample_id in _in_order({*stored, *expected}):
        now, then = stored.get(sample_id), expected.get(sample_id)
        if now is None or then is None:
            by_events = "not chosen" if then is None else f"chosen in batch {then['batch']}"
            yield (
                f"Sample {sample_id!r} is {'not ' if now is None else ''}in a stored batch, and"
                f" {by_events} by the events."
            )
        elif now != then:
            wrong = next(name for name in CHOSEN_AS if now[name] != then[name])
            yield (
                f"Sample {sample_id!r} was chosen with the {wrong} {now[wrong]!r}, and with"
                f" {then[wrong]!r} by the events."
            )


def _message_findings(database: Database, expected: ExpectedRows) -> Iterator[str]:
    """Yield questions that are not stored as they were asked, or that no event knows."""
    with database.reading() as connection:
        query = sa.select(messages).order_by(messages.c.number)
        rows = connection.execute(query).mappings().all()
    for row in rows:
        then, is_sent = expected.questions.get(row["key"]), row["state"] == MessageState.SENT
        stored = decode_id(row["sample"]), row["votes"]
        if then is None and not is_sent:
            continue
        if then is None or (then["sample"], then["votes"]) != stored:
            asked = (
                "nobody" if then is None else f"for {then['votes']} on sample {then['sample']!r}"
            )
            yield (
                f"People were asked for {stored[1]} votes on sample {stored[0]!r} ({row['kind']}),"
                f" and {asked} by the events."
            )
        else:
            yield from _detail_findings(row, then, is_sent=is_sent)
    stored_keys = {row["key"] for row in rows}
    for key, then in expected.questions.items():
        if key not in stored_keys and not expected.may_be_missing(then):
            yield (
                f"No question to people about sample {then['sample']!r} ({then['kind']}) is stored"
                f" under the key {key!r}, and people were asked it by event {then['event']}."
            )


def _detail_findings(
    row: Mapping[Any, Any], then: Mapping[str, Any], *, is_sent: bool
) -> Iterator[str]:
    """Yield what of a question's kind, state, excluded people and id is not that of the events."""
    review = QUESTIONS[EventKind.REVIEW_ASKED]
    now = {
        "kind": row["kind"],
        # One to reviewers waits again where the platform lost it.
        "state": MessageState.SENT.value if then["kind"] == review else row["state"],
        "not_annotators": json.loads(row["not_annotators"]),
        "platform_id": row["platform_id"] or "" if is_sent else then.get("platform_id", ""),
    }
    for name, value in {"state": MessageState.SENT.value, **then}.items():
        if name in now and now[name] != value:
            yield (
                f"The question about sample {then['sample']!r} ({then['kind']}) has the {name}"
                f" {now[name]!r}, and {value!r} by event {then['event']}."
            )


def _batch_findings(database: Database, expected: ExpectedRows) -> Iterator[str]:
    """Yield batches that are not as far as the events say."""
    with database.reading() as connection:
        query = sa.select(batches.c.number, batches.c.state)
        stored = {int(number): str(state) for number, state in connection.execute(query)}
        with_samples = set(connection.scalars(sa.select(choices.c.batch).distinct()))
    # A batch without samples, which no event is about, is as it was chosen.
    empty = {BatchState.CHOSEN.value, BatchState.PUSHING.value}
    for number in sorted({*stored, *expected.batches}):
        now, then = stored.get(number), expected.batches.get(number, ())
        is_empty = not then and number not in with_samples and now in empty
        if now not in [state.value for state in then] and not is_empty:
            by_events = " or ".join(then) if then else "unknown"
            yield f"Batch {number} is {now or 'unknown'}, and {by_events} by the events."


def _verdict_findings(database: Database, expected: ExpectedRows) -> Iterator[str]:
    """Yield verdicts whose kind, reason or numbers of votes are not those of the events."""
    with database.reading() as connection:
        rows = connection.execute(sa.select(verdicts)).mappings().all()
    stored = {decode_id(row["sample"]): row for row in rows}
    for sample_id in _in_order({*stored, *expected.verdicts}):
        now, then = stored.get(sample_id), expected.verdicts.get(sample_id)
        if now is None or then is None:
            by_events = "none" if then is None else f"{then['kind']!r} (event {then['event']})"
            kind = "no verdict" if now is None else f"the verdict {now['kind']!r}"
            yield f"Sample {sample_id!r} has {kind}, and {by_events} by the events."
            continue
        for name in ("kind", *DETAILS):
            if name in then and now[name] != then[name]:
                yield (
                    f"The verdict on sample {sample_id!r} has the {name} {now[name]!r}, and"
                    f" {then[name]!r} by event {then['event']}."
                )


def _quality_findings(database: Database, n_annotations: int) -> Iterator[str]:
    """Yield logged qualities with more votes or reviews than there were annotations."""
    with database.reading() as connection:
        query = sa.select(standings).order_by(standings.c.annotations)
        rows = connection.execute(query).mappings().all()
    for row in rows:
        at, answers = row["annotations"], row["human_votes"] + row["reviews"]
        if at > n_annotations or answers > at:
            yield (
                f"Quality was logged at {counted(at, 'annotation')} with"
                f" {counted(row['human_votes'], 'vote')} and {counted(row['reviews'], 'review')};"
                f" there are {counted(n_annotations, 'annotation')}."
            )


def _decided(histories: Mapping[Hashable, SampleHistory], sample_id: Hashable) -> str:
    history = histories.get(sample_id, SampleHistory())
    return f"{encode_answer(history.label)!r} ({history.source}, event {history.decided_by})"


def _described(state_and_batch: tuple[Any, Any] | None) -> str:
    if state_and_batch is None:
        return "unknown"
    state, batch = state_and_batch
    return f"{state} {'without a batch' if batch is None else f'in batch {batch}'}"


def _in_order(sample_ids: Iterable[Hashable]) -> list[Hashable]:
    return sorted(sample_ids, key=repr)
