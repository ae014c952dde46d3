"""Look-up tables that compare values by meaning: the text "42" of a file equals a column's 42."""

from __future__ import annotations

import datetime
import decimal
import functools
import itertools
import math
import re
import unicodedata
import uuid
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Generic, TypeVar

import numpy as np
import pandas as pd

from labeling.errors import LabelingFunctionError
from labeling.records import KnownKeys, ValueTable

Meaning = TypeVar("Meaning")
Normalize = Callable[[str], str]

# As in the CSV reader: `007` and `+1` are texts, not numbers.
WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,99})?(?:[eE][-+]?[0-9]{1,3})?")
TRUTHS = {"True": True, "true": True, "TRUE": True, "False": False, "false": False, "FALSE": False}
FIRST_CHARACTERS = frozenset("-0123456789TtFf")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.+\-Z]{5,})?")


class KnownValues(Generic[Meaning]):
    """A table from values to meanings, whatever type a file, a database or a column gives them.

    Texts equal texts, and numbers numbers (42, 42.0, NumPy's, Decimal). A text equals a number,
    bool, date or time if it is written as one: "42" and "42.0" equal 42, and "042" does not. A bool
    is not a number. `None`, NaN and other missing values are one value.

    Args:
        pairs: values and their meanings.
        owner: what the table belongs to, for messages.
        column: the column that is looked up, for messages.
        normalize: maps texts that count as equal to the same text.

    Raises:
        LabelingFunctionError: two equal values have different meanings.

    >>> table = KnownValues([("42", "spam")], "lookup 'bots'", "author", ignoring_case)
    >>> table.find(42), table.find(42.0), table.find("42"), table.find("042"), table.find(7)
    ('spam', 'spam', 'spam', None, None)
    """

    def __init__(
        self,
        pairs: Iterable[tuple[Hashable, Meaning]],
        owner: str,
        column: str,
        normalize: Normalize,
    ) -> None:
        self._owner, self._column, self._normalize = owner, column, normalize
        self._table: dict[Hashable, Meaning] = {}
        self._types: set[type] = set()
        from_texts: dict[Hashable, dict[str, Meaning]] = {}
        for value, meaning in pairs:
            key = self._key(value)
            if key is not None:
                self._types.add(type(value))
            if self._table.setdefault(key, meaning) != meaning:
                raise self._conflict(value, self._table[key], meaning)
            if isinstance(value, str):
                parsed = parsed_value(value)
                if parsed is not None:
                    from_texts.setdefault(parsed, {})[value] = meaning
        self.count = len(self._table)
        # Texts that are not in the table are parsed and looked up here.
        self._other_than_texts = {
            key: meaning for key, meaning in self._table.items() if not isinstance(key, str)
        }
        self._ambiguous: dict[Hashable, list[str]] = {}
        for parsed, texts in from_texts.items():
            self._add_parsed(parsed, texts)
        self._kinds = {_kind(key) for key in (*self._table, *self._ambiguous) if key is not None}
        self._complete_types = self._types_with_complete_table()

    def fingerprint_parts(self) -> tuple[None, tuple[Any, ...]]:
        """Return what decides what is found, for fingerprints: in a table order does not count."""
        ambiguous = {key: tuple(texts) for key, texts in self._ambiguous.items()}
        kinds = frozenset(map(str, self._kinds)), self._complete_types
        return None, (self._normalize, self._table.items(), ambiguous.items(), *kinds)

    def finder(self) -> Callable[[Any], Meaning | None]:
        """Return `find` for loops over many values: its names are local, and so faster."""
        get, normalize, key_of = self._table.get, self._normalize, self._key
        find_otherwise, complete_types = self._find_otherwise, self._complete_types

        def find(value: Any) -> Meaning | None:
            kind = type(value)
            if kind is str:
                meaning = get(normalize(value))
            elif kind is int or kind is float:
                meaning = get(value)
            else:
                meaning = get(key_of(value))
            if meaning is None and kind not in complete_types:
                return find_otherwise(value)
            return meaning

        return find

    def find(self, value: Any) -> Meaning | None:
        """Return the meaning of a value, or `None` if it is not in the table.

        Raises:
            LabelingFunctionError: no value of this type can equal one in the table.
        """
        return self.finder()(value)

    def for_columns(self) -> ValueTable:
        """Return the table as the engine looks up whole columns in it."""
        return ValueTable(self.finder(), lambda: self._known_keys)

    @functools.cached_property
    def _known_keys(self) -> KnownKeys:
        keys = (*self._table, *self._ambiguous)
        texts = frozenset(key for key in keys if isinstance(key, str))
        numbers = frozenset(key for key in keys if isinstance(key, (int, float)))
        others = self._other_than_texts.keys() - {None}
        first = FIRST_CHARACTERS if others else frozenset()
        return KnownKeys(texts, self._normalize, numbers, first)

    def _key(self, value: Any) -> Hashable:
        key: Hashable = _plain_value(value)
        if isinstance(key, str):
            return self._normalize(key)
        try:
            hash(key)
        except TypeError:
            raise LabelingFunctionError(
                f"{self._owner} must have and look up single values. Got {value!r}"
                f" ({type(value).__name__})."
            ) from None
        return key

    def _add_parsed(self, parsed: Hashable, texts: dict[str, Meaning]) -> None:
        """Add the number, bool or time that these texts are written as."""
        if parsed in self._table:
            return
        canonical = texts.get(str(parsed))  # of "1.1" and "1.10", Python writes the first
        meanings = list(texts.values())
        if canonical is not None or all(meaning == meanings[0] for meaning in meanings):
            self._table[parsed] = meanings[0] if canonical is None else canonical
        else:
            self._ambiguous[parsed] = list(texts)

    def _types_with_complete_table(self) -> frozenset[type]:
        """Return the types whose values need no further look-up if they are not in the table."""
        types: set[type] = set()
        if "text" in self._kinds and not self._other_than_texts.keys() - {None}:
            types.add(str)
        if "number" in self._kinds and not self._ambiguous:
            types |= {int} if None in self._table else {int, float}
        return frozenset(types)

    def _find_otherwise(self, value: Any) -> Meaning | None:
        """Return the meaning of a value that the table does not have as it is."""
        key = self._key(value)
        if key is None:
            return self._table.get(None)
        if isinstance(key, str):
            parsed = parsed_value(str(value)) if self._other_than_texts else None
            if parsed is not None and parsed in self._other_than_texts:
                return self._other_than_texts[parsed]
            return None
        if key in self._ambiguous:
            texts = " and ".join(map(repr, self._ambiguous[key]))
            raise LabelingFunctionError(
                f"{self._owner} must have one label for each value. {self._column!r} holds"
                f" {value!r} ({type(value).__name__}), which equals {texts}, with different labels."
            )
        if self._kinds and _kind(key) not in self._kinds:
            raise self._incomparable(value)
        return None

    def _incomparable(self, value: object) -> LabelingFunctionError:
        names = " or ".join(sorted(kind.__name__ for kind in self._types))
        # The order of a set differs between processes. Parsed keys come after the given ones.
        given_keys = itertools.islice(self._table, self.count)
        example = min((key for key in given_keys if key is not None), key=repr)
        return LabelingFunctionError(
            f"{self._owner} must look up values of a type that can equal those it was made with,"
            f" {names} such as {example!r}. {self._column!r} holds {value!r}"
            f" ({type(value).__name__}); change the type of either."
        )

    def _conflict(self, value: object, first: object, second: object) -> LabelingFunctionError:
        return LabelingFunctionError(
            f"{self._owner} must have one label for each value. Got {first!r} and {second!r} for"
            f" {value!r}; if they differ in case or width of letters, write ignore_case=False."
        )


