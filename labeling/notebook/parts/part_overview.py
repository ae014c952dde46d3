"""What the dev set of a workbench of spans, or of several labels, is, in a sentence."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable

from labeling.errors import LabelingError, counted
from labeling.notebook.overview import NO_DEV_SET, counts_in_words
from labeling.notebook.parts.part_table import GoldParts
from labeling.records import Label, LabelSchema


def part_dev_set_sentence(gold: GoldParts, schema: LabelSchema, noun: str) -> str:
    """Return how many samples the dev set has, and how many parts of each label.

    Args:
        gold: the dev set.
        schema: the labels.
        noun: what a part is called.

    >>> from labeling.records import Span
    >>> schema = LabelSchema(["PER", "ORG"], kind="spans")
    >>> part_dev_set_sentence({"a": (Span(0, 3, "PER"), Span(5, 9, "PER"))}, schema, "span")
    'Dev set: 1 sample with 2 spans (PER 2, ORG 0).'
    """
    if not gold:
        return NO_DEV_SET
    counts = Counter(name for label in gold.values() for name in _names_in(label))
    n_parts = counted(sum(counts.values()), noun)
    numbers = counts_in_words({label: counts[label] for label in schema.labels})
    return f"Dev set: {counted(len(gold), 'sample')} with {n_parts} ({numbers})."


@functools.singledispatch
def _names_in(label: Label) -> Iterable[str]:
    raise LabelingError(f"Gold must be spans or a set of labels. Got {label!r}.")


@_names_in.register
def _(label: frozenset) -> Iterable[str]:  # type: ignore[type-arg]  # by class
    return label


@_names_in.register
def _(label: tuple) -> Iterable[str]:  # type: ignore[type-arg]  # by class
    return (span.label for span in label)
