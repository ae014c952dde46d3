"""Pickling for worker processes, with errors that name what cannot be pickled."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from types import CodeType, FunctionType
from typing import Any

import cloudpickle
import pandas as pd

from labeling.errors import DataError, LabelingError, LabelingFunctionError
from labeling.records import LabelingFunction, dumps_functions


def dumps_for_workers(lfs: Sequence[LabelingFunction], workers: int) -> bytes:
    """Return pickled labeling functions.

    Raises:
        LabelingFunctionError: one of them cannot be pickled; the message names it, and what in it.
    """
    try:
        return dumps_functions(lfs)
    except Exception as error:  # pickling an object may raise anything
        raise _unpicklable(lfs, workers, error) from error


def _unpicklable(
    lfs: Sequence[LabelingFunction], workers: int, error: Exception
) -> LabelingFunctionError:
    must = f"With workers={workers} each labeling function must be picklable"
    advice = "Use workers=1, or open what it needs inside the function."
    for lf in lfs:
        why = _pickling_error(lf)
        if why is not None:
            part = " of ".join(_unpicklable_part(lf)) or "what it is made of"
            return LabelingFunctionError(
                f"{must}, and {lf.name!r} is not, because of {part}: {_text(why)}. {advice}"
            )
    return LabelingFunctionError(f"{must}, and together they are not: {_text(error)}. {advice}")


def unpicklable_samples(chunks: Iterable[pd.DataFrame], workers: int) -> LabelingError | None:
    """Return an error about a sample's value that cannot be pickled; `None` if there is none."""
    for chunk in chunks:
        for column in chunk.columns:
            values = chunk[column] if chunk[column].dtype == "object" else chunk[column][:0]
            for sample_id, value in values.items():
                why = _pickling_error(value)
                if why is not None:
                    return DataError(
                        f"With workers={workers} samples must be picklable. Column {column!r} of"
                        f" sample {sample_id!r} holds a {type(value).__name__}: {_text(why)}. Use"
                        " workers=1, or leave the column out."
                    )
    return None


def _pickling_error(value: Any) -> Exception | None:
    try:
        cloudpickle.dumps(value)
    except Exception as error:  # noqa: BLE001  # pickling an object may raise anything
        return error
    return None


def _text(error: Exception) -> str:
    return (str(error) or repr(error)).rstrip(".")


def _unpicklable_part(lf: LabelingFunction) -> list[str]:
    """Return the part of a labeling function that cannot be pickled, from the inside out."""
    parts: list[tuple[str, Any]] = [
        *((f"its resource {name!r}", value) for name, value in lf.resources.items()),
        *((f"its preprocessor {getattr(pre, '__name__', '')!r}", pre) for pre in lf.pre),
        ("its function", lf.function),
        ("its function for many samples", lf.batch),
    ]
    for name, value in parts:
        if _pickling_error(value) is not None:
            return [*_inside(value, {id(value)}), _described(name, value)]
    return []


def _inside(value: Any, seen: set[int]) -> list[str]:
    """Return the variable of a function that cannot be pickled, after those of what it calls."""
    if not isinstance(value, FunctionType):
        return []
    for name, used in _used(value):
        if id(used) not in seen and _pickling_error(used) is not None:
            seen.add(id(used))
            return [*_inside(used, seen), _described(f"{name!r}", used)]
    return []


def _described(name: str, value: Any) -> str:
    return name if isinstance(value, FunctionType) else f"{name} (a {type(value).__name__})"


def _used(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield the names and values that a function uses: its defaults, and variables from outside."""
    code, defaults = function.__code__, function.__defaults__ or ()
    positional = code.co_varnames[: code.co_argcount]
    yield from zip(positional[len(positional) - len(defaults) :], defaults, strict=True)
    yield from (function.__kwdefaults__ or {}).items()
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        with contextlib.suppress(ValueError):  # a variable that is not set yet
            yield name, cell.cell_contents
    for name in dict.fromkeys(_names(code)):
        if name in function.__globals__:
            yield name, function.__globals__[name]


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names that code and the code inside it look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
