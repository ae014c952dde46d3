"""Fingerprints of Arrow tables: of values and types only, not of how a library stores them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

Update = Callable[[bytes | memoryview], object]


def table_fingerprint(table: pa.Table) -> str:
    """Return the SHA-256 of the names, types and values of a table's columns, in their order.

    >>> one = pa.table({"a": pa.chunked_array([["x"], [None]])})
    >>> table_fingerprint(one) == table_fingerprint(pa.table({"a": ["x", None]}))
    True
    """
    digest = hashlib.sha256()
    for name, column in zip(table.column_names, table.columns, strict=True):
        digest.update(f"{name}\0{_plain_type(column.type)}\0{len(column)}\0".encode())
        _add(digest.update, _combined(column))
    return digest.hexdigest()


def _combined(column: pa.ChunkedArray) -> pa.Array:
    combined = column.combine_chunks()
    if isinstance(combined, pa.ChunkedArray):  # of no chunk, or too large for one
        if not combined.num_chunks:
            return pa.array([], column.type)
        combined = pa.concat_arrays([_decoded(chunk) for chunk in combined.chunks])
    return combined


def _plain_type(kind: pa.DataType) -> str:
    """Return a type without what only concerns storage: dictionaries, the width of offsets."""
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "string"
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return "binary"
    if pa.types.is_struct(kind):
        return f"struct<{', '.join(f'{field.name}: {_plain_type(field.type)}' for field in kind)}>"
    if pa.types.is_decimal(kind):
        return "decimal"  # its values say the scale, and only what is stored has a precision
    if pa.types.is_nested(kind) and not pa.types.is_map(kind):
        return f"list<{_plain_type(kind.value_type)}>"
    return str(kind)


def _decoded(array: pa.Array) -> pa.Array:
    """Return an array of text or bytes with wide offsets, and without a dictionary."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _decoded(array.dictionary_decode())
    if _plain_type(kind) == "string":
        return array.cast(pa.large_string())
    if _plain_type(kind) == "binary":
        return array.cast(pa.large_binary())
    return array


def _add(update: Update, array: pa.Array) -> None:
    """Add the values of an array; what is stored under a null does not count."""
    array = _decoded(array)
    update(np.packbits(array.is_null().to_numpy(zero_copy_only=False)).tobytes())
    kind = array.type
    if pa.types.is_struct(kind):
        for field in array.flatten():
            _add(update, field)
    elif pa.types.is_nested(kind) and not pa.types.is_map(kind):
        _add_integers(update, pc.fill_null(pc.list_value_length(array), 0))
        _add(update, array.flatten())
    elif not pa.types.is_null(kind):
        _add_scalars(update, array)


def _add_scalars(update: Update, array: pa.Array) -> None:
    kind = array.type
    if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        _add_bytes(update, array)
    elif pa.types.is_floating(kind):
        values = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
        missing = array.is_null().to_numpy(zero_copy_only=False)
        update(np.where(missing, 0.0, values).astype("<f8").tobytes())
    elif pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        wide = pa.uint64() if pa.types.is_uint64(kind) else pa.int64()
        _add_integers(update, pc.fill_null(array.cast(wide), 0))
    elif pa.types.is_temporal(kind) and kind.bit_width in (32, 64):
        stored = array.view(pa.int32() if kind.bit_width == 32 else pa.int64())
        _add_integers(update, pc.fill_null(stored.cast(pa.int64()), 0))
    else:  # decimals, maps, and what else there is
        values = [None if value is None else str(value) for value in array.to_pylist()]
        _add_bytes(update, pa.array(values, pa.large_string()))


def _add_integers(update: Update, array: pa.Array) -> None:
    values = np.ascontiguousarray(array.to_numpy(zero_copy_only=False))
    update(values.astype("<i8", copy=False).tobytes())


def _add_bytes(update: Update, array: pa.Array) -> None:
    lengths = pc.fill_null(pc.binary_length(array), 0)
    _add_integers(update, lengths)
    present = array.drop_null() if array.null_count else array
    _, offsets, data = present.buffers()
    if data is None or not len(present):
        return
    edges = np.frombuffer(offsets, dtype=np.int64)[
        present.offset : present.offset + len(present) + 1
    ]
    update(memoryview(data)[int(edges[0]) : int(edges[-1])])
