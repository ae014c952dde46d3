"""`@span_labeling_function`: makes a Python function a labeling function that marks spans."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args, overload

from labeling.errors import LabelingFunctionError
from labeling.functions.decorator import check_parts, check_version, name_of
from labeling.records import LabelingFunction, SpanLabelingFunction
from labeling.records.span_answers import Overlaps


@overload
def span_labeling_function(function: Callable[..., Any], /) -> SpanLabelingFunction: ...


@overload
def span_labeling_function(
    *,
    label: str | int | None = None,
    overlaps: Literal["longest", "error"] = "longest",
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
    version: str | int | None = None,
) -> Callable[[Callable[..., Any]], SpanLabelingFunction]: ...


def span_labeling_function(
    function: Callable[..., Any] | None = None,
    /,
    *,
    label: str | int | None = None,
    overlaps: Literal["longest", "error"] = "longest",
    name: str | None = None,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
    version: str | int | None = None,
) -> SpanLabelingFunction | Callable[[Callable[..., Any]], SpanLabelingFunction]:
    """Make a function a labeling function that marks spans; with and without parentheses.

    The function gets a sample `x` (`x.column` and `x["column"]`), and returns or yields spans of
    its text: `(start, end, label)`, `(start, end)` with `label=`, a match of `re` with `label=`, a
    span of spaCy, or an `lb.Span`; one, or a list of them. Offsets count Unicode code points, and
    the end is exclusive, as in Python's slices. `(start, end, None)` says that no span is there.
    What it does not mark, and `None` or an empty list, says nothing.

    White space at the edges of a span is cut off, and equal spans count once. Spans are counted in
    the text of the sample as it is, so that preprocessors may add fields but not change it.

    Args:
        function: the rule.
        label: of spans that come without a label.
        overlaps: what happens where spans of this function overlap. "longest": the longest one
            stays, of equally long ones the first; `SpanVotes.trimmed` counts the others. A part
            marked as nothing is left out, and counted, where it overlaps a span. "error": the
            function has failed on this sample.
        name: as for `labeling_function`, as are the following.
        resources: keyword arguments for every call.
        pre: functions from sample to sample that run before it.
        version: raised with each change of the function that cannot be noticed.

    Raises:
        LabelingFunctionError: what is decorated is not a function, or an argument has the wrong
            type.

    >>> import re
    >>> from types import SimpleNamespace
    >>> @span_labeling_function(label="ORG")
    ... def ends_in_inc(x):
    ...     "A capitalised run before Inc. is a company."
    ...     yield from re.finditer(r"(?:[A-Z]\\w+ )+Inc\\b", x.text)
    >>> ends_in_inc(SimpleNamespace(text="She left Acme Labs Inc. in May"))
    [Span(start=9, end=22, label='ORG')]
    """
    check_version(version)
    if overlaps not in get_args(Overlaps):
        raise LabelingFunctionError(f"`overlaps` must be 'longest' or 'error'. Got {overlaps!r}.")

    def decorate(decorated: Callable[..., Any]) -> SpanLabelingFunction:
        check_parts(decorated, resources, pre, "@span_labeling_function")
        if isinstance(decorated, LabelingFunction):
            raise LabelingFunctionError(
                "@span_labeling_function must stand above a plain function. Got the labeling"
                f" function {decorated.name!r}; remove the other decorator."
            )
        made = SpanLabelingFunction(
            name or name_of(decorated),
            decorated,
            label=label,
            overlaps=overlaps,
            resources=resources,
            pre=pre,
        )
        made.version = version
        return made

    return decorate if function is None else decorate(function)
