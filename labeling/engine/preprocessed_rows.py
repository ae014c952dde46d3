"""Rows with the fields that preprocessors add, in blocks whose memory is bounded."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import MethodType
from typing import Any

import numpy as np
import pandas as pd

from labeling.engine.progress import Passes
from labeling.engine.slow_calls import CallWatch
from labeling.errors import LabelingFunctionError
from labeling.records import LabelingFunction, PreprocessedRow, SettledRow, isolated

BLOCK_ROWS = 1_024
"""Rows whose added fields are held at once, at most."""
BLOCK_BYTES = 32 * 2**20
"""About how many bytes of added fields are held at once; those of one row always fit."""
_SEEN = 16  # values of a container that are measured, for the size of all of them

Chain = tuple[Hashable, ...]
"""What tells the preprocessors of a labeling function from others, in order."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands where a row would stand that a preprocessor failed on."""

    error: Exception


def chain_of(lf: LabelingFunction) -> Chain:
    """Return what tells the preprocessors of a labeling function from others, in order."""
    # A method is a new object each time it is named, and equal to itself.
    return tuple(one if isinstance(one, MethodType) else id(one) for one in lf.pre)


def chains_of(lfs: Iterable[LabelingFunction]) -> dict[Chain, Callable[[Any], Any]]:
    """Return each chain of preprocessors with the last of them; a chain comes after its beginnings."""
    return {
        chain_of(lf)[: depth + 1]: preprocess
        for lf in lfs
        for depth, preprocess in enumerate(lf.pre)
    }


def prepared_blocks(
    rows: Sequence[Any],
    ids: pd.Index,
    lfs: Sequence[LabelingFunction],
    passes: Passes,
    watch: CallWatch,
) -> Iterator[tuple[int, dict[Chain, list[Any]]]]:
    """Yield blocks of rows: the number of the first one, and the rows of each chain.

    Each preprocessor runs once a row, whichever labeling functions name it.
    """
    if not lfs:
        return
    chains = chains_of(lfs)
    called = {chain: f"preprocessor {_name(last)!r}" for chain, last in chains.items()}
    start, size, rest = 0, 0, ids
    block: dict[Chain, list[Any]] = {chain: [] for chain in chains}
    for number, row in enumerate(rows, 1):
        made: dict[Chain, Any] = {(): row}
        for chain, preprocess in chains.items():
            watch.enter(called[chain], rest, block[chain])
            made[chain] = _preprocessed(preprocess, made[chain[:-1]])
            block[chain].append(made[chain])
        watch.leave()
        passes.passed(len(chains))
        size += _added_bytes(made)
        if size >= BLOCK_BYTES or number - start >= BLOCK_ROWS or number == len(rows):
            yield start, block
            start, size, rest = number, 0, ids[number:]
            block = {chain: [] for chain in chains}


def _name(preprocess: Callable[[Any], Any]) -> str:
    return str(getattr(preprocess, "__name__", repr(preprocess)))


def _preprocessed(preprocess: Callable[[Any], Any], row: Any) -> Any:
    if isinstance(row, Failed):
        return row
    name = _name(preprocess)
    try:
        made = preprocess(copy.copy(isolated(row)))
    except (Exception, SystemExit) as error:  # noqa: BLE001  # it may raise anything
        return Failed(as_exception(error))
    if made is None:
        return Failed(
            LabelingFunctionError(f"Preprocessor {name!r} must return the row. Got None.")
        )
    if type(made) is not PreprocessedRow:
        return made
    for field, value in made.__dict__.items():
        if isinstance(value, Iterator):
            return Failed(
                LabelingFunctionError(
                    f"Preprocessor {name!r} must add what can be read more than once. Got a"
                    f" {type(value).__name__} as {field!r}; make it a list."
                )
            )
    return SettledRow.of(made.__dict__)


def as_exception(error: Exception | SystemExit) -> Exception:
    """Return what counts as the fault of a function: an exit is one too."""
    if isinstance(error, SystemExit):
        return LabelingFunctionError(f"it tried to end the process: {error!r}")
    return error


def row_of_call(row: Any) -> Any:
    """Return the row that one call of a labeling function gets; no other call sees its changes."""
    if isinstance(row, SettledRow):
        return SettledRow.row_of_call(row)
    return row if isinstance(row, Failed) else isolated(row)


def _added_bytes(made: dict[Chain, Any]) -> int:
    """Return about how many bytes preprocessors have added to a row."""
    given, *others = (_values(row) for row in made.values())
    seen = set(map(id, given))
    size = 0
    for values in others:
        for value in values:
            if id(value) not in seen:
                seen.add(id(value))
                size += _bytes(value)
    return size


def _values(row: Any) -> Iterable[Any]:
    if isinstance(row, SettledRow):
        return SettledRow.shared_values(row)
    return tuple.__iter__(row) if isinstance(row, tuple) else [row]


def _bytes(value: Any, depth: int = 8) -> int:
    """Return about how much memory a value takes, from a few of the values inside it."""
    if isinstance(value, np.ndarray):
        return int(value.nbytes)
    size = sys.getsizeof(value)
    if isinstance(value, dict):
        inside: list[Any] = [*_first(value.values()), *_first(value)]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inside = _first(value)
    else:
        inside = _first(getattr(value, "__dict__", {}).values())
    if not inside or not depth:
        return size
    count = len(value) if hasattr(value, "__len__") else len(inside)
    share = max(count / min(count, _SEEN), 1) if count else 1
    return size + int(share * sum(_bytes(one, depth - 1) for one in inside))


def _first(values: Iterable[Any]) -> list[Any]:
    return [value for value, _ in zip(values, range(_SEEN), strict=False)]
