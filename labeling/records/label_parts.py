"""Parts of a label that are decided by themselves: a label of a set, a place with spans."""

from __future__ import annotations

import collections
import functools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from labeling.errors import LabelingError
from labeling.records.label_texts import spans_in_words
from labeling.records.spans import Label, Span

Place = tuple[int, int]
"""Where a part of a text starts, and the index after its last character."""


class LabelPart(NamedTuple):
    """One question about a sample, and each person's answer to it.

    Attributes:
        where: the label that a sample has or has not; or the place of spans that overlap, directly
            or by others between them; `None` where the label is one name.
        answers: what each person says of it: the label or no label as a set, the spans in this
            place, or the name.
    """

    where: str | Place | None
    answers: tuple[Label, ...]

    @property
    def name(self) -> str:
        """What the part is called in sentences; empty where there is one only."""
        if self.where is None:
            return ""
        return repr(self.where) if isinstance(self.where, str) else "{}-{}".format(*self.where)

    def most_frequent(self) -> tuple[Label, int]:
        """Return the most frequent answer and its number, the first in order of equals."""
        counts = collections.Counter(self.answers)
        most = max(counts.values())
        return min((answer for answer, n in counts.items() if n == most), key=_order), most

    def counts(self) -> str:
        """Return the numbers of equal answers in words.

        >>> answer_parts([frozenset({"joy"}), frozenset()])[0].counts()
        '1 yes, 1 no'
        >>> answer_parts([(Span(0, 3, "PER"),), ()])[0].counts()
        '1 x PER 0-3, 1 x no span'
        """
        if isinstance(self.where, str):
            yes = sum(map(bool, self.answers))
            return f"{yes} yes, {len(self.answers) - yes} no"
        counts = collections.Counter(self.answers)
        ranked = sorted(counts.items(), key=lambda pair: (-pair[1], _order(pair[0])))
        return ", ".join(f"{n} x {_in_words(answer)}" for answer, n in ranked)


def answer_parts(labels: Sequence[Label]) -> tuple[LabelPart, ...]:
    """Return the parts of several people's labels of one sample, in a fixed order.

    Args:
        labels: of one kind.

    >>> parts = answer_parts([(Span(0, 3, "PER"), Span(8, 11, "PER")), (Span(0, 7, "ORG"),), ()])
    >>> [part.where for part in parts]
    [(0, 7), (8, 11)]
    """
    return _parts_of(labels[0], labels) if labels else ()


def join_answers(answers: Sequence[Label]) -> Label:
    """Return the label that consists of answers to its parts; there must be one or more.

    >>> sorted(join_answers([frozenset({"joy"}), frozenset(), frozenset({"anger"})]))
    ['anger', 'joy']
    """
    return _join(answers[0], answers)


def votes_for(label: Label, labels: Sequence[Label]) -> int:
    """Return how many of some labels agree with one: the number of its least certain part.

    >>> votes_for(frozenset({"a"}), [frozenset({"a"}), frozenset({"a", "b"}), frozenset()])
    2
    """
    parts = answer_parts([label, *labels])
    return min((part.answers.count(part.answers[0]) - 1 for part in parts), default=len(labels))


def span_places(spans: Iterable[Span]) -> tuple[Place, ...]:
    """Return the places of spans; spans that overlap, directly or by others, share one.

    >>> span_places([Span(0, 4, "A"), Span(3, 6, "B"), Span(6, 9, "A")])
    ((0, 6), (6, 9))
    """
    places: list[Place] = []
    for start, end, _ in sorted(spans):
        if places and start < places[-1][1]:
            places[-1] = (places[-1][0], max(places[-1][1], end))
        else:
            places.append((start, end))
    return tuple(places)


@functools.singledispatch
def _parts_of(label: Label, labels: Sequence[Label]) -> tuple[LabelPart, ...]:
    raise LabelingError(f"A label must be a name, a frozenset or a tuple of spans. Got {label!r}.")


@_parts_of.register
def _(label: str, labels: Sequence[str]) -> tuple[LabelPart, ...]:
    return (LabelPart(None, tuple(labels)),)


@_parts_of.register
def _(label: frozenset, labels: Sequence[frozenset[str]]) -> tuple[LabelPart, ...]:  # type: ignore[type-arg]  # by class
    names = sorted(frozenset[str]().union(*labels))
    return tuple(
        LabelPart(name, tuple(answer & frozenset({name}) for answer in labels)) for name in names
    )


@_parts_of.register
def _(label: tuple, labels: Sequence[tuple[Span, ...]]) -> tuple[LabelPart, ...]:  # type: ignore[type-arg]  # by class
    places = span_places(span for answer in labels for span in answer)
    return tuple(
        LabelPart(
            place,
            tuple(
                tuple(span for span in answer if place[0] <= span.start < place[1])
                for answer in labels
            ),
        )
        for place in places
    )


@functools.singledispatch
def _join(first: Label, answers: Sequence[Label]) -> Label:
    raise LabelingError(f"A label must be a name, a frozenset or a tuple of spans. Got {first!r}.")


@_join.register
def _(first: str, answers: Sequence[str]) -> str:
    return first


@_join.register
def _(first: frozenset, answers: Sequence[frozenset[str]]) -> frozenset[str]:  # type: ignore[type-arg]  # by class
    return frozenset[str]().union(*answers)


@_join.register
def _(first: tuple, answers: Sequence[tuple[Span, ...]]) -> tuple[Span, ...]:  # type: ignore[type-arg]  # by class
    return tuple(sorted(span for answer in answers for span in answer))


def _order(answer: Label) -> tuple[object, ...]:
    """Return what answers to one part are ordered by: empty ones last."""
    return (not answer, *((answer,) if isinstance(answer, str) else sorted(answer)))


def _in_words(answer: Label) -> str:
    return answer if isinstance(answer, str) else spans_in_words(tuple(answer))  # type: ignore[arg-type]
