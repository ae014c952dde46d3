"""Kinds of labeling function that look for words and patterns in a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from labeling.errors import LabelingFunctionError, literal
from labeling.functions.row_access import Vote, reader
from labeling.records import ABSTAIN, LabelingFunction


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
    if isinstance(words, (set, frozenset)):
        listed.sort(key=str)  # a set's own order is another in each process
    wrong = [word for word in listed if not isinstance(word, str) or not word.strip()]
    if wrong or not 1 <= at_least <= len(listed):
        raise LabelingFunctionError(
            f"Keywords {name!r} must have non-empty words, and at least {at_least} of them."
            f" Got {listed!r}."
        )
    # Several are looked for one by one: in "free money" both "free" and "free money" occur.
    several = {word.casefold() if ignore_case else word: word for word in listed}.values()
    found = (
        word_search(listed, whole_words, ignore_case)
        if at_least == 1
        else _finds_several(
            [word_search([word], whole_words, ignore_case) for word in several], at_least
        )
    )
    some = ", ".join(listed[:5]) + (", ..." if len(listed) > 5 else "")
    return _text_rule(name, found, label, column, reason or f"Votes {literal(label)} for: {some}")


def word_search(
    words: Collection[str], whole_words: bool, ignore_case: bool
) -> Callable[[str], Any]:
    """Return what finds any of some words or phrases in a text, each taken literally.

    >>> find = word_search(["c++", "ham"], whole_words=True, ignore_case=True)
    >>> [find(text) is not None for text in ("I like C++, too", "shame")]
    [True, False]
    """
    edges = (r"(?<!\w)", r"(?!\w)") if whole_words else ("", "")
    body = "|".join(map(re.escape, words))
    flags = re.IGNORECASE if ignore_case else 0
    return re.compile(f"{edges[0]}(?:{body}){edges[1]}", flags).search


def compiled(who: str, pattern: str | re.Pattern[str], flags: int) -> re.Pattern[str]:
    """Return a compiled pattern; `who` is named where it is none."""
    try:
        return re.compile(pattern, flags)
    except (re.error, ValueError, TypeError) as error:
        raise LabelingFunctionError(
            f"The pattern of {who} must be a regular expression. Got {pattern!r}: {error}."
        ) from error


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
    found = compiled(repr(name), pattern, flags)
    because = reason or f"Votes {literal(label)} where {literal(found.pattern)} is found."
    return _text_rule(name, found.search, label, column, because)


def _text_rule(
    name: str, found: Callable[[str], Any], label: Vote, column: str, reason: str
) -> LabelingFunction:
    read = reader(column)

    def vote(x: Any) -> Vote:
        text = read(x)
        return label if text is not None and found(text) else ABSTAIN

    vote.__doc__, vote.__name__, vote.__qualname__ = reason, name, name
    return LabelingFunction(name, vote, label=label, reads=[column])
