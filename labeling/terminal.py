"""Texts of users on a terminal: shown as they are, never obeyed."""

from __future__ import annotations

import unicodedata

from rich.markup import escape

TURNS_TEXT = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # right to left and back


def safe(text: object) -> str:
    r"""Return a text to print with rich: markup is text, and what would steer a terminal is written out.

    >>> safe("[bold]red[/bold] \x1b[31m")
    '\\[bold]red\\[/bold] \\x1b[31m'
    """
    return escape("".join(_shown(sign) for sign in str(text)))


def _shown(sign: str) -> str:
    steers = unicodedata.category(sign) in ("Cc", "Cs") or sign in TURNS_TEXT
    return sign.encode("unicode_escape").decode() if steers and sign not in "\n\t" else sign
