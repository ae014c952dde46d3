"""Generates ids for samples without ids: the row number, or a hash of the content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pandas as pd

from labeling.errors import DataError, listed
from labeling.records import free_name

FROM = ("row", "content")
ID = "sample_id"  # the name of generated ids
Id = str | Mapping[str, str]
"""A column of ids, or `{"from": "row"}` or `{"from": "content"}`, which cannot name a column."""


def made_from(id: Id) -> str | None:
    """Return what ids are generated from, `row` or `content`; `None` if a column holds them.

    Raises:
        DataError: `id` is none of these.

    >>> made_from("key"), made_from({"from": "row"})
    (None, 'row')
    """
    if isinstance(id, str):
        return None
    source = id.get("from") if isinstance(id, Mapping) and set(id) == {"from"} else None
    if source not in FROM:
        raise DataError(
            "`id` must be the name of a column, {'from': 'row'} or {'from': 'content'}. Got"
            f" {id!r}."
        )
    return source


def with_generated_ids(
    table: pd.DataFrame, source: str, text: str | None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the samples of a table with generated ids, and notices for the user.

    Ids from rows are 0, 1, 2, ...: they are stable as long as rows are only added at the end. Ids
    from content are a hash of the text (of all columns if `text` is `None`): they are stable in any
    order of rows. Rows with the same content are one sample, the first of them.

    Args:
        table: a row per sample.
        source: `row` or `content`.
        text: the column of the text, if it is known.

    >>> table = pd.DataFrame({"text": ["a", "b", "a"]})
    >>> samples, notices = with_generated_ids(table, "content", "text")
    >>> samples["text"].tolist()
    ['a', 'b']
    >>> notices[0]
    '1 rows have the content of a row before, and are one sample with it: row 2 (as row 0).'
    """
    name = free_name(ID, table.columns)
    if source == "row":
        return table.set_index(pd.RangeIndex(len(table), name=name)), ()
    ids = pd.Index(_hashes(table, text), name=name)
    is_duplicate = ids.duplicated()
    samples = table.set_index(ids)
    if not is_duplicate.any():
        return samples, ()
    first_row = {sample_id: row for row, sample_id in reversed(list(enumerate(ids)))}
    duplicates = [
        f"row {row} (as row {first_row[ids[row]]})" for row in is_duplicate.nonzero()[0].tolist()
    ]
    more = f" and {len(duplicates) - 5} more" if len(duplicates) > 5 else ""
    return samples[~is_duplicate], (
        f"{len(duplicates)} rows have the content of a row before, and are one sample with it:"
        f" {', '.join(duplicates[:5])}{more}.",
    )


def _hashes(table: pd.DataFrame, text: str | None) -> list[str]:
    """Return a hash of each row's content; rows without a text are hashed by their number."""
    if text is not None and text not in table.columns:
        raise DataError(
            f"Ids from content need the column of the text, {text!r}; the columns are"
            f" {listed(table.columns, 20)}."
        )
    columns = sorted(table.columns, key=str) if text is None else [text]
    rows = zip(*(table[name].tolist() for name in columns), strict=True)
    hashes = []
    for number, row in enumerate(rows):
        is_missing = text is not None and not isinstance(row[0], str)
        content = [number] if is_missing else dict(zip(map(str, columns), row, strict=True))
        content_json = json.dumps(content, sort_keys=True, default=_plain)
        hashes.append(hashlib.blake2b(content_json.encode(), digest_size=12).hexdigest())
    return hashes


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    return None if value is pd.NA or value is pd.NaT else str(value)
