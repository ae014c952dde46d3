"""Texts made safe for the cells of a spreadsheet, and read back as what they were."""

from __future__ import annotations

import re

FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # wide ones run too
SHORT, FEW = 40, 2  # a number, date or time has no more characters and words: `5 March, 10:00 pm`

# What XML cannot hold. The `x` of `_x000D_` is escaped too: spreadsheets read it as a character.
UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|\\(?=u[0-9a-f]{4})|x(?=[0-9A-Fa-f]{4}_)"
)
WORD = re.compile(r"[^\W\d_]+")
ESCAPED = re.compile(r"\\u([0-9a-f]{4})")


def tidy(text: str) -> str:
    r"""Return a text with one space wherever there was white space, and none around it.

    >>> tidy(" a \r\n b ")
    'a b'
    """
    return " ".join(text.split())


def escaped(text: str) -> str:
    r"""Return a text whose control characters and halves of characters are written out.

    >>> escaped("a\x00b"), escaped("plain \\ text")
    ('a\\u0000b', 'plain \\ text')
    """
    return UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def unescaped(cell: str) -> str:
    r"""Return what `escaped` was given.

    >>> unescaped(escaped("\x00 \\u0000 _x000D_")) == "\x00 \\u0000 _x000D_"
    True
    """
    return ESCAPED.sub(lambda found: chr(int(found[1], 16)), cell) if "\\u" in cell else cell


def guarded(text: str, *, exact: bool) -> str:
    """Return a text that a spreadsheet opens as text: with an apostrophe, where it needs one.

    Args:
        text: any text.
        exact: whether it must come back unchanged. Then what looks like a number, date or truth
            value is guarded as well as formulas.

    >>> guarded("=1+1", exact=False), guarded("007", exact=True), guarded("007", exact=False)
    ("'=1+1", "'007", '007')
    """
    return f"'{text}" if _needs_guard(text, exact) else text


def unguarded(cell: str, *, exact: bool) -> str:
    """Return what `guarded` was given, with the apostrophe there or taken by the spreadsheet.

    >>> unguarded("'=1+1", exact=False), unguarded("'tis", exact=True)
    ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith("'") and _needs_guard(cell[1:], exact) else cell


def _needs_guard(text: str, exact: bool) -> bool:
    bare = text.lstrip("'")  # so that an apostrophe of the text's own is told from the guard
    if bare[:1] in ("\t", "\r", "\n") and bare:
        return True
    first = bare.lstrip()
    if first.startswith(FORMULA_STARTS):
        return True
    if not exact or len(first) > SHORT:
        return False
    if first.strip().lower() in ("true", "false"):
        return True
    return any(one.isdigit() for one in first) and len(WORD.findall(first)) <= FEW


def cell_text(value: object) -> str:
    """Return what a person sees in a cell, whatever type the file gave it.

    >>> [cell_text(value) for value in (None, "a", 1, 1.0, 1.5, True)]
    ['', 'a', '1', '1', '1.5', 'TRUE']
    """
    if isinstance(value, str):
        return value
    if value is None or value != value:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
