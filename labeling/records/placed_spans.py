"""Offsets of marked text that were counted elsewhere, in code points: the text itself decides."""

from __future__ import annotations

import re
from collections.abc import Iterator

from labeling.records.validation import is_whole_number

MAX_SHIFT = 16  # code points by which a region may be off for its text to be looked for
LINE_BREAK = re.compile(r"[\r\n]")
SHOWN_BREAK = "\\n"  # Label Studio stores a line break within a region as a backslash and an n


def placed(start: object, end: object, region_text: object, text: str) -> tuple[int, int] | None:
    """Return the offsets of a region in code points; `None` if they cannot be told.

    The region's text decides: whether it is at the offsets, at the offsets read as UTF-16 units, or
    at just one place within `MAX_SHIFT` code points of either. Without it, as others may import
    regions, both readings of the offsets must be the same.

    Args:
        start: the region's start as the server returns it.
        end: its end.
        region_text: its text as the server returns it, `None` for none.
        text: the text of the task.

    >>> text = "\N{GRINNING FACE} Bob"
    >>> placed(2, 5, "Bob", text), placed(3, 6, "Bob", text), placed(1, 2, "Al", text)
    ((2, 5), (2, 5), None)
    """
    if not (is_whole_number(start) and is_whole_number(end)) or not 0 <= start < end:
        return None
    given = (int(start), int(end)) if end <= len(text) else None
    if isinstance(region_text, str) and given and _is_text_of(region_text, text, *given):
        return given
    of_utf16 = _from_utf16(start, end, text)
    if region_text is None:
        return given if given == of_utf16 else None
    if not isinstance(region_text, str):
        return None
    if of_utf16 and _is_text_of(region_text, text, *of_utf16):
        return of_utf16
    starts = [start] if of_utf16 is None else [start, of_utf16[0]]
    nearby = {place for first in starts for place in _occurrences(region_text, text, first)}
    return nearby.pop() if len(nearby) == 1 else None


def _from_utf16(start: int, end: int, text: str) -> tuple[int, int] | None:
    """Return offsets in code points of offsets in UTF-16 units; `None` if they split one."""
    units = text.encode("utf-16-le", "surrogatepass")
    if 2 * end > len(units):
        return None
    try:
        before = units[: 2 * start].decode("utf-16-le")
        region = units[2 * start : 2 * end].decode("utf-16-le")
    except UnicodeDecodeError:
        return None
    return len(before), len(before) + len(region)


def _occurrences(region_text: str, text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where a region's text begins within `MAX_SHIFT` of an offset."""
    wanted = _as_shown(region_text)
    if not wanted:
        return
    for first in range(max(0, start - MAX_SHIFT), min(len(text), start + MAX_SHIFT + 1)):
        last, matched = first, 0
        while last < len(text) and matched < len(wanted):
            shown = _as_shown(text[last])
            if not wanted.startswith(shown, matched):
                break
            last, matched = last + 1, matched + len(shown)
        if matched == len(wanted):
            yield first, last


def _is_text_of(region_text: str, text: str, start: int, end: int) -> bool:
    """Whether a region's text is this part of a text, however line breaks are stored."""
    part = text[start:end]
    return part == region_text or _as_shown(part) == _as_shown(region_text)


def _as_shown(text: str) -> str:
    return LINE_BREAK.sub(lambda _: SHOWN_BREAK, text)
