"""Known values and what each means, found by value: the text "42" of a file is the 42 of a column."""

from __future__ import annotations

import datetime
import decimal
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

Meaning = TypeVar("Meaning")
Fold = Callable[[str], str]

# What the reader of CSV files takes for a number: `007` and `+1` are texts.
WHOLE_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,99})?(?:[eE][-+]?[0-9]{1,3})?")
TRUTHS = {"True": True, "true": True, "TRUE": True, "False": False, "false": False, "FALSE": False}
STARTS = frozenset("-0123456789TtFf")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.+\-Z]{5,})?")


class KnownValues(Generic[Meaning]):
    """A table from values to what they mean, whatever type a file, a database or a column gave them.

    Texts equal texts, and numbers numbers (42, 42.0, NumPy's, Decimal). A text equals a number,
    bool, date or time where it is written as one: "42" and "42.0" are 42, and "042" is not. A bool
    is no number. `None`, NaN and other missing values are one value.

    Args:
        pairs: values, and what each means.
        who: whose values they are, for messages.
        column: the column that is looked up, for messages.
        fold: what brings texts that are alike to one form.

    Raises:
        LabelingFunctionError: two equal values mean different things.

    >>> known = KnownValues([("42", "spam")], "lookup 'bots'", "author", ignoring_case)
    >>> known.find(42), known.find(42.0), known.find("42"), known.find("042"), known.find(7)
    ('spam', 'spam', 'spam', None, None)
    """

    def __init__(
        self,
        pairs: Iterable[tuple[Hashable, Meaning]],
        who: str,
        column: str,
        fold: Fold,
    ) -> None:
        self._who, self._column, self._fold = who, column, fold
        self._table: dict[Hashable, Meaning] = {}
        self._types: set[type] = set()
        from_texts: dict[Hashable, dict[str, Meaning]] = {}
        for value, meaning in pairs:
            key = self._key(value)
            if key is not None:
                self._types.add(type(value))
            if self._table.setdefault(key, meaning) != meaning:
                raise self._clash(value, self._table[key], meaning)
            if isinstance(value, str):
                written = written_value(value)
                if written is not None:
                    from_texts.setdefault(written, {})[value] = meaning
        self.count = len(self._table)
        # What texts are looked up in that are not known as texts.
        self._no_texts = {
            key: meaning for key, meaning in self._table.items() if not isinstance(key, str)
        }
        self._unclear: dict[Hashable, list[str]] = {}
        for written, texts in from_texts.items():
            self._add_written(written, texts)
        self._kinds = {_kind(key) for key in (*self._table, *self._unclear) if key is not None}
        self._plain = self._types_without_questions()

    def finder(self) -> Callable[[Any], Meaning | None]:
        """Return `find` for a loop over many values, where each look-up of a name costs."""
        get, fold, key_of = self._table.get, self._fold, self._key
        missed, plain = self._missed, self._plain

        def find(value: Any) -> Meaning | None:
            kind = type(value)
            if kind is str:
                found = get(fold(value))
            elif kind is int or kind is float:
                found = get(value)
            else:
                found = get(key_of(value))
            return missed(value) if found is None and kind not in plain else found

        return find

    def find(self, value: Any) -> Meaning | None:
        """Return what a value means, or `None` where it is not known.

        Raises:
            LabelingFunctionError: no value of this type can be among the known ones.
        """
        return self.finder()(value)

    def _key(self, value: Any) -> Hashable:
        key: Hashable = _plain_value(value)
        if isinstance(key, str):
            return self._fold(key)
        try:
            hash(key)
        except TypeError:
            raise LabelingFunctionError(
                f"{self._who} must know and be asked for single values. Got {value!r}"
                f" ({type(value).__name__})."
            ) from None
        return key

    def _add_written(self, written: Hashable, texts: dict[str, Meaning]) -> None:
        """Let a number, bool or time find the texts that it is written as."""
        if written in self._table:
            return
        plainly = texts.get(str(written))  # of "1.1" and "1.10" the first is what 1.1 looks like
        meanings = list(texts.values())
        if plainly is not None or all(one == meanings[0] for one in meanings):
            self._table[written] = meanings[0] if plainly is None else plainly
        else:
            self._unclear[written] = list(texts)

    def _types_without_questions(self) -> frozenset[type]:
        """Return the types whose values are either in the table or not known."""
        plain: set[type] = set()
        if "text" in self._kinds and not self._no_texts.keys() - {None}:
            plain.add(str)
        if "number" in self._kinds and not self._unclear:
            plain |= {int} if None in self._table else {int, float}
        return frozenset(plain)

    def _missed(self, value: Any) -> Meaning | None:
        key = self._key(value)
        if key is None:
            return self._table.get(None)
        if isinstance(key, str):
            written = written_value(str(value)) if self._no_texts else None
            if written is not None and written in self._no_texts:
                return self._no_texts[written]
            return None
        if key in self._unclear:
            raise LabelingFunctionError(
                f"{self._who} must know one label for each value. {self._column!r} holds {value!r}"
                f" ({type(value).__name__}), which {' and '.join(map(repr, self._unclear[key]))} all"
                " are, with different labels."
            )
        if self._kinds and _kind(key) not in self._kinds:
            raise self._incomparable(value)
        return None

    def _incomparable(self, value: object) -> LabelingFunctionError:
        names = " or ".join(sorted(kind.__name__ for kind in self._types))
        # A set's own order is another in each process. What is written comes after what was given.
        given = itertools.islice(self._table, self.count)
        first = min((key for key in given if key is not None), key=repr)
        return LabelingFunctionError(
            f"{self._who} must be asked for values of a type that can equal those it was made with,"
            f" {names} such as {first!r}. {self._column!r} holds {value!r} ({type(value).__name__});"
            " change the type of either."
        )

    def _clash(self, value: object, first: object, second: object) -> LabelingFunctionError:
        return LabelingFunctionError(
            f"{self._who} must know one label for each value. Got {first!r} and {second!r} for"
            f" {value!r}; if case or width of letters tells them apart, write ignore_case=False."
        )


def ignoring_case(text: str) -> str:
    r"""Return a text without regard to case, and to width and composition of its characters.

    >>> ignoring_case("\uff22OT"), ignoring_case("B\u00f6t") == ignoring_case("bo\u0308t")
    ('bot', True)
    """
    if text.isascii():
        return text.casefold()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def exactly(text: str) -> str:
    """Return a text in the one form that Unicode holds equal: a letter and its accent composed."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def written_value(text: str) -> Hashable:
    """Return the number, bool or time that a text is written as; `None` where it is none.

    >>> (
    ...     written_value("42"),
    ...     written_value("4.20"),
    ...     written_value("042"),
    ...     written_value("2026-07-01"),
    ... )
    (42, 4.2, None, datetime.datetime(2026, 7, 1, 0, 0))
    """
    if text[:1] not in STARTS:  # most texts are none, and soon done with
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
    return ("truth", bool(value))  # to a hash table True is 1


def _plain_value(value: Any) -> Any:
    """Return the text, number, time or other value that stands for all that are equal to it."""
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
    """Return which plain values a plain value may equal."""
    if isinstance(key, str):
        return "text"
    if isinstance(key, (int, float)):
        return "number"
    if isinstance(key, datetime.datetime):
        return "time" if key.tzinfo is None else "time with a zone"
    return "truth" if isinstance(key, tuple) and key[:1] == ("truth",) else type(key).__name__