def ignoring_case(text: str) -> str:
    r"""Return a text that is the same for any case, width and composition of its characters.

    >>> ignoring_case("\uff22OT"), ignoring_case("B\u00f6t") == ignoring_case("bo\u0308t")
    ('bot', True)
    """
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def exactly(text: str) -> str:
    """Return a text in Unicode's composed form (NFC): a letter and its accent are one character."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def parsed_value(text: str) -> Hashable:
    """Return the number, bool or time that a text is written as; `None` for other texts.

    >>> (
    ...     parsed_value("42"),
    ...     parsed_value("4.20"),
    ...     parsed_value("042"),
    ...     parsed_value("2026-07-01"),
    ... )
    (42, 4.2, None, datetime.datetime(2026, 7, 1, 0, 0))
    """
    if text[:1] not in FIRST_CHARACTERS:  # quick, and true for most texts
        return None
    if WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if NUMBER.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else None
    if text in TRUTHS:
        return _truth(TRUTHS[text])
    if DATE.fullmatch(text):
        try:
            return datetime.datetime.fromisoformat(text)
        except ValueError:
            return None
    return None


def _truth(value: object) -> Hashable:
    return ("truth", bool(value))  # as keys of a dict, True and 1 are equal


def _plain_value(value: Any) -> Any:
    """Return the text, number, time or other value that represents all values equal to it."""
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (bool, np.bool_)):
        return _truth(value)
    if isinstance(value, (float, np.floating, decimal.Decimal)):
        return _plain_number(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _decoded(bytes(value))
    if isinstance(value, (datetime.date, np.datetime64)):
        return _plain_time(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    return str.__str__(value) if isinstance(value, str) else value


def _plain_number(value: Any) -> float | int | None:
    if value != value:
        return None
    exact = isinstance(value, decimal.Decimal) and value.is_finite() and value == int(value)
    return int(value) if exact else float(value)


def _decoded(value: bytes) -> str | bytes:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value


def _plain_time(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        return None if np.isnat(value) else pd.Timestamp(value)
    is_date = not isinstance(value, datetime.datetime)
    return datetime.datetime(value.year, value.month, value.day) if is_date else value


def _kind(key: Hashable) -> str:
    """Return the kind of a plain value: only values of the same kind may be equal."""
    if isinstance(key, str):
        return "text"
    if isinstance(key, (int, float)):
        return "number"
    if isinstance(key, datetime.datetime):
        return "time" if key.tzinfo is None else "time with a zone"
    return "truth" if isinstance(key, tuple) and key[:1] == ("truth",) else type(key).__name__
