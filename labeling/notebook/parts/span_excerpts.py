"""A span in the text around it, as it is shown in tables."""

from __future__ import annotations

from labeling.rendering import Excerpt, SpanText

LONGEST = 200
"""Code points of a text that are shown."""
BEFORE = 70
"""Code points shown before a span of a longer text."""
ELLIPSIS = "…"


def span_excerpt(
    text: str, start: int, end: int, label: str | None, number: int
) -> SpanText | Excerpt:
    """Return a text, cut to a window around a span, with the span in it.

    Args:
        text: the whole text.
        start: index of the span's first code point.
        end: index after its last code point; what lies behind the window is cut off.
        label: of the span; `None` marks it without one.
        number: of the label: it picks the colour.

    >>> span_excerpt("Ann met Bob", 8, 11, "PER", 0)
    SpanText(text='Ann met Bob', spans=((8, 11, 'PER', 0),))
    >>> shown = span_excerpt("x" * 1000 + "Bob" + "y" * 1000, 1000, 1003, "PER", 0)
    >>> start, end, *_ = shown.spans[0]
    >>> len(shown.text), shown.text[start:end]
    (202, 'Bob')
    """
    if label is None:
        return Excerpt(text, ((start, end),))
    first = max(0, min(start - BEFORE, len(text) - LONGEST))
    last = min(first + LONGEST, len(text))
    before, after = ELLIPSIS if first > 0 else "", ELLIPSIS if last < len(text) else ""
    shift = len(before) - first
    spans = ((start + shift, min(end, last) + shift, label, number),) if start < last else ()
    return SpanText(before + text[first:last] + after, spans)
