"""The states of samples as a pure fold of events."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from labeling.records.annotations import (
    Annotation,
    LabelSource,
    VoteKey,
    add_version,
    latest_version,
)
from labeling.records.events import Event, EventKind
from labeling.records.label_texts import decode_answer
from labeling.records.outbox import SampleState
from labeling.records.schema import LabelKind
from labeling.records.spans import Label, decode_label


@dataclass(frozen=True, slots=True)
class SampleHistory:
    """What the events about a sample lead to.

    Attributes:
        state: how far its annotation is; `None` if it was annotated, and no verdict followed.
        batch: the number of the batch that it was chosen in; `None` if it was never chosen.
        votes: the annotations that count, of annotators and reviewers.
        label: its final label; `None` if it has none.
        source: where the label came from: `agreement` or `review`; `None` without a label.
        decided_by: the number of the event that gave the label; `None` without a label.
        frozen: the label that was exported last; `None` if none was, or if it was reopened since.
    """

    state: SampleState | None = None
    batch: int | None = None
    votes: tuple[Annotation, ...] = ()
    label: Label | None = None
    source: str | None = None
    decided_by: int | None = None
    frozen: Label | None = None


@dataclass(frozen=True, slots=True)
class States:
    """The state of a project's samples after some events.

    Attributes:
        samples: what each sample's events lead to, in the order of their first events.
        policy: the number of the event with the review policy in force; `None` before the first.
        paused: the annotators whose work is held back, sorted.
        number: the number of the last event; 0 without events.
    """

    samples: Mapping[Hashable, SampleHistory] = field(default_factory=lambda: MappingProxyType({}))
    policy: int | None = None
    paused: tuple[str, ...] = ()
    number: int = 0

    def counts(self) -> dict[SampleState, int]:
        """Return the number of samples in each state."""
        counts = Counter(sample.state for sample in self.samples.values())
        return {state: counts[state] for state in SampleState}


def fold(events: Iterable[Event], kind: LabelKind = LabelKind.ONE) -> States:
    """Return the states that events lead to: the same for the same events, whatever else is stored.

    Args:
        events: from the first on, in order.
        kind: of the labels.

    >>> chosen = Event(1, "2026-01-01", EventKind.CHOSEN, sample_id="a", about={"batch": 1})
    >>> pushed = Event(2, "2026-01-01", EventKind.PUSHED, about={"batch": 1})
    >>> str(fold([chosen]).samples["a"].state), str(fold([chosen, pushed]).samples["a"].state)
    ('chosen', 'asked')
    """
    folding = _Folding(kind)
    for event in events:
        folding.add(event)
    return folding.states()


@dataclass(slots=True)
class _Sample:
    """A sample while events are added; the versions of its annotations are by vote key."""

    state: SampleState | None = None
    batch: int | None = None
    is_pushed: bool = False
    versions: dict[VoteKey, dict[str, Annotation]] = field(default_factory=dict)
    label: Label | None = None
    source: str | None = None
    decided_by: int | None = None
    frozen: Label | None = None

    def clear_label(self) -> None:
        self.label = self.source = self.decided_by = None

    def history(self) -> SampleHistory:
        live = (latest_version(versions.values()) for versions in self.versions.values())
        votes = tuple(vote for vote in live if vote is not None)
        return SampleHistory(
            self.state, self.batch, votes, self.label, self.source, self.decided_by, self.frozen
        )


class _Folding:
    """The fold after some events."""

    def __init__(self, kind: LabelKind) -> None:
        self.kind = kind
        self.samples: dict[Hashable, _Sample] = {}
        self.of_batch: dict[int, list[Hashable]] = {}
        self.policy: int | None = None
        self.paused: set[str] = set()
        self.number = 0

    def states(self) -> States:
        histories = {sample_id: sample.history() for sample_id, sample in self.samples.items()}
        paused = tuple(sorted(self.paused))
        return States(MappingProxyType(histories), self.policy, paused, self.number)

    def add(self, event: Event) -> None:
        """Add the next event."""
        self.number = event.number
        if event.sample_id is not None and event.kind in _OF_SAMPLE:
            sample = self.samples.setdefault(event.sample_id, _Sample())
            _OF_SAMPLE[event.kind](sample, event, self.kind)
        if event.kind == EventKind.CHOSEN:
            self.of_batch.setdefault(event.about["batch"], []).append(event.sample_id)
        elif event.kind == EventKind.PUSHED:
            self._push(event.about["batch"])
        elif event.kind == EventKind.UNCHOSEN:
            self._forget(event.about["batch"])
        elif event.kind == EventKind.POLICY_CHANGED:
            self.policy = event.number
        elif event.kind == EventKind.ANNOTATOR_PAUSED:
            self.paused.add(event.about["annotator"])
        elif event.kind == EventKind.ANNOTATOR_RESUMED:
            self.paused.discard(event.about["annotator"])

    def _push(self, batch: int) -> None:
        for sample_id in self.of_batch.get(batch, ()):
            sample = self.samples[sample_id]
            sample.is_pushed = True
            if sample.state == SampleState.CHOSEN:
                sample.state = SampleState.ASKED

    def _forget(self, batch: int) -> None:
        for sample_id in self.of_batch.pop(batch, ()):
            sample = self.samples[sample_id]
            sample.batch = None
            if sample.state == SampleState.CHOSEN:
                sample.state = None


_Change = Callable[[_Sample, Event, LabelKind], None]


def _choose(sample: _Sample, event: Event, _: LabelKind) -> None:
    sample.state, sample.batch = SampleState.CHOSEN, event.about["batch"]


def _annotate(sample: _Sample, event: Event, kind: LabelKind) -> None:
    updated_at = datetime.datetime.fromisoformat(event.about["updated_at"])
    annotation = Annotation(
        event.sample_id,
        event.actor,
        decode_answer(event.about["label"], kind),
        updated_at,
        updated_at,
        platform_id=event.about["platform_id"],
        reviewer=event.about.get("reviewer", False),
        deleted=event.kind == EventKind.DELETED,
        rejected=event.kind == EventKind.VOTE_REJECTED,
    )
    add_version(sample.versions, annotation)


def _settle(sample: _Sample, event: Event, kind: LabelKind) -> None:
    is_review = event.kind == EventKind.ADJUDICATED
    sample.state = SampleState.REVIEWED if is_review else SampleState.SETTLED
    default = LabelSource.REVIEW if is_review else LabelSource.AGREEMENT
    sample.source = event.about.get("source", default.value)
    sample.label = decode_label(event.about["label"], kind)
    sample.decided_by = event.number


def _leave_open(state: SampleState) -> _Change:
    def apply(sample: _Sample, _: Event, __: LabelKind) -> None:
        sample.state = state
        sample.clear_label()

    return apply


def _reopen(sample: _Sample, _: Event, __: LabelKind) -> None:
    """Void the label; where nothing follows, the sample is what it was before any annotation."""
    asked = SampleState.ASKED if sample.is_pushed else SampleState.CHOSEN
    sample.state = None if sample.batch is None else asked
    sample.frozen = None
    sample.clear_label()


def _freeze(sample: _Sample, event: Event, kind: LabelKind) -> None:
    sample.frozen = decode_label(event.about["label"], kind)


_OF_SAMPLE: Mapping[EventKind, _Change] = {
    EventKind.CHOSEN: _choose,
    EventKind.ANNOTATED: _annotate,
    EventKind.UPDATED: _annotate,
    EventKind.SKIPPED: _annotate,
    EventKind.DELETED: _annotate,
    EventKind.VOTE_REJECTED: _annotate,
    EventKind.COLLECTING: _leave_open(SampleState.COLLECTING),
    EventKind.SETTLED: _settle,
    EventKind.ESCALATED: _leave_open(SampleState.ESCALATED),
    EventKind.ADJUDICATED: _settle,
    EventKind.UNRESOLVED: _leave_open(SampleState.UNRESOLVED),
    EventKind.REOPENED: _reopen,
    EventKind.WITHDRAWN: _leave_open(SampleState.WITHDRAWN),
    EventKind.FROZEN: _freeze,
}
