"""Engines that run jobs: this process, processes of this machine, Dask, and Spark."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from typing import Any

from labeling.distributed.engines.base import RETRIES, Engine
from labeling.distributed.engines.dask_engine import DaskEngine
from labeling.distributed.engines.local import LocalEngine, ProcessEngine
from labeling.distributed.engines.spark_engine import SparkEngine
from labeling.errors import LabelingError, near

FORMS = ("local", "processes", "processes:N", "dask:ADDRESS", "spark", "spark:MASTER")

__all__ = [
    "FORMS",
    "RETRIES",
    "DaskEngine",
    "Engine",
    "LocalEngine",
    "ProcessEngine",
    "SparkEngine",
    "opened_engine",
]


@contextlib.contextmanager
def opened_engine(on: Any) -> Iterator[Engine]:
    """Yield the engine that `on` names, and close it at the end; one that was given stays open.

    Args:
        on: "local", "processes" (or "processes:4"), "dask:tcp://host:8786", "spark" (or
            "spark:local[4]", "spark:spark://host:7077"); a `distributed.Client`, a `SparkContext`
            or `SparkSession`; or an `Engine`.

    Raises:
        LabelingError: none of these, or the engine cannot be reached.

    >>> with opened_engine("processes:2") as engine:
    ...     engine.name, engine.workers
    ('processes', 2)
    """
    if isinstance(on, Engine):
        yield on
        return
    engine = _engine(on)
    try:
        yield engine
    finally:
        engine.close()


def _engine(on: Any) -> Engine:
    package = type(on).__module__.partition(".")[0]
    if package == "distributed":
        return DaskEngine(on)
    if package == "pyspark":
        return SparkEngine(on)
    kind, _, place = on.partition(":") if isinstance(on, str) else ("", "", "")
    if kind == "local" and not place:
        return LocalEngine()
    if kind == "processes" and re.fullmatch(r"|[1-9]\d*", place):
        return ProcessEngine(int(place) if place else None)
    if kind == "dask" and place:
        return DaskEngine(place)
    if kind == "spark":
        return SparkEngine(place or None)
    kinds = ["local", "processes", "dask", "spark"]
    hint = near(kind, kinds) if kind and kind not in kinds else ""
    raise LabelingError(
        f"`on` must be one of {', '.join(FORMS)}, a Dask client, a Spark context, or an Engine."
        f" Got {on!r}.{hint}"
    )
