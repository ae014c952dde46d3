"""Suggestions of functions that mark spans: which candidates are offered, in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from labeling.notebook.function_set import VotedLF
from labeling.notebook.parts.joined_votes import part_votes
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.span_candidates import (
    KINDS,
    LEAST_LOW,
    DevText,
    Place,
    SpanCandidate,
)
from labeling.notebook.suggestions.ranking import ranked
from labeling.notebook.suggestions.words import Mask
from labeling.records import ABSTAIN, Span, SpanVotes, expect

MOST_TEXTS = 2_000
"""Texts in which it is counted how much of what candidates mark is new: the first of an order that
looks random."""
SAME = 0.8
"""A candidate that shares so much of what it and a function mark is that function once more."""

Marked = tuple[int, Place]
"""The number of a text, and a span in it."""


class SpanOffer(NamedTuple):
    """A rule that is offered.

    Attributes:
        candidate: the rule, and how it stands to the dev set.
        label: the code of its label.
    """

    candidate: SpanCandidate
    label: int


def span_offers(
    moment: PartMoment, kinds: Sequence[str], rejected: Collection[tuple[str, str, str]], n: int
) -> list[SpanOffer]:
    """Return the rules to offer: each label gets its part of the places first, then the best.

    Args:
        moment: what the workbench holds; it has a dev set.
        kinds: of candidates.
        rejected: rules that are not offered: kind, words and label.
        n: how many at most.
    """
    dev, column, labels = dev_texts(moment), str(moment.text), moment.schema.labels
    candidates = [
        candidate
        for label in sorted(labels)
        for kind in KINDS
        if kind in kinds
        for candidate in KINDS[kind](dev, label, column)
        if candidate.low > LEAST_LOW and (kind, candidate.rule.words, label) not in rejected
    ]
    rows = moment.ordered(np.arange(len(moment)))[:MOST_TEXTS]
    texts = moment.texts_of(rows)
    marked = [_marked(candidate, texts) for candidate in candidates]
    number_of = {row: number for number, row in enumerate(rows.tolist())}
    known = [_of_function(voted, number_of) for voted in moment.functions]
    there = [sum(label in by_label for by_label in known) for label in range(len(labels))]
    kept = [
        number
        for number, candidate in enumerate(candidates)
        if marked[number]
        and not any(
            _is_same(marked[number], by_label.get(labels.index(candidate.label), set()))
            for by_label in known
        )
    ]
    return _chosen(moment, [(candidates[each], marked[each]) for each in kept], known, there, n)


def _chosen(
    moment: PartMoment,
    candidates: Sequence[tuple[SpanCandidate, set[Marked]]],
    known: Sequence[dict[int, set[Marked]]],
    there: Sequence[int],
    n: int,
) -> list[SpanOffer]:
    """Return the candidates that are offered, with what they mark and what functions mark."""
    from scipy import sparse

    if not candidates:
        return []
    labels = moment.schema.labels
    places = sorted(set().union(*(marked for _, marked in candidates)))
    number_of = {place: number for number, place in enumerate(places)}
    pairs = [
        (number_of[place], column)
        for column, (_, marked) in enumerate(candidates)
        for place in marked
    ]
    at = np.array(pairs, dtype=np.int64)
    fires = sparse.csc_matrix(
        (np.ones(len(at)), (at[:, 0], at[:, 1])), shape=(len(places), len(candidates))
    )
    fires.sort_indices()
    low = np.zeros((len(candidates), len(labels)))
    for row, (candidate, _) in enumerate(candidates):
        low[row, labels.index(candidate.label)] = candidate.low
    rules = [candidate.rule for candidate, _ in candidates]
    taken = _overlapped(places, known)
    order = ranked(rules, fires, low, low > 0, labels, taken, n, there)
    return [SpanOffer(candidates[rule][0], label) for rule, label in order]


def dev_texts(moment: PartMoment) -> list[DevText]:
    """Return the samples of the dev set in an order that looks random."""
    rows = moment.ordered(np.flatnonzero(moment.samples.index.isin(list(moment.gold))))
    made = []
    for sample_id, text in zip(
        moment.samples.index[rows].tolist(), moment.texts_of(rows), strict=True
    ):
        spans: dict[str, set[Place]] = {}
        for span in moment.gold[sample_id]:
            checked = expect(span, Span, "A gold span")
            spans.setdefault(checked.label, set()).add((checked.start, checked.end))
        made.append(DevText(text, spans))
    return made


def _marked(candidate: SpanCandidate, texts: Sequence[str]) -> set[Marked]:
    return {(row, place) for row, text in enumerate(texts) for place in candidate.find(text)}


def places_of(functions: Iterable[VotedLF]) -> dict[int, list[Place]]:
    """Return where functions mark spans, sorted, by the row of the sample."""
    found: dict[int, list[Place]] = {}
    for voted in functions:
        for row, place, _ in _marks(voted):
            found.setdefault(row, []).append(place)
    return {row: sorted(places) for row, places in found.items()}


def _marks(voted: VotedLF) -> Iterator[tuple[int, Place, int]]:
    """Yield row, place and label of each span that a function marks."""
    marks = expect(part_votes(voted), SpanVotes, "Votes").marks
    columns = (marks.sample, marks.start, marks.end, marks.label)
    for row, start, end, label in zip(*(each.tolist() for each in columns), strict=True):
        if label != ABSTAIN:
            yield row, (start, end), label


def _of_function(voted: VotedLF, number_of: Mapping[int, int]) -> dict[int, set[Marked]]:
    """Return what a function marks in some texts, by the code of the label."""
    found: dict[int, set[Marked]] = {}
    for row, place, label in _marks(voted):
        if row in number_of:
            found.setdefault(label, set()).add((number_of[row], place))
    return found


def _is_same(first: set[Marked], second: set[Marked]) -> bool:
    return len(first & second) > SAME * len(first | second)


def _overlapped(places: Sequence[Marked], known: Sequence[dict[int, set[Marked]]]) -> Mask:
    """Return which places a span of a function overlaps: shape (n_places,)."""
    by_text: dict[int, list[Place]] = {}
    for by_label in known:
        for marked in by_label.values():
            for row, place in marked:
                by_text.setdefault(row, []).append(place)
    return np.array(
        [
            any(start < last and first < end for first, last in by_text.get(row, ()))
            for row, (start, end) in places
        ],
        dtype=bool,
    )
