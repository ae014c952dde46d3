"""Labeling config of the project in which reviewers check votes: accept, reject, or fix."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping

from labeling.label_studio.choice_interfaces import ChoiceInterface
from labeling.label_studio.label_controls import (
    CONTROL,
    CONTROLS,
    TEXT,
    add_header,
    add_labels,
)
from labeling.label_studio.labeling_config import (
    RATIONALE,
    VOTE,
    add_section,
    new_view,
    to_xml,
)
from labeling.records import LabelKind, LabelSchema

ACCEPT, REJECT, FIX = "accept", "reject", "fix: "
"""Choices of who checks a vote; the last one is followed by the right label."""

DECISION_CONTROL, REPAIR = "check", "fix"
"""The control with the decision where a label is no name, and its choice for "labeled anew"."""

DECISION_HOTKEYS = "qwe"  # digits are the hotkeys of the labels
VOTE_TITLE, QUESTION = "What one annotator said", "Is it right?"

_MEANINGS = {
    ACCEPT: "The vote is right.",
    REJECT: "The vote is wrong: its annotator is asked again, and shown the reason.",
}
DECISIONS = LabelSchema(
    [ACCEPT, REJECT, REPAIR],
    {**_MEANINGS, REPAIR: "The vote is wrong: the labels that are chosen now are right."},
)
DECISION_INTERFACE = ChoiceInterface(DECISION_CONTROL, TEXT, TEXT, DECISIONS.labels)


def check_schema(schema: LabelSchema) -> LabelSchema:
    """Return what who checks a vote chooses from, besides the decision where there is one.

    A single label is accepted, rejected, or fixed by each label. Sets and spans are labeled anew.

    >>> check_schema(LabelSchema(["ham", "spam"])).labels
    ('accept', 'reject', 'fix: ham', 'fix: spam')
    """
    return _SCHEMAS[schema.kind](schema)


def check_config(schema: LabelSchema) -> str:
    """Return the labeling config of the project in which reviewers check votes.

    Of a single label the digits are hotkeys: 1 accepts, 2 rejects and asks for a reason, and
    further ones fix.

    Args:
        schema: the choices; see `check_schema`.
    """
    view = new_view()
    _CONFIGS[schema.kind](view, schema)
    return to_xml(view)


def _choices_of_one(schema: LabelSchema) -> LabelSchema:
    descriptions = {
        **_MEANINGS,
        **{f"{FIX}{label}": text for label, text in schema.descriptions.items()},
    }
    labels = [ACCEPT, REJECT, *(f"{FIX}{label}" for label in schema.labels)]
    return LabelSchema(labels, descriptions)


def _add_one(view: ET.Element, schema: LabelSchema) -> None:
    """Add the choices of a vote for a single label."""

    def add_vote() -> None:
        add_section(view, VOTE_TITLE, VOTE)

    CONTROLS[schema.kind].add_with_text(view, schema, add_vote, question=QUESTION)
    _add_reason(view, CONTROL)


def _add_decision(view: ET.Element, schema: LabelSchema) -> None:
    """Add the decision about a vote, and the labels, which begin as the vote has them."""

    def add_vote() -> None:
        add_section(view, VOTE_TITLE, VOTE)

    CONTROLS[schema.kind].add_with_text(view, schema, add_vote)
    add_header(view, QUESTION)
    decision = ET.SubElement(
        view,
        "Choices",
        name=DECISION_CONTROL,
        toName=TEXT,
        choice="single-radio",
        required="true",
        requiredMessage="Choose what to do with the vote, or skip.",
        showInline="true",
    )
    add_labels(decision, DECISIONS, "Choice", DECISION_HOTKEYS)
    _add_reason(view, DECISION_CONTROL)


def _add_reason(view: ET.Element, control: str) -> None:
    """Add the text area for why a vote is rejected; it is shown, and required, only then."""
    only_on_reject = {
        "visibleWhen": "choice-selected",
        "whenTagName": control,
        "whenChoiceValue": REJECT,
    }  # of the view: the text area itself knows no such attributes, and is not required unseen
    ET.SubElement(
        ET.SubElement(view, "View", only_on_reject),
        "TextArea",
        name=RATIONALE,
        toName=TEXT,
        placeholder="What is wrong? The annotator reads it. Then Shift+Enter, and Ctrl+Enter.",
        rows="2",
        maxSubmissions="1",
        editable="true",
        showSubmitButton="false",
        required="true",
        requiredMessage="Write what is wrong: the annotator is asked again, and reads it.",
    )


_SCHEMAS: Mapping[LabelKind, Callable[[LabelSchema], LabelSchema]] = {
    LabelKind.ONE: _choices_of_one,
    LabelKind.SEVERAL: lambda schema: schema,
    LabelKind.SPANS: lambda schema: schema,
}
_CONFIGS: Mapping[LabelKind, Callable[[ET.Element, LabelSchema], None]] = {
    LabelKind.ONE: _add_one,
    LabelKind.SEVERAL: _add_decision,
    LabelKind.SPANS: _add_decision,
}
