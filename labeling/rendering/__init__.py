"""How results are shown: views as HTML and plain text, charts, palettes, number formats."""

from labeling.rendering.views import (
    Code,
    Displayed,
    DisplayedAlike,
    Excerpt,
    Interval,
    Picture,
    Share,
    Table,
    View,
    as_interval,
)

__all__ = [
    "Code",
    "Displayed",
    "DisplayedAlike",
    "Excerpt",
    "Interval",
    "Picture",
    "Share",
    "Table",
    "View",
    "as_interval",
]
