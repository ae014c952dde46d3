"""Regular expressions that a marked span is an example of: its shape, and what is beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

WITH_DOT = re.compile(r"\w+\.$")
TOKEN = re.compile(r"\w+|[^\w\s]")
LONGEST = 8
"""Words and signs of a span; of longer ones no pattern is made."""
LONGEST_WORD = 30
SHAPES = (
    (re.compile(r"[0-9]+"), r"\d+", r"\d{{{n}}}"),
    (re.compile(r"[A-Z]{2,}"), r"[A-Z]+", r"[A-Z]{{{n}}}"),
    (re.compile(r"[A-Z][a-z]*"), r"[A-Z]\w*", r"[A-Z]\w*"),
    (re.compile(r"[a-z]+"), r"[a-z]+", r"[a-z]+"),
    (re.compile(r"[0-9]+[a-z]+"), r"\d+[a-z]+", r"\d+[a-z]+"),
)
"""What a word looks like: a test, and patterns of like words without and with its length."""
# At most eight words, or a text of thousands of them would take minutes.
CAPITALS = r"[A-Z]\w*\.?(?: [A-Z]\w*\.?){0,7}"
WORDS = r"\w+\.?(?: \w+\.?){0,7}?"
IS_CAPITALS, IS_WORDS = re.compile(CAPITALS), re.compile(r"\w+\.?(?: \w+\.?)*")
CAPITALS_BEFORE, WORDS_BEFORE = r"(?:[A-Z]\w*\.? ){1,7}", r"(?:\w+\.? ){1,7}?"
CAPITALS_AFTER, WORDS_AFTER = r"(?: [A-Z]\w*\.?){1,7}", r"(?: \w+\.?){1,7}?"


class Piece(NamedTuple):
    """A part of a pattern.

    Attributes:
        words: what it looks for, in words.
        pattern: of Python's `re`.
        needs_end: whether it stops only where something follows that it is told of.
    """

    words: str
    pattern: str
    needs_end: bool = False


class SpanPattern(NamedTuple):
    """A pattern whose first group is the span.

    Attributes:
        words: what it looks for, in words.
        pattern: of Python's `re`.
        n_beside: on how many sides it asks for something beside the span.
    """

    words: str
    pattern: str
    n_beside: int


def patterns_of(text: str, start: int, end: int) -> list[SpanPattern]:
    r"""Return patterns that a span is an example of, each once, plain ones first.

    None are returned for a span that begins or ends within a word, or is long.

    Args:
        text: of the sample.
        start: of the span, in code points.
        end: after the span.

    >>> for found in patterns_of("IL 60614", 3, 8)[:3]:
    ...     print(found.words, found.pattern)
    <5 digits> (?<!\w)(\d{5})(?!\w)
    <5 digits> at the end (?<!\w)(\d{5})(?!\w)\s*$
    after IL <5 digits> (?<!\w)IL (\d{5})(?!\w)
    """
    tokens = list(TOKEN.finditer(text))
    inside = [token for token in tokens if start <= token.start() and token.end() <= end]
    is_whole = inside and inside[0].start() == start and inside[-1].end() == end
    if not is_whole or len(inside) > LONGEST:
        return []
    before = [token for token in tokens if token.end() <= start]
    after = [token for token in tokens if token.start() >= end]
    lefts = list(_lefts(text, before[-1] if before else None, start))
    rights = list(_rights(text, after[0] if after else None, end))
    made: dict[str, SpanPattern] = {}
    for inner in _inner(text, inside):
        for left in lefts:
            for right in rights:
                if inner.needs_end and not right.words:
                    continue
                words = f"{left.words}{inner.words}{right.words}"
                pattern = f"{left.pattern}({inner.pattern}){right.pattern}"
                n_beside = bool(left.words) + bool(right.words)
                made.setdefault(pattern, SpanPattern(words, pattern, n_beside))
    return list(made.values())


def _inner(text: str, tokens: Sequence[re.Match[str]]) -> Iterator[Piece]:
    """Yield patterns of the span itself."""
    texts = [token[0] for token in tokens]
    yield _joined(text, tokens, [_exact(word) for word in texts])
    yield _joined(text, tokens, [_general(word) for word in texts])
    spelled = [_literal(word) if word.isalpha() else _general(word) for word in texts]
    if any(word.isalpha() for word in texts) and not all(word.isalpha() for word in texts):
        yield _joined(text, tokens, spelled)
    n_words = sum(word[0].isalnum() for word in texts)
    if n_words > 1:
        first, last = _literal(texts[0]), _literal(texts[-1])
        yield _joined(text, tokens, [first, *map(_general, texts[1:])])
        yield _joined(text, tokens, [*map(_general, texts[:-1]), last])
    marked = text[tokens[0].start() : tokens[-1].end()]
    if IS_WORDS.fullmatch(marked):
        yield from _runs(texts, IS_CAPITALS.fullmatch(marked) is not None)


def _runs(texts: Sequence[str], is_capital: bool) -> Iterator[Piece]:
    """Yield patterns of any number of words, with and without the first and the last one."""
    if is_capital:
        yield Piece("<Capitalised words>", CAPITALS)
    yield Piece("<words>", WORDS, needs_end=True)
    if len(texts) < 2:
        return
    first, last = texts[0], texts[-1]
    if last[0].isalpha():
        run = Piece("<Capitalised words>", CAPITALS_BEFORE) if is_capital else None
        for piece in filter(None, (run, Piece("<words>", WORDS_BEFORE))):
            yield Piece(f"{piece.words} {last}", f"{piece.pattern}{re.escape(last)}")
    if first[0].isalpha() and texts[1] != ".":
        run = Piece("<Capitalised words>", CAPITALS_AFTER) if is_capital else None
        for piece in filter(None, (run, Piece("<words>", WORDS_AFTER, needs_end=True))):
            pattern = f"{re.escape(first)}{piece.pattern}"
            yield Piece(f"{first} {piece.words}", pattern, piece.needs_end)


def _lefts(text: str, token: re.Match[str] | None, start: int) -> Iterator[Piece]:
    """Yield what may be asked for before a span."""
    yield Piece("", _edge_before(text, start))
    if token is None:
        yield Piece("at the start ", r"^\s*")
        return
    gap = _gap(text[token.end() : start])
    abbreviation = WITH_DOT.search(text[max(0, token.end() - LONGEST_WORD) : token.end()])
    if abbreviation is not None:
        pattern = f"{_free(abbreviation[0], True)}{re.escape(abbreviation[0])}{gap}"
        yield Piece(f"after {abbreviation[0]} ", pattern)
    for piece in dict.fromkeys((_literal(token[0]), _exact(token[0]), _general(token[0]))):
        yield Piece(f"after {piece.words} ", f"{_free(token[0], True)}{piece.pattern}{gap}")


def _rights(text: str, token: re.Match[str] | None, end: int) -> Iterator[Piece]:
    """Yield what may be asked for after a span."""
    edge = r"(?!\w)" if text[end - 1].isalnum() else ""
    yield Piece("", edge)
    if token is None:
        yield Piece(" at the end", rf"{edge}\s*$")
        return
    gap = _gap(text[end : token.start()])
    for piece in dict.fromkeys((_literal(token[0]), _exact(token[0]), _general(token[0]))):
        after = f"{gap}{piece.pattern}{_free(token[0], False)}"
        yield Piece(f" before {piece.words}", f"(?={after})")


def _edge_before(text: str, start: int) -> str:
    return r"(?<!\w)" if text[start].isalnum() else ""


def _free(token: str, is_before: bool) -> str:
    """Return that a word beside a span is whole."""
    if not token[0].isalnum():
        return ""
    return r"(?<!\w)" if is_before else r"(?!\w)"


def _gap(between: str) -> str:
    return between if between in ("", " ") else r"\s+"


def _joined(text: str, tokens: Sequence[re.Match[str]], pieces: Sequence[Piece]) -> Piece:
    """Return pieces as one, with what stands between their tokens."""
    words, pattern = pieces[0].words, pieces[0].pattern
    for number, piece in enumerate(pieces[1:], start=1):
        gap = text[tokens[number - 1].end() : tokens[number].start()]
        words += f"{' ' if gap else ''}{piece.words}"
        pattern += f"{_gap(gap)}{piece.pattern}"
    return Piece(words, pattern)


def _literal(token: str) -> Piece:
    return Piece(token, re.escape(token))


def _general(token: str) -> Piece:
    """Return a pattern of tokens that look alike."""
    for test, pattern, _ in SHAPES:
        if test.fullmatch(token):
            return Piece(_NAMES[pattern], pattern)
    return Piece("<word>", r"\w+") if token[0].isalnum() else _literal(token)


def _exact(token: str) -> Piece:
    """Return a pattern of tokens that look alike and are of the same length, if that matters."""
    for test, pattern, exact in SHAPES:
        if test.fullmatch(token):
            n = len(token.lstrip("0123456789")) or len(token)
            name = _NAMES[pattern]
            words = f"<{n} {_PLURALS[pattern]}>" if pattern in _PLURALS else name
            return Piece(words, exact.format(n=n))
    return _general(token)


_NAMES = {
    r"\d+": "<number>",
    r"[A-Z]+": "<CAPITALS>",
    r"[A-Z]\w*": "<Capitalised>",
    r"[a-z]+": "<word>",
    r"\d+[a-z]+": "<number with letters>",
}
_PLURALS = {r"\d+": "digits", r"[A-Z]+": "capitals"}
