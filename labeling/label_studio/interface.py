"""Interface of a labeling config: which control holds the labels, and which labels it offers."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from labeling.errors import PlatformError, listed
from labeling.records import LabelSchema


@dataclass(frozen=True, slots=True)
class Interface:
    """The part of a labeling config that locates the label in an annotation.

    Attributes:
        control: the name of the Choices control.
        target: the name of the Text tag that it refers to.
        text: the key of the task's data that holds the text.
        labels: the labels that it offers, in order.
        keys: the keys of a task's data that people see.
    """

    control: str
    target: str
    text: str
    labels: tuple[str, ...]
    keys: frozenset[str] = frozenset()

    def result(self, label: str, meta: dict[str, object] | None = None) -> list[dict[str, object]]:
        """Return the `result` of an annotation or a prediction with a label."""
        item: dict[str, object] = {
            "from_name": self.control,
            "to_name": self.target,
            "type": "choices",
            "value": {"choices": [label]},
        }
        return [{**item, "meta": meta} if meta else item]


def parse_config(config: str, project: str) -> ET.Element:
    """Return the root element of a labeling config.

    Raises:
        PlatformError: it is not valid XML.
    """
    try:
        return ET.fromstring(config)
    except ET.ParseError as error:
        raise PlatformError(f"The labeling config of {project!r} is no XML: {error}.") from error


def read_interface(config: str, project: str, labels: Sequence[str] = ()) -> Interface:
    """Return the interface of a labeling config.

    Args:
        config: the labeling config on the server.
        project: the project's title, for messages.
        labels: the schema's labels; of several suitable controls, the one that offers exactly these
            is taken.

    Raises:
        PlatformError: no control is suitable, or several are and the labels do not decide.
    """
    root = parse_config(config, project)
    texts = {tag.get("name"): tag.get("value", "") for tag in root.iter("Text")}
    candidates = [tag for tag in root.iter("Choices") if _is_suitable(tag, texts)]
    if not candidates:
        raise PlatformError(
            f'The labeling config of {project!r} must have one <Choices choice="single"> about one'
            f' <Text value="$text">.{_controls_sentence(root)} Choose another project, or add such'
            " choices to it in Label Studio (Settings, Labeling Interface)."
        )
    choices = candidates[0] if len(candidates) == 1 else _matching(candidates, labels, project)
    control, target = str(choices.get("name")), str(choices.get("toName"))
    values = [tag.get("value", "") for tag in root.iter() if tag.tag != "Choice"]
    keys = frozenset(
        value[1:] for value in values if value.startswith("$") and value[1:].isidentifier()
    )
    return Interface(control, target, texts[target][1:], labels_of(choices), keys)


def _is_suitable(choices: ET.Element, texts: dict[str | None, str]) -> bool:
    """Whether a control is a single choice of fixed labels about a text of the task's data."""
    is_single = choices.get("choice", "single") in ("single", "single-radio")
    is_fixed = not any(choices.get(name) for name in ("value", "allowNested"))
    is_whole = "true" not in (choices.get("perRegion"), choices.get("perItem"))
    text = texts.get(choices.get("toName"), "")
    return is_single and is_fixed and is_whole and text.startswith("$") and len(text) > 1


def _matching(candidates: list[ET.Element], labels: Sequence[str], project: str) -> ET.Element:
    """Return the one control that offers exactly the labels."""
    exact = [choices for choices in candidates if sorted(labels_of(choices)) == sorted(labels)]
    if len(exact) == 1:
        return exact[0]
    controls = "; ".join(
        f"{str(choices.get('name'))!r}: {listed(labels_of(choices), 10)}" for choices in candidates
    )
    raise PlatformError(
        f"The labeling config of {project!r} must have one <Choices> that offers just the labels"
        f" {listed(labels, 10)}: {len(exact) or 'none'} of its {len(candidates)} do ({controls})."
        " Give the right one these labels in Label Studio (Settings, Labeling Interface), and no"
        " other; or choose another project."
    )


def labels_of(choices: ET.Element) -> tuple[str, ...]:
    """Return the labels of a Choices control, as they are stored in annotations."""
    return tuple(tag.get("alias") or tag.get("value") or "" for tag in choices.iter("Choice"))


def controls_in(root: ET.Element) -> list[str]:
    """Return the controls of a labeling config, each as tag and name."""
    return [f"<{tag.tag} {tag.get('name')}>" for tag in root.iter() if tag.get("toName")]


def _controls_sentence(root: ET.Element) -> str:
    controls = controls_in(root)
    return f" It has {', '.join(controls[:10])}." if controls else " It has no controls."


def label_differences(interface: Interface, schema: LabelSchema) -> str:
    """Return in words how the labels differ from the schema's; empty if they do not.

    >>> label_differences(
    ...     Interface("label", "text", "text", ("ham", "eggs")), LabelSchema(["ham", "spam"])
    ... )
    "it lacks 'spam', and has 'eggs' besides"
    """
    missing = [label for label in schema.labels if label not in interface.labels]
    extra = [label for label in interface.labels if label not in schema.labels]
    parts = [f"it lacks {listed(missing, 10)}"] if missing else []
    parts += [f"{'and ' if missing else 'it '}has {listed(extra, 10)} besides"] if extra else []
    return ", ".join(parts)
