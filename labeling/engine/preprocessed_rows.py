"""Rows with the fields that preprocessors add, in blocks of bounded memory."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import MethodType
from typing import Any

import numpy as np
import pandas as pd

from labeling.engine.call_stops import CallStoppedError
from labeling.engine.encoding import id_at
from labeling.engine.progress import ChunkProgress
from labeling.engine.slow_calls import CallWatch, timeout_error
from labeling.errors import LabelingFunctionError
from labeling.records import FrozenRow, LabelingFunction, PreprocessedRow, isolated

BLOCK_ROWS = 1_024
"""Rows of a block at most."""
BLOCK_BYTES = 32 * 2**20
"""About how many bytes of added fields a block has at most; those of one row always fit."""
_SAMPLED = 16
"""Values of a container that are measured to estimate the size of all of them."""

Chain = tuple[Hashable, ...]
"""Identifies the preprocessors of a labeling function, in order."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Takes the place of a row on which a preprocessor failed."""

    error: Exception


def chain_of(lf: LabelingFunction) -> Chain:
    """Return the key of the preprocessors of a labeling function, in order."""
    # A bound method is a new object at each access, and equal to the others.
    return tuple(pre if isinstance(pre, MethodType) else id(pre) for pre in lf.pre)


def chains_of(lfs: Iterable[LabelingFunction]) -> dict[Chain, Callable[[Any], Any]]:
    """Return the last preprocessor of each chain; a chain comes after its prefixes."""
    return {
        chain_of(lf)[: depth + 1]: preprocess
        for lf in lfs
        for depth, preprocess in enumerate(lf.pre)
    }


def preprocessed_blocks(
    rows: Sequence[Any],
    ids: pd.Index,
    lfs: Sequence[LabelingFunction],
    progress: ChunkProgress,
    watch: CallWatch,
) -> Iterator[tuple[int, dict[Chain, list[Any]]]]:
    """Yield blocks of rows: the number of the first row, and the rows of each chain.

    Each preprocessor runs once per row, however many labeling functions use it.
    """
    if not lfs:
        return
    chains = chains_of(lfs)
    called = {chain: f"preprocessor {_name(last)!r}" for chain, last in chains.items()}
    start, size, remaining_ids = 0, 0, ids
    block: dict[Chain, list[Any]] = {chain: [] for chain in chains}
    for number, row in enumerate(rows, 1):
        row_by_chain: dict[Chain, Any] = {(): row}
        for n_before, (chain, last) in enumerate(chains.items()):
            preprocess = last
            if watch.diary is not None:
                preprocess = watch.diary.preprocessing(n_before, number - 1, last)
            watch.enter(called[chain], remaining_ids, block[chain])
            result = _preprocessed(preprocess, row_by_chain[chain[:-1]], watch)
            for row_number, stopped in watch.leave().items():
                sample_id = id_at(remaining_ids, row_number)
                error = timeout_error(called[chain], sample_id, stopped, watch.timeout)
                result = Failed(error)
            row_by_chain[chain] = result
            block[chain].append(result)
        progress.advance(len(chains))
        size += _added_bytes(row_by_chain)
        if size >= BLOCK_BYTES or number - start >= BLOCK_ROWS or number == len(rows):
            yield start, block
            start, size, remaining_ids = number, 0, ids[number:]
            block = {chain: [] for chain in chains}


def _name(preprocess: Callable[[Any], Any]) -> str:
    return str(getattr(preprocess, "__name__", repr(preprocess)))


def _preprocessed(preprocess: Callable[[Any], Any], row: Any, watch: CallWatch) -> Any:
    if isinstance(row, Failed):
        return row
    name = _name(preprocess)
    try:
        watch.may_stop = True
        result = preprocess(copy.copy(isolated(row)))
        watch.may_stop = False
    except (Exception, SystemExit, CallStoppedError) as error:  # noqa: BLE001  # it may raise anything
        watch.may_stop = False
        if isinstance(error, CallStoppedError):
            watch.note_stopped(error)  # the row is marked by who reads the watch
            return None
        return Failed(as_exception(error))
    if result is None:
        return Failed(
            LabelingFunctionError(f"Preprocessor {name!r} must return the row. Got None.")
        )
    if type(result) is not PreprocessedRow:
        return result
    for field, value in result.__dict__.items():
        if isinstance(value, Iterator):
            return Failed(
                LabelingFunctionError(
                    f"Preprocessor {name!r} must add what can be read more than once. Got a"
                    f" {type(value).__name__} as {field!r}; make it a list."
                )
            )
    return FrozenRow.of(result.__dict__)


def as_exception(error: Exception | SystemExit) -> Exception:
    """Return the exception of a fault; an attempt to exit the process is one too."""
    if isinstance(error, SystemExit):
        return LabelingFunctionError(f"it tried to end the process: {error!r}")
    return error


def row_of_call(row: Any) -> Any:
    """Return the row for a call of a labeling function; no other call sees changes made to it."""
    if isinstance(row, FrozenRow):
        return FrozenRow.row_of_call(row)
    return row if isinstance(row, Failed) else isolated(row)


def _added_bytes(row_by_chain: dict[Chain, Any]) -> int:
    """Return about how many bytes preprocessors have added to a row."""
    original, *preprocessed = (_values(row) for row in row_by_chain.values())
    counted = set(map(id, original))
    size = 0
    for values in preprocessed:
        for value in values:
            if id(value) not in counted:
                counted.add(id(value))
                size += _bytes(value)
    return size


def _values(row: Any) -> Iterable[Any]:
    if isinstance(row, FrozenRow):
        return FrozenRow.shared_values(row)
    return tuple.__iter__(row) if isinstance(row, tuple) else [row]


def _bytes(value: Any, depth: int = 8) -> int:
    """Return about how much memory a value takes, estimated from a few of its items."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    size = sys.getsizeof(value)
    if isinstance(value, dict):
        items: list[Any] = [*_first(value.values()), *_first(value)]
    elif isinstance(value, (list, tuple, set, frozenset)):
        items = _first(value)
    else:
        items = _first(getattr(value, "__dict__", {}).values())
    if not items or not depth:
        return size
    count = len(value) if hasattr(value, "__len__") else len(items)
    scale = max(count / min(count, _SAMPLED), 1) if count else 1
    return size + int(scale * sum(_bytes(item, depth - 1) for item in items))


def _first(values: Iterable[Any]) -> list[Any]:
    return [value for value, _ in zip(values, range(_SAMPLED), strict=False)]
