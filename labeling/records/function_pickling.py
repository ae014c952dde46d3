"""Pickling of functions (cloudpickle) that preserves the file name of each."""

from __future__ import annotations

import io
from collections import ChainMap
from types import CodeType
from typing import Any, ClassVar

import cloudpickle

_BY_TYPE = cloudpickle.Pickler.dispatch_table


def dumps(value: Any) -> bytes:
    """Pickle a value as `cloudpickle.dumps` does, with the file names of its functions.

    cloudpickle omits them from version 3.1.3 on; errors in worker processes need them, to name the
    line of a labeling function that failed.

    >>> rule = lambda: 1
    >>> cloudpickle.loads(dumps(rule)).__code__.co_filename == rule.__code__.co_filename
    True
    """
    file = io.BytesIO()
    _Pickler(file).dump(value)
    return file.getvalue()


def _reduced(code: CodeType) -> tuple[Any, ...]:
    build, parts = _BY_TYPE[CodeType](code)[:2]
    return _code_of_file, (code.co_filename, build, parts)


def _code_of_file(filename: str, build: Any, parts: tuple[Any, ...]) -> CodeType:
    code: CodeType = build(*parts)
    return code.replace(co_filename=filename)


class _Pickler(cloudpickle.Pickler):  # type: ignore[misc]  # untyped
    dispatch_table: ClassVar[ChainMap[Any, Any]] = ChainMap({CodeType: _reduced}, _BY_TYPE)
