"""Lots: the votes of one annotator in the order of their arrival, and what is drawn from them."""

from __future__ import annotations

import collections
import hashlib
import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from labeling.errors import LabelingError
from labeling.records import (
    Annotation,
    Label,
    first_spellings,
    is_whole_number,
    live_annotations,
    person_key,
    random_order,
)

SHARES = (1.0, 0.2, 0.05)
"""Share of a lot to check: of the first lot, of the next ones, after a whole lot was accepted."""


@dataclass(frozen=True, slots=True)
class LotVote:
    """A vote as a member of a lot.

    Attributes:
        sample_id: the sample.
        annotation: the version that counts; `None` where the vote was deleted, changed to a skip,
            or rejected.
        is_rejected: whether it was rejected. What its author answers then is another vote.
    """

    sample_id: Hashable
    annotation: Annotation | None
    is_rejected: bool = False


@dataclass(frozen=True, slots=True)
class Lot:
    """Consecutive votes of one annotator.

    Attributes:
        annotator: the person's name.
        number: 1 for the person's first lot, and so on.
        votes: in the order of their arrival.
        is_full: whether no vote can be added any more.
    """

    annotator: str
    number: int
    votes: tuple[LotVote, ...] = field(repr=False)
    is_full: bool

    @property
    def open_votes(self) -> tuple[Annotation, ...]:
        """The votes that count, and so can be checked."""
        return tuple(vote.annotation for vote in self.votes if vote.annotation is not None)


@dataclass(frozen=True, slots=True)
class LotPlan:
    """How the votes of an annotator are divided into lots.

    Args:
        size: votes of a lot.
        first: votes of each annotator's first lot, all of which are checked.

    Raises:
        LabelingError: a size below 1.
    """

    size: int = 200
    first: int = 20

    def __post_init__(self) -> None:
        for name, value in (("size", self.size), ("first", self.first)):
            if not is_whole_number(value) or value < 1:
                raise LabelingError(
                    f"`{name}` of a lot must be a whole number of votes, 1 or more. Got {value!r}."
                )

    def share(self, number: int, *, has_full_lot_accepted: bool) -> float:
        """Return the share of a lot that is checked at first.

        Args:
            number: the number of the lot.
            has_full_lot_accepted: whether a later lot than the first was accepted, and none
                rejected since.
        """
        return SHARES[0] if number == 1 else SHARES[2 if has_full_lot_accepted else 1]


def lots_of(annotations: Iterable[Annotation], plan: LotPlan) -> tuple[Lot, ...]:
    """Return the lots of all annotators, sorted by name and number.

    Skips and reviewers' decisions are in no lot. A vote stays in the lot that it came into, also
    where it is changed later; the answer to a rejected vote is a new vote, in a later lot.

    Args:
        annotations: all annotations, in the order in which they were appended.
        plan: the sizes.

    >>> import datetime
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> ledger = [Annotation(number, "ann", "spam", now, now) for number in range(5)]
    >>> [(lot.number, len(lot.votes), lot.is_full) for lot in lots_of(ledger, LotPlan(2, first=1))]
    [(1, 1, True), (2, 2, True), (3, 2, True)]
    """
    ledger = [annotation for annotation in annotations if not annotation.reviewer]
    live = {
        (vote.sample_id, person_key(vote.annotator)): vote
        for vote in live_annotations(ledger)
        if vote.label is not None
    }
    names = first_spellings(annotation.annotator for annotation in ledger)
    lots: list[Lot] = []
    for key, entries in sorted(_entries(ledger).items(), key=lambda item: names[item[0]]):
        votes = [
            LotVote(
                sample_id,
                None if is_rejected else live.get((sample_id, key)),
                is_rejected,
            )
            for sample_id, is_rejected in entries
        ]
        lots += _divided(names[key], votes, plan)
    return tuple(lots)


