"""Interface of a labeling config: which control holds the labels, and how answers hold them."""

from __future__ import annotations

import abc
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from labeling.errors import PlatformError, listed
from labeling.records import Label, LabelKind, LabelSchema

Item = Mapping[str, Any]
"""An item of an annotation's `result`, as the server returns it."""

MANUAL, PREDICTION, CHANGED = "manual", "prediction", "prediction-changed"
"""How an item came about, as the server reports it."""


class NotCountedError(Exception):
    """An annotation cannot be counted; the message says why."""


@dataclass(frozen=True, slots=True)
class Interface(abc.ABC):
    """The part of a labeling config that locates the label in an annotation.

    Attributes:
        control: the name of the control.
        target: the name of the Text tag that it refers to.
        text: the key of the task's data that holds the text.
        labels: the labels that it offers, in order.
        keys: the keys of a task's data that people see.
        controls: the names of all controls of the labeling config.
    """

    control: str
    target: str
    text: str
    labels: tuple[str, ...]
    keys: frozenset[str] = frozenset()
    controls: frozenset[str] = frozenset()

    KIND: ClassVar[LabelKind]
    """The kind of label that people give."""
    TAG: ClassVar[str]
    """The control's tag."""
    LABEL_TAG: ClassVar[str]
    """The tag of a label within the control."""
    PURPOSE: ClassVar[str]
    """What people do with the control: "choose one label of a text"."""
    EXAMPLE: ClassVar[str]
    """The control as it is written in a labeling config."""

    @classmethod
    @abc.abstractmethod
    def is_suitable(cls, control: ET.Element) -> bool:
        """Whether a control of this tag, about a text, has the right attributes."""

    @abc.abstractmethod
    def result(self, label: Label, text: str) -> list[dict[str, object]]:
        """Return the `result` of an annotation or a prediction with a label.

        Args:
            label: the label, of the kind of this interface.
            text: the text of the sample.
        """

    @abc.abstractmethod
    def read(self, items: Sequence[Item], text: str, schema: LabelSchema) -> tuple[Label, str]:
        """Return the label of an annotation, and its origin as the server reports it.

        The origin is `manual`, `prediction` or `prediction-changed`; empty if it is not reported.

        Args:
            items: the annotation's result.
            text: the text of its task.
            schema: the labels.

        Raises:
            NotCountedError: the result is not a label of the schema.
        """

    def item(self, kind: str, value: Mapping[str, object]) -> dict[str, object]:
        """Return an item of a result."""
        return {
            "from_name": self.control,
            "to_name": self.target,
            "type": kind,
            "value": dict(value),
        }

    def own_items(self, items: Sequence[Item]) -> list[Item]:
        """Return the items of the control."""
        return [item for item in items if item.get("from_name") == self.control]

    def others_sentence(self, items: Sequence[Item]) -> str:
        """Return which other controls the items are of: the end of a sentence."""
        others = sorted({str(item.get("from_name")) for item in items} - {self.control})
        return f", and {listed(others)}." if others else "."

    def refuse_unknown_controls(self, items: Sequence[Item]) -> None:
        """Raise a NotCountedError if an item is of a control that the labeling config lacks.

        Where nothing chosen is an answer, a control that was renamed must not look like one.
        """
        names = {str(item["from_name"]) for item in items if item.get("from_name") is not None}
        unknown = sorted(names - self.controls - {self.control})
        if unknown:
            raise NotCountedError(
                f"The results of an annotation must be of controls of the labeling config, such as"
                f" {self.control!r}. Got results of {listed(unknown)}: it was renamed or removed."
                " Label the sample again, or give the control its name back."
            )


def parse_config(config: str, project: str) -> ET.Element:
    """Return the root element of a labeling config.

    Raises:
        PlatformError: it is not valid XML.
    """
    try:
        return ET.fromstring(config)
    except ET.ParseError as error:
        raise PlatformError(f"The labeling config of {project!r} is no XML: {error}.") from error


def labels_of(control: ET.Element, label_tag: str) -> tuple[str, ...]:
    """Return the labels of a control, as they are stored in annotations."""
    return tuple(tag.get("alias") or tag.get("value") or "" for tag in control.iter(label_tag))


def controls_in(root: ET.Element) -> list[str]:
    """Return the controls of a labeling config, each as tag and name."""
    return [f"<{tag.tag} {tag.get('name')}>" for tag in root.iter() if tag.get("toName")]


def label_differences(interface: Interface, schema: LabelSchema) -> str:
    """Return in words how the labels differ from the schema's; empty if they do not.

    >>> from labeling.label_studio.choice_interfaces import ChoiceInterface
    >>> interface = ChoiceInterface("label", "text", "text", ("ham", "eggs"))
    >>> label_differences(interface, LabelSchema(["ham", "spam"]))
    "it lacks 'spam', and has 'eggs' besides"
    """
    missing = [label for label in schema.labels if label not in interface.labels]
    extra = [label for label in interface.labels if label not in schema.labels]
    parts = [f"it lacks {listed(missing, 10)}"] if missing else []
    parts += [f"{'and ' if missing else 'it '}has {listed(extra, 10)} besides"] if extra else []
    return ", ".join(parts)
