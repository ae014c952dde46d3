"""Evaluates conditions of rules on columns, in three truth values."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from labeling.engine.columns.regex_syntax import rust_pattern
from labeling.engine.columns.text_search import Batch, Mask, Memo, Positions, TextColumn, WordIndex
from labeling.engine.columns.value_search import UNDECIDED, DistinctValues
from labeling.records import (
    Combination,
    Negation,
    OtherCondition,
    PatternCondition,
    RowCondition,
    ValueCondition,
    WordCondition,
)

SearchKey = tuple[str, bool, bool]
"""A column, whether whole words are searched for, and whether case is ignored."""

Indexes = Mapping[SearchKey, WordIndex]

LEAST_PASSES = 8
"""From so many passes over a column on, one pass for all of their words is faster."""

WORDS_OF_A_PASS = 100
"""A pattern of so many more words takes about the time of one more pass."""

_HALF = re.compile("[\ud800-\udfff]")

_NO_ROWS: Positions = np.empty(0, dtype=np.intp)


@dataclass(frozen=True, slots=True)
class Truths:
    """Where a condition is certainly true, false or unknown; all other rows are undecided."""

    true: Mask
    false: Mask
    unknown: Mask

    @classmethod
    def undecided(cls, size: int) -> Truths:
        """Return the truths of a condition that nothing is known of."""
        nowhere = np.zeros(size, dtype=bool)
        return cls(nowhere, nowhere, nowhere)

    @classmethod
    def of_search(cls, column: TextColumn, found: Mask, unsure: Mask) -> Truths:
        """Return the truths of a search in a column.

        Args:
            column: the column.
            found: in which texts something was found.
            unsure: in which texts Python may find something else.
        """
        decided = ~(unsure | column.is_missing)
        return cls(found & decided, ~found & decided, column.is_missing)

    @property
    def decided(self) -> Mask:
        """Which rows are decided."""
        return self.true | self.false | self.unknown

    def negated(self) -> Truths:
        """Return the truths of the negation."""
        return Truths(self.false, self.true, self.unknown)

    def both(self, second: Truths) -> Truths:
        """Return the truths of `self & second`; where this is undecided it may raise an error."""
        reached = self.true | self.unknown
        return Truths(
            self.true & second.true,
            self.false | (reached & second.false),
            (self.unknown & (second.true | second.unknown)) | (self.true & second.unknown),
        )


class WordSearch:
    """A search for words, alone or with those of other functions.

    Args:
        condition: the words, and where they are searched for.
    """

    def __init__(self, condition: WordCondition) -> None:
        self.condition = condition
        fold = str.casefold if condition.ignore_case else str
        if condition.at_least == 1:
            self.words = tuple(dict.fromkeys(condition.words))
        else:  # of words that differ in case, `keywords` searches for the last one
            self.words = tuple({fold(word): word for word in condition.words}.values())
        self.is_ascii = all(map(str.isascii, self.words))
        # Texts have no halves of characters, and cannot be searched for them.
        self.can_be_indexed = not any(map(_HALF.search, self.words))
        self.key: SearchKey = (condition.column, condition.whole_words, condition.ignore_case)

    @property
    def n_passes(self) -> int:
        """Of how many passes over a column a search without an index takes the time."""
        if self.condition.at_least > 1:
            return len(self.words)
        return 1 + len(self.words) // WORDS_OF_A_PASS

    @cached_property
    def patterns(self) -> list[str | None]:
        """The patterns of polars of which at least so many must be found."""
        edges = (r"(?<!\w)", r"(?!\w)") if self.condition.whole_words else ("", "")
        flags = re.IGNORECASE if self.condition.ignore_case else 0
        escaped = list(map(re.escape, self.words))
        bodies = ["|".join(escaped)] if self.condition.at_least == 1 else escaped
        sources = (f"{edges[0]}(?:{body}){edges[1]}" for body in bodies)
        return [rust_pattern(re.compile(source, flags)) for source in sources]

    def index_of(self, indexes: Indexes) -> WordIndex | None:
        """Return the index that has the words, or one of its own where patterns are slower."""
        if not self.can_be_indexed:
            return None
        index = indexes.get(self.key)
        return self._own_index if index is None else index

    @cached_property
    def _own_index(self) -> WordIndex | None:
        if self.n_passes < LEAST_PASSES and None not in self.patterns:
            return None
        _, whole_words, ignore_case = self.key
        return WordIndex(self.words, whole_words=whole_words, ignore_case=ignore_case)

    def rows_found(self, column: TextColumn, index: WordIndex) -> tuple[Positions, Positions]:
        """Return the rows with at least so many of the words, and those that are unsure.

        Rows may be repeated.

        Args:
            column: the column of the text.
            index: an index with the words.
        """
        numbers = [index.numbers[index.written(word)] for word in self.words]
        found, unsure = index.hits(column)
        unsure_rows = unsure.rows(numbers) if len(unsure) else _NO_ROWS
        return found.rows(numbers, self.condition.at_least), unsure_rows

    def truths(self, column: TextColumn, index: WordIndex | None) -> Truths:
        """Return where the condition is true, false and unknown.

        Args:
            column: the column of the text.
            index: an index with the words, if there is one.
        """
        if index is not None:
            masks = column.none.copy(), column.none.copy()
            for mask, rows in zip(masks, self.rows_found(column, index), strict=True):
                mask[rows] = True
            return Truths.of_search(column, *masks)
        if None in self.patterns:
            return Truths(column.none, column.none, column.is_missing)
        found = self._found(column)
        # A word of ASCII characters that is not found in other texts is absent.
        unsure = ~column.is_ascii & found if self.is_ascii else ~column.is_ascii
        return Truths.of_search(column, found, unsure)

    def _found(self, column: TextColumn) -> Mask:
        """Return which texts have at least so many of the words, by patterns."""
        folded = self.is_ascii and self.condition.ignore_case
        masks = [
            column.found(pattern, folded=folded) for pattern in self.patterns if pattern is not None
        ]
        if self.condition.at_least == 1:
            return masks[0]
        enough: Any = np.sum(masks, axis=0, dtype=np.int32) >= self.condition.at_least
        return enough  # type: ignore[no-any-return]


class ConditionOnColumns:
    """A condition that is evaluated on whole columns.

    Args:
        condition: the condition.

    Attributes:
        reads: the columns it reads.
        searches: its searches for words, by condition.
        reasons: what of it is left to Python, and why.
    """

    def __init__(self, condition: RowCondition) -> None:
        self._condition = condition
        leaves = list(_leaves(condition))
        self.searches = {
            leaf: WordSearch(leaf) for leaf in leaves if isinstance(leaf, WordCondition)
        }
        self._patterns = {
            leaf: rust_pattern(leaf.pattern)
            for leaf in leaves
            if isinstance(leaf, PatternCondition)
        }
        self.reasons = tuple(dict.fromkeys(filter(None, map(self._obstacle, leaves))))
        columns = (getattr(leaf, "column", None) for leaf in leaves)
        self.reads = frozenset(column for column in columns if column is not None)

    def _obstacle(self, leaf: RowCondition) -> str | None:
        """Return why a condition is undecided on all samples, if it is."""
        if isinstance(leaf, OtherCondition):
            return "where(...) calls a function of the sample"
        if isinstance(leaf, PatternCondition) and self._patterns[leaf] is None:
            return f"the pattern {leaf.pattern.pattern!r} has no equal in polars"
        return None

    @property
    def is_hopeless(self) -> bool:
        """Whether it is undecided on all samples that have values."""
        return self._is_hopeless(self._condition)

    def _is_hopeless(self, condition: RowCondition) -> bool:
        if isinstance(condition, Negation):
            return self._is_hopeless(condition.condition)
        if isinstance(condition, Combination):  # the first is always evaluated
            return self._is_hopeless(condition.left)
        return self._obstacle(condition) is not None

    def truths(self, batch: Batch, memo: Memo, indexes: Indexes) -> Truths:
        """Return where the condition is true, false and unknown in a batch.

        Args:
            batch: the samples.
            memo: what is shared by all who work on the batch.
            indexes: of the words of several functions.
        """
        return self._truths(self._condition, batch, memo, indexes)

    def _truths(
        self, condition: RowCondition, batch: Batch, memo: Memo, indexes: Indexes
    ) -> Truths:
        if isinstance(condition, Negation):
            return self._truths(condition.condition, batch, memo, indexes).negated()
        if isinstance(condition, Combination):
            left, right = (
                self._truths(part, batch, memo, indexes)
                for part in (condition.left, condition.right)
            )
            if condition.operator == "&":
                return left.both(right)
            return left.negated().both(right.negated()).negated()
        if isinstance(condition, ValueCondition):
            return _value_truths(condition, batch, memo)
        if isinstance(condition, WordCondition | PatternCondition):
            column = TextColumn.of(batch, memo, condition.column)
            if column is not None:
                return self._text_truths(condition, column, indexes)
        return Truths.undecided(len(batch))

    def _text_truths(
        self, condition: WordCondition | PatternCondition, column: TextColumn, indexes: Indexes
    ) -> Truths:
        if isinstance(condition, WordCondition):
            search = self.searches[condition]
            return search.truths(column, search.index_of(indexes))
        pattern = self._patterns[condition]
        if pattern is None:
            return Truths(column.none, column.none, column.is_missing)
        return Truths.of_search(column, column.found(pattern), unsure=~column.is_ascii)


def _leaves(condition: RowCondition) -> Iterator[RowCondition]:
    """Yield the conditions that have no parts."""
    if isinstance(condition, Negation):
        yield from _leaves(condition.condition)
    elif isinstance(condition, Combination):
        yield from _leaves(condition.left)
        yield from _leaves(condition.right)
    else:
        yield condition


def _value_truths(condition: ValueCondition, batch: Batch, memo: Memo) -> Truths:
    values = DistinctValues.of(batch, memo, condition.column)
    if values is None:
        return Truths.undecided(len(batch))
    table = condition.table
    meanings = values.meanings(table, table.keys)
    missing = np.array([*(value != value for value in values.values), True])  # only NaN differs
    true = np.array([meaning is True for meaning in meanings]) & ~missing
    false = np.array([meaning is not UNDECIDED for meaning in meanings]) & ~missing & ~true
    rows = values.numbers
    return Truths(true[rows], false[rows], missing[rows])


def shared_indexes(searches: Sequence[WordSearch]) -> dict[SearchKey, WordIndex]:
    """Return an index for each kind of search that would take many passes over a column."""
    groups: dict[SearchKey, list[WordSearch]] = {}
    for search in searches:
        if search.can_be_indexed:
            groups.setdefault(search.key, []).append(search)
    return {
        key: WordIndex(
            [word for search in group for word in search.words],
            whole_words=key[1],
            ignore_case=key[2],
        )
        for key, group in groups.items()
        if sum(search.n_passes for search in group) >= LEAST_PASSES
    }
