"""Texts of users on a terminal: shown as they are, never obeyed."""

from __future__ import annotations

from rich.markup import escape


def safe(text: object) -> str:
    r"""Return a text to print with rich: markup is text, and what would steer a terminal is written out.

    >>> safe("[bold]red[/bold] \x1b[31m")
    '\\[bold]red\\[/bold] \\x1b[31m'
    """
    signs = (
        sign if sign.isprintable() or sign == "\n" else sign.encode("unicode_escape").decode()
        for sign in str(text)
    )
    return escape("".join(signs))
