"""Pictures for a page that is light or dark: SVG whose colours are the page's own."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from markupsafe import Markup

from labeling.errors import missing_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Matplotlib knows no CSS: it draws in colours that nothing else has, and each is then replaced.
COLOURS = {
    **{"page": "#0e0f01", "ink": "#0e0f02", "muted": "#0e0f03", "line": "#0e0f04"},
    **{"main": "#0e0f05", "second": "#0e0f06"},
}
SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"
WIDTH = 4.7  # inches: about as wide as a phone, so that the letters stay large enough there
FAMILY = re.compile(r"(font(?:-family)?:[^;']*?)('[^;]*|sans-serif)(?=;|$)")

Draw = Callable[["Axes"], object]


def picture(name: str, title: str, told: str, draw: Draw, height: float = 2.9) -> Markup:
    """Return a picture as SVG to stand in the page.

    Args:
        name: unique among the page's pictures.
        title: what it shows, in a few words.
        told: what is to be seen on it, for who cannot see it.
        draw: draws on the axes it is given.
        height: in inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    with matplotlib.rc_context(_style(name)), warnings.catch_warnings():
        # Signs that its own font lacks are drawn by the reader's browser, which has them.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        file = io.BytesIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", transparent=True, metadata=nothing)
    return _inlined(file.getvalue(), f"picture-{name}", title, told)


def _style(name: str) -> Any:
    ink = ("text.color", "axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor")
    return {
        **dict.fromkeys(ink, COLOURS["ink"]),
        **dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), COLOURS["muted"]),
        **{"grid.color": COLOURS["line"], "grid.linewidth": 0.6, "axes.axisbelow": True},
        **{"legend.frameon": False, "legend.fontsize": 9.5, "axes.linewidth": 0.6},
        **{"svg.fonttype": "none", "svg.hashsalt": name, "hatch.linewidth": 0.9},
        **{"font.size": 9.5, "axes.labelsize": 9.5, "text.parse_math": False},
        **{"xtick.major.width": 0.6, "ytick.major.width": 0.6},
    }


def _inlined(drawn: bytes, name: str, title: str, told: str) -> Markup:
    """Return an SVG with the page's colours, letters and no id that another picture may have."""
    root = ElementTree.fromstring(drawn)
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    used = set(re.findall(r"""(?:url\(|href=["'])#([^)"']+)""", drawn.decode()))
    for element in root.iter():
        _rename(element, name, used)
        element.attrib.update({key: _themed(key, value) for key, value in element.attrib.items()})
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    root.attrib.update({"role": "img", "aria-labelledby": f"{name}-title {name}-told"})
    root.insert(0, _told("desc", f"{name}-told", told))
    root.insert(0, _told("title", f"{name}-title", title))
    text = ElementTree.tostring(root, encoding="unicode", default_namespace=None)
    # Inside HTML the parser knows an SVG by its name; prefixes would be unknown tags to it.
    return Markup(text.replace("ns0:", "").replace(":ns0", ""))


def _rename(element: ElementTree.Element, name: str, used: set[str]) -> None:
    own = element.attrib.pop("id", None)
    if own in used:
        element.set("id", f"{name}-{own}")
    target = element.attrib.pop(HREF, None)
    if target is not None:
        element.set("href", f"#{name}-{target[1:]}")
    for key, value in element.attrib.items():
        element.set(key, re.sub(r"url\(#", f"url(#{name}-", value))


def _themed(key: str, value: str) -> str:
    if key == "style":
        value = FAMILY.sub(r"\1var(--sans)", value)
    for colour, code in COLOURS.items():
        value = value.replace(code, f"var(--{colour})")
    return value


def _told(tag: str, name: str, text: str) -> ElementTree.Element:
    element = ElementTree.Element(f"{SVG}{tag}", {"id": name})
    element.text = text
    return element
