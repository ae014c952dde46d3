"""Events: what happened to the samples of a project, each chained to the one before by its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from labeling.errors import StoreError
from labeling.records.ids import encode_id
from labeling.rendering import Displayed

FIRST_PREVIOUS = ""
"""What the first event of a chain has as the digest of the event before it."""


class EventKind(StrEnum):
    """What happened; the database holds the values.

    Each member says which keys `Event.about` has, beside those that may be missing.
    """

    CHOSEN = "chosen"
    """A sample was selected for annotation: `batch`, `stratum`, `reason`, `propensity`."""

    UNCHOSEN = "unchosen"
    """A batch was replaced before it was pushed: `batch`. It concerns all its samples."""

    PUSHED = "pushed"
    """A platform has all of a batch: `batch`. It concerns all its samples."""

    ASKED = "asked"
    """Annotators were asked for first votes: `votes`, `message`."""

    ASKED_AGAIN = "asked again"
    """Annotators were asked for more votes: `votes`, `not_annotators`, `message`."""

    REVIEW_ASKED = "review asked"
    """A reviewer was asked to decide: `message`."""

    ANNOTATED = "annotated"
    """The actor labeled a sample: `label`, `annotation`, `platform_id`, `updated_at`."""

    UPDATED = "updated"
    """The actor changed an annotation: as for `annotated`."""

    SKIPPED = "skipped"
    """The actor declined to label a sample: as for `annotated`."""

    DELETED = "deleted"
    """An annotation of the actor was deleted on the platform: as for `annotated`."""

    VOTE_REJECTED = "vote rejected"
    """A vote of the actor no longer counts, until they annotate again: as for `annotated`."""

    VOTE_ACCEPTED = "vote accepted"
    """A reviewer (the actor) found a vote right: `annotator`, `label`."""

    VOTE_FIXED = "vote fixed"
    """A reviewer (the actor) replaced a vote: `annotator`, `label`, `instead`."""

    REWORK_ASKED = "rework asked"
    """An annotator was asked to annotate again: `annotator`, `reason`, `label` (the one rejected).

    With `checked`, a reviewer (the actor) looked at the vote and found it wrong.
    """

    LOT_SAMPLED = "lot sampled"
    """Votes of an annotator were drawn for review: `annotator`, `lot`, `size` and what was drawn.

    `uniform` and `doubtful` are the ids of samples, encoded with their types.
    """

    LOT_ACCEPTED = "lot accepted"
    """The checks of a lot accept it: `annotator`, `lot`, `n`, `wrong`."""

    LOT_REJECTED = "lot rejected"
    """All votes of a lot are rejected: as for `lot accepted`, and `reason`."""

    GOLD_ASKED = "gold asked"
    """A sample with a gold label is asked to measure people: `batch`, `label`, `voters`.

    The voters annotated it before; what others answer from now on is no vote.
    """

    COLLECTING = "collecting"
    """The votes so far do not suffice: `votes_needed`, `votes`."""

    SETTLED = "settled"
    """The votes settle a sample: `label`, `rule`, `policy`, `votes`, `probability`."""

    ESCALATED = "escalated"
    """A sample waits for a reviewer: `reason`, `votes`, `cause`."""

    ADJUDICATED = "adjudicated"
    """A reviewer (the actor) decided: `label`, `reason`, `votes` (those that were shown)."""

    UNRESOLVED = "unresolved"
    """A reviewer saw a sample and gave no decisive label."""

    REOPENED = "reopened"
    """A label that a sample had is void: `reason`. The next event says what it waits for."""

    WITHDRAWN = "withdrawn"
    """A sample left the data, or its text changed, or a platform refused it."""

    FROZEN = "frozen"
    """The label of a sample was exported: `label`, `source`, `policy`."""

    EXPORTED = "exported"
    """A training set was written: `samples`, `fingerprint`."""

    RELEASED = "released"
    """The actor took a step in the repository of releases: `action`, `branch`, `release`, `entry`.

    `entry` is the digest of the step's entry in the log of releases, and `at` when it was taken.
    """

    POLICY_CHANGED = "policy changed"
    """The review policy changed, or is recorded for the first time: its parameters."""

    ANNOTATOR_PAUSED = "annotator paused"
    """Work of an annotator is held back: `annotator`, `reason`."""

    ANNOTATOR_RESUMED = "annotator resumed"
    """Work of an annotator is no longer held back: `annotator`, `reason`."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event before it is numbered and chained.

    Attributes:
        kind: what happened.
        actor: who did it; empty for the program.
        sample_id: the sample that it is about; `None` if it is about none, or about several.
        about: details, of types that JSON has; see `EventKind`.
    """

    kind: EventKind
    actor: str = ""
    sample_id: Hashable | None = None
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event(Displayed):
    """Something that happened, as the append-only ledger of a project holds it.

    Attributes:
        number: its position in the ledger, from 1.
        at: when it was appended, UTC, in ISO 8601.
        kind: what happened.
        actor: who did it; empty for the program.
        sample_id: the sample that it is about; `None` if it is about none, or about several.
        about: details; see `EventKind`.
        previous: the digest of the event before; empty for the first.
        digest: SHA-256 of all the other attributes, in hexadecimal; see `event_digest`.
    """

    number: int
    at: str
    kind: EventKind
    actor: str = ""
    sample_id: Hashable | None = None
    about: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    previous: str = FIRST_PREVIOUS
    digest: str = ""

    def __repr__(self) -> str:
        who = f" by {self.actor!r}" if self.actor else ""
        what = "" if self.sample_id is None else f" {self.sample_id!r}"
        return f"Event({self.number}: {self.kind}{what}{who})"


def canonical_json(value: object) -> str:
    """Return JSON text that is the same for equal values: keys sorted, ASCII, no white space.

    Raises:
        StoreError: the value cannot be written as JSON, or holds a number that is not finite.

    >>> canonical_json({"b": [1, None], "a": "é"})
    '{"a":"\\\\u00e9","b":[1,null]}'
    """
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError) as error:
        raise StoreError(
            f"Details of an event must be of types that JSON has, with finite numbers: {error}."
        ) from error


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


def event_row(number: int, at: str, event: NewEvent, previous: str) -> dict[str, Any]:
    """Return an event as it is stored: its sample id and details as JSON texts, and its digest.

    Args:
        number: its position in the ledger.
        at: when it is appended, in ISO 8601.
        event: what happened.
        previous: the digest of the event before.

    Raises:
        StoreError: the sample id or a detail cannot be stored.
    """
    row: dict[str, Any] = {
        "number": number,
        "at": at,
        "kind": EventKind(event.kind).value,
        "actor": event.actor,
        "sample": None if event.sample_id is None else encode_id(event.sample_id),
        "about": canonical_json(event.about),
        "previous": previous,
    }
    return {**row, "digest": event_digest(row)}


def event_digest(row: Mapping[str, Any]) -> str:
    """Return the digest of a stored event: SHA-256 of the canonical JSON of its values.

    The digest of the event before is among them, so that no earlier event can be changed, removed
    or inserted without changing all later digests. The format must never change.

    >>> row = {"number": 1, "at": "2026-01-01", "kind": "pushed", "actor": "", "sample": None}
    >>> event_digest({**row, "about": '{"batch":1}', "previous": ""})[:16]
    '7ce7df12db1ea9e7'
    """
    hashed = [row[name] for name in HASHED]
    return hashlib.sha256(canonical_json(hashed).encode()).hexdigest()


HASHED = ("previous", "number", "at", "kind", "actor", "sample", "about")
