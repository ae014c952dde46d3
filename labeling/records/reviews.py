"""Reviewers' annotations: which of them count, and what they come to."""

from __future__ import annotations

import collections
from collections.abc import Collection, Hashable, Iterable

from labeling.records.annotations import Annotation, live_annotations
from labeling.records.identity import person_key
from labeling.records.spans import Label


def reviews_that_count(annotations: Iterable[Annotation]) -> list[Annotation]:
    """Return reviewers' current annotations, without those by annotators of the same sample."""
    return counting_reviews(live_annotations(annotations))


def counting_reviews(live: Collection[Annotation]) -> list[Annotation]:
    """Return the reviews that count among current annotations; see `reviews_that_count`."""
    annotators = {_sample_and_person(annotation) for annotation in live if not annotation.reviewer}
    return [
        annotation
        for annotation in live
        if annotation.reviewer and _sample_and_person(annotation) not in annotators
    ]


def reviewed_label(reviews: Iterable[Annotation]) -> Label | None:
    """Return the label that more than half of the reviews with a label give; `None` without one.

    Args:
        reviews: those of a sample that count.
    """
    labels = [review.label for review in reviews if review.label is not None]
    if not labels:
        return None
    label, count = collections.Counter(labels).most_common(1)[0]
    return label if 2 * count > len(labels) else None


def undecided_samples(annotations: Iterable[Annotation]) -> frozenset[Hashable]:
    """Return the samples that reviewers saw without giving a decisive label.

    All of them skipped the sample, or no label has more than half of their labels.

    >>> import datetime
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> ledger = [
    ...     Annotation("a", "eve", None, now, now, reviewer=True),
    ...     Annotation("b", "eve", "spam", now, now, reviewer=True),
    ... ]
    >>> undecided_samples(ledger)
    frozenset({'a'})
    """
    of_sample: dict[Hashable, list[Annotation]] = {}
    for review in reviews_that_count(annotations):
        of_sample.setdefault(review.sample_id, []).append(review)
    return frozenset(
        sample_id for sample_id, reviews in of_sample.items() if reviewed_label(reviews) is None
    )


def _sample_and_person(annotation: Annotation) -> tuple[Hashable, str]:
    return annotation.sample_id, person_key(annotation.annotator)
