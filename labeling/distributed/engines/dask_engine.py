"""Jobs on a Dask cluster: one future a job, through `distributed.Client`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from labeling.distributed.engines.base import RETRIES, Engine, Results
from labeling.distributed.outcomes import Task, run_task
from labeling.errors import LabelingError, missing_extra

CONNECT = 30
"""Seconds to wait for the scheduler."""


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
        from distributed.scheduler import KilledWorker

        # A future, not scattered data: it is made again where all workers that had it are lost.
        shared_future = self.client.submit(bytes, shared, pure=False, retries=RETRIES)
        futures = {
            self.client.submit(
                run_task, task, job, shared_future, pure=False, retries=RETRIES
            ): position
            for position, job in enumerate(jobs)
        }
        try:
            for future in as_completed(futures, loop=self.client.loop):  # type: ignore[no-untyped-call]
                try:
                    # `result` waits where a worker was lost between finishing and this call.
                    result = future.result()
                except KilledWorker as error:
                    raise LabelingError(
                        f"Dask gave partition {futures[future]} up: each worker that ran it ended."
                        " A labeling function makes it crash, or it has not enough memory"
                        f" ({error})."
                    ) from error
                except ModuleNotFoundError as error:
                    raise LabelingError(
                        f"The workers of the Dask cluster must have the package {error.name!r}:"
                        f" {error}. Install the same packages there."
                    ) from error
                yield futures[future], result
                future.release()
        finally:
            self.client.cancel([*futures, shared_future])

    def close(self) -> None:
        """Close the connection, unless the client was given."""
        if self._owns_client:
            self.client.close()


def _connected(address: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    try:
        return Client(address, timeout=CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:  # a time-out is an OSError
        raise LabelingError(
            f"A Dask scheduler must answer at {address!r}: {error}. Start one with `dask"
            " scheduler`, and workers with `dask worker ADDRESS --nworkers auto --nthreads 1`."
        ) from error
