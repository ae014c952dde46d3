"""Interface in which people mark parts of a text, and how its offsets are read.

Label Studio 1.23 counts offsets in Unicode code points as Python does, but parts of it and earlier
versions count in UTF-16 units. Every region holds its text, too, which decides.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from labeling.errors import LabelingError, listed
from labeling.label_studio.choice_interfaces import check_label
from labeling.label_studio.interface import (
    CHANGED,
    MANUAL,
    PREDICTION,
    Interface,
    Item,
    NotCountedError,
)
from labeling.records import Label, LabelKind, LabelSchema, Span, is_whole_number, placed

AGAIN = "Mark it again, or skip the sample."


@dataclass(frozen=True, slots=True)
class SpanInterface(Interface):
    """Labels with which parts of a text are marked; the label is a tuple of spans.

    An annotation without regions is the empty tuple: no part has a label. Regions may overlap; the
    same region twice counts once.
    """

    KIND = LabelKind.SPANS
    TAG = "Labels"
    LABEL_TAG = "Label"
    PURPOSE = "mark parts of a text"
    EXAMPLE = "<Labels>"

    @classmethod
    def is_suitable(cls, control: ET.Element) -> bool:
        """Whether the labels are fixed, and a region has one of them."""
        return control.get("choice", "single") == "single" and not control.get("value")

    def result(self, label: Label, text: str) -> list[dict[str, object]]:
        """Return the `result` of an annotation or a prediction: an item for each span.

        Offsets are in code points, and each item holds its text.
        """
        if not isinstance(label, tuple):
            raise LabelingError(f"A label of spans must be a tuple of spans. Got {label!r}.")
        return [
            {
                "id": f"span-{span.start}-{span.end}",
                **self.item(
                    "labels",
                    {
                        "start": span.start,
                        "end": span.end,
                        "text": text[span.start : span.end],
                        "labels": [span.label],
                    },
                ),
            }
            for span in label
        ]

    def read(self, items: Sequence[Item], text: str, schema: LabelSchema) -> tuple[Label, str]:
        """Return the marked spans, sorted, and their common origin.

        Where some were predicted and others not, the origin is `prediction-changed`.
        """
        self.refuse_unknown_controls(items)
        regions = [item for item in items if self._is_region(item)]
        spans = sorted({_span(region, text, schema) for region in regions})
        _refuse_two_labels(spans, text)
        origins = {str(region.get("origin") or "") for region in regions}
        if len(origins) > 1:
            return tuple(spans), CHANGED if origins & {PREDICTION, CHANGED} else MANUAL
        return tuple(spans), next(iter(origins), "")

    def _is_region(self, item: Item) -> bool:
        """Whether an item is a region of the text; one that lost its label names no control."""
        if item.get("from_name") == self.control:
            return True
        is_unlabeled = item.get("from_name") is None and item.get("to_name") == self.target
        return is_unlabeled and "start" in _value(item)


def _span(region: Item, text: str, schema: LabelSchema) -> Span:
    value = _value(region)
    region_text = value.get("text")
    shown = f"{region_text!r:.80}" if region_text else f"from {value.get('start')!r:.20}"
    labels = value.get("labels")
    if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
        described = f"{labels!r:.200}" if labels else "none"
        raise NotCountedError(
            f"A region must have one label. The region {shown} has {described}. {AGAIN}"
        )
    check_label(labels[0], schema)
    place = placed(value.get("start"), value.get("end"), region_text, text)
    if place is None:
        raise NotCountedError(
            f"The offsets of a region must enclose its text. The region {shown} is said to be from"
            f" {value.get('start')!r:.20} to {value.get('end')!r:.20}, where the text has"
            f" {_excerpt(value, text)!r}. {AGAIN}"
        )
    return Span(*place, labels[0])


def _refuse_two_labels(spans: Sequence[Span], text: str) -> None:
    labels: dict[tuple[int, int], list[str]] = {}
    for span in spans:
        labels.setdefault((span.start, span.end), []).append(span.label)
    for (start, end), names in labels.items():
        if len(names) > 1:
            raise NotCountedError(
                f"A part of a text must have one label. {text[start:end]!r:.80} has"
                f" {listed(names)}. Delete all but one of them, or skip the sample."
            )


def _excerpt(value: Mapping[str, object], text: str) -> str:
    start, end = value.get("start"), value.get("end")
    if is_whole_number(start) and is_whole_number(end) and 0 <= start <= end:
        return text[start:end][:80]
    return ""


def _value(item: Item) -> Mapping[str, object]:
    value = item.get("value")
    return value if isinstance(value, Mapping) else {}
