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
    return escape(_written_out(str(text)))


def one_line(text: object, most: int | None = None) -> str:
    r"""Return a text as one line, without markup: every space is one, control signs are written out.

    Args:
        text: any.
        most: characters after which a longer text is cut; `None` cuts nothing.

    >>> one_line("[bold]two \n\n lines \x1b[31m"), one_line("a long text", 7)
    ('[bold]two lines \\x1b[31m', 'a long …')
    """
    line = " ".join(str(text).split())
    return _written_out(line if most is None or len(line) <= most else f"{line[:most]}…")


def _written_out(text: str) -> str:
    return "".join(map(_shown, text))


def _shown(sign: str) -> str:
    steers = unicodedata.category(sign) in ("Cc", "Cs") or sign in TURNS_TEXT
    return sign.encode("unicode_escape").decode() if steers and sign not in "\n\t" else sign
