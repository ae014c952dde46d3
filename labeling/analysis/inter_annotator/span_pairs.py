"""Spans that each two annotators marked alike, counted by sample and label."""

from __future__ import annotations

import bisect
import collections
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from labeling.records import ABSTAIN, SpanVotes

Floats = npt.NDArray[np.float64]
Place = tuple[int, int]
ByLabel = dict[int, list[Place]]
"""One person's spans in one sample, by label code, sorted."""

EXACT, RELAXED, MARKED = range(3)
"""What is counted of a pair: spans that the other marked too, exactly or in part, and all spans."""


@dataclass(frozen=True, slots=True)
class PairCounts:
    """Counts over all pairs of people who saw the same sample, each span once for each pair.

    Attributes:
        by_sample: shape (n_samples, n_labels, 3): of exact, relaxed and all spans.
        by_pair: the two columns of each pair -> the samples that both saw, and the same counts.
        people: how many people saw each sample: shape (n_samples,).
    """

    by_sample: Floats
    people: npt.NDArray[np.intp]
    by_pair: dict[tuple[int, int], list[int]] = field(default_factory=dict)


def pair_counts(votes: SpanVotes) -> PairCounts:
    """Return what each two people marked alike.

    Spans are exactly alike if label, start and end are equal. In the relaxed sense a span is found
    by the other person if any of that person's spans with its label overlaps it.
    """
    shape = (len(votes), len(votes.voters))
    asked = np.ones(shape, dtype=bool) if votes.asked is None else votes.asked
    by_sample = np.zeros((len(votes), len(votes.schema), 3))
    counts = PairCounts(by_sample, asked.sum(axis=1))
    for sample, spans_of in _spans_by_person(votes):
        people = np.flatnonzero(asked[sample]).tolist()
        for pair in itertools.combinations(people, 2):
            of_pair = counts.by_pair.setdefault(pair, [0, 0, 0, 0])
            of_pair[0] += 1
            first, second = (spans_of.get(person, {}) for person in pair)
            for label in {*first, *second}:
                alike = _alike(first.get(label, ()), second.get(label, ()))
                by_sample[sample, label] += alike
                for position, n in enumerate(alike, 1):
                    of_pair[position] += n
    return counts


def f1(counts: Floats, kind: int) -> Floats:
    """Return F1 of counts with exact, relaxed and all spans last; NaN where there is no span.

    The spans of either person that the other one found are their share of all spans, since
    precision of the one is recall of the other.
    """
    score: Floats = np.full(counts.shape[:-1], np.nan)
    marked = counts[..., MARKED]
    np.divide(counts[..., kind], marked, out=score, where=marked > 0)
    return score


def _spans_by_person(votes: SpanVotes) -> Iterator[tuple[int, dict[int, ByLabel]]]:
    """Yield each sample's row and its spans by column of the voter, also where there are none."""
    of_sample: collections.defaultdict[int, dict[int, ByLabel]] = collections.defaultdict(dict)
    marks = votes.marks
    columns = (marks.sample, marks.voter, marks.label, marks.start, marks.end)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    for sample, voter, label, start, end in rows:
        if label != ABSTAIN:
            of_sample[sample].setdefault(voter, {}).setdefault(label, []).append((start, end))
    for sample in range(len(votes)):
        yield sample, of_sample.get(sample, {})


def _alike(first: Sequence[Place], second: Sequence[Place]) -> tuple[int, int, int]:
    """Return how many spans of one label are found exactly, in part, and how many there are."""
    exact = 2 * len(set(first) & set(second))
    relaxed = _overlapping(first, second) + _overlapping(second, first)
    return exact, relaxed, len(first) + len(second)


def _overlapping(spans: Sequence[Place], others: Sequence[Place]) -> int:
    """Return how many spans overlap any of the others, both sorted."""
    starts = [start for start, _ in others]
    furthest = list(itertools.accumulate((end for _, end in others), max))
    n = 0
    for start, end in spans:
        before = bisect.bisect_left(starts, end)  # of the others, those that start before its end
        n += before > 0 and furthest[before - 1] > start
    return n
