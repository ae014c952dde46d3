"""`@labeling_function`: what an expert writes above a rule."""

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
) -> Callable[[Callable[..., Any]], LabelingFunction]: ...


def labeling_function(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
    label: str | int | None = None,
) -> LabelingFunction | Callable[[Callable[..., Any]], LabelingFunction]:
    """Make a function a labeling function; works with and without parentheses.

    The function gets a sample `x` (`x.column` and `x["column"]`) and returns a label name, a label
    code, or `ABSTAIN` (or `None`) where its rule does not apply.

    Args:
        function: the rule.
        name: its name in tables; `None` takes the function's own.
        resources: keyword arguments for every call, such as a gazetteer. All calls share them, so
            the function must not change them.
        pre: functions from sample to sample that run before it, in this order; they may add
            fields. Each runs once a sample, shared by all labeling functions that name it. Lists,
            dicts and other values that can be changed in place are copied for each call that reads
            them; other objects, such as a `Doc` of spaCy, are shared.
        label: the label of a yes-or-no rule: it votes for it on True and abstains on False.

    Raises:
        LabelingFunctionError: what is decorated is no function, or `pre` and `resources` are of
            the wrong kind.

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
    if function is None:
        return lambda decorated: _made(decorated, name, resources, pre, label)
    return _made(function, name, resources, pre, label)


def _made(
    function: Callable[..., Any],
    name: str | None,
    resources: Mapping[str, Any] | None,
    pre: Sequence[Callable[[Any], Any]],
    label: str | int | None,
) -> LabelingFunction:
    if not callable(function) or isinstance(function, type):
        raise LabelingFunctionError(
            f"@labeling_function must stand above a function. Got {function!r}; give a name as"
            " `name=`."
        )
    if callable(pre) or not all(callable(one) for one in pre):
        raise LabelingFunctionError(f"`pre` must be a list of functions. Got {pre!r}.")
    if resources is not None and not isinstance(resources, Mapping):
        raise LabelingFunctionError(
            f"`resources` must be a dict from keyword to object. Got {type(resources).__name__}."
        )
    own_name = name or str(getattr(function, "__name__", type(function).__name__))
    return LabelingFunction(own_name, function, resources=resources, pre=pre, label=label)
