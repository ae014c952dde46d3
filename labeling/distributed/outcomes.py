"""Calls of tasks on workers, and errors that travel back as values.

An error that repeats itself, such as one of a labeling function, is a result: engines try again
what was raised, and would call the function at fault four times.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import cloudpickle

from labeling.distributed.shared import unpacked
from labeling.errors import LabelingError, LabelingFunctionError
from labeling.records import add_location_note

Task = Callable[[Any, Any], Any]
"""A pure function of a job and of what all jobs of a run share."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error of a task, with its cause and their notes, as bytes."""

    pickled: bytes

    @classmethod
    def of(cls, error: LabelingError) -> Self:
        """Return the failure of an error; a cause that cannot be pickled becomes a text."""
        cause = error.__cause__
        if cause is not None:
            add_location_note(cause)
        return cls(cloudpickle.dumps((_picklable(error), _picklable(cause))))

    def error(self) -> LabelingError:
        """Return the error, from its cause."""
        (error, notes), (cause, cause_notes) = cloudpickle.loads(self.pickled)
        _add_notes(error, notes)
        if cause is not None:
            _add_notes(cause, cause_notes)
        error.__cause__ = cause
        return error  # type: ignore[no-any-return]  # unpickled


def run_task(task: Task, job: Any, shared: bytes) -> Any:
    """Return the result of a task, or the failure of an error that would repeat itself."""
    try:
        return task(job, unpacked(shared))
    except LabelingError as error:
        return Failure.of(error)


def _picklable(error: BaseException | None) -> tuple[BaseException | None, list[str]]:
    notes = list(getattr(error, "__notes__", ()))
    try:
        pickle.loads(cloudpickle.dumps(error))
    except Exception:  # noqa: BLE001  # pickling a user's exception may raise anything
        return LabelingFunctionError(f"{type(error).__qualname__}: {error}"), notes
    return error, notes


def _add_notes(error: BaseException, notes: list[str]) -> None:
    """Add notes that an exception lost when it was pickled."""
    for note in notes:
        if note not in getattr(error, "__notes__", ()):
            error.add_note(note)
