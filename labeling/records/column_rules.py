"""What ready-made labeling functions do, as data: the engine may then search whole columns.

A function remains the definition of its votes; a rule only says the same declaratively. Conditions
have three truth values, as in SQL: on a missing value they are unknown, and then there is no vote.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from labeling.rendering import Displayed


@dataclass(frozen=True, slots=True)
class WordCondition(Displayed):
    """At least so many different ones of some words or phrases, taken literally, are in a text.

    Attributes:
        column: the column of the text.
        words: the words or phrases, none of them empty.
        whole_words: whether a letter, digit or underscore before or after a word rules it out.
        ignore_case: whether letters are compared as with `re.IGNORECASE`.
        at_least: how many must be found; words that differ in case only count once where case is
            ignored.
    """

    column: str
    words: tuple[str, ...]
    whole_words: bool = True
    ignore_case: bool = True
    at_least: int = 1


@dataclass(frozen=True, slots=True)
class PatternCondition(Displayed):
    """A regular expression is found anywhere in a text.

    Attributes:
        column: the column of the text.
        pattern: the regular expression.
    """

    column: str
    pattern: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class KnownKeys(Displayed):
    """What is known of a table of values without looking into it.

    Attributes:
        texts: its texts, as `normalize` makes them.
        normalize: maps texts that count as equal to the same text; on ASCII texts it is either the
            identity or the change to lower case.
        numbers: its numbers; if there are none, asking for a number may be an error.
        first_characters: the first characters of texts that may equal something else than a text.
    """

    texts: frozenset[str]
    normalize: Callable[[str], str]
    numbers: frozenset[int | float] = frozenset()
    first_characters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ValueTable(Displayed):
    """A table that a column's values are looked up in.

    Attributes:
        find: returns the meaning of a value, `None` if it is absent; it may raise an error.
        keys: returns what is known of it; texts and numbers that these keys rule out are absent,
            and asking for them is no error.
    """

    find: Callable[[Any], Any] = field(repr=False)
    keys: Callable[[], KnownKeys] = field(repr=False)


@dataclass(frozen=True, slots=True)
class ValueCondition(Displayed):
    """A column's value has the meaning True in a table."""

    column: str
    table: ValueTable


@dataclass(frozen=True, slots=True)
class OtherCondition(Displayed):
    """A condition that is known as a function of the sample only."""


@dataclass(frozen=True, slots=True)
class Negation(Displayed):
    """A condition that holds where another does not, and is unknown where that is unknown."""

    condition: RowCondition


@dataclass(frozen=True, slots=True)
class Combination(Displayed):
    """Two conditions; the second is not tested where the first decides.

    Attributes:
        operator: "&" or "|".
        left: the condition that is tested first.
        right: the other.
    """

    operator: Literal["&", "|"]
    left: RowCondition
    right: RowCondition


RowCondition = (
    WordCondition | PatternCondition | ValueCondition | OtherCondition | Negation | Combination
)


@dataclass(frozen=True, slots=True)
class SearchRule(Displayed):
    """A vote for a label where a condition holds.

    Attributes:
        condition: the condition.
        label: the label, by name or int.
    """

    condition: RowCondition
    label: Any


@dataclass(frozen=True, slots=True)
class LookupRule(Displayed):
    """A vote for the meaning of a column's value, also of a missing one.

    Attributes:
        column: the column.
        table: from values to labels or ABSTAIN; no vote where it has no meaning.
    """

    column: str
    table: ValueTable


ColumnRule = SearchRule | LookupRule
