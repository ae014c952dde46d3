"""Clips texts of samples around what is marked, and makes them safe to show."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labeling.rendering.formatting import cleaned

LONGEST = 240
"""Characters of a text that are shown."""
BEFORE = 60
"""Characters shown before the first mark of a long text."""

_BREAKS = re.compile(r"\s+")
_ELLIPSIS = "…"


def pieces_of(
    text: str, marks: Sequence[tuple[int, int]] = (), longest: int = LONGEST
) -> Iterator[tuple[str, bool]]:
    r"""Yield the pieces of a text in order, and whether each is marked; long texts are clipped.

    Whitespace is folded into single spaces, and characters that no page may hold are escaped.

    >>> list(pieces_of("call  now\nfree", [(0, 4)]))
    [('call', True), (' now free', False)]
    >>> list(pieces_of("x" * 500 + "free" + "y" * 500, [(500, 504)], longest=14))
    [('…', False), ('xxxxx', False), ('free', True), ('yyyyy', False), ('…', False)]
    """
    joined = _joined(marks, len(text))
    start, end = _window(joined, len(text), longest)
    if start > 0:
        yield _ELLIPSIS, False
    position = start
    for first, last in joined:
        first, last = max(first, start), min(last, end)
        if first >= last:
            continue
        if first > position:
            yield _shown(text[position:first]), False
        yield _shown(text[first:last]), True
        position = last
    if position < end:
        yield _shown(text[position:end]), False
    if end < len(text):
        yield _ELLIPSIS, False


def span_pieces(
    text: str, spans: Sequence[tuple[int, int, str, int]]
) -> Iterator[tuple[str, str, int]]:
    """Yield the pieces of a text in order, each with its label and the label's number.

    The label is empty between spans, and the number 0.

    >>> list(span_pieces("Ann met Bob", [(0, 3, "PER", 1), (8, 11, "PER", 1)]))
    [('Ann', 'PER', 1), (' met ', '', 0), ('Bob', 'PER', 1)]
    """
    position = 0
    for start, end, label, number in spans:
        if start > position:
            yield _shown(text[position:start]), "", 0
        yield _shown(text[start:end]), label, number
        position = end
    if position < len(text):
        yield _shown(text[position:]), "", 0


def _joined(marks: Sequence[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    """Return marks within the text, sorted, with those that touch joined."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted((max(start, 0), min(end, length)) for start, end in marks):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _window(marks: Sequence[tuple[int, int]], length: int, longest: int) -> tuple[int, int]:
    if length <= longest:
        return 0, length
    if not marks:
        return 0, longest
    first, last = marks[0]
    before = min(BEFORE, max(longest - (last - first), 0) // 2)
    start = max(0, min(first - before, length - longest))
    return start, min(start + longest, length)


def _shown(text: str) -> str:
    return cleaned(_BREAKS.sub(" ", text))
