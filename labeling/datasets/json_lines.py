"""Training sets as JSON lines, made column by column; the same bytes as `json.dumps` of each row.

A column becomes the text of its values, and Arrow joins the columns: six times as fast as an object
a row.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.canonical import with_ids
from labeling.datasets.columns import VOTER_OF
from labeling.datasets.json_rows import json_rows
from labeling.datasets.values import plain_column, without_non_finite
from labeling.datasets.vote_texts import join_columns, large, texts_of_votes
from labeling.errors import DataError, listed

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

MASKED = (
    pd.Int8Dtype, pd.Int16Dtype, pd.Int32Dtype, pd.Int64Dtype,
    pd.UInt8Dtype, pd.UInt16Dtype, pd.UInt32Dtype, pd.UInt64Dtype, pd.BooleanDtype,
)  # fmt: skip
"""Types of whole numbers and bools that may be missing."""

AT_ONCE = 100_000
"""Rows whose text is in memory at once."""


def json_lines(train: TrainingSet) -> Iterator[bytes]:
    """Yield the lines of a training set, many at once: an object a sample, strictly JSON.

    Raises:
        DataError: a value has no form in JSON, or a text holds half a character; it names the
            column and the sample.
    """
    samples = with_ids(train.samples, train)
    for start in range(0, len(train), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        try:
            yield _lines(train, samples.iloc[rows], rows)
        except UnicodeEncodeError:
            _refuse_torn(train.take(np.arange(len(train))[rows]))
            raise


def _lines(train: TrainingSet, samples: pd.DataFrame, rows: slice) -> bytes:
    """Return the lines of some rows; `samples` are their own columns, ids included."""
    columns: dict[str, pa.Array] = {}
    ids = train.sample_ids[rows]
    for name, column in samples.items():
        columns[str(name)] = _json_texts(column, ids)
    for name, own in train.columns.items():
        part = own.slice(rows.start, len(ids))
        columns[train.own_columns[name]] = _own_texts(train, name, part)
    parts: list[Any] = []
    for place, (name, column) in enumerate(columns.items()):
        key = f"{', ' if place else '{'}{json.dumps(name, ensure_ascii=False)}: "
        parts += [large(key), column]
    text = join_columns([*parts, large("}\n")])
    return b"".join(_bytes_of(text))


def _bytes_of(text: pa.Array) -> Iterator[memoryview]:
    _, offsets, data = text.buffers()
    edges = np.frombuffer(offsets, dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    yield memoryview(data)[int(edges[0]) : int(edges[-1])]


def _own_texts(train: TrainingSet, name: str, column: pa.Array) -> pa.Array:
    """Return the values of an added column as JSON."""
    of_form = train.form.json_column(name, column, train.schema)
    if of_form is not None:
        return of_form
    if name in VOTER_OF:
        field = json.dumps(VOTER_OF[name])

        def fragment(voter: str, label: str | None) -> str:
            return f'{{{field}: {_dumped(voter)}, "label": {_dumped(label)}}}'

        return texts_of_votes(column, fragment, "[", "]")
    if name == "probabilities":
        return _probabilities(train, column)
    if pa.types.is_floating(column.type):
        return _large(_numbers(column.to_numpy(zero_copy_only=False)))
    coded = column.dictionary_encode()  # there are few different values
    texts = _large(map(_dumped, coded.dictionary.to_pylist()))
    return pc.fill_null(texts.take(coded.indices), large("null"))


def _probabilities(train: TrainingSet, column: pa.Array) -> pa.Array:
    """Return probabilities as objects from label to number."""
    flat = column.flatten().to_numpy(zero_copy_only=False)
    by_label = flat.reshape(len(column), len(train.schema)).T
    parts: list[Any] = []
    for place, (label, numbers) in enumerate(zip(train.schema, by_label, strict=True)):
        key = f"{', ' if place else '{'}{json.dumps(label, ensure_ascii=False)}: "
        parts += [large(key), _large(_numbers(numbers))]
    return join_columns([*parts, large("}")])


def _json_texts(column: pd.Series, ids: pd.Index) -> pa.Array:
    """Return the values of a column as JSON."""
    kind = column.dtype
    if isinstance(kind, np.dtype) and kind.kind == "f":
        return _large(_numbers(column.to_numpy(np.float64)))
    if isinstance(kind, pd.StringDtype):
        return _quoted(pa.array(column.to_numpy(dtype=object), pa.large_string(), from_pandas=True))
    if (isinstance(kind, np.dtype) and kind.kind in "iub") or isinstance(kind, MASKED):
        texts = pa.Array.from_pandas(column).cast(pa.large_string())
        return pc.fill_null(texts, large("null"))
    return _large(map(_dumped, plain_column(column, ids)))


def _quoted(texts: pa.Array) -> pa.Array:
    """Return texts in quotes; those with a character that JSON escapes are few, and made in Python.

    The pattern is that of `json.encoder.ESCAPE`.
    """
    quote = large('"')
    quoted = join_columns([quote, texts, quote])
    unsafe = pc.fill_null(pc.match_substring_regex(texts, r'[\x00-\x1f"\\]'), False)
    if pc.any(unsafe).as_py():
        escaped = _large(map(encode_basestring, texts.filter(unsafe).to_pylist()))
        quoted = pc.replace_with_mask(quoted, unsafe, escaped)
    return pc.fill_null(quoted, large("null"))


def _numbers(numbers: npt.NDArray[np.float64]) -> list[str]:
    """Return numbers as JSON: the shortest text that is read as the same number, or null."""
    return [repr(one) if math.isfinite(one) else "null" for one in numbers.tolist()]


def _dumped(value: Any) -> str:
    """Return a plain value as JSON."""
    if type(value) is str:
        return encode_basestring(value)
    if value is None:
        return "null"
    if type(value) is int:
        return int.__repr__(value)
    return json.dumps(without_non_finite(value)[0], ensure_ascii=False, allow_nan=False)


def _large(texts: Iterable[str]) -> pa.Array:
    return pa.array(list(texts), pa.large_string())


def _refuse_torn(train: TrainingSet) -> None:
    """Raise a DataError that names the sample and the columns with half a character."""
    for sample_id, row in zip(train.sample_ids, json_rows(train), strict=True):
        torn = [name for name, value in row.items() if _is_torn(name) or _is_torn(value)]
        if torn:
            raise DataError(
                f"Sample {sample_id!r} holds half a character in column {listed(torn)}, which no"
                " file can hold: replace it."
            )


def _is_torn(value: Any) -> bool:
    text = json.dumps(value, ensure_ascii=False)
    return any("\ud800" <= character <= "\udfff" for character in text)
