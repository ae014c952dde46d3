"""`@labeling_function`: makes a Python function a labeling function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from labeling.errors import LabelingFunctionError
from labeling.records import LabelingFunction


@overload
def labeling_function(function: Callable[..., Any], /) -> LabelingFunction: ...


@overload
def labeling_function(
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
    label: str | int | None = None,
    compile: bool = True,
    version: str | int | None = None,
    closed: bool = False,
) -> Callable[[Callable[..., Any]], LabelingFunction]: ...


def labeling_function(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
    label: str | int | None = None,
    compile: bool = True,
    version: str | int | None = None,
    closed: bool = False,
) -> LabelingFunction | Callable[[Callable[..., Any]], LabelingFunction]:
    """Make a function a labeling function; works with and without parentheses.

    The function gets a sample `x` (`x.column` and `x["column"]`) and returns a label name, a label
    code, or `ABSTAIN` (or `None`) if its rule does not apply. Where a sample may have several
    labels, it may also return a set or list of them, or a dict from label to True or False.

    Args:
        function: the rule.
        name: its name in tables; `None` takes the name of the function.
        resources: keyword arguments for every call, such as a gazetteer. All calls share them, so
            the function must not change them.
        pre: functions from sample to sample that run before it, in this order; they may add
            fields. Each runs once per sample, for all labeling functions that use it. Lists, dicts
            and other mutable values are copied for each call that reads them; other objects, such
            as a `Doc` of spaCy, are shared.
        label: the label of a yes-or-no rule: it votes for it on True and abstains on False.
        compile: whether it may run on whole columns, with the same votes; `labeling.explain` says
            whether it does. False calls it for each sample.
        closed: where a sample may have several labels (`kind="several"`): whether it says no to
            all labels that its answer does not name. Otherwise it says nothing of them.
        version: needed to cache votes (`apply(..., cache=folder)`) where they depend on something
            whose changes cannot be noticed, such as an open model, a file or a service: raise it
            with each such change.

    Raises:
        LabelingFunctionError: what is decorated is not a function, or `pre`, `resources` or
            `version` has the wrong type.

    >>> from types import SimpleNamespace
    >>> @labeling_function
    ... def has_link(x):
    ...     "A link in a short comment is nearly always spam."
    ...     return "spam" if "http" in x.text else None
    >>> @labeling_function(label="ham", resources={"limit": 20})
    ... def is_short(x, limit):
    ...     return len(x.text) < limit
    >>> comment = SimpleNamespace(text="http://x.org")
    >>> has_link(comment), is_short(comment), has_link.name
    ('spam', 'ham', 'has_link')
    """
    check_version(version)

    def decorate(decorated: Callable[..., Any]) -> LabelingFunction:
        check_parts(decorated, resources, pre, "@labeling_function")
        made = LabelingFunction(
            name or name_of(decorated),
            decorated,
            resources=resources,
            pre=pre,
            label=label,
            compile=compile,
        )
        made.version, made.closed = version, bool(closed)
        return made

    return decorate if function is None else decorate(function)


def name_of(function: Callable[..., Any]) -> str:
    """Return the name of a function, or that of the type of something else that can be called."""
    return str(getattr(function, "__name__", type(function).__name__))


def check_version(version: object) -> None:
    """Check the version of a labeling function.

    Raises:
        LabelingFunctionError: it is neither a text nor a whole number.
    """
    if not isinstance(version, (str, int, type(None))) or isinstance(version, bool):
        raise LabelingFunctionError(f"`version` must be a text or a number. Got {version!r}.")


def check_parts(function: object, resources: object, pre: Any, decorator: str) -> None:
    """Check what a labeling function is made of.

    Raises:
        LabelingFunctionError: what is decorated is no function, or `pre` or `resources` has the
            wrong type.
    """
    if not callable(function) or isinstance(function, type):
        raise LabelingFunctionError(
            f"{decorator} must stand above a function. Got {function!r}; give a name as `name=`."
        )
    if callable(pre) or not all(map(callable, pre)):
        raise LabelingFunctionError(f"`pre` must be a list of functions. Got {pre!r}.")
    if resources is not None and not isinstance(resources, Mapping):
        raise LabelingFunctionError(
            f"`resources` must be a dict from keyword to object. Got {type(resources).__name__}."
        )