def _entries(ledger: Iterable[Annotation]) -> dict[str, list[tuple[Hashable, bool]]]:
    """Return each person's votes in order of arrival, each as its sample and whether rejected."""
    entries: dict[str, list[tuple[Hashable, bool]]] = {}
    places: dict[tuple[Hashable, str], int] = {}
    rejections: dict[tuple[Hashable, str], Annotation] = {}
    for annotation in ledger:
        person = person_key(annotation.annotator)
        key = (annotation.sample_id, person)
        if annotation.rejected:
            rejections[key] = annotation
            if key in places:
                entries[person][places.pop(key)] = (annotation.sample_id, True)
            continue
        is_old = key in rejections and annotation.updated_at <= rejections[key].updated_at
        is_vote = annotation.label is not None and not annotation.deleted
        if is_vote and not is_old and key not in places:
            of_person = entries.setdefault(person, [])
            places[key] = len(of_person)
            of_person.append((annotation.sample_id, False))
    return entries


def _divided(annotator: str, votes: Sequence[LotVote], plan: LotPlan) -> list[Lot]:
    lots: list[Lot] = []
    start = 0
    while start < len(votes):
        size = plan.size if lots else plan.first
        part = tuple(votes[start : start + size])
        lots.append(Lot(annotator, len(lots) + 1, part, len(part) == size))
        start += size
    return lots


def disagreement(annotations: Iterable[Annotation]) -> dict[tuple[Hashable, str], float]:
    """Return the share of the other voters on its sample that differ from each vote, from 0 to 1.

    Args:
        annotations: the annotations that count.

    Returns:
        By sample and `person_key` of the voter; 0 where nobody else voted.
    """
    tallies: dict[Hashable, collections.Counter[Label | None]] = {}
    votes = [vote for vote in annotations if vote.label is not None and not vote.reviewer]
    for vote in votes:
        tallies.setdefault(vote.sample_id, collections.Counter())[vote.label] += 1
    shares = {}
    for vote in votes:
        tally = tallies[vote.sample_id]
        others = tally.total() - 1
        differing = tally.total() - tally[vote.label]
        shares[vote.sample_id, person_key(vote.annotator)] = differing / others if others else 0.0
    return shares


@dataclass(frozen=True, slots=True)
class DrawOrder:
    """The order in which votes of a lot are drawn.

    Attributes:
        uniform: all its samples in random order: the first n are a simple random sample.
        doubtful: all its samples, those first whose vote most others contradict.
    """

    uniform: tuple[Hashable, ...]
    doubtful: tuple[Hashable, ...]

    def take(self, share: float) -> tuple[tuple[Hashable, ...], tuple[Hashable, ...]]:
        """Return a share of the lot: half of it drawn uniformly, the other half doubtful votes.

        With a share of 1 all are drawn uniformly.
        """
        total = math.ceil(share * len(self.uniform) - 1e-9)
        n_uniform = total if share >= 1 else math.ceil(total / 2)
        uniform = self.uniform[:n_uniform]
        rest = [sample_id for sample_id in self.doubtful if sample_id not in set(uniform)]
        return uniform, tuple(rest[: total - n_uniform])


def draw_order(
    lot: Lot, disagreements: Mapping[tuple[Hashable, str], float], seed: int
) -> DrawOrder:
    """Return the order in which votes of a lot are drawn: by a hash of the id, seeded.

    Args:
        lot: the lot; only its votes that count are drawn.
        disagreements: see `disagreement`.
        seed: the project's seed.
    """
    ids = list(dict.fromkeys(vote.sample_id for vote in lot.open_votes))
    key = person_key(lot.annotator)
    digest = hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    rng = np.random.default_rng([seed, int.from_bytes(digest), lot.number])
    order = random_order(pd.Index(ids, dtype=object), rng).tolist()
    uniform = [ids[index] for index in order]
    doubtful = sorted(uniform, key=lambda sample_id: -disagreements.get((sample_id, key), 0.0))
    return DrawOrder(tuple(uniform), tuple(doubtful))
