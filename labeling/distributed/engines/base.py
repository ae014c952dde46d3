"""`Engine`: runs independent jobs, in this process, in others, or on a cluster."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import Any, ClassVar

from labeling.distributed.outcomes import Failure, Task
from labeling.errors import LabelingError

RETRIES = 3
"""How often a job is tried again after its worker ended or could not reach its files."""

Results = Generator[tuple[int, Any], None, None]


class Engine(ABC):
    """Runs a task on jobs; jobs are pure, so that running one twice changes nothing.

    A subclass implements `run`.
    """

    name: ClassVar[str]

    @abstractmethod
    def run(self, task: Task, jobs: Sequence[Any], shared: bytes) -> Results:
        """Yield the position and the result of each job when it is done, in any order.

        A position may come twice. Closing the generator cancels what has not begun.

        Args:
            task: an importable function; see `outcomes.run_task`.
            jobs: one argument each.
            shared: what all jobs share, from `shared.packed`.

        Raises:
            LabelingError: the engine cannot be reached, or gave a job up.
        """

    def in_order(self, task: Task, jobs: Sequence[Any], shared: bytes) -> Iterator[Any]:
        """Yield the result of each job in their order; second results are ignored.

        Raises:
            LabelingError: the first failure, in the order of the jobs.
        """
        waiting: dict[int, Any] = {}
        expected = 0
        with closing(self.run(task, jobs, shared)) as results:
            for position, result in results:
                if position >= expected:
                    waiting.setdefault(position, result)
                while expected in waiting:
                    result = waiting.pop(expected)
                    expected += 1
                    if isinstance(result, Failure):
                        raise result.error()
                    yield result
        if expected < len(jobs):
            raise LabelingError(
                f"{self.name} must give a result for each of {len(jobs)} jobs. It gave none for"
                f" job {expected}."
            )

    def close(self) -> None:  # noqa: B027  # most have nothing to close
        """Release what the engine holds; an engine that was given stays open."""
