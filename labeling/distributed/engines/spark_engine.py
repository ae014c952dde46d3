"""Jobs on Spark: an RDD of jobs, one partition each; never a DataFrame."""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from labeling.distributed.engines.base import RETRIES, Engine, Results
from labeling.distributed.outcomes import Task, run_task
from labeling.errors import LabelingError, missing_extra

LOCAL = re.compile(r"local(?:\[(\*|\d+)\])?")
"""A master of one machine that says nothing of failures: Spark then gives up at the first."""


class SparkEngine(Engine):
    """Runs jobs on Spark's executors.

    Executors need the same packages and see the same files. Results are paths and digests, so that
    collecting them is no matter of size.

    Args:
        spark: a `SparkContext` or `SparkSession`; the master of a new context, such as `local[4]`
            or `spark://host:7077`; or `None` for the active context, else a new one with Spark's
            own settings, on this machine where they name no master.

    Raises:
        MissingExtraError: the extra `spark` is not installed.
        LabelingError: Spark cannot be started; it needs Java.
    """

    name = "spark"

    def __init__(self, spark: Any = None) -> None:
        self._owns_context = False
        if spark is None or isinstance(spark, str):
            self.context, self._owns_context = _context(spark)
        else:
            self.context = getattr(spark, "sparkContext", spark)

    def run(self, task: Task, jobs: Sequence[Any], shared: bytes) -> Results:
        """Yield all results once the Spark job is done; failed jobs are tried again by Spark."""
        from py4j.protocol import Py4JJavaError

        broadcast = self.context.broadcast(shared)
        try:
            numbered = self.context.parallelize([*enumerate(jobs)], len(jobs))
            yield from numbered.map(_SparkTask(task, broadcast)).collect()
        except Py4JJavaError as error:
            raise LabelingError(
                f"Spark gave a partition up: {_reason(error)} A labeling function makes its worker"
                " crash, it has not enough memory, executors lack a package or a file, or Spark's"
                " master cannot be reached."
            ) from error
        finally:
            broadcast.unpersist()

    def close(self) -> None:
        """Stop the context, unless it was there before."""
        if self._owns_context:
            self.context.stop()


class _SparkTask:
    """A task for `RDD.map`; executors import this class."""

    def __init__(self, task: Task, broadcast: Any) -> None:
        self.task, self.broadcast = task, broadcast

    def __call__(self, numbered: tuple[int, Any]) -> tuple[int, Any]:
        position, job = numbered
        return position, run_task(self.task, job, self.broadcast.value)


def _context(master: str | None) -> tuple[Any, bool]:
    """Return a Spark context, and whether it is new."""
    try:
        with warnings.catch_warnings(action="ignore", category=FutureWarning):
            # It warns of pandas 3, which is not used in it: what travels are jobs and digests.
            from py4j.protocol import Py4JJavaError
            from pyspark import SparkConf, SparkContext
            from pyspark.errors import PySparkException
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    active = SparkContext._active_spark_context
    if active is not None:
        if master is not None and _with_retries(master) != active.master != master:
            raise LabelingError(
                f"A process has one Spark context, and the active one runs on {active.master!r}."
                f" Got {master!r}; stop that context, or pass on='spark'."
            )
        return active, False
    try:
        conf = SparkConf().setAppName("labeling").setIfMissing("spark.ui.enabled", "false")
        conf.setIfMissing("spark.ui.showConsoleProgress", "false")
        conf.setIfMissing("spark.task.maxFailures", str(RETRIES + 1))
        conf.setMaster(_with_retries(master or conf.get("spark.master") or "local[*]"))
        if str(conf.get("spark.master")).startswith("local"):
            # The executors of this machine run the Python of this process.
            os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        return SparkContext(conf=conf), True
    except Py4JJavaError as error:
        raise LabelingError(f"Spark cannot start as its settings say: {_reason(error)}") from error
    except (PySparkException, OSError, RuntimeError) as error:
        raise LabelingError(
            f"Spark must be able to start here: {str(error).rstrip('.')}. It needs Java 17 or"
            " newer; on Debian: apt-get install default-jre-headless."
        ) from error


def _with_retries(master: str) -> str:
    """Return a master that tries failed jobs again; on one machine the master itself says so.

    >>> _with_retries("local"), _with_retries("local[2]"), _with_retries("spark://a:7077")
    ('local[1,4]', 'local[2,4]', 'spark://a:7077')
    """
    local = LOCAL.fullmatch(master)
    return master if local is None else f"local[{local[1] or 1},{RETRIES + 1}]"


def _reason(error: Any) -> str:
    """Return the line of a Java error that says why."""
    lines = [line.strip() for line in str(error.java_exception).splitlines() if line.strip()]
    return lines[0][:500] + ("" if lines[0].endswith(".") else ".") if lines else "no reason given."
