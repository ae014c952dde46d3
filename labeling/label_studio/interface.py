"""What a labeling config says about labels: which control holds them, and what may be chosen."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

from labeling.errors import PlatformError, shown
from labeling.records import LabelSchema


@dataclass(frozen=True, slots=True)
class Interface:
    """What of a labeling config tells where a label stands in an annotation, and what it may be.

    Attributes:
        control: the name of the choices.
        target: the name of the text that they are about.
        text: the key of the task's data that is shown as the text.
        labels: what may be chosen, in order.
        keys: of a task's data, those that people see.
    """

    control: str
    target: str
    text: str
    labels: tuple[str, ...]
    keys: frozenset[str] = frozenset()

    def result(self, label: str, meta: dict[str, object] | None = None) -> list[dict[str, object]]:
        """Return a label as it stands in an annotation or a prediction."""
        item: dict[str, object] = {
            "from_name": self.control,
            "to_name": self.target,
            "type": "choices",
            "value": {"choices": [label]},
        }
        return [{**item, "meta": meta} if meta else item]


def parsed(config: str, project: str) -> ET.Element:
    """Return the root of a labeling config.

    Raises:
        PlatformError: it is not XML.
    """
    try:
        return ET.fromstring(config)
    except ET.ParseError as error:
        raise PlatformError(f"The labeling config of {project!r} is no XML: {error}.") from error


def read_interface(config: str, project: str, labels: Sequence[str] = ()) -> Interface:
    """Return where labels stand by a labeling config.

    Args:
        config: as the server has it.
        project: its title, for messages.
        labels: the schema's; of several choices that fit, those that offer just these are meant.

    Raises:
        PlatformError: there are no choices that fit, or it cannot be told which are meant.
    """
    root = parsed(config, project)
    texts = {tag.get("name"): tag.get("value", "") for tag in root.iter("Text")}
    fitting = [tag for tag in root.iter("Choices") if _fits(tag, texts)]
    if not fitting:
        raise PlatformError(
            f'The labeling config of {project!r} must have one <Choices choice="single"> about one'
            f' <Text value="$text">.{_controls_in(root)} Choose another project, or add such choices'
            " to it in Label Studio (Settings, Labeling Interface)."
        )
    if len(fitting) > 1:
        fitting = _meant(fitting, labels, project)
    (choices,) = fitting
    control, target = str(choices.get("name")), str(choices.get("toName"))
    values = [tag.get("value", "") for tag in root.iter() if tag.tag != "Choice"]
    keys = frozenset(one[1:] for one in values if one.startswith("$") and one[1:].isidentifier())
    return Interface(control, target, texts[target][1:], labels_of(choices), keys)


def _fits(choices: ET.Element, texts: dict[str | None, str]) -> bool:
    """Whether choices are one choice of fixed labels about a text of the task's data."""
    is_single = choices.get("choice", "single") in ("single", "single-radio")
    is_fixed = not any(choices.get(name) for name in ("value", "allowNested"))
    is_whole = "true" not in (choices.get("perRegion"), choices.get("perItem"))
    about = texts.get(choices.get("toName"), "")
    return is_single and is_fixed and is_whole and about.startswith("$") and len(about) > 1


def _meant(fitting: list[ET.Element], labels: Sequence[str], project: str) -> list[ET.Element]:
    exact = [one for one in fitting if sorted(labels_of(one)) == sorted(labels)]
    if len(exact) == 1:
        return exact
    listed = "; ".join(f"{str(one.get('name'))!r}: {shown(labels_of(one), 10)}" for one in fitting)
    raise PlatformError(
        f"The labeling config of {project!r} must have one <Choices> that offers just the labels"
        f" {shown(labels, 10)}: {len(exact) or 'none'} of its {len(fitting)} do ({listed}). Give the"
        " right one these labels in Label Studio (Settings, Labeling Interface), and no other; or"
        " choose another project."
    )


def labels_of(choices: ET.Element) -> tuple[str, ...]:
    """Return what may be chosen, as it stands in annotations."""
    return tuple(tag.get("alias") or tag.get("value") or "" for tag in choices.iter("Choice"))


def controls_in(root: ET.Element) -> list[str]:
    """Return the controls of a labeling config, each by tag and name."""
    return [f"<{tag.tag} {tag.get('name')}>" for tag in root.iter() if tag.get("toName")]


def _controls_in(root: ET.Element) -> str:
    found = controls_in(root)
    return f" It has {', '.join(found[:10])}." if found else " It has no controls."


def differences(interface: Interface, schema: LabelSchema) -> str:
    """Return in words which labels differ from the schema's; an empty text where none do.

    >>> differences(
    ...     Interface("label", "text", "text", ("ham", "eggs")), LabelSchema(["ham", "spam"])
    ... )
    "it lacks 'spam', and has 'eggs' besides"
    """
    missing = [label for label in schema.labels if label not in interface.labels]
    besides = [label for label in interface.labels if label not in schema.labels]
    parts = [f"it lacks {shown(missing, 10)}"] if missing else []
    parts += [f"{'and ' if missing else 'it '}has {shown(besides, 10)} besides"] if besides else []
    return ", ".join(parts)
