"""Kinds of labeling function that look for words, patterns and known values."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable, Sequence
from pathlib import Path
from typing import Any

from labeling.errors import LabelingFunctionError, LoadError
from labeling.functions.columns import reader
from labeling.records import ABSTAIN, LabelingFunction

Vote = str | int


def keywords(
    name: str,
    words: Collection[str],
    *,
    label: Vote,
    column: str = "text",
    at_least: int = 1,
    whole_words: bool = True,
    ignore_case: bool = True,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that votes where a text has some of these words or phrases.

    Args:
        name: its name.
        words: words or phrases, taken literally.
        label: what it votes for.
        column: the column that holds the text; a missing text is abstained on.
        at_least: how many *different* ones must occur.
        whole_words: whether `ham` is not to be found in `shame`.
        ignore_case: whether `FREE` is `free`.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: no words, an empty one, or `at_least` that cannot be reached.

    >>> from types import SimpleNamespace
    >>> money = keywords("money", ["free money", "cash"], label="spam")
    >>> money(SimpleNamespace(text="FREE MONEY!")), money(SimpleNamespace(text="cashier"))
    ('spam', -1)
    """
    listed = [words] if isinstance(words, str) else list(words)
    wrong = [word for word in listed if not isinstance(word, str) or not word.strip()]
    if wrong or not 1 <= at_least <= len(listed):
        raise LabelingFunctionError(
            f"Keywords {name!r} must have non-empty words, and at least {at_least} of them."
            f" Got {listed!r}."
        )
    flags = re.IGNORECASE if ignore_case else 0
    edges = (r"(?<!\w)", r"(?!\w)") if whole_words else ("", "")

    def search(some: Collection[str]) -> Callable[[str], Any]:
        body = "|".join(map(re.escape, some))
        return re.compile(f"{edges[0]}(?:{body}){edges[1]}", flags).search

    # Several are looked for one by one: in "free money" both "free" and "free money" occur.
    several = {word.casefold() if ignore_case else word: word for word in listed}.values()
    found = (
        search(listed)
        if at_least == 1
        else _finds_several([search([word]) for word in several], at_least)
    )
    some = ", ".join(listed[:5]) + (", ..." if len(listed) > 5 else "")
    return _text_rule(name, found, label, column, reason or f"Votes {label!r} for: {some}")


def _finds_several(
    searches: Sequence[Callable[[str], Any]], at_least: int
) -> Callable[[str], bool]:
    return lambda text: sum(search(text) is not None for search in searches) >= at_least


def regex(
    name: str,
    pattern: str | re.Pattern[str],
    *,
    label: Vote,
    column: str = "text",
    flags: int = 0,
    reason: str | None = None,
) -> LabelingFunction:
    r"""Return a labeling function that votes where a pattern is found in a text.

    Args:
        name: its name.
        pattern: a regular expression of Python's `re`, searched for anywhere in the text.
        label: what it votes for.
        column: the column that holds the text; a missing text is abstained on.
        flags: flags of `re`, such as `re.IGNORECASE`.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: the pattern is no regular expression.

    >>> from types import SimpleNamespace
    >>> phone = regex("phone", r"\b\d{3}-\d{4}\b", label="spam")
    >>> phone(SimpleNamespace(text="call 555-1234"))
    'spam'
    """
    try:
        found = re.compile(pattern, flags).search
    except (re.error, ValueError, TypeError) as error:
        raise LabelingFunctionError(
            f"The pattern of {name!r} must be a regular expression. Got {pattern!r}: {error}."
        ) from error
    return _text_rule(
        name, found, label, column, reason or f"Votes {label!r} where {pattern!r} is found."
    )


def _text_rule(
    name: str, found: Callable[[str], Any], label: Vote, column: str, reason: str
) -> LabelingFunction:
    read = reader(column)

    def vote(x: Any) -> Vote:
        text = read(x)
        return label if text is not None and found(text) else ABSTAIN

    vote.__doc__, vote.__name__, vote.__qualname__ = reason, name, name
    return LabelingFunction(name, vote, label=label, reads=[column])


def lookup(
    name: str,
    values: Collection[Hashable] | str | Path,
    *,
    label: Vote,
    column: str,
    ignore_case: bool = True,
    reason: str | None = None,
) -> LabelingFunction:
    """Return a labeling function that votes where a column's value is a known one.

    Args:
        name: its name.
        values: the known values, or the path of a UTF-8 text file with one a line; empty lines
            and those that begin with `#` are passed over.
        label: what it votes for.
        column: the column to look up.
        ignore_case: whether texts are compared without regard to case.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LoadError: the file cannot be read.
        LabelingFunctionError: there are no values.

    >>> from types import SimpleNamespace
    >>> spammer = lookup("spammer", {"bot1", "bot2"}, label="spam", column="author")
    >>> spammer(SimpleNamespace(author="BOT1")), spammer(SimpleNamespace(author="ann"))
    ('spam', -1)
    """
    source = _lines(name, Path(values)) if isinstance(values, (str, Path)) else values

    def key(value: Hashable) -> Hashable:
        return value.casefold() if ignore_case and isinstance(value, str) else value

    known = frozenset(key(value) for value in source)
    if not known:
        raise LabelingFunctionError(f"Lookup {name!r} must have at least one value. Got none.")

    read = reader(column)

    def vote(x: Any) -> Vote:
        return label if key(read(x)) in known else ABSTAIN

    vote.__doc__ = reason or f"Votes {label!r} where {column!r} is one of {len(known)} values."
    vote.__name__ = vote.__qualname__ = name
    return LabelingFunction(name, vote, label=label, reads=[column])


def _lines(name: str, path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LoadError(
            f"The file of lookup {name!r} must be a UTF-8 text file with one value a line."
            f" Got {str(path)!r}: {error}."
        ) from error
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
