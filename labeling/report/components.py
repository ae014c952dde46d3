"""Parts that several sections of the report share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from labeling.analysis import Estimate

MOST_LABELS = 20  # rows of a table of labels; the others are folded


@dataclass(frozen=True)
class Segment:
    """A segment of a stacked bar: its name, style and count."""

    name: str
    style: str
    count: int


def estimate_of(stored: Any) -> Estimate | None:
    """Return an estimate that was stored as JSON; `None` if the value is not an estimate.

    >>> print(estimate_of({"value": 0.5, "low": 0.4, "high": 0.6, "n": 80, "note": ""}))
    0.500 [0.400, 0.600], n = 80
    >>> estimate_of("soon")
    """
    names = ("value", "low", "high")
    if not isinstance(stored, dict) or not {*names, "n"} <= set(stored):
        return None
    numbers = [math.nan if stored[name] is None else float(stored[name]) for name in names]
    value, low, high = numbers
    return Estimate(value, low, high, int(stored["n"]), str(stored.get("note", "")))
