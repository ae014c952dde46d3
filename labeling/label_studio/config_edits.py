"""Changes to a labeling config that is not ours: as few letters of it as can be."""

from __future__ import annotations

import xml.etree.ElementTree as ET
import xml.parsers.expat
from collections.abc import Sequence

from labeling.label_studio.labeling_config import choice_element


def with_choices(config: str, control: str, labels: Sequence[str]) -> str:
    """Return a labeling config whose choices of one name offer more labels, behind those there.

    Nothing else of the text is changed.

    Args:
        config: well-formed XML.
        control: the name of the choices.
        labels: what is to be added.

    >>> config = '<View><Choices name="x"><Choice value="a"/></Choices></View>'
    >>> print(with_choices(config, "x", ["b"]))
    <View><Choices name="x"><Choice value="a"/><Choice value="b" /></Choices></View>
    """
    news = [ET.tostring(choice_element(label), encoding="unicode") for label in labels]
    before, behind = _end_of(config, control)
    if not behind.startswith("</Choices"):
        head = before.rstrip()[: -len("/>")].rstrip()
        return f"{head}>{''.join(news)}</Choices>{behind}"
    margin = before[len(before.rstrip()) :]  # what stands before the end tag: a line and its indent
    inner = f"{margin}  " if "\n" in margin else ""
    return f"{before.rstrip()}{''.join(inner + one for one in news)}{margin}{behind}"


def _end_of(config: str, control: str) -> tuple[str, str]:
    """Return what stands before the end tag of some choices, and from there on.

    Of a tag without content (`<Choices/>`) the first ends with the tag itself.
    """
    text = config.encode()
    parser = xml.parsers.expat.ParserCreate("utf-8")
    is_meant: list[bool] = []
    ends: list[int] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        is_meant.append(tag == "Choices" and attributes.get("name") == control)

    def end(_: str) -> None:
        if is_meant.pop():
            ends.append(parser.CurrentByteIndex)

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(text, True)
    return text[: ends[0]].decode(), text[ends[0] :].decode()
