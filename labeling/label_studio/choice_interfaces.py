"""Interfaces in which people choose labels of a whole text: one of them, or any number."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from labeling.errors import LabelingError, listed, near
from labeling.label_studio.interface import Interface, Item, NotCountedError
from labeling.records import Label, LabelKind, LabelSchema


@dataclass(frozen=True, slots=True)
class ChoiceInterface(Interface):
    """One choice of fixed labels about a text; the label is a name."""

    KIND = LabelKind.ONE
    TAG = "Choices"
    LABEL_TAG = "Choice"
    PURPOSE = "choose one label of a text"
    EXAMPLE = '<Choices choice="single">'

    @classmethod
    def is_suitable(cls, control: ET.Element) -> bool:
        """Whether the choices are fixed, of the whole text, and one at a time."""
        is_single = control.get("choice", "single") in ("single", "single-radio")
        return is_single and _is_fixed(control)

    def result(self, label: Label, text: str) -> list[dict[str, object]]:
        """Return the `result` of an annotation or a prediction with a label."""
        return [self.item("choices", {"choices": [label]})]

    def read(self, items: Sequence[Item], text: str, schema: LabelSchema) -> tuple[Label, str]:
        """Return the chosen label, and its origin."""
        choices = self.own_items(items)
        if len(choices) != 1:
            raise NotCountedError(
                f"An annotation must hold one choice of {self.control!r}. It holds {len(choices)}"
                f"{self.others_sentence(items)} Label the sample again, or skip it."
            )
        labels = _chosen(choices[0])
        if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
            raise NotCountedError(f"A choice must hold one label. Got {labels!r:.200}.")
        check_label(labels[0], schema)
        return labels[0], str(choices[0].get("origin") or "")


@dataclass(frozen=True, slots=True)
class SetInterface(Interface):
    """Any number of fixed labels about a text; the label is a set of names.

    An annotation without results is the empty set: none of the labels fits.
    """

    KIND = LabelKind.SEVERAL
    TAG = "Choices"
    LABEL_TAG = "Choice"
    PURPOSE = "choose several labels of a text"
    EXAMPLE = '<Choices choice="multiple">'

    @classmethod
    def is_suitable(cls, control: ET.Element) -> bool:
        """Whether the choices are fixed, of the whole text, and any number of them."""
        return control.get("choice") == "multiple" and _is_fixed(control)

    def result(self, label: Label, text: str) -> list[dict[str, object]]:
        """Return the `result` of an annotation or a prediction with a set; empty for none."""
        if not isinstance(label, frozenset):
            raise LabelingError(f"A label of several must be a frozenset. Got {label!r}.")
        chosen = [name for name in self.labels if name in label]
        chosen += sorted(label.difference(chosen))
        return [self.item("choices", {"choices": chosen})] if chosen else []

    def read(self, items: Sequence[Item], text: str, schema: LabelSchema) -> tuple[Label, str]:
        """Return the chosen labels, and their origin."""
        choices = self.own_items(items)
        self.refuse_unknown_controls(items)
        if len(choices) > 1:
            raise NotCountedError(
                f"An annotation must hold one list of choices of {self.control!r}. It holds"
                f" {len(choices)}{self.others_sentence(items)} Label the sample again, or skip it."
            )
        if not choices:
            return frozenset(), ""
        labels = _chosen(choices[0])
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise NotCountedError(f"Choices must hold a list of labels. Got {labels!r:.200}.")
        for label in labels:
            check_label(label, schema)
        return frozenset(labels), str(choices[0].get("origin") or "")


def check_label(label: str, schema: LabelSchema) -> None:
    """Raise a NotCountedError unless the label is in the schema."""
    if label not in schema.labels:
        raise NotCountedError(
            f"The label must be one of {listed(schema.labels, 10)}. Got {label!r}."
            f"{near(label, schema.labels)} Label the sample again, or add it to `labels`."
        )


def _chosen(item: Item) -> object:
    value = item.get("value")
    return value.get("choices") if isinstance(value, dict) else None


def _is_fixed(control: ET.Element) -> bool:
    """Whether choices are the same for all tasks, and are about the whole text."""
    is_fixed = not any(control.get(name) for name in ("value", "allowNested"))
    return is_fixed and "true" not in (control.get("perRegion"), control.get("perItem"))
