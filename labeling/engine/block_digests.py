"""Row blocks, and the hashes of what labeling functions read of them."""

from __future__ import annotations

import datetime
import decimal
import functools
import hashlib
import importlib.util
import json
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.engine.values import arrow_values, python_values

BLOCK_ROWS = 65_536
"""Rows of a block: enough that reading its votes costs little, few enough to run again."""
LEAST_ROWS = 1_024
"""Rows of the smallest block of a power of two."""

_PLAIN = frozenset(
    {
        type(None),
        bool,
        int,
        float,
        str,
        bytes,
        datetime.date,
        datetime.datetime,
        datetime.time,
        datetime.timedelta,
        decimal.Decimal,
        uuid.UUID,
        pd.Timestamp,
        pd.Timedelta,
    }
)
"""Types whose values `repr` tells apart."""


class Hash(Protocol):
    """A hash of `hashlib` or `xxhash`."""

    def update(self, data: Any, /) -> None:
        """Hash bytes."""

    def digest(self) -> bytes:
        """Return the hash of all bytes so far."""


@functools.cache
def hash_name() -> str:
    """Return the name of the hash that `new_hash` makes."""
    return "xxh3_128" if importlib.util.find_spec("xxhash") is not None else "blake2b"


def new_hash(salt: bytes) -> Hash:
    """Return a hash of 128 bits.

    xxh3 takes a thirtieth of the time of blake2b. It is not made to withstand who makes texts with
    equal hashes on purpose; a salt that nobody else knows prevents that here.
    """
    if hash_name() == "xxh3_128":
        import xxhash

        return xxhash.xxh3_128(seed=int.from_bytes(salt[:8], "little"))
    return hashlib.blake2b(digest_size=16, key=salt)


def row_blocks(count: int) -> Iterator[tuple[int, int]]:
    """Yield the first row and the end of each block of rows.

    The rest after the full blocks is cut into powers of two, largest first, so that rows that are
    appended leave most blocks as they are.

    >>> list(row_blocks(70_000))
    [(0, 65536), (65536, 69632), (69632, 70000)]
    """
    start, size = 0, BLOCK_ROWS
    while start < count:
        while size > count - start and size > LEAST_ROWS:
            size //= 2
        end = min(start + size, count)
        yield start, end
        start = end


class BlockDigests:
    """Hashes of a block of samples, by the columns that are read; each column is hashed once.

    Args:
        samples: the rows of the block, of `with_plain_objects`.
        salt: of the hashes.
    """

    def __init__(self, samples: pd.DataFrame, salt: bytes) -> None:
        self._samples, self._salt = samples, salt
        self._numbers: dict[str, list[int]] = {}
        for number, name in enumerate(samples.columns):
            self._numbers.setdefault(str(name), []).append(number)
        self._digests: dict[str, bytes | None] = {}
        self._by_reads: dict[frozenset[str] | None, str | None] = {}

    def digest(self, reads: frozenset[str] | None) -> str | None:
        """Return the hash of columns.

        Args:
            reads: their names, or that of the index; those that do not exist count as absent.
                `None` is all of them.

        Returns:
            `None` if a column holds objects that cannot be hashed.
        """
        if reads not in self._by_reads:
            self._by_reads[reads] = self._digest(reads)
        return self._by_reads[reads]

    def _digest(self, reads: frozenset[str] | None) -> str | None:
        names = sorted(self._all_names() if reads is None else reads)
        digest = new_hash(self._salt)
        digest.update(json.dumps([len(self._samples), reads is None, names]).encode())
        for name in names:
            if name not in self._digests:
                self._digests[name] = self._column_digest(name)
            of_column = self._digests[name]
            if of_column is None:
                return None
            digest.update(of_column)
        return digest.digest().hex()

    def _all_names(self) -> set[str]:
        names = set(self._numbers)
        index_name = self._samples.index.name
        return names | {index_name} if isinstance(index_name, str) else names

    def _column_digest(self, name: str) -> bytes | None:
        digest = new_hash(self._salt)
        columns = [self._samples.iloc[:, number] for number in self._numbers.get(name, ())]
        if not columns and self._samples.index.name == name:
            columns = [pd.Series(self._samples.index)]
        for column in columns:
            if not _hash_column(digest, column):
                return None
        return digest.digest()


def _hash_column(digest: Hash, column: pd.Series) -> bool:
    """Hash the values of a column; return whether that is possible."""
    kind = column.dtype
    if getattr(kind, "kind", "") in ("M", "m") and hasattr(column.array, "asi8"):
        digest.update(f"{kind} {len(column)}".encode())
        digest.update(np.ascontiguousarray(column.array.asi8))
        return True
    array = arrow_values(column)
    if array is not None:
        _hash_array(digest, array)
        return True
    values = python_values(column)
    if not _are_plain(values):
        return False
    digest.update(f"objects {len(values)}".encode())
    digest.update(repr(values).encode("utf-8", "surrogatepass"))
    return True


def _hash_array(digest: Hash, array: pa.Array) -> None:
    is_text = pa.types.is_string(array.type) or pa.types.is_large_string(array.type)
    kind = "text" if is_text else str(array.type)
    digest.update(f"{kind} {len(array)} {array.null_count}".encode())
    if array.null_count:
        digest.update(np.packbits(array.is_null().to_numpy(zero_copy_only=False)))
    if is_text:
        _hash_texts(digest, array)
    elif not pa.types.is_null(array.type):
        if pa.types.is_boolean(array.type):
            array = array.cast(pa.uint8())
        if array.null_count:
            array = array.fill_null(0)
        digest.update(np.ascontiguousarray(array.to_numpy(zero_copy_only=False)))


def _hash_texts(digest: Hash, array: pa.Array) -> None:
    """Hash the lengths of texts, and their bytes one after another, without copying them."""
    _, offsets, data = array.buffers()
    width = np.dtype(np.int64 if pa.types.is_large_string(array.type) else np.int32)
    if not len(array):
        return
    ends = np.frombuffer(offsets, width)[array.offset : array.offset + len(array) + 1]
    digest.update(np.diff(ends).astype(np.int64))
    if data is not None:
        digest.update(memoryview(data)[int(ends[0]) : int(ends[-1])])


def _are_plain(values: Iterable[Any], depth: int = 20) -> bool:
    """Whether `repr` tells values, and the items of lists and dicts, apart."""
    kinds = set(map(type, values))
    if kinds <= _PLAIN:
        return True
    if not depth or not kinds <= _PLAIN | {list, tuple, dict}:
        return False
    containers = [value for value in values if type(value) not in _PLAIN]
    return all(
        _are_plain(container, depth - 1)
        and (type(container) is not dict or _are_plain(container.values(), depth - 1))
        for container in containers
    )
