"""Ids for samples that have none: the number of the row, or a hash of the content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from labeling.errors import DataError, shown
from labeling.records import free_name

FROM = ("row", "content")
ID = "sample_id"  # what made ids are called
Id = str | Mapping[str, str]
"""A column of ids, or `{"from": "row"}` or `{"from": "content"}`, which no column's name can be."""


def made_from(id: Id) -> str | None:
    """Return what ids are made from, `row` or `content`; `None` where a column holds them.

    Raises:
        DataError: it is neither.

    >>> made_from("key"), made_from({"from": "row"})
    (None, 'row')
    """
    if isinstance(id, str):
        return None
    made = id.get("from") if isinstance(id, Mapping) and set(id) == {"from"} else None
    if made not in FROM:
        raise DataError(
            "`id` must be the name of a column, {'from': 'row'} or {'from': 'content'}. Got"
            f" {id!r}."
        )
    return made


def with_made_ids(
    table: pd.DataFrame, made: str, text: str | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a table's samples with ids made for them, and what is to be said of it.

    Ids from rows are 0, 1, 2, ...: they hold as long as rows are only added at the end. Ids from
    content are a hash of the text (of all columns where no text is named): they hold wherever a
    row stands. Rows of the same content are one sample, the first of them.

    Args:
        table: a row a sample.
        made: `row` or `content`.
        text: the column of the text, if it is known.

    >>> table = pd.DataFrame({"text": ["a", "b", "a"]})
    >>> samples, notices = with_made_ids(table, "content", "text")
    >>> samples["text"].tolist()
    ['a', 'b']
    >>> notices[0]
    '1 rows have the content of a row before, and are one sample with it: row 2 (as row 0).'
    """
    name = free_name(ID, table.columns)
    if made == "row":
        return table.set_index(pd.RangeIndex(len(table), name=name)), ()
    ids = pd.Index(_hashes(table, text), name=name)
    again = ids.duplicated()
    samples = table.set_index(ids)
    if not again.any():
        return samples, ()
    first = {own: row for row, own in reversed(list(enumerate(ids)))}
    rows = [f"row {row} (as row {first[ids[row]]})" for row in again.nonzero()[0].tolist()]
    few = ", ".join(rows[:5]) + (f" and {len(rows) - 5} more" if len(rows) > 5 else "")
    return samples[~again], (
        f"{len(rows)} rows have the content of a row before, and are one sample with it: {few}.",
    )


def _hashes(table: pd.DataFrame, text: str | None) -> list[str]:
    """Return a hash of each row's content; rows without a text are told apart by their number."""
    if text is not None and text not in table.columns:
        raise DataError(
            f"Ids from content need the column of the text, {text!r}; the columns are"
            f" {shown(table.columns, 20)}."
        )
    columns = sorted(table.columns, key=str) if text is None else [text]
    rows = zip(*(table[name].tolist() for name in columns), strict=True)
    found = []
    for number, row in enumerate(rows):
        missing = text is not None and not isinstance(row[0], str)
        content = [number] if missing else dict(zip(map(str, columns), row, strict=True))
        written = json.dumps(content, sort_keys=True, default=_plain)
        found.append(hashlib.blake2b(written.encode(), digest_size=12).hexdigest())
    return found


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return None if value is pd.NA or value is pd.NaT else str(value)
