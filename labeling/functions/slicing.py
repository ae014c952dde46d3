"""`@slicing_function`: makes a Python function a rule for which samples a slice has."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, overload

from labeling.errors import LabelingFunctionError, listed
from labeling.functions.decorator import labeling_function
from labeling.records import LabelingFunction, LabelSchema
from labeling.rendering import Code, Displayed, Part, View

INSIDE = "inside"
SLICE_SCHEMA = LabelSchema(["outside", INSIDE])
"""A slicing function is applied as a labeling function for the second of these labels."""


class SlicingFunction(Displayed):
    """A named rule for which samples a slice has; made by `@slicing_function`.

    A slice is a part of the data whose quality is watched by itself, such as short texts, or those
    of one source. It is applied by `labeling.apply_slices`.

    Attributes:
        name: of the slice.
        description: the docstring of the function.
        rule: the same as a labeling function for the label "inside" of `SLICE_SCHEMA`.
    """

    name: str
    description: str
    rule: LabelingFunction

    def __init__(self, rule: LabelingFunction) -> None:
        self.rule = rule
        self.name = rule.name
        self.description = inspect.cleandoc(vars(rule).get("__doc__") or "")

    def __call__(self, x: Any) -> bool:
        """Return whether a sample is in the slice: any object that has the attributes it reads."""
        return bool(self.rule(x) == INSIDE)

    def __repr__(self) -> str:
        return f"SlicingFunction({self.name!r})"

    def _view(self) -> View:
        parts: list[Part] = [self.description] if self.description else []
        with contextlib.suppress(OSError, TypeError):  # defined where no source is kept
            parts.append(Code(inspect.getsource(self.rule.function)))
        return View(f"Slicing function {self.name}", tuple(parts))


@overload
def slicing_function(function: Callable[..., Any], /) -> SlicingFunction: ...


@overload
def slicing_function(
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
    compile: bool = True,
) -> Callable[[Callable[..., Any]], SlicingFunction]: ...


def slicing_function(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
    compile: bool = True,
) -> SlicingFunction | Callable[[Callable[..., Any]], SlicingFunction]:
    """Make a function a slicing function; works with and without parentheses.

    The function gets a sample `x` (`x.column` and `x["column"]`) and returns True if the slice has
    it, False (or `None`) if not. (Chen et al., "Slice-based learning", NeurIPS 2019.)

    Args:
        function: the rule.
        name: of the slice; `None` takes the name of the function.
        resources: keyword arguments for every call, which the function must not change.
        pre: functions from sample to sample that run before it; see `labeling_function`.
        compile: whether it may run on whole columns, with the same result.

    Raises:
        LabelingFunctionError: what is decorated is not a function, or an argument has the wrong
            type.

    >>> from types import SimpleNamespace
    >>> @slicing_function
    ... def is_short(x):
    ...     "Few words say little."
    ...     return len(x.text) < 20
    >>> is_short(SimpleNamespace(text="so good")), is_short.description
    (True, 'Few words say little.')
    """

    def decorate(decorated: Callable[..., Any]) -> SlicingFunction:
        if isinstance(decorated, LabelingFunction):
            raise LabelingFunctionError(
                "@slicing_function must stand above a plain function. Got the labeling function"
                f" {decorated.name!r}; remove @labeling_function."
            )
        made = labeling_function(
            name=name, resources=resources, pre=pre, label=INSIDE, compile=compile
        )(decorated)
        return SlicingFunction(made)

    return decorate if function is None else decorate(function)


def checked_slices(
    slices: SlicingFunction | Iterable[SlicingFunction],
) -> list[SlicingFunction]:
    """Return slicing functions as a list, after checking their types.

    Raises:
        LabelingFunctionError: there are none, or something else is among them.
    """
    given = [slices] if isinstance(slices, SlicingFunction) else slices
    functions = list(given) if isinstance(given, Iterable) else [given]
    wrong = [each for each in functions if not isinstance(each, SlicingFunction)]
    if wrong or not functions:
        raise LabelingFunctionError(
            f"Slices must be made with @slicing_function. Got {listed(wrong) if wrong else 'none'}."
        )
    return functions
