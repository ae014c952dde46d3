"""How results are shown: views as HTML and plain text, charts, palettes, number formats."""

from labeling.rendering.displayed import Displayed, DisplayedAlike
from labeling.rendering.views import (
    Cell,
    Code,
    Excerpt,
    Interval,
    Part,
    Picture,
    Share,
    SpanText,
    Table,
    View,
    as_interval,
)

__all__ = [
    "Cell",
    "Code",
    "Displayed",
    "DisplayedAlike",
    "Excerpt",
    "Interval",
    "Part",
    "Picture",
    "Share",
    "SpanText",
    "Table",
    "View",
    "as_interval",
]
