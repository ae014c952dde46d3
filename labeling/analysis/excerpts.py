"""Parts of texts around spans."""

from __future__ import annotations

CONTEXT = 40
"""Code points shown before and after a span."""
ELLIPSIS = "…"


def around(text: str, start: int, end: int) -> str:
    """Return a span in brackets, with the text around it.

    >>> around("Ann Lee met Bob", 12, 15)
    'Ann Lee met [Bob]'
    """
    begin, stop = max(0, start - CONTEXT), min(len(text), end + CONTEXT)
    before, after = (ELLIPSIS if begin else ""), (ELLIPSIS if stop < len(text) else "")
    return f"{before}{text[begin:start]}[{text[start:end]}]{text[end:stop]}{after}"
