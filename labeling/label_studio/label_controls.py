"""Controls of generated labeling configs: how labels are offered, by the kind of the schema."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from labeling.records import LabelKind, LabelSchema

HOTKEYS = "1234567890"
CONTROL, TEXT = "label", "text"
"""Names of the control with the labels, and of the text that is labeled, which is its data key."""

SCROLLING = "max-height: 50vh; overflow: auto; white-space: pre-wrap"
"""Style of a text: white space is kept, and a long text scrolls instead of hiding the choices."""

WORD_JOINER = "\u2060"  # an invisible character


@dataclass(frozen=True, slots=True)
class LabelControls:
    """How the labels of a kind of schema are offered.

    Attributes:
        question: what annotators are asked.
        tag: the control's tag.
        label_tag: the tag of a label.
        attributes: further attributes of the control.
        text_attributes: further attributes of the text.
        is_above: whether the control is above the text, or else below it.
    """

    question: str
    tag: str
    label_tag: str
    attributes: dict[str, str]
    text_attributes: dict[str, str] = field(default_factory=dict)
    is_above: bool = False

    def add_with_text(
        self,
        view: ET.Element,
        schema: LabelSchema,
        add_between: Callable[[], None] = lambda: None,
        *,
        question: str = "",
    ) -> None:
        """Add the text and the control, with a question before the control.

        Args:
            view: to which they are added.
            schema: the labels.
            add_between: adds what is between text and control; below the text in any case.
            question: the question; empty for none.
        """
        if self.is_above:
            self._add(view, schema, question)
        add_scrolling_text(view, TEXT, **self.text_attributes)
        add_between()
        if not self.is_above:
            self._add(view, schema, question)

    def _add(self, view: ET.Element, schema: LabelSchema, question: str) -> None:
        if question:
            add_header(view, question)
        control = ET.SubElement(
            view, self.tag, {"name": CONTROL, "toName": TEXT, **self.attributes}
        )
        add_labels(control, schema, self.label_tag)


CHOICE_ATTRIBUTES = {
    "choice": "single-radio",
    "required": "true",
    "requiredMessage": "Choose a label, or skip.",
    "showInline": "true",
}

CONTROLS: Mapping[LabelKind, LabelControls] = {
    LabelKind.ONE: LabelControls(
        "Which label fits this text?", "Choices", "Choice", CHOICE_ATTRIBUTES
    ),
    LabelKind.SEVERAL: LabelControls(
        "Which labels fit this text? Submit without one if none does.",
        "Choices",
        "Choice",
        {"choice": "multiple", "required": "false", "showInline": "true"},
    ),
    LabelKind.SPANS: LabelControls(
        "Choose a label, then select the part of the text that has it. Submit without any if there"
        " is none.",
        "Labels",
        "Label",
        {"choice": "single"},
        # The text of a region tells in which unit its offsets are; words are marked whole.
        {"granularity": "word", "saveTextResult": "yes"},
        is_above=True,
    ),
}

QUESTIONS = frozenset(controls.question for controls in CONTROLS.values())


def add_labels(
    control: ET.Element, schema: LabelSchema, tag: str, hotkeys: Sequence[str] = HOTKEYS
) -> None:
    """Add the labels to a control, the first ones with hotkeys; descriptions are hints."""
    for position, label in enumerate(schema.labels):
        element = label_element(label, tag)
        if position < len(hotkeys):
            element.set("hotkey", hotkeys[position])
        if label in schema.descriptions:
            element.set("hint", _literal(schema.descriptions[label]))
        control.append(element)


def label_element(label: str, tag: str) -> ET.Element:
    """Return the tag of a label."""
    element = ET.Element(tag, value=_literal(label))
    if element.get("value") != label:
        element.set("alias", label)
    return element


def add_scrolling_text(view: ET.Element, key: str, **attributes: str) -> None:
    """Add a text of the task's data, in a container that scrolls."""
    container = ET.SubElement(view, "View", style=SCROLLING)
    ET.SubElement(container, "Text", {"name": key, "value": f"${key}", **attributes})


def add_header(view: ET.Element, text: str) -> None:
    """Add a line of text above what follows."""
    ET.SubElement(view, "Header", value=text, size="5")


def _literal(text: str) -> str:
    """Return a text escaped for a labeling config, where a leading $ refers to the task's data."""
    return text.replace("$", f"${WORD_JOINER}", 1) if text.startswith("$") else text
