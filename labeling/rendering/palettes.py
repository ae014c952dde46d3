"""Colours of charts, on light and on dark pages."""

from __future__ import annotations

from collections.abc import Mapping

Palette = Mapping[str, str]

# Blue and orange can be told apart with every kind of colour vision, and differ in lightness too.
LIGHT: Palette = {
    "page": "#ffffff",
    "ink": "#1f2328",
    "muted": "#57606a",
    "line": "#d0d7de",
    "main": "#0b5cad",
    "second": "#e8912d",
    "map": "Blues",
}
DARK: Palette = {
    "page": "#0d1117",
    "ink": "#e6edf3",
    "muted": "#9da7b3",
    "line": "#3d444d",
    "main": "#79b8ff",
    "second": "#c46a10",
    "map": "Blues_r",
}
