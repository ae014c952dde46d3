"""The state of work review: a pure fold of a project's events."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from labeling.records import Event, EventKind, person_key
from labeling.records.ids import decode_id, encode_id
from labeling.work_review.plans import Checks, LotDecision

KINDS = (
    EventKind.GOLD_ASKED,
    EventKind.LOT_SAMPLED,
    EventKind.LOT_ACCEPTED,
    EventKind.LOT_REJECTED,
    EventKind.VOTE_ACCEPTED,
    EventKind.VOTE_FIXED,
    EventKind.REWORK_ASKED,
    EventKind.ANNOTATOR_PAUSED,
    EventKind.ANNOTATOR_RESUMED,
)
"""The events that the state is made of."""

SampleAndPerson = tuple[Hashable, str]
"""A sample, and the `person_key` of who voted on it."""
LotKey = tuple[str, int]
"""The `person_key` of an annotator, and the number of a lot."""


@dataclass(slots=True)
class DrawnLot:
    """A lot of which votes were drawn for checking.

    Attributes:
        annotator: the person's name.
        number: of the lot.
        size: its number of votes.
        uniform: the samples drawn uniformly, in order: the estimate is made of their votes.
        doubtful: the samples drawn besides, since most others contradict the vote.
        decision: what the checks decided.
        reason: why the lot was rejected.
    """

    annotator: str
    number: int
    size: int
    uniform: list[Hashable] = field(default_factory=list)
    doubtful: list[Hashable] = field(default_factory=list)
    decision: LotDecision = LotDecision.CONTINUE
    reason: str = ""

    @property
    def drawn(self) -> tuple[Hashable, ...]:
        """All samples that were drawn."""
        return (*self.uniform, *self.doubtful)


@dataclass(frozen=True, slots=True)
class VoteCheck:
    """Whether a vote that a reviewer checked was right, and when they said so (ISO 8601)."""

    is_right: bool
    at: str


@dataclass(frozen=True, slots=True)
class Paused:
    """An annotator whose work is held back, and why."""

    name: str
    reason: str
    at: str
    by: str = ""


@dataclass(slots=True)
class WorkState:
    """What happened to the work of annotators so far.

    Attributes:
        paused: who is paused, by `person_key`.
        gold_asked: sample -> the `person_key` of those who had voted on it before it was asked as
            hidden gold; all later answers of annotators are measures, not votes.
        gold_of_batch: batch -> the samples that were hidden in it.
        lots: the lots that votes were drawn of.
        checked: the votes that reviewers checked, by sample and person.
        rework: why votes were rejected, by sample and person.
        resumed: when each person was resumed last (ISO 8601), by `person_key`.
    """

    paused: dict[str, Paused] = field(default_factory=dict)
    gold_asked: dict[Hashable, frozenset[str]] = field(default_factory=dict)
    gold_of_batch: dict[int, list[Hashable]] = field(default_factory=dict)
    lots: dict[LotKey, DrawnLot] = field(default_factory=dict)
    checked: dict[SampleAndPerson, VoteCheck] = field(default_factory=dict)
    rework: dict[SampleAndPerson, str] = field(default_factory=dict)
    resumed: dict[str, str] = field(default_factory=dict)

    def is_gold_answer(self, sample_id: Hashable, annotator: str) -> bool:
        """Return whether an annotator's answer measures the person, and is no vote."""
        voters = self.gold_asked.get(sample_id)
        return voters is not None and person_key(annotator) not in voters

    def checks(self, lot: DrawnLot, since: str = "") -> Checks:
        """Return the checks of a lot's uniformly drawn votes, made after a time (ISO 8601)."""
        key = person_key(lot.annotator)
        checks = (self.checked.get((sample_id, key)) for sample_id in lot.uniform)
        are_right = [check.is_right for check in checks if check is not None and check.at > since]
        return Checks(len(are_right), are_right.count(False))

    def unchecked(self, lot: DrawnLot) -> list[Hashable]:
        """Return the samples that were drawn of a lot and whose vote nobody has checked."""
        key = person_key(lot.annotator)
        return [sample_id for sample_id in lot.drawn if (sample_id, key) not in self.checked]

    def lots_of(self, annotator: str) -> list[DrawnLot]:
        """Return the lots of an annotator that votes were drawn of, by number."""
        key = person_key(annotator)
        return [lot for (person, _), lot in sorted(self.lots.items()) if person == key]

    def accepted_since_rejection(self, annotator: str, before: int) -> list[DrawnLot]:
        """Return an annotator's accepted lots below a number, since the last rejected one."""
        accepted: list[DrawnLot] = []
        for lot in self.lots_of(annotator):
            if lot.number >= before:
                break
            if lot.decision == LotDecision.REJECT:
                accepted = []
            elif lot.decision == LotDecision.ACCEPT:
                accepted.append(lot)
        return accepted


