"""Escapes texts for the cells of a spreadsheet, and reads them back unchanged."""

from __future__ import annotations

import re

from labeling.records import is_formula

MAX_CHARACTERS, MAX_WORDS = 40, 2  # of a number, date or time, such as `5 March, 10:00 pm`

# What XML cannot hold. The `x` of `_x000D_` is escaped too: spreadsheets read it as a character.
UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|\\(?=u[0-9a-f]{4})|x(?=[0-9A-Fa-f]{4}_)"
)
WORD = re.compile(r"[^\W\d_]+")
ESCAPED = re.compile(r"\\u([0-9a-f]{4})")


def tidy(text: str) -> str:
    r"""Return a text with white space collapsed to single spaces, and none around it.

    >>> tidy(" a \r\n b ")
    'a b'
    """
    return " ".join(text.split())


def escaped(text: str) -> str:
    r"""Return a text with control characters and lone surrogates escaped.

    >>> escaped("a\x00b"), escaped("plain \\ text")
    ('a\\u0000b', 'plain \\ text')
    """
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def unescaped(cell: str) -> str:
    r"""Undo `escaped`.

    >>> unescaped(escaped("\x00 \\u0000 _x000D_")) == "\x00 \\u0000 _x000D_"
    True
    """
    return ESCAPED.sub(lambda match: chr(int(match[1], 16)), cell) if "\\u" in cell else cell


def guarded(text: str, *, exact: bool) -> str:
    """Return a text that a spreadsheet opens as text: with a leading apostrophe, if it needs one.

    Args:
        text: any text.
        exact: whether it must be read back unchanged. Then what looks like a number, date or
            boolean is guarded as well as formulas.

    >>> guarded("=1+1", exact=False), guarded("007", exact=True), guarded("007", exact=False)
    ("'=1+1", "'007", '007')
    """
    return f"'{text}" if _needs_guard(text, exact) else text


def unguarded(cell: str, *, exact: bool) -> str:
    """Undo `guarded`, whether or not the spreadsheet removed the apostrophe.

    >>> unguarded("'=1+1", exact=False), unguarded("'tis", exact=True)
    ('=1+1', "'tis")
    """
    return cell[1:] if cell.startswith("'") and _needs_guard(cell[1:], exact) else cell


def _needs_guard(text: str, exact: bool) -> bool:
    bare = text.lstrip("'")  # an apostrophe of the text itself must not be taken for the guard
    if is_formula(bare):
        return True
    first = bare.lstrip()
    if not exact or len(first) > MAX_CHARACTERS:
        return False
    if first.strip().lower() in ("true", "false"):
        return True
    return any(map(str.isdigit, first)) and len(WORD.findall(first)) <= MAX_WORDS


def cell_text(value: object) -> str:
    """Return the text that a person sees in a cell, whatever type the file stores.

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
