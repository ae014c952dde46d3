"""Escaping of users' texts for a terminal: no markup and no control characters."""

from __future__ import annotations

import unicodedata

from rich.markup import escape

BIDI_CONTROLS = (
    "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"  # change the direction of text
)


def safe(text: object) -> str:
    r"""Return a text to print with rich: markup and control characters are escaped.

    >>> safe("[bold]red[/bold] \x1b[31m")
    '\\[bold]red\\[/bold] \\x1b[31m'
    """
    return escape(_without_controls(str(text)))


def single_line(text: object, most: int | None = None) -> str:
    r"""Return a text as a single line: white space is collapsed, control characters are escaped.

    Args:
        text: any text; rich markup is left as it is.
        most: characters after which the text is cut; `None` cuts nothing.

    >>> single_line("[bold]two \n\n lines \x1b[31m"), single_line("a long text", 7)
    ('[bold]two lines \\x1b[31m', 'a long …')
    """
    collapsed = " ".join(str(text).split())
    is_short = most is None or len(collapsed) <= most
    return _without_controls(collapsed if is_short else f"{collapsed[:most]}…")


def _without_controls(text: str) -> str:
    return "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    is_control = unicodedata.category(character) in ("Cc", "Cs") or character in BIDI_CONTROLS
    if is_control and character not in "\n\t":
        return character.encode("unicode_escape").decode()
    return character