def work_state(events: Iterable[Event]) -> WorkState:
    """Return the state that events lead to; other events than `KINDS` change nothing.

    >>> about = {"annotator": "Ann", "reason": "clicks at random"}
    >>> paused = Event(1, "2026-01-01T00:00:00", EventKind.ANNOTATOR_PAUSED, "boss", about=about)
    >>> work_state([paused]).paused["ann"].reason
    'clicks at random'
    """
    state = WorkState()
    for event in events:
        _add(state, event)
    return state


def _add(state: WorkState, event: Event) -> None:
    match event.kind:
        case EventKind.GOLD_ASKED:
            voters = frozenset(map(person_key, event.about["voters"]))
            state.gold_asked.setdefault(event.sample_id, voters)
            state.gold_of_batch.setdefault(event.about["batch"], []).append(event.sample_id)
        case EventKind.LOT_SAMPLED | EventKind.LOT_ACCEPTED | EventKind.LOT_REJECTED:
            _add_lot(state, event)
        case EventKind.VOTE_ACCEPTED | EventKind.VOTE_FIXED | EventKind.REWORK_ASKED:
            _add_check(state, event)
        case EventKind.ANNOTATOR_PAUSED:
            name, reason = event.about["annotator"], event.about["reason"]
            state.paused[person_key(name)] = Paused(name, reason, event.at, event.actor)
        case EventKind.ANNOTATOR_RESUMED:
            key = person_key(event.about["annotator"])
            state.paused.pop(key, None)
            state.resumed[key] = event.at


def _add_lot(state: WorkState, event: Event) -> None:
    details = event.about
    key = (person_key(details["annotator"]), details["lot"])
    if event.kind == EventKind.LOT_SAMPLED:
        lot = state.lots.setdefault(
            key, DrawnLot(details["annotator"], details["lot"], details["size"])
        )
        lot.size = details["size"]
        _take_over(lot, details)
        return
    is_accepted = event.kind == EventKind.LOT_ACCEPTED
    state.lots[key].decision = LotDecision.ACCEPT if is_accepted else LotDecision.REJECT
    state.lots[key].reason = details.get("reason", "")


def _add_check(state: WorkState, event: Event) -> None:
    key = (event.sample_id, person_key(event.about["annotator"]))
    if event.kind == EventKind.REWORK_ASKED:
        state.rework[key] = event.about["reason"]
        if not event.about.get("checked"):
            return
    state.checked[key] = VoteCheck(event.kind == EventKind.VOTE_ACCEPTED, event.at)


def _take_over(lot: DrawnLot, details: Mapping[str, object]) -> None:
    """Add what was drawn to a lot; a vote that was doubtful may be drawn uniformly later."""
    uniform, doubtful = (_ids(details[name]) for name in ("uniform", "doubtful"))
    lot.uniform += [sample_id for sample_id in uniform if sample_id not in lot.uniform]
    doubtful = [*lot.doubtful, *doubtful]
    lot.doubtful = [name for name in dict.fromkeys(doubtful) if name not in lot.uniform]


def ids_to_json(sample_ids: Iterable[Hashable]) -> list[str]:
    """Return sample ids as an event holds them: with their types."""
    return [encode_id(sample_id) for sample_id in sample_ids]


def _ids(encoded: object) -> list[Hashable]:
    return [decode_id(str(text)) for text in encoded] if isinstance(encoded, list) else []
