"""What a platform without a store has heard so far."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable

from labeling.records import Annotation, live_annotations


class AnnotationLog:
    """Annotations in the order in which they came, each once."""

    def __init__(self) -> None:
        self._said: dict[Annotation, None] = {}
        self._of_sample: dict[Hashable, list[Annotation]] = {}

    def add(self, news: Iterable[Annotation]) -> None:
        """Add those that are not there yet."""
        for one in news:
            if one not in self._said:
                self._said[one] = None
                self._of_sample.setdefault(one.sample_id, []).append(one)

    def annotations(self, sample_ids: Collection[Hashable] | None = None) -> tuple[Annotation, ...]:
        """Return the annotations of some samples, or all."""
        if sample_ids is None:
            return tuple(self._said)
        return tuple(one for own in set(sample_ids) for one in self._of_sample.get(own, ()))

    def reviews(self, sample_id: Hashable) -> int:
        """Return how many reviewers spoke of a sample."""
        return sum(one.reviewer for one in live_annotations(self._of_sample.get(sample_id, ())))
