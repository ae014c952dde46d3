"""Charts as inline SVG that take their colours and fonts from the page's CSS variables."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from labeling.errors import naming_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Matplotlib cannot draw with CSS variables: each placeholder colour, which occurs nowhere else, is
# replaced by the variable of that name.
COLOURS = {
    "page": "#0e0f01",
    "ink": "#0e0f02",
    "muted": "#0e0f03",
    "line": "#0e0f04",
    "main": "#0e0f05",
    "second": "#0e0f06",
}
SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
WIDTH = 4.7  # inches: about the width of a phone, so that the text stays readable there
FONT_FAMILY = re.compile(r"(font(?:-family)?:[^;']*?)('[^;]*|sans-serif)(?=;|$)")

Draw = Callable[["Axes"], object]


class Svg(str):
    """A chart as markup: templates do not escape it."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


def picture(name: str, title: str, description: str, draw: Draw, height: float = 2.9) -> Svg:
    """Return a chart as SVG to be embedded in the page.

    Args:
        name: unique among the charts of the page.
        title: of the chart.
        description: a text alternative for readers who cannot see the chart.
        draw: draws on the axes it is given.
        height: in inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    with naming_extra():
        import matplotlib
        from matplotlib.figure import Figure
    with matplotlib.rc_context(_style(name)), warnings.catch_warnings():
        # Glyphs that matplotlib's font lacks are drawn by the reader's browser.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        file = io.BytesIO()
        no_metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=no_metadata)
    return _inlined(file.getvalue(), f"picture-{name}", title, description)


def _style(name: str) -> Any:
    ink = ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor")
    muted = ("axes.edgecolor", "xtick.color", "ytick.color")
    return {
        **dict.fromkeys(ink, COLOURS["ink"]),
        **dict.fromkeys(muted, COLOURS["muted"]),
        "grid.color": COLOURS["line"],
        "grid.linewidth": 0.6,
        "axes.axisbelow": True,
        "axes.linewidth": 0.6,
        "axes.labelsize": 9.5,
        "legend.frameon": False,
        "legend.fontsize": 9.5,
        "svg.fonttype": "none",
        "svg.hashsalt": name,
        "hatch.linewidth": 0.9,
        "font.size": 9.5,
        "text.parse_math": False,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
    }


def _inlined(svg: bytes, name: str, title: str, description: str) -> Svg:
    """Return an SVG with the colours and fonts of the page, and ids unique on the page."""
    root = ElementTree.fromstring(svg)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    referenced = set(re.findall(r"""(?:url\(|href=["'])#([^)"']+)""", svg.decode()))
    for element in root.iter():
        _prefix_ids(element, name, referenced)
        element.attrib.update({key: _themed(key, value) for key, value in element.attrib.items()})
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.attrib.update({"role": "img", "aria-labelledby": f"{name}-title {name}-description"})
    root.insert(0, _text_element("desc", f"{name}-description", description))
    root.insert(0, _text_element("title", f"{name}-title", title))
    text = ElementTree.tostring(root, encoding="unicode", default_namespace=None)
    # Inside HTML, SVG elements have no namespace prefix.
    return Svg(text.replace("ns0:", "").replace(":ns0", ""))


def _prefix_ids(element: ElementTree.Element, name: str, referenced: set[str]) -> None:
    """Prefix an element's id and the ids it refers to; drop an id that nothing refers to."""
    element_id = element.attrib.pop("id", None)
    if element_id in referenced:
        element.set("id", f"{name}-{element_id}")
    target = element.attrib.pop(HREF, None)
    if target is not None:
        element.set("href", f"#{name}-{target[1:]}")
    for key, value in element.attrib.items():
        element.set(key, re.sub(r"url\(#", f"url(#{name}-", value))


def _themed(key: str, value: str) -> str:
    if key == "style":
        value = FONT_FAMILY.sub(r"\1var(--sans)", value)
    for variable, placeholder in COLOURS.items():
        value = value.replace(placeholder, f"var(--{variable})")
    return value


def _text_element(tag: str, element_id: str, text: str) -> ElementTree.Element:
    element = ElementTree.Element(f"{SVG}{tag}", {"id": element_id})
    element.text = text
    return element
