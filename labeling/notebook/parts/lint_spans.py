"""Checks of where spans begin and end: edges, dropped spans, and longer spans of others."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from labeling.errors import counted, quoted
from labeling.notebook.lint_findings import Finding
from labeling.notebook.lint_votes import LEAST_VOTES
from labeling.notebook.parts.joined_votes import part_votes
from labeling.notebook.parts.lint_parts import LintedParts
from labeling.notebook.parts.part_table import SpanTable
from labeling.records import ABSTAIN, SpanVotes, expect
from labeling.rendering.formatting import clipped

CONTRADICTED = 0.9
"""Share of a function's spans from which on they nearly always lie in, or across, longer ones."""
PUNCTUATED, CUT_WORDS = 0.2, 0.05
"""Shares of a function's spans from which on their edges are reported."""
LOOKED_AT = 1_000
"""Spans of a function whose edges are looked at, drawn by the ids of their samples."""
LEAST_GOLD = 20
"""Gold spans from which on their edges tell what edges should be."""
LEAST_NEAR = 5
"""Wrong spans at a gold span from which on they are reported."""
LONGEST = 40
"""Characters of a span that are shown."""
BEGINS_RARELY, ENDS_RARELY = frozenset(",.;:!?)]}”»"), frozenset(",;:([{“«")
"""Punctuation with which few spans begin or end in any task: no "." as in "Inc.", no "(" first."""


class Place(NamedTuple):
    """A span in its text."""

    text: str
    start: int
    end: int

    @property
    def words(self) -> str:
        """The text of the span."""
        return self.text[self.start : self.end]


