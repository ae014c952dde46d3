"""Edits of an adopted labeling config: adds labels, and changes no other character."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import xml.parsers.expat
from collections.abc import Sequence

from labeling.label_studio.choice_interfaces import ChoiceInterface
from labeling.label_studio.interface import Interface
from labeling.label_studio.label_controls import label_element


def with_labels(
    config: str,
    control: str,
    labels: Sequence[str],
    interface: type[Interface] = ChoiceInterface,
) -> str:
    """Return a labeling config with labels appended to a control.

    The rest of the text is unchanged.

    Args:
        config: well-formed XML.
        control: the name of the control.
        labels: the labels to append.
        interface: what kind of control it is.

    >>> config = '<View><Choices name="x"><Choice value="a"/></Choices></View>'
    >>> print(with_labels(config, "x", ["b"]))
    <View><Choices name="x"><Choice value="a"/><Choice value="b" /></Choices></View>
    """
    additions = [
        ET.tostring(label_element(label, interface.LABEL_TAG), encoding="unicode")
        for label in labels
    ]
    head, tail = _split_at_end(config, control, interface.TAG)
    if not tail.startswith(f"</{interface.TAG}"):
        open_tag = head.rstrip()[: -len("/>")].rstrip()
        return f"{open_tag}>{''.join(additions)}</{interface.TAG}>{tail}"
    margin = head[len(head.rstrip()) :]  # the line break and indentation before the end tag
    indent = f"{margin}  " if "\n" in margin else ""
    choices = "".join(indent + addition for addition in additions)
    return f"{head.rstrip()}{choices}{margin}{tail}"


def _split_at_end(config: str, control: str, control_tag: str) -> tuple[str, str]:
    """Return the text before the end tag of a control, and the text from there on.

    For an empty-element tag (`<Choices/>`) the first part includes the tag.
    """
    text = config.encode()
    parser = xml.parsers.expat.ParserCreate("utf-8")
    open_tags: list[bool] = []  # for each open tag, whether it is the control
    ends: list[int] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        open_tags.append(tag == control_tag and attributes.get("name") == control)

    def end(_: str) -> None:
        if open_tags.pop():
            ends.append(parser.CurrentByteIndex)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(text, True)
    return text[: ends[0]].decode(), text[ends[0] :].decode()
