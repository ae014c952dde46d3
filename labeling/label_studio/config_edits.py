"""Edits of an adopted labeling config: adds choices, and changes no other character."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import xml.parsers.expat
from collections.abc import Sequence

from labeling.label_studio.labeling_config import choice_element


def with_choices(config: str, control: str, labels: Sequence[str]) -> str:
    """Return a labeling config with labels appended to a Choices control.

    The rest of the text is unchanged.

    Args:
        config: well-formed XML.
        control: the name of the Choices control.
        labels: the labels to append.

    >>> config = '<View><Choices name="x"><Choice value="a"/></Choices></View>'
    >>> print(with_choices(config, "x", ["b"]))
    <View><Choices name="x"><Choice value="a"/><Choice value="b" /></Choices></View>
    """
    additions = [ET.tostring(choice_element(label), encoding="unicode") for label in labels]
    head, tail = _split_at_end(config, control)
    if not tail.startswith("</Choices"):
        open_tag = head.rstrip()[: -len("/>")].rstrip()
        return f"{open_tag}>{''.join(additions)}</Choices>{tail}"
    margin = head[len(head.rstrip()) :]  # the line break and indentation before the end tag
    indent = f"{margin}  " if "\n" in margin else ""
    choices = "".join(indent + addition for addition in additions)
    return f"{head.rstrip()}{choices}{margin}{tail}"


def _split_at_end(config: str, control: str) -> tuple[str, str]:
    """Return the text before the end tag of a Choices control, and the text from there on.

    For an empty-element tag (`<Choices/>`) the first part includes the tag.
    """
    text = config.encode()
    parser = xml.parsers.expat.ParserCreate("utf-8")
    open_tags: list[bool] = []  # for each open tag, whether it is the control
    ends: list[int] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        open_tags.append(tag == "Choices" and attributes.get("name") == control)

    def end(_: str) -> None:
        if open_tags.pop():
            ends.append(parser.CurrentByteIndex)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(text, True)
    return text[: ends[0]].decode(), text[ends[0] :].decode()
