"""`Text`: a column of texts, and what Python's string methods make of it, by polars.

Each answer holds for a stated part of the rows: for all, or for texts of ASCII characters only, in
which Python and Rust agree about cases, white space and classes of characters. Answers are kept,
since many labeling functions ask the same of a column.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.engine.columns.byte_counts import ASCII_SPACE, Counts, TextBytes, table_of

Mask = npt.NDArray[np.bool_]


class Text:
    """A text for each row of a batch.

    Args:
        series: polars' series of them, without nulls.
        ascii: which are known to have only ASCII characters, if the series comes from another.

    Attributes:
        kept: what was asked of it.
    """

    def __init__(self, series: Any, ascii: Mask | None = None) -> None:
        self.series = series
        self._ascii = ascii
        self.kept: dict[Hashable, Any] = {}

    def __len__(self) -> int:
        return len(self.series)

    def once(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what was made for a key, or make it."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    @cached_property
    def is_ascii(self) -> Mask:
        """Which texts have only ASCII characters, as far as known."""
        if self._ascii is not None:
            return self._ascii
        mask: Mask = self._bytes_each == self.length
        return mask

    @cached_property
    def surely_ascii(self) -> Mask:
        """Which texts have only ASCII characters, where `is_ascii` may not know of some."""
        mask: Mask = self._bytes_each == self.length
        return mask

    @cached_property
    def all_ascii(self) -> bool:
        """Whether all texts have only ASCII characters."""
        return bool(self.is_ascii.all())

    @cached_property
    def _bytes_each(self) -> Counts:
        return _counts(self.series.str.len_bytes())

    @cached_property
    def length(self) -> Counts:
        """The number of characters of each."""
        return _counts(self.series.str.len_chars())

    @cached_property
    def is_present(self) -> Mask:
        """Which are not empty."""
        return self._bytes_each > 0

    @cached_property
    def bytes(self) -> TextBytes:
        """The bytes of all texts."""
        import polars as pl

        return TextBytes.of(self.series.to_arrow(compat_level=pl.CompatLevel.oldest()))

    def contains(self, part: str) -> Mask:
        """Return which contain a text."""
        find = self.series.str.contains
        return self._mask(("contains", part), lambda: find(part, literal=True))

    def contains_any(self, parts: Sequence[str]) -> Mask:
        """Return which contain any of some non-empty texts."""
        import polars as pl

        key = ("contains_any", tuple(parts))
        words = pl.Series(parts, dtype=pl.String).implode()
        return self._mask(key, lambda: self.series.str.contains_any(words))

    def starts_with(self, part: str) -> Mask:
        """Return which start with a text."""
        return self._mask(("starts", part), lambda: self.series.str.starts_with(part))

    def ends_with(self, part: str) -> Mask:
        """Return which end with a text."""
        return self._mask(("ends", part), lambda: self.series.str.ends_with(part))

    def found(self, rust_pattern: str) -> Mask:
        """Return in which a pattern of `regex_syntax` is found; for ASCII texts."""
        find = self.series.str.contains
        return self._mask(("found", rust_pattern), lambda: find(rust_pattern, literal=False))

    def is_one_of(self, texts: Sequence[str]) -> Mask:
        """Return which are one of some texts."""
        import polars as pl

        if len(texts) > _MOST_COMPARED:
            wanted = pl.Series(texts, dtype=pl.String).implode()
            return self._mask(("one of", tuple(texts)), lambda: self.series.is_in(wanted))
        found: Mask = np.zeros(len(self), bool)
        for each in texts:
            found = found | self.compared(operator.eq, each)
        return found

    def compared(self, compare: Callable[[Any, Any], Any], other: str | Text) -> Mask:
        """Return where a comparison with a text, or with another column, holds."""
        if isinstance(other, Text):
            return _mask(compare(self.series, other.series))
        return self._mask(("compared", compare, other), lambda: compare(self.series, other))

    def _mask(self, key: Hashable, make: Callable[[], Any]) -> Mask:
        return self.once(key, lambda: _mask(make()))  # type: ignore[no-any-return]

    def count(self, part: str) -> Counts:
        """Return how often a non-empty text occurs in each, without overlaps."""

        def make() -> Counts:
            if len(part) == 1 and part.isascii():
                return self.bytes.of_class(table_of(part))
            return _counts(self.series.str.count_matches(part, literal=True))

        return self.once(("count", part), make)  # type: ignore[no-any-return]

    def find(self, part: str) -> Counts:
        """Return `str.find` of each, for ASCII texts: -1 where the part is not in it."""

        def make() -> Counts:
            return _counts(self.series.str.find(part, literal=True).fill_null(-1))

        return self.once(("find", part), make)  # type: ignore[no-any-return]

    def count_class(self, table: Mask) -> Counts:
        """Return how many characters of each are in a class; for ASCII texts."""
        key = ("class", table.tobytes())
        return self.once(key, lambda: self.bytes.of_class(table))  # type: ignore[no-any-return]

    def has_class_only(self, wanted: Mask, unwanted: Mask) -> Mask:
        """Return which have characters of one class and none of another; for ASCII texts."""
        found: Mask = self.count_class(wanted) > 0
        found &= self.count_class(unwanted) == 0
        return found

    def lower(self) -> Text:
        """Return `str.lower` of each."""
        return self._cased("lower", lambda: self.series.str.to_lowercase(), str.lower)

    def upper(self) -> Text:
        """Return `str.upper` of each."""
        return self._cased("upper", lambda: self.series.str.to_uppercase(), str.upper)

    def casefold(self) -> Text:
        """Return `str.casefold` of each."""
        return self._cased("casefold", lambda: self.series.str.to_lowercase(), str.casefold)

    def stripped(self, method: str, characters: str | None) -> Text:
        """Return `str.strip`, `lstrip` or `rstrip` of each."""
        strip = getattr(self.series.str, _STRIP[method])
        if characters is not None:
            key = (method, characters)
            return self.once(key, lambda: Text(strip(characters), self._ascii))  # type: ignore[no-any-return]
        return self._cased(method, lambda: strip(ASCII_SPACE), getattr(str, method))

    def _cased(self, key: str, make: Callable[[], Any], of_one: Callable[[str], str]) -> Text:
        """Return a column made by polars for ASCII texts, and by Python for others."""
        return self.once(key, lambda: self._derived(make(), of_one))  # type: ignore[no-any-return]

    def _derived(self, series: Any, of_one: Callable[[str], str]) -> Text:
        import polars as pl

        if not self.all_ascii:
            others = np.flatnonzero(~self.is_ascii)
            by_python = list(map(of_one, self.series.gather(others).to_list()))
            series = series.clone().scatter(others, pl.Series(by_python, dtype=pl.String))
        return Text(series, self.is_ascii)

    def split(self, separator: str) -> Any:
        """Return polars' series of the lists `str.split(separator)` of each."""
        return self.once(("split", separator), lambda: self.series.str.split(separator))

    def split_part(self, separator: str, place: int) -> tuple[Mask, Text]:
        """Return an item of the parts of each text, and which have one."""

        def make() -> tuple[Mask, Text]:
            items = self.split(separator).list.get(place, null_on_oob=True)
            return _mask(items.is_not_null()), Text(items.fill_null(""), self._ascii)

        return self.once(("part of split", separator, place), make)  # type: ignore[no-any-return]

    def after_first(self, separator: str) -> Text:
        """Return what follows the first separator in each; nothing where it has none."""

        def make() -> Text:
            rest = self.series.str.splitn(separator, 2).struct.field("field_1")
            return Text(rest.fill_null(""), self._ascii)

        return self.once(("after first", separator), make)  # type: ignore[no-any-return]

    def before_last(self, separator: str) -> Text:
        """Return what is before the last separator in each, where it has one."""
        import polars as pl

        def make() -> Text:
            last = self.split_part(separator, -1)[1]
            counts = np.maximum(self.length - last.length - len(separator), 0)
            texts = pl.DataFrame({"text": self.series, "count": counts})
            before = pl.col("text").str.head(pl.col("count"))
            return Text(texts.select(before).to_series(), self._ascii)

        return self.once(("before last", separator), make)  # type: ignore[no-any-return]

    def count_pattern(self, rust_pattern: str) -> Counts:
        """Return how often a pattern is found in each, without overlaps; for ASCII texts."""
        key = ("count pattern", rust_pattern)
        count = self.series.str.count_matches
        return self.once(key, lambda: _counts(count(rust_pattern, literal=False)))  # type: ignore[no-any-return]

    def substituted(self, rust_pattern: str, new: str) -> Text:
        """Return each with a text for all matches of a pattern; for ASCII texts."""

        def make() -> Text:
            escaped = new.replace("$", "$$")
            return Text(self.series.str.replace_all(rust_pattern, escaped, literal=False))

        return self.once(("substituted", rust_pattern, new), make)  # type: ignore[no-any-return]

    def numbers(self, kind: type) -> Any:
        """Return each as a number of a kind; what is none means nothing."""
        import polars as pl

        def make() -> Any:
            wanted = pl.Int64 if kind is np.int64 else pl.Float64
            return self.series.cast(wanted, strict=False).fill_null(0).to_numpy()

        return self.once(("numbers", kind), make)

    def extracted(self, rust_pattern: str, group: int) -> tuple[Mask, Text]:
        """Return a group of the first match in each, and where it took part in one."""

        def make() -> tuple[Mask, Text]:
            found = self.series.str.extract(rust_pattern, group)
            return _mask(found.is_not_null()), Text(found.fill_null(""), self._ascii)

        return self.once(("extracted", rust_pattern, group), make)  # type: ignore[no-any-return]

    def is_part(self, separator: str, part: str) -> Mask:
        """Return whether a text is one of the parts of each."""
        key = ("is part", separator, part)
        return self._mask(key, lambda: self.split(separator).list.contains(part))

    def replaced(self, old: str, new: str) -> Text:
        """Return `str.replace` of each, for an `old` that is not empty."""

        def make() -> Text:
            return Text(self.series.str.replace_all(old, new, literal=True))

        return self.once(("replace", old, new), make)  # type: ignore[no-any-return]

    def part(self, start: int, stop: int | None) -> Text:
        """Return `[start:stop]` of each: from a place, or the last ones (`stop` is then None)."""

        def make() -> Text:
            if start < 0:
                return Text(self.series.str.tail(-start), self._ascii)
            length = None if stop is None else max(stop - start, 0)
            return Text(self.series.str.slice(start, length), self._ascii)

        return self.once(("part", start, stop), make)  # type: ignore[no-any-return]

    def joined(self, other: str | Text, *, before: bool = False) -> Text:
        """Return each followed (or preceded, if `before`) by a text or that of another column."""
        added = other.series if isinstance(other, Text) else other
        return Text(added + self.series if before else self.series + added)


_MOST_COMPARED = 4
"""With more texts than these, looking them up is faster than comparing with each."""

_STRIP = {"strip": "strip_chars", "lstrip": "strip_chars_start", "rstrip": "strip_chars_end"}

COMPARISONS = {
    "Eq": operator.eq,
    "NotEq": operator.ne,
    "Lt": operator.lt,
    "LtE": operator.le,
    "Gt": operator.gt,
    "GtE": operator.ge,
}
"""By the names of Python's syntax tree; texts in UTF-8 are ordered as Python orders them."""


def _mask(series: Any) -> Mask:
    return series.to_numpy()  # type: ignore[no-any-return]


def _counts(series: Any) -> Counts:
    return series.cast(int).to_numpy()  # type: ignore[no-any-return]
