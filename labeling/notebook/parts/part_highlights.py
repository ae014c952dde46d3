"""From words that an expert points at in a sample to a rule, by the type of the votes."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from labeling.errors import DataError, LabelingError, quoted
from labeling.notebook.parts.part_previews import PartPreview
from labeling.notebook.parts.span_candidates import span_pattern_rule, term_rule
from labeling.notebook.parts.span_patterns import patterns_of
from labeling.notebook.suggestions.highlights import alternatives_of, rule_of
from labeling.notebook.suggestions.results import alternative, highlighted_view
from labeling.notebook.suggestions.rules import Rule
from labeling.records import LabelingFunction, SetVotes, SpanVotes, is_whole_number
from labeling.rendering import DisplayedAlike, View

MOST_ALIKE, MOST_BESIDE = 4, 4
"""Alternatives that mark what looks like the words; and of these, what stands beside the same."""


class Highlight(NamedTuple):
    """What an expert pointed at.

    Attributes:
        rule: that looks for it.
        alternatives: more general rules.
        verb: what a function of them does.
    """

    rule: Rule
    alternatives: tuple[Rule, ...]
    verb: str


@dataclass(frozen=True, eq=False, repr=False)
class PartHighlighted(DisplayedAlike):
    """A labeling function that was made of words of a sample, and added.

    Attributes:
        lf: the function.
        sample_id: the sample that it was made from.
        source: its source code.
        preview: what it does among the other functions.
        alternatives: other rules that it may be replaced by: the same in any case, what looks like
            it, or what stands beside the same words.
    """

    lf: LabelingFunction
    sample_id: object
    source: str
    preview: PartPreview
    alternatives: tuple[Rule, ...]
    _use: Callable[[Rule], PartHighlighted]

    def use(self, number: int = 1) -> PartHighlighted:
        """Replace the function by one of the alternatives.

        Args:
            number: of the alternative, from 1.

        Raises:
            LabelingFunctionError: there is no such alternative.
        """
        return self._use(alternative(self.alternatives, number))

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers of the preview."""
        return self.preview.to_frame()

    def _view(self) -> View:
        shown = self.preview._view()
        return highlighted_view(shown, self.sample_id, self.source, self.alternatives)


def highlight_of(
    votes: SpanVotes | SetVotes, words: Any, text: str, column: str, sample_id: object
) -> Highlight:
    """Return rules for words of a text.

    Args:
        votes: of the kind of the workbench.
        words: what was pointed at, or its start and end.
        text: of the sample.
        column: of the text.
        sample_id: of the sample, for the error.

    Raises:
        DataError: they are empty, or not in the text.
    """
    return _highlight(votes, words, text, column, sample_id)


@functools.singledispatch
def _highlight(votes: object, words: Any, text: str, column: str, sample_id: object) -> Highlight:
    raise LabelingError(f"Votes must be on spans or sets of labels. Got {votes!r}.")


@_highlight.register
def _(votes: SetVotes, words: Any, text: str, column: str, sample_id: object) -> Highlight:
    if isinstance(words, tuple):
        start, end = _checked_place(words, text, sample_id)
        words = text[start:end]
    rule = rule_of(words, text, column, sample_id)
    return Highlight(rule, tuple(alternatives_of(" ".join(words.split()), column)), "Votes")


@_highlight.register
def _(votes: SpanVotes, words: Any, text: str, column: str, sample_id: object) -> Highlight:
    start, end = place_of(words, text, sample_id)
    marked = text[start:end]
    is_whole = not _joins(text, start) and not _joins(text, end)
    is_plain = is_whole and " ".join(marked.split()) == marked
    has_capitals = marked != marked.lower()
    if is_plain:
        rule = term_rule(marked, column, ignore_case=not has_capitals)
    else:
        spaced = r"\s+".join(map(re.escape, marked.split()))
        rule = span_pattern_rule(" ".join(marked.split()), f"({spaced})", column)
    others = [term_rule(marked, column, ignore_case=True)] if is_plain and has_capitals else []
    made = patterns_of(text, start, end)
    alike = [each for each in made if each.n_beside == 0][:MOST_ALIKE]
    beside = [each for each in made if each.n_beside == 1][:MOST_BESIDE]
    others += [span_pattern_rule(each.words, each.pattern, column) for each in (*alike, *beside)]
    return Highlight(rule, tuple(others), "Marks as")


def place_of(words: Any, text: str, sample_id: object) -> tuple[int, int]:
    """Return where words stand in a text, without white space at their edges.

    Of several places the first is taken; one in the same case, and of whole words, comes before
    others.

    Raises:
        DataError: they are empty, or not in the text.

    >>> place_of("lee", "Leeway for Ann  Lee", "n1")
    (16, 19)
    """
    if isinstance(words, tuple):
        start, end = _checked_place(words, text, sample_id)
        stripped = text[start:end].strip()
        start += text[start:end].index(stripped)
        return start, start + len(stripped)
    wanted = words.split() if isinstance(words, str) else []
    if not wanted:
        raise DataError(f"Words of the sample must be highlighted. Got {quoted(words)}.")
    spaced = r"\s+".join(map(re.escape, wanted))
    whole = rf"(?<![^\W_]){spaced}(?![^\W_])"
    for pattern, flags in ((whole, 0), (whole, re.IGNORECASE), (spaced, re.IGNORECASE)):
        found = re.search(pattern, text, flags)
        if found is not None:
            return found.span()
    raise DataError(
        f"{quoted(' '.join(wanted))} must be in sample {quoted(sample_id)}. Its text is"
        f" {quoted(text)}."
    )


def _checked_place(place: tuple[Any, ...], text: str, sample_id: object) -> tuple[int, int]:
    is_place = len(place) == 2 and all(map(is_whole_number, place))
    if not is_place or not 0 <= place[0] < place[1] <= len(text):
        raise DataError(
            f"Words must be named by their start and end in the {len(text):,} code points of sample"
            f" {quoted(sample_id)}. Got {place!r}."
        )
    if not text[place[0] : place[1]].strip():
        raise DataError(f"Words of the sample must be highlighted. Got white space at {place!r}.")
    return int(place[0]), int(place[1])


def _joins(text: str, offset: int) -> bool:
    """Whether an offset is within a word."""
    is_inside = 0 < offset < len(text)
    return is_inside and text[offset - 1].isalnum() and text[offset].isalnum()
