"""How the decorators and calls of each kind of labeling function are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labeling.functions.decorator import labeling_function
from labeling.functions.span_decorator import span_labeling_function
from labeling.records import LabelingFunction, SpanLabelingFunction

NAMED_BY_KEYWORD = frozenset({"document_majority", "span_keywords", "span_lookup", "span_regex"})
"""Ready-made kinds whose first argument is not their name."""

VALUES = {"lookup": "values", "span_lookup": "terms"}
"""Ready-made kinds that may read a file, and the parameter that names it."""


def decorator_of(lf: LabelingFunction) -> Callable[..., Any]:
    """Return the decorator that makes a function a labeling function of this kind."""
    return span_labeling_function if isinstance(lf, SpanLabelingFunction) else labeling_function


def options_of_kind(lf: LabelingFunction) -> list[str]:
    """Return the arguments of a decorator that not all kinds have.

    >>> options_of_kind(SpanLabelingFunction("a", print, overlaps="error"))
    ["overlaps='error'"]
    """
    if isinstance(lf, SpanLabelingFunction):
        return [] if lf.overlaps == "longest" else [f"overlaps={lf.overlaps!r}"]
    return ([] if lf.compile else ["compile=False"]) + (["closed=True"] if lf.closed else [])
