"""Jobs on a Dask cluster: one future a job, through `distributed.Client`."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from labeling.distributed.engines.base import RETRIES, Engine, Results
from labeling.distributed.outcomes import Task, run_task
from labeling.errors import LabelingError, missing_extra

logger = logging.getLogger(__name__)

CONNECT = 30
"""Seconds to wait for the scheduler."""
PATIENCE = 10.0
"""Seconds between looks whether there are workers."""


class DaskEngine(Engine):
    """Runs jobs on the workers of a Dask scheduler.

    Workers need the same packages and see the same files. Give them one thread each: labeling
    functions are Python, and one job runs at a time in a process.

    Args:
        client: a `distributed.Client`, or the address of a scheduler, such as `tcp://10.0.0.1:8786`.

    Raises:
        MissingExtraError: the extra `dask` is not installed.
        LabelingError: no scheduler answers.
    """

    name = "dask"

    def __init__(self, client: Any) -> None:
        self._owns_client = isinstance(client, str)
        self.client = _connected(client) if isinstance(client, str) else client

    def run(self, task: Task, jobs: Sequence[Any], shared: bytes) -> Results:
        """Yield results as they come; jobs of a worker that was lost are tried again elsewhere."""
        from distributed import as_completed

        # A future, not scattered data: it is made again where all workers that had it are lost.
        shared_future = self.client.submit(bytes, shared, pure=False, retries=RETRIES)
        futures = {
            self.client.submit(
                run_task, task, job, shared_future, pure=False, retries=RETRIES
            ): position
            for position, job in enumerate(jobs)
        }
        try:
            with _warning_without_workers(self.client):
                for future in as_completed(futures, loop=self.client.loop):  # type: ignore[no-untyped-call]
                    yield futures[future], _result(future, futures[future])
                    future.release()
        finally:
            self.client.cancel([*futures, shared_future])

    def close(self) -> None:
        """Close the connection, unless the client was given."""
        if self._owns_client:
            self.client.close()


def _result(future: Any, position: int) -> Any:
    """Return the result of a future; it waits where a worker was lost after finishing it."""
    from distributed import CancelledError
    from distributed.scheduler import KilledWorker

    try:
        return future.result()
    except KilledWorker as error:
        raise LabelingError(
            f"Dask gave partition {position} up: each worker that had it ended. A labeling function"
            " makes workers crash, on this partition or on one that the same workers had, or they"
            f" have not enough memory ({error})."
        ) from error
    except ModuleNotFoundError as error:
        raise LabelingError(
            f"The workers of the Dask cluster must have the package {error.name!r}:"
            f" {error}. Install the same packages there."
        ) from error
    except CancelledError as error:
        raise LabelingError(
            f"The Dask scheduler must run until all partitions are done. Partition {position} was"
            f" cancelled ({error}). Start the scheduler again, if it ended, and repeat the call."
        ) from error


@contextlib.contextmanager
def _warning_without_workers(client: Any) -> Iterator[None]:
    """Warn while the context lasts if there are no workers: Dask waits for some without a word."""
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(PATIENCE):
            with contextlib.suppress(OSError, RuntimeError):  # the connection is lost, or closed
                if not client.nthreads() and not ended.is_set():
                    logger.warning(
                        "waiting for workers: the Dask scheduler at %s has none. Start some with"
                        " `dask worker ADDRESS --nworkers auto --nthreads 1`.",
                        client.scheduler.address,
                    )
                    return

    threading.Thread(target=look, name="labeling-dask-workers", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def _connected(address: str) -> Any:
    try:
        from distributed import Client
        from distributed.comm.addressing import get_address_host_port
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    try:
        if not address.startswith("inproc:"):
            # A client of a malformed address cannot be closed: Python would wait a minute at exit.
            get_address_host_port(address)
        return Client(address, timeout=CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:  # a time-out is an OSError
        raise LabelingError(
            f"A Dask scheduler must answer at {address!r}: {error}. Start one with `dask"
            " scheduler`, and workers with `dask worker ADDRESS --nworkers auto --nthreads 1`."
        ) from error
