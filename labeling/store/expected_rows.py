"""Batches, questions and verdicts as the events say, to be compared with the stored ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.records import (
    BatchState,
    Event,
    EventKind,
    LabelKind,
    LabelSource,
    decode_label,
    votes_for,
)
from labeling.store.verdict_rows import VerdictKind

QUESTIONS: Mapping[EventKind, str] = {
    EventKind.ASKED: "ask",
    EventKind.ASKED_AGAIN: "ask again",
    EventKind.REVIEW_ASKED: "escalate",
}
"""The kind of the message of each event that reports a question."""

VERDICTS: Mapping[EventKind, VerdictKind] = {
    EventKind.COLLECTING: VerdictKind.PENDING,
    EventKind.SETTLED: VerdictKind.GOLD,
    EventKind.ADJUDICATED: VerdictKind.GOLD,
    EventKind.ESCALATED: VerdictKind.ESCALATED,
    EventKind.UNRESOLVED: VerdictKind.UNRESOLVED,
}
DETAILS = ("reason", "model_label", "votes_needed", "votes_for", "votes_cast")
"""Columns of a verdict besides its label and source."""

Row = dict[str, Any]


@dataclass(slots=True)
class ExpectedRows:
    """What the tables must hold after some events, as far as events say it.

    Attributes:
        batches: number -> the states that the batch may be in.
        questions: message key -> what the event of the question says, with the `event`'s number;
            `not_annotators` and `platform_id` are missing where the event was made by a migration.
        answered: sample -> the number of the last event after which a question to a reviewer may
            have been taken back: the sample was withdrawn, or somebody reviewed it.
        verdicts: sample -> the columns of its verdict that are known, and the `event`'s number.
    """

    batches: dict[int, tuple[BatchState, ...]] = field(default_factory=dict)
    questions: dict[str, Row] = field(default_factory=dict)
    answered: dict[Hashable, int] = field(default_factory=dict)
    verdicts: dict[Hashable, Row] = field(default_factory=dict)
    _batch_of: dict[Hashable, int] = field(default_factory=dict)

    @classmethod
    def after(cls, events: Iterable[Event], label_kind: LabelKind = LabelKind.ONE) -> ExpectedRows:
        """Return the rows after these events, from the first on, in order."""
        expected = cls()
        for event in events:
            expected._add_to_batches(event)
            if event.kind in QUESTIONS:
                expected.questions[event.about["message"]] = _question(event)
            if event.kind == EventKind.WITHDRAWN or event.about.get("reviewer"):
                expected.answered[event.sample_id] = event.number
            if event.kind == EventKind.REOPENED:
                expected.verdicts.pop(event.sample_id, None)
            elif event.kind in VERDICTS:
                expected.verdicts[event.sample_id] = _verdict(event, label_kind)
        return expected

    def _add_to_batches(self, event: Event) -> None:
        number: Any = event.about.get("batch")
        if event.kind == EventKind.CHOSEN:
            self.batches.setdefault(number, (BatchState.CHOSEN, BatchState.PUSHING))
            self._batch_of[event.sample_id] = number
        elif event.kind == EventKind.UNCHOSEN:
            self.batches.pop(number, None)
            self._batch_of = {
                sample: batch for sample, batch in self._batch_of.items() if batch != number
            }
        elif event.kind == EventKind.PUSHED:
            self.batches[number] = (BatchState.PUSHED,)
        elif event.kind == EventKind.ASKED and event.sample_id in self._batch_of:
            of_sample = self._batch_of[event.sample_id]
            if BatchState.CHOSEN in self.batches[of_sample]:  # it must not be replaced any more
                self.batches[of_sample] = (BatchState.PUSHING,)

    def may_be_missing(self, question: Mapping[str, Any]) -> bool:
        """Return whether the message of a question may have been deleted since.

        Only those to reviewers are: the platform lost them, they waited to be sent again, and then
        nobody had to be asked any more.
        """
        is_review = question["kind"] == QUESTIONS[EventKind.REVIEW_ASKED]
        return is_review and self.answered.get(question["sample"], 0) > int(question["event"])


def _question(event: Event) -> Row:
    question = {
        "event": event.number,
        "kind": QUESTIONS[event.kind],
        "sample": event.sample_id,
        "votes": event.about["votes"],
    }
    if "migrated" in event.about:
        return question
    others = list(event.about.get("not_annotators", ()))
    return {**question, "not_annotators": others, "platform_id": event.about.get("platform_id", "")}


def _verdict(event: Event, label_kind: LabelKind) -> Row:
    """Return the columns of a verdict; events made by a migration say less."""
    details, kind = event.about, VERDICTS[event.kind]
    row: Row = {} if "migrated" in details else dict.fromkeys(DETAILS)
    row |= {"event": event.number, "kind": kind.value}
    if kind == VerdictKind.ESCALATED:
        row |= {name: details[name] for name in ("reason", "model_label") if name in details}
    elif kind == VerdictKind.PENDING and "votes_needed" in details:
        row["votes_needed"] = details["votes_needed"]
    elif details.get("source") == LabelSource.AGREEMENT and "votes" in details:
        answers = [text for _, text, _ in details["votes"] if text is not None]
        labels = [decode_label(text, label_kind) for text in answers]
        row["votes_for"] = votes_for(decode_label(details["label"], label_kind), labels)
        row["votes_cast"] = len(labels)
    return row