def trimmed(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions most of whose spans are dropped, as they overlap longer ones of its own."""
    for voted, _, answers in linted.columns:
        n_dropped = sum(expect(part_votes(voted), SpanVotes, "Votes").trimmed.values())
        n = n_dropped + int(answers.sum())
        if n >= LEAST_VOTES and n_dropped > n / 2:
            yield Finding(
                "mostly dropped",
                (voted.name,),
                f"{n_dropped:,} of the {counted(n, 'span')} that it returned overlap a longer one"
                " of its own, and were dropped",
                n,
                "what it really marks is another set of spans than its code reads",
                "return each place once, or pass overlaps='error' to see the first such sample",
            )


def contradicted(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions whose spans nearly always lie in, or across, longer spans of others."""
    table = linted.table
    speaks_against = table.codes == table.none
    n_against = speaks_against.sum(axis=1)
    for column, (voted, codes, answers) in enumerate(linted.columns):
        is_against = answers & (n_against > speaks_against[:, column])
        n, count = int(answers.sum()), int(is_against.sum())
        if n < LEAST_VOTES or count < CONTRADICTED * n:
            continue
        known = is_against & (table.gold != ABSTAIN)
        right = int((codes[known] == table.gold[known]).sum())
        gold = f"; of {int(known.sum()):,} such spans on the dev set {right:,} are right"
        yield Finding(
            "contradicted",
            (voted.name,),
            f"others mark something longer, or that crosses, over {count:,} of its"
            f" {counted(n, 'span')}{gold if known.any() else ''}",
            n,
            "the longer span wins unless it is clearly outvoted, so that these add little",
            "mark the whole name, as the others do; or make the others narrower, if the short"
            " spans are right",
        )


def off_by_edges(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions most of whose wrong spans overlap a gold span of their label."""
    table = _spans(linted)
    texts = linted.texts
    gold = _gold_of_samples(table)
    for voted, codes, answers in linted.columns:
        wrong = np.flatnonzero(answers & (table.gold != ABSTAIN) & (codes != table.gold))
        pairs = []
        for row in wrong.tolist():
            place = _place(table, texts, row)
            near = _overlapped(place, gold.get((int(table.sample[row]), int(codes[row])), []))
            if near is not None:
                pairs.append((place, near))
        if len(pairs) < LEAST_NEAR or len(pairs) <= len(wrong) / 2:
            continue
        yield Finding(
            "wrong edges",
            (voted.name,),
            f"{len(pairs):,} of its {counted(len(wrong), 'wrong span')} on the dev set overlap a"
            f" gold span of their label: {_differences(pairs)}",
            len(wrong),
            "such a span is wrong, though what it is about was found",
            "let the pattern begin and end as gold spans do",
        )


def punctuation(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions whose spans often begin or end with punctuation, where gold spans do not."""
    for name, places, gold in _places_by_function(linted):
        first, last = _unlikely_edges(places, gold)
        odd = [place for place in places if place.words[0] in first or place.words[-1] in last]
        if len(places) >= LEAST_VOTES and len(odd) >= PUNCTUATED * len(places):
            seen = "" if len(gold) < LEAST_GOLD else f"; none of {len(gold):,} gold spans does"
            yield Finding(
                "punctuation",
                (name,),
                f"{len(odd):,} of {_looked_at(places)} begin or end with punctuation,"
                f" such as {_quoted(odd[0])}{seen}",
                len(places),
                "a span with one character too many is wrong",
                "leave the punctuation out of the pattern, or only look at it: (?=,)",
            )


def _unlikely_edges(
    places: Sequence[Place], gold: Sequence[Place]
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the punctuation with which spans are not to begin, and to end.

    That is what no gold span begins or ends with; where there are few, what rarely stands there.
    """
    if len(gold) < LEAST_GOLD:
        return BEGINS_RARELY, ENDS_RARELY
    used = {place.words[edge] for place in places for edge in (0, -1)}
    signs = frozenset(sign for sign in used if unicodedata.category(sign).startswith("P"))
    return (
        signs - {place.words[0] for place in gold},
        signs - {place.words[-1] for place in gold},
    )


def within_words(linted: LintedParts) -> Iterator[Finding]:
    """Yield functions whose spans often begin or end in the middle of a word."""
    for name, places, gold in _places_by_function(linted):
        cut = [place for place in places if _cuts_word(place)]
        share = len(cut) / max(len(places), 1)
        expected = sum(map(_cuts_word, gold)) / max(len(gold), 1)
        is_known = len(gold) >= LEAST_GOLD
        if len(places) < LEAST_VOTES or share < CUT_WORDS or (is_known and expected > share / 2):
            continue
        seen = f"; of {len(gold):,} gold spans {expected:.1%} do" if is_known else ""
        yield Finding(
            "within words",
            (name,),
            f"{len(cut):,} of {_looked_at(places)} begin or end within a word,"
            f" such as {_quoted(cut[0])} in {quoted(_word_around(cut[0]))}{seen}",
            len(places),
            "a part of a word is rarely a name, and a span with wrong ends is wrong",
            r"put \b at both ends of the pattern, or let keywords match whole words",
        )


def _looked_at(places: Sequence[Place]) -> str:
    drawn = " that were drawn" if len(places) == LOOKED_AT else ""
    return f"its {counted(len(places), 'span')}{drawn}"


def _places_by_function(linted: LintedParts) -> Iterator[tuple[str, list[Place], list[Place]]]:
    """Yield each function's name, spans of it, and the gold spans of the labels that it gives."""
    table, rank = _spans(linted), linted.moment.rank
    for voted, codes, answers in linted.columns:
        rows = np.flatnonzero(answers)
        rows = rows[np.argsort(rank[table.sample[rows]], kind="stable")][:LOOKED_AT]
        gold = np.flatnonzero(np.isin(table.gold, np.unique(codes[answers])))
        places, of_gold = (
            [_place(table, linted.texts, row) for row in some.tolist()] for some in (rows, gold)
        )
        yield voted.name, places, [place for place in of_gold if place.words]


def _spans(linted: LintedParts) -> SpanTable:
    return expect(linted.table, SpanTable, "A table of spans")


def _place(table: SpanTable, texts: Sequence[str], row: int) -> Place:
    return Place(texts[table.sample[row]], int(table.start[row]), int(table.end[row]))


def _gold_of_samples(table: SpanTable) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Return the places of gold spans by sample and label."""
    gold: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for row in np.flatnonzero(table.has_label(table.gold)).tolist():
        key = int(table.sample[row]), int(table.gold[row])
        gold.setdefault(key, []).append((int(table.start[row]), int(table.end[row])))
    return gold


def _overlapped(place: Place, gold: Sequence[tuple[int, int]]) -> Place | None:
    """Return the gold span with which most of a span is shared; `None` if it overlaps none."""

    def shared(other: tuple[int, int]) -> int:
        return min(other[1], place.end) - max(other[0], place.start)

    best = max(gold, key=shared, default=None)
    return None if best is None or shared(best) <= 0 else Place(place.text, *best)


def _differences(pairs: Sequence[tuple[Place, Place]]) -> str:
    """Return how often spans begin and end too early or late, and what it is about most often."""
    kinds: Counter[str] = Counter()
    words: dict[str, Counter[str]] = {}
    for place, gold in pairs:
        edges = (
            ("begin too early", place.start, gold.start),
            ("begin too late", gold.start, place.start),
            ("end too early", place.end, gold.end),
            ("end too late", gold.end, place.end),
        )
        for kind, first, last in edges:
            if first < last:
                kinds[kind] += 1
                words.setdefault(kind, Counter())[place.text[first:last].strip()] += 1
    ranked = sorted(kinds.items(), key=lambda pair: (-pair[1], pair[0]))
    place, gold = min(pairs, key=lambda pair: (len(pair[0].words), pair[0].words, pair[1].words))
    counts = ", ".join(f"{n:,} {kind}{_most(words[kind])}" for kind, n in ranked)
    return f"{counts}; such as {_quoted(place)} for {_quoted(gold)}"


def _most(words: Counter[str]) -> str:
    word, n = min(words.items(), key=lambda pair: (-pair[1], pair[0]))
    return f" ({n:,} by {quoted(clipped(word, LONGEST))})" if n > 1 and word else ""


def _quoted(place: Place) -> str:
    return quoted(clipped(place.words, LONGEST))


def _cuts_word(place: Place) -> bool:
    """Whether a span begins or ends between two letters or digits.

    Letters without case are left out: many of their scripts write words without spaces, or join
    prefixes to them.
    """
    text, start, end = place
    starts_within = 0 < start < len(text) and _is_of_word(text[start - 1 : start + 1])
    return starts_within or (0 < end < len(text) and _is_of_word(text[end - 1 : end + 1]))


def _is_of_word(pair: str) -> bool:
    return all(character.isdigit() or character.lower() != character.upper() for character in pair)


def _word_around(place: Place) -> str:
    text, first, last = place
    while first > 0 and not text[first - 1].isspace():
        first -= 1
    while last < len(text) and not text[last].isspace():
        last += 1
    return clipped(text[first:last], LONGEST)
