"""`keywords` and `regex`: labeling functions that search texts for words and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from labeling.errors import LabelingFunctionError, literal
from labeling.functions.recorded_calls import recorded
from labeling.functions.row_access import Vote, not_text_error, reader
from labeling.records import (
    ABSTAIN,
    LabelingFunction,
    PatternCondition,
    SearchRule,
    WordCondition,
)


@recorded
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
    """Return a labeling function that votes where a text contains any of these words or phrases.

    Args:
        name: its name.
        words: words or phrases, taken literally.
        label: the label it votes for.
        column: the column of the text; it abstains if the text is missing.
        at_least: how many *different* ones must occur.
        whole_words: whether to match whole words only: `ham` is then not found in `shame`.
        ignore_case: whether `FREE` matches `free`.
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
        listed.sort(key=str)  # the order of a set differs between processes
    invalid = [word for word in listed if not isinstance(word, str) or not word.strip()]
    if invalid or not 1 <= at_least <= len(listed):
        raise LabelingFunctionError(
            f"Keywords {name!r} must have non-empty words, and at least {at_least} of them."
            f" Got {listed!r}."
        )
    if at_least == 1:
        matches = word_search(listed, whole_words, ignore_case)
    else:
        # Each is searched for by itself: "free money" contains both "free" and "free money".
        distinct = {word.casefold() if ignore_case else word: word for word in listed}.values()
        searches = [word_search([word], whole_words, ignore_case) for word in distinct]
        matches = _at_least(searches, at_least)
    examples = ", ".join(listed[:5]) + (", ..." if len(listed) > 5 else "")
    docstring = reason or f"Votes {literal(label)} for: {examples}"
    condition = WordCondition(column, tuple(listed), whole_words, ignore_case, at_least)
    return _text_function(name, matches, label, condition, docstring)


def word_search(
    words: Collection[str], whole_words: bool, ignore_case: bool
) -> Callable[[str], Any]:
    """Return a function that searches a text for any of these words or phrases, taken literally.

    >>> find = word_search(["c++", "ham"], whole_words=True, ignore_case=True)
    >>> [find(text) is not None for text in ("I like C++, too", "shame")]
    [True, False]
    """
    edges = (r"(?<!\w)", r"(?!\w)") if whole_words else ("", "")
    body = "|".join(map(re.escape, words))
    flags = re.IGNORECASE if ignore_case else 0
    return re.compile(f"{edges[0]}(?:{body}){edges[1]}", flags).search


def compiled(owner: str, pattern: str | re.Pattern[str], flags: int) -> re.Pattern[str]:
    """Return a compiled pattern; an error names the `owner` of an invalid pattern."""
    try:
        return re.compile(pattern, flags)
    except (re.error, ValueError, TypeError) as error:
        raise LabelingFunctionError(
            f"The pattern of {owner} must be a regular expression. Got {pattern!r}: {error}."
        ) from error


def _at_least(searches: Sequence[Callable[[str], Any]], at_least: int) -> Callable[[str], bool]:
    """Return a function that tells whether at least this many searches succeed."""
    return lambda text: sum(search(text) is not None for search in searches) >= at_least


@recorded
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
        label: the label it votes for.
        column: the column of the text; it abstains if the text is missing.
        flags: flags of `re`, such as `re.IGNORECASE`.
        reason: why, in the expert's words; it becomes the docstring.

    Raises:
        LabelingFunctionError: the pattern is not a regular expression.

    >>> from types import SimpleNamespace
    >>> phone = regex("phone", r"\b\d{3}-\d{4}\b", label="spam")
    >>> phone(SimpleNamespace(text="call 555-1234"))
    'spam'
    """
    compiled_pattern = compiled(repr(name), pattern, flags)
    source = literal(compiled_pattern.pattern)
    docstring = reason or f"Votes {literal(label)} where {source} is found."
    condition = PatternCondition(column, compiled_pattern)
    return _text_function(name, compiled_pattern.search, label, condition, docstring)


def _text_function(
    name: str,
    matches: Callable[[str], Any],
    label: Vote,
    condition: WordCondition | PatternCondition,
    docstring: str,
) -> LabelingFunction:
    """Return the function that votes where a text matches, which is where the condition holds."""
    column = condition.column  # the function's fingerprint holds a name, and no condition
    read = reader(column)

    def vote(x: Any) -> Vote:
        text = read(x)
        try:
            return label if text is not None and matches(text) else ABSTAIN
        except TypeError:  # of a search in what is no text
            raise not_text_error(column, text) from None

    vote.__doc__, vote.__name__, vote.__qualname__ = docstring, name, name
    rule = SearchRule(condition, label)
    return LabelingFunction(name, vote, label=label, reads=[condition.column], rule=rule)
