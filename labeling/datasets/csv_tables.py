"""Training sets as flat tables for CSV, with texts that no spreadsheet evaluates as formulas."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.canonical import with_ids
from labeling.datasets.columns import VOTER_OF
from labeling.datasets.values import plain_column, without_non_finite
from labeling.datasets.vote_texts import texts_of_votes
from labeling.records import free_name, is_formula

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

GUARD = "'"
NUMBER = re.compile(r"[+-][0-9]+(\.[0-9]+)?")


def csv_table(train: TrainingSet, *, for_spreadsheet: bool) -> tuple[pa.Table, dict[str, int]]:
    """Return a flat table, and how many texts of each column begin with an added apostrophe.

    A column `p_<label>` holds the probabilities of each label; votes are JSON texts. If the samples
    have a column `p_<label>`, ours is called `labeling_p_<label>`.

    Args:
        train: the training set.
        for_spreadsheet: whether texts that a spreadsheet would evaluate get an apostrophe.
    """
    from labeling.datasets.arrow import table_of

    ids = train.sample_ids
    samples = with_ids(train.samples, train)
    cells = pd.DataFrame({name: _cells(column, ids) for name, column in samples.items()})
    table = table_of(cells, ids).replace_schema_metadata(None)
    texts = {str(name) for name, column in samples.items() if not _is_number(column)}
    for name, column in train.columns.items():
        if name not in train.form.columns_in_csv:
            table = table.append_column(train.own_columns[name], _own_cells(train, name, column))
            texts.add(train.own_columns[name])
    for name, values in train.form.csv_columns(train.columns, train.schema):
        column = pa.Array.from_pandas(_cells(pd.Series(values), ids))
        table = table.append_column(free_name(name, table.column_names), column)
    return _guarded(table, texts) if for_spreadsheet else (table, {})


def _own_cells(train: TrainingSet, name: str, column: pa.Array) -> pa.Array:
    """Return the cells of an added column."""
    if name in VOTER_OF:
        vote = train.form.json_vote

        def pair(voter: str, label: str | None) -> str:
            return f"{json.dumps(voter, ensure_ascii=False)}: {vote(label)}"

        return texts_of_votes(column, pair, "{", "}")
    if name in ("confidence", "weight"):
        series = pd.Series(train.added_column(name).to_numpy())
        return pa.Array.from_pandas(_cells(series, train.sample_ids))
    return column


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column.dtype)


def _cells(column: pd.Series, ids: pd.Index) -> pd.Series:
    """Return a column in a form from which CSV readers recover numbers and bools."""
    kind = column.dtype
    if isinstance(kind, pd.StringDtype) or pd.api.types.is_datetime64_any_dtype(kind):
        return column
    if pd.api.types.is_integer_dtype(kind) and not isinstance(kind, pd.SparseDtype):
        return column
    if pd.api.types.is_float_dtype(kind) and not isinstance(kind, pd.SparseDtype):
        present = column.dropna()
        if not len(present) or (present % 1 != 0).any():
            return column  # otherwise all would be written as whole numbers
    values = [_cell(value) for value in plain_column(column, ids)]
    return pd.Series(values, index=column.index, dtype=object)


def _cell(value: Any) -> str | None:
    if isinstance(value, (list, dict)):
        return json.dumps(without_non_finite(value)[0], ensure_ascii=False, allow_nan=False)
    return None if value is None else str(value)


def _guarded(table: pa.Table, texts: set[str]) -> tuple[pa.Table, dict[str, int]]:
    """Return a table whose texts and names no spreadsheet evaluates, and the changed ones' count.

    Args:
        table: the table.
        texts: the columns of texts; numbers are no formulas, also if they are negative.
    """
    counts: dict[str, int] = {}
    for place, name in enumerate(table.column_names):
        column = table[name]
        is_text = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        if name in texts and is_text:
            guarded, count = _guarded_texts(column.combine_chunks())
            table = table.set_column(place, name, guarded)
            counts |= {name: count} if count else {}
    return table.rename_columns([guarded_text(name) for name in table.column_names]), counts


def _guarded_texts(column: pa.Array) -> tuple[pa.Array, int]:
    """Return texts with an apostrophe before formulas, and how many there are."""
    if isinstance(column, pa.ChunkedArray):
        column = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    # What begins with a letter or a digit is none; there is little else, and Python's rules decide.
    suspect = pc.fill_null(pc.match_substring_regex(column, "^[^A-Za-z0-9]"), False)
    rows = np.flatnonzero(suspect.to_numpy(zero_copy_only=False))
    values = column.take(pa.array(rows)).to_pylist()
    chosen = [row for row, text in zip(rows.tolist(), values, strict=True) if _is_guarded(text)]
    mask = np.zeros(len(column), dtype=bool)
    mask[chosen] = True
    guard = pa.scalar(GUARD, column.type)
    with_guard = pc.binary_join_element_wise(guard, column, pa.scalar("", column.type))
    return pc.if_else(pa.array(mask), with_guard, column), len(chosen)


def _is_guarded(text: str) -> bool:
    """Whether a text gets an apostrophe: it is a formula, or would look like a guarded one.

    A number with a sign is none: it is evaluated as itself.
    """
    bare = text.lstrip(GUARD)
    return is_formula(bare) and NUMBER.fullmatch(bare) is None


def guarded_text(text: str) -> str:
    """Return a text as it is in a CSV file for spreadsheets; `unguarded_text` undoes it.

    >>> [guarded_text(text) for text in ("=1+1", "'=1+1", "'tis")]
    ["'=1+1", "''=1+1", "'tis"]
    """
    return f"{GUARD}{text}" if _is_guarded(text) else text


def unguarded_text(text: str) -> str:
    """Return the text that `guarded_text` made another of.

    >>> [unguarded_text(guarded_text(text)) for text in ("=1+1", "'=1+1", "'tis")]
    ['=1+1', "'=1+1", "'tis"]
    """
    is_changed = text.startswith(GUARD) and _is_guarded(text)
    return text[len(GUARD) :] if is_changed else text
