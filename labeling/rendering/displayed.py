"""`Displayed`: objects that show themselves in a notebook and in a line of text."""

from __future__ import annotations

from labeling.rendering.fields import fields_view, line_of
from labeling.rendering.html import html_of
from labeling.rendering.plain import plain_of
from labeling.rendering.views import View


class Displayed:
    """An object that shows itself in a notebook.

    A subclass defines `_view`; otherwise its public attributes are shown. Without a `__repr__` of
    its own, its `repr` is one line of them.
    """

    __slots__ = ()

    def _view(self) -> View:
        return fields_view(self)

    def __repr__(self) -> str:
        return line_of(self)

    def _repr_html_(self) -> str:
        return html_of(self._view())


class DisplayedAlike(Displayed):
    """An object whose `repr` is its view as plain text, too."""

    __slots__ = ()

    def __repr__(self) -> str:
        return plain_of(self._view())
