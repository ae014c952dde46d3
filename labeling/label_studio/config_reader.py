"""Reads which control of a labeling config holds the labels, by the kind of the schema."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from labeling.errors import PlatformError, listed
from labeling.label_studio.choice_interfaces import ChoiceInterface, SetInterface
from labeling.label_studio.interface import Interface, controls_in, labels_of, parse_config
from labeling.label_studio.span_interface import SpanInterface
from labeling.records import LabelKind, LabelSchema

INTERFACES: Mapping[LabelKind, type[Interface]] = {
    interface.KIND: interface for interface in (ChoiceInterface, SetInterface, SpanInterface)
}


def read_interface(config: str, project: str, schema: LabelSchema | None = None) -> Interface:
    """Return the interface of a labeling config.

    Args:
        config: the labeling config on the server.
        project: the project's title, for messages.
        schema: the labels; of several suitable controls, the one that offers exactly these is
            taken. `None`: people choose one label, whichever there are.

    Raises:
        PlatformError: no control is suitable, or several are and the labels do not decide.
    """
    interface = INTERFACES[LabelKind.ONE if schema is None else schema.kind]
    root = parse_config(config, project)
    texts = {tag.get("name"): tag.get("value", "") for tag in root.iter("Text")}
    candidates = _candidates(root, interface, texts)
    if not candidates:
        raise PlatformError(
            f"The labeling config of {project!r} must have one {interface.EXAMPLE} about one"
            f' <Text value="$text">.{_controls_sentence(root)}{_other_kind(root, texts, interface)}'
            " Choose another project, or add such a control to it in Label Studio (Settings,"
            " Labeling Interface)."
        )
    control = candidates[0]
    if len(candidates) > 1:
        labels = () if schema is None else schema.labels
        control = _matching(candidates, interface, labels, project)
    target = str(control.get("toName"))
    return interface(
        str(control.get("name")),
        target,
        texts[target][1:],
        labels_of(control, interface.LABEL_TAG),
        _keys(root),
        frozenset(str(tag.get("name")) for tag in root.iter() if tag.get("toName")),
    )


def _keys(root: ET.Element) -> frozenset[str]:
    """Return the keys of a task's data that people see."""
    label_tags = {interface.LABEL_TAG for interface in INTERFACES.values()}
    values = [tag.get("value", "") for tag in root.iter() if tag.tag not in label_tags]
    return frozenset(
        value[1:] for value in values if value.startswith("$") and value[1:].isidentifier()
    )


def _candidates(
    root: ET.Element, interface: type[Interface], texts: Mapping[str | None, str]
) -> list[ET.Element]:
    """Return the controls of an interface that are about a text of the task's data."""
    return [
        tag
        for tag in root.iter(interface.TAG)
        if _is_key(texts.get(tag.get("toName"), "")) and interface.is_suitable(tag)
    ]


def _is_key(value: str) -> bool:
    return value.startswith("$") and len(value) > 1


def _other_kind(root: ET.Element, texts: Mapping[str | None, str], wanted: type[Interface]) -> str:
    """Return a sentence on the kind of labels that a project has instead; empty for none."""
    kinds = [
        f"people {interface.PURPOSE} there (kind={kind.value!r})"
        for kind, interface in INTERFACES.items()
        if interface is not wanted and _candidates(root, interface, texts)
    ]
    if not kinds:
        return ""
    return f" The schema has kind={wanted.KIND.value!r}, but {' and '.join(kinds)}."


def _matching(
    candidates: list[ET.Element],
    interface: type[Interface],
    labels: Sequence[str],
    project: str,
) -> ET.Element:
    """Return the one control that offers exactly the labels."""
    offered = {id(control): labels_of(control, interface.LABEL_TAG) for control in candidates}
    exact = [control for control in candidates if sorted(offered[id(control)]) == sorted(labels)]
    if len(exact) == 1:
        return exact[0]
    controls = "; ".join(
        f"{str(control.get('name'))!r}: {listed(offered[id(control)], 10)}"
        for control in candidates
    )
    raise PlatformError(
        f"The labeling config of {project!r} must have one <{interface.TAG}> that offers just the"
        f" labels {listed(labels, 10)}: {len(exact) or 'none'} of its {len(candidates)} do"
        f" ({controls}). Give the right one these labels in Label Studio (Settings, Labeling"
        " Interface), and no other; or choose another project."
    )


def _controls_sentence(root: ET.Element) -> str:
    controls = controls_in(root)
    return f" It has {', '.join(controls[:10])}." if controls else " It has no controls."
