"""Keeps Python's garbage collector away from what is no garbage: it would look at all of it."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def collector_off() -> Iterator[None]:
    """Switch the collector off while many objects are made."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextlib.contextmanager
def earlier_objects_kept() -> Iterator[None]:
    """Let the collector look at new objects only; those that exist already are kept meanwhile.

    Many rows at a time make it look through the whole program again and again, which takes up to a
    quarter of the time of simple functions. What functions leave behind is still collected.
    """
    if gc.get_freeze_count():  # the program, or a call around this one, has done so
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
