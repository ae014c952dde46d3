"""What every task of a run needs, as bytes: checked by its header before it is unpickled.

The bytes travel from the driver to the workers of one run, and are never stored in a file.
"""

from __future__ import annotations

import functools
import importlib.metadata
import json
import platform
from typing import Any

import cloudpickle

from labeling.errors import LabelingError
from labeling.records.function_pickling import dumps

PACKAGES = ("labeling", "numpy", "pandas", "pyarrow", "polars")
"""Packages whose version may change a vote or its digest; absent ones must be absent everywhere."""


def versions() -> dict[str, str | None]:
    """Return the versions that must be the same in all processes of a run."""
    return {
        "python": ".".join(platform.python_version_tuple()[:2]),
        **{name: _version(name) for name in PACKAGES},
    }


def packed(value: object) -> bytes:
    """Return a value as bytes, after a header of the versions of this process."""
    return json.dumps(versions()).encode() + b"\n" + dumps(value)


@functools.lru_cache(maxsize=2)
def unpacked(shared: bytes) -> Any:
    """Return the value of `packed`, which was called in another process of the same run.

    Raises:
        LabelingError: this process has other versions, or cannot load the value.

    >>> unpacked(packed({"a": 1}))
    {'a': 1}
    >>> unpacked(packed(1).replace(b'"python": "3', b'"python": "2'))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    labeling.errors.LabelingError: Workers must have the versions of the process that started ...
    """
    header, _, pickled = shared.partition(b"\n")
    wanted, own = json.loads(header), versions()
    differing = [
        f"{name} {own.get(name) or 'is absent'} instead of {version or 'no installation'}"
        for name, version in wanted.items()
        if own.get(name) != version
    ]
    if differing:
        raise LabelingError(
            "Workers must have the versions of the process that started the run. On"
            f" {platform.node()!r} differ: {'; '.join(differing)}. Install the same packages there."
        )
    try:
        return cloudpickle.loads(pickled)
    except Exception as error:  # unpickling functions may raise anything
        raise LabelingError(
            f"A worker on {platform.node()!r} cannot load the labeling functions or the model:"
            f" {error!r}. What they are made of must be importable there."
        ) from error


@functools.cache
def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
