"""Keeps with what a ready-made kind returns how it was called, so that it can be written down."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from labeling.records import RecordedCall

Parameters = ParamSpec("Parameters")
Made = TypeVar("Made")


def recorded(function: Callable[Parameters, Made]) -> Callable[Parameters, Made]:
    """Make a function keep its name and arguments in the attribute `call` of what it returns.

    What has a call already keeps it: a function may return one of its arguments.
    """

    @functools.wraps(function)
    def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Made:
        made = function(*args, **kwargs)
        if getattr(made, "call", None) is None:
            # Conditions are frozen; this one was made just now, and nobody has seen it.
            object.__setattr__(made, "call", RecordedCall(function.__name__, args, kwargs))
        return made

    return call
