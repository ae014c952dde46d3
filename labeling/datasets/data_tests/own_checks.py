"""Checks of your own: functions of a training set, run with the tests on data."""

from __future__ import annotations

import dataclasses
import inspect
import traceback
from collections.abc import Callable, Iterable
from typing import Any

from labeling.datasets.findings import Finding
from labeling.errors import LabelingError
from labeling.rendering import Code, Displayed, View


class DataTest(Displayed):
    """A check of your own, made by `@data_test`.

    Attributes:
        name: the name of the finding.
        function: called with the training set, and with the base if it takes two arguments.
    """

    __slots__ = ("function", "name")

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.function = function

    def __call__(self, *arguments: Any) -> Any:
        """Call the function."""
        return self.function(*arguments)

    def __repr__(self) -> str:
        return f"DataTest({self.name!r})"

    def _view(self) -> View:
        return View(f"Test on data: {self.name}", (Code(str(inspect.getdoc(self.function) or "")),))


def data_test(function: Callable[..., Any]) -> DataTest:
    """Make a function a test on data; a report then has a finding of its name.

    The function gets the training set, and as a second argument, if it takes one, the base (`None`
    if there is none). It returns `True` or nothing where the data are as they must be, and `False`
    or a `Finding` (or raises an AssertionError) where they are not. Its docstring says in the
    report what must be.

    Args:
        function: the check.

    Raises:
        LabelingError: what is decorated is not a function.

    >>> @data_test
    ... def enough(train):
    ...     "There are at least 1,000 samples."
    ...     assert len(train) >= 1000, f"only {len(train)} samples"
    >>> own_finding(enough, [1, 2], None)
    Finding(enough failed: There are at least 1,000 samples: only 2 samples.)
    """
    if isinstance(function, DataTest):
        return function
    if not callable(function) or isinstance(function, type):
        raise LabelingError(f"@data_test must stand above a function. Got {function!r}.")
    return DataTest(str(getattr(function, "__name__", type(function).__name__)), function)


def own_finding(test: DataTest, train: Any, base: Any) -> Finding:
    """Return what a check of your own found; any exception of it is a failure that names it."""
    must = " ".join((inspect.getdoc(test.function) or test.name).split()).rstrip(".")
    n = len(train)
    try:
        answer = test(train, base) if _takes_base(test.function) else test(train)
    except AssertionError as error:
        reason = f": {str(error).splitlines()[0]}" if str(error) else ""
        return Finding(test.name, "failed", f"{must}{reason}.", n=n)
    except Exception as error:  # noqa: BLE001 - code of users, of any kind
        sentence = f"The function {test.name} raised {error!r}{_line_of(test, error)}: mend it."
        return Finding(test.name, "failed", sentence, n=n)
    if isinstance(answer, Finding):
        return dataclasses.replace(answer, name=test.name)  # not that of another test
    if answer is None or answer is True or (answer == True and _is_bool(answer)):  # noqa: E712
        return Finding(test.name, "passed", f"{must}.", n=n)
    if _is_bool(answer):
        return Finding(test.name, "failed", f"Not so: {must}.", n=n)
    kind = type(answer).__name__
    sentence = (
        f"The function {test.name} must return True, False, None or a Finding. Got a {kind}: mend"
        " it."
    )
    return Finding(test.name, "failed", sentence, n=n)


def _line_of(test: DataTest, error: Exception) -> str:
    """Return the last line of the file of a check that an exception came through, in words."""
    file = getattr(getattr(test.function, "__code__", None), "co_filename", None)
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == file
    ]
    return f" in line {lines[-1]}" if lines else ""


def _is_bool(answer: Any) -> bool:
    return type(answer).__name__ in ("bool", "bool_")


def _takes_base(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return False
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(one.kind in kinds for one in parameters) >= 2


def own_tests(own: Iterable[Any]) -> list[DataTest]:
    """Return checks of your own, given as functions or made by `@data_test`."""
    if callable(own):
        own = [own]
    return [data_test(one) for one in own]
