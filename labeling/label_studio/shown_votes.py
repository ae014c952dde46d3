"""Votes that reviewers see: in words, and where parts of a text are marked as predictions."""

from __future__ import annotations

import itertools
import string
from collections.abc import Iterator
from typing import Any

from labeling.label_studio.choice_interfaces import ChoiceInterface
from labeling.label_studio.interface import Interface
from labeling.label_studio.span_interface import SpanInterface
from labeling.label_studio.tasks import MODEL_VERSION
from labeling.records import Annotation, Escalation, Label, label_in_words, live_annotations

NOBODY = "nobody"
"""Model version of the empty prediction with which a review begins."""


def votes_in_words(escalation: Escalation, interface: Interface, text: str) -> str:
    """Return the annotators' votes without names, sorted so that the order reveals nobody."""
    votes = zip(_names(interface), _anonymous_votes(escalation, text), strict=False)
    return "\n".join(f"Annotator {name}: {words}" for name, (words, _) in votes) or "nobody"


def vote_predictions(
    escalation: Escalation, interface: Interface, text: str
) -> list[dict[str, Any]]:
    """Return each annotator's spans as a prediction, for a reviewer to compare or begin with.

    Its model version is the letter by which the vote is displayed in words. Label Studio shows
    predictions in the Quick View of a task, and not in the label stream. The Quick View begins with
    a copy of the last one, which is empty: nobody's spans come first.
    """
    if not isinstance(interface, SpanInterface):
        return []
    votes = zip(_names(interface), _anonymous_votes(escalation, text), strict=False)
    predictions: list[dict[str, Any]] = [
        {"model_version": name, "result": interface.result(vote.label, text)}
        for name, (_, vote) in votes
        if vote.label
    ]
    return [*predictions, {"model_version": NOBODY, "result": []}] if predictions else []


def checked_vote(label: Label, interface: Interface, text: str) -> list[dict[str, Any]]:
    """Return a vote as the prediction with which its check begins; a single label has none.

    There the choices are accept, reject, and fix by a label.
    """
    if isinstance(interface, ChoiceInterface):
        return []
    return [{"model_version": MODEL_VERSION, "result": interface.result(label, text)}]


def _names(interface: Interface) -> Iterator[str]:
    """Yield names of annotators that reveal nobody; letters where votes are predictions."""
    if not isinstance(interface, SpanInterface):
        return map(str, itertools.count(1))
    letters = string.ascii_uppercase
    longer = (f"{first}{last}" for first in letters for last in letters)
    return itertools.chain(letters, longer)


def _anonymous_votes(escalation: Escalation, text: str) -> list[tuple[str, Annotation]]:
    """Return the annotators' votes, each with what it says in words, sorted by the words."""
    votes = [
        annotation
        for annotation in live_annotations(escalation.annotations)
        if not annotation.reviewer
    ]
    in_words = [
        label_in_words(vote.label, text) + (f" ({vote.reason})" if vote.reason else "")
        for vote in votes
    ]
    return sorted(zip(in_words, votes, strict=True), key=lambda pair: pair[0])
