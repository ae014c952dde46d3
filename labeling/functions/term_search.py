"""`TermSearch`: all occurrences of many words and phrases in a text, at the edges of words."""

from __future__ import annotations

import functools
import importlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from labeling.errors import LabelingFunctionError
from labeling.records.graphemes import cuts_grapheme

Found = tuple[int, int, Any]
"""Start and end of an occurrence in the text itself, and what the term means."""


class TermSearch:
    r"""Finds terms in texts.

    A term is found where it stands for itself: not inside a longer word or number, and not cutting
    a character of several code points. Case is ignored character by character, so that offsets are
    those of the text itself: "İ" becomes two code points in lower case.

    Args:
        terms: words and phrases, taken literally, and what each means.
        owner: what they belong to, for messages.
        whole_words: whether both edges must be edges of words.
        ignore_case: whether `ANN` is an occurrence of `Ann`.

    Raises:
        LabelingFunctionError: there is no term, one is no text or blank, or two that are equal have
            different meanings.

    >>> search = TermSearch({"ann": "PER", "İzmir": "LOC"}, "cities")
    >>> list(search.find("ANN, not Annie, in İZMIR"))
    [(0, 3, 'PER'), (19, 24, 'LOC')]
    """

    def __init__(
        self,
        terms: Mapping[str, Any],
        owner: str,
        *,
        whole_words: bool = True,
        ignore_case: bool = True,
    ) -> None:
        self._whole_words, self._ignore_case = whole_words, ignore_case
        self._meanings = self._folded_terms(terms, owner)

    def __reduce__(self) -> tuple[Any, ...]:
        # The automaton is built again where it is needed.
        return _restored, (self._meanings, self._whole_words, self._ignore_case)

    def __len__(self) -> int:
        return len(self._meanings)

    def fingerprint_parts(self) -> tuple[None, tuple[Any, ...]]:
        """Return what decides what is found, for fingerprints."""
        return None, (self._meanings, self._whole_words, self._ignore_case)

    def find(self, text: str) -> Iterator[Found]:
        """Yield all occurrences in a text, also those that overlap, by start and then by end."""
        folded, places = self._folded(text)
        occurrences = sorted(self._occurrences(folded))
        for first, last in occurrences:
            start, end = places(first), places(last)
            if start is None or end is None or not self._is_free(text, start, end):
                continue
            yield start, end, self._meanings[folded[first:last]]

    def _folded_terms(self, terms: Mapping[str, Any], owner: str) -> dict[str, Any]:
        invalid = [term for term in terms if not isinstance(term, str) or not term.strip()]
        if invalid or not terms:
            got = repr(invalid[0]) if invalid else "none"
            raise LabelingFunctionError(f"{owner} must have non-empty words. Got {got}.")
        meanings: dict[str, Any] = {}
        for term, meaning in terms.items():
            folded = self._fold(term.strip())
            if meanings.setdefault(folded, meaning) != meaning:
                raise LabelingFunctionError(
                    f"{owner} must have one label for each word. Got {meanings[folded]!r} and"
                    f" {meaning!r} for {term!r}; if they differ in case, write ignore_case=False."
                )
        return meanings

    def _fold(self, text: str) -> str:
        return text.casefold() if self._ignore_case else text

    def _folded(self, text: str) -> tuple[str, Callable[[int], int | None]]:
        """Return a text without case, and a function from offsets in it to those in the text.

        That gives `None` inside of what a single character became.
        """
        folded = self._fold(text)
        if len(folded) == len(text):  # no character becomes fewer than one
            return folded, _same
        lengths = (len(character.casefold()) for character in text)
        starts = itertools.accumulate(lengths, initial=0)
        return folded, {place: offset for offset, place in enumerate(starts)}.get

    def _is_free(self, text: str, start: int, end: int) -> bool:
        """Whether a part of a text is neither inside a word nor cuts a character."""
        if not text.isascii() and (cuts_grapheme(text, start) or cuts_grapheme(text, end)):
            return False
        if not self._whole_words:
            return True
        joined_before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
        joined_after = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
        return not (joined_before or joined_after)

    def _occurrences(self, folded: str) -> Iterable[tuple[int, int]]:
        """Return start and end of all occurrences in a folded text, also inside of words."""
        if self._automaton is None:
            return self._occurrences_by_dict(folded)
        return ((last - length + 1, last + 1) for last, length in self._automaton.iter(folded))

    def _occurrences_by_dict(self, folded: str) -> Iterator[tuple[int, int]]:
        get, meanings, end = self._lengths.get, self._meanings, len(folded)
        for first in range(len(folded)):
            for length in get(folded[first : first + 2], ()):
                # At the end of the text a slice is shorter, and may be another term.
                if first + length <= end and folded[first : first + length] in meanings:
                    yield first, first + length
            if folded[first] in meanings:
                yield first, first + 1

    @functools.cached_property
    def _lengths(self) -> dict[str, tuple[int, ...]]:
        """The lengths of the terms of two characters or more, by their first two."""
        lengths: dict[str, set[int]] = {}
        for term in self._meanings:
            if len(term) > 1:
                lengths.setdefault(term[:2], set()).add(len(term))
        return {first: tuple(sorted(known)) for first, known in lengths.items()}

    @functools.cached_property
    def _automaton(self) -> Any:
        """The automaton of pyahocorasick; `None` where it is not installed."""
        try:
            ahocorasick = importlib.import_module("ahocorasick")
        except ImportError:
            return None
        automaton = ahocorasick.Automaton()
        for term in self._meanings:
            automaton.add_word(term, len(term))
        automaton.make_automaton()
        return automaton


def _same(place: int) -> int:
    return place


def _restored(meanings: dict[str, Any], whole_words: bool, ignore_case: bool) -> TermSearch:
    search = TermSearch.__new__(TermSearch)
    search._whole_words, search._ignore_case = whole_words, ignore_case
    search._meanings = meanings
    return search
