"""What fired: the parts of a text for which a labeling function voted, to be marked where shown."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Collection, Iterator, Sequence

from labeling.notebook.code_needles import Needles, needles_of
from labeling.records import (
    Combination,
    LabelingFunction,
    LabelSchema,
    Negation,
    PatternCondition,
    RowCondition,
    SearchRule,
    WordCondition,
)

Span = tuple[int, int]
Spans = tuple[Span, ...]
Marker = Callable[[str], Spans]

MOST = 20
"""Marks of one pattern in one text."""
LEAST_WORDS = 4
"""Matches from which on a pattern that covers most of a text is taken to split it."""
MOST_COVERED = 0.6
_TOKEN = re.compile(r"\w+")


def marker_of(
    lf: LabelingFunction,
    column: str,
    columns: Collection[object],
    schema: LabelSchema,
    *,
    is_quick: bool = True,
) -> Marker:
    r"""Return what finds the parts of a text for which a function voted on it.

    Of a ready-made kind they are exact: the words and patterns of those conditions that hold and
    are not negated. Of a plain function they are the texts and regular expressions in its code, its
    closure, and the variables and functions it uses, as far as they occur in the text: nothing is
    run but a search. Where nothing is known, nothing is marked.

    Args:
        lf: the labeling function.
        column: the column of the text.
        columns: all columns of the samples; their names in code are not searched for.
        schema: the labels; a label that is returned is not searched for.
        is_quick: whether a pattern is searched for again behind its first match, as a slow pattern
            should not be.

    Returns:
        A function from a text on which `lf` voted to (start, end) of each part in code points,
        half-open, sorted.

    >>> from labeling.functions import keywords
    >>> money = keywords("money", ["free money", "cash"], label="spam")
    >>> mark = marker_of(money, "text", ["text"], LabelSchema(["ham", "spam"]))
    >>> mark("Cash is free money")
    ((0, 4), (8, 18))
    """
    if lf.rule is not None:
        if not isinstance(lf.rule, SearchRule):
            return lambda text: ()
        return functools.partial(_marks_of_rule, lf.rule.condition, column, is_quick)
    needles = needles_of(lf, columns, schema.labels)
    return functools.partial(_marks_of_needles, needles, is_quick)


def matched_texts(text: str, spans: Spans) -> tuple[str, ...]:
    """Return the marked parts of a text, each once, in lower case and without outer whitespace.

    >>> matched_texts("Free, free now", ((0, 4), (6, 10)))
    ('free',)
    """
    parts = (" ".join(text[start:end].lower().split()) for start, end in spans)
    return tuple(dict.fromkeys(part for part in parts if part))


def _marks_of_rule(condition: RowCondition, column: str, is_quick: bool, text: str) -> Spans:
    _, spans = _found(condition, column, is_quick, text)
    return tuple(sorted(set(spans)))


def _found(
    condition: RowCondition, column: str, is_quick: bool, text: str
) -> tuple[bool, list[Span]]:
    """Return whether a condition may hold, and the parts of the text by which it does."""
    match condition:
        case WordCondition() | PatternCondition() if condition.column == column:
            spans, distinct = _spans_of_condition(condition, is_quick, text)
            needed = condition.at_least if isinstance(condition, WordCondition) else 1
            return distinct >= needed, spans if distinct >= needed else []
        case Negation():
            is_there, spans = _found(condition.condition, column, is_quick, text)
            return not (is_there and spans), []
        case Combination():
            left, right = (
                _found(part, column, is_quick, text) for part in (condition.left, condition.right)
            )
            if condition.operator == "&":
                both = left[0] and right[0]
                return both, left[1] + right[1] if both else []
            return left[0] or right[0], left[1] + right[1]
        case _:  # of another column, or known as a function only: it may hold
            return True, []


def _spans_of_condition(
    condition: WordCondition | PatternCondition, is_quick: bool, text: str
) -> tuple[list[Span], int]:
    """Return where a condition is met, and by how many different words."""
    if isinstance(condition, PatternCondition):
        spans = list(_matches(condition.pattern, is_quick, text))
        return spans, len(spans)
    spans, distinct = [], 0
    words = condition.words
    if condition.ignore_case:
        words = tuple({word.casefold(): word for word in words}.values())
    for word in words:
        pattern = _word_pattern(word, condition.whole_words, condition.ignore_case)
        found = list(_matches(pattern, True, text))
        spans += found
        distinct += bool(found)
    return spans, distinct


@functools.lru_cache(maxsize=4096)
def _word_pattern(word: str, whole_words: bool, ignore_case: bool) -> re.Pattern[str]:
    edges = (r"(?<!\w)", r"(?!\w)") if whole_words else ("", "")
    flags = re.IGNORECASE if ignore_case else 0
    return re.compile(f"{edges[0]}{re.escape(word)}{edges[1]}", flags)


def _matches(pattern: re.Pattern[str], is_quick: bool, text: str) -> Iterator[Span]:
    if not is_quick:
        first = pattern.search(text)
        found = iter(() if first is None else (first,))
    else:
        found = pattern.finditer(text)
    yield from (match.span() for match in itertools.islice(found, MOST))


def _marks_of_needles(needles: Needles, is_quick: bool, text: str) -> Spans:
    spans: set[Span] = set()
    for word in needles.words:
        spans.update(_occurrences(text, word, needles.ignores_case))
    if needles.tokens:
        for match in _TOKEN.finditer(text):
            token = match[0].lower() if needles.ignores_case else match[0]
            if token in needles.tokens:
                spans.add(match.span())
    for pattern, is_at_start in needles.patterns:
        if is_at_start:
            first = pattern.match(text)
            spans.update(() if first is None else (first.span(),))
        else:
            found = list(_matches(pattern, is_quick, text))
            spans.update(() if _splits(text, found) else found)
    return tuple(sorted(span for span in spans if span[0] < span[1]))


def _splits(text: str, found: Sequence[Span]) -> bool:
    """Whether a pattern splits a text into words, rather than finding some of them."""
    if len(found) < LEAST_WORDS:
        return False
    searched = text[: found[-1][1]] if len(found) == MOST else text
    n_letters = sum(not character.isspace() for character in searched)
    return sum(end - start for start, end in found) > MOST_COVERED * n_letters


def _occurrences(text: str, word: str, ignores_case: bool) -> Iterator[Span]:
    """Yield where a text holds a word, as part of a longer one too: as `in` finds it."""
    searched, wanted = (text.lower(), word.lower()) if ignores_case else (text, word)
    if len(searched) != len(text):  # of a few characters the lower case is longer
        yield from _matches(_word_pattern(word, False, True), True, text)
        return
    start = searched.find(wanted)
    for _ in range(MOST):
        if start < 0:
            return
        yield start, start + len(word)
        start = searched.find(wanted, start + len(word))
