"""Whether this process was forked from one that had loaded polars: its threads are gone then.

A call of polars waits forever for threads that a fork has not copied. `multiprocessing` forks by
default on Linux before Python 3.14, so that users meet this.
"""

from __future__ import annotations

import os
import sys


class _Forked:
    without_threads = False


def polars_lost_its_threads() -> bool:
    """Whether polars was loaded before this process was forked, and cannot be used in it."""
    return _Forked.without_threads


def _note() -> None:
    _Forked.without_threads = _Forked.without_threads or "polars" in sys.modules


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note)
