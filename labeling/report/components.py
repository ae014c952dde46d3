"""What several sections are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from labeling.analysis import Estimate

MOST_LABELS = 20  # that a table shows at once; the others can be unfolded


@dataclass(frozen=True)
class Segment:
    """A part of a stacked bar: what it is, how it looks, how many it holds."""

    name: str
    look: str
    count: int


def estimate_of(kept: Any) -> Estimate | None:
    """Return an estimate as it was remembered; `None` where it is none.

    >>> print(estimate_of({"value": 0.5, "low": 0.4, "high": 0.6, "n": 80, "note": ""}))
    0.500 [0.400, 0.600], n = 80
    >>> estimate_of("soon")
    """
    names = ("value", "low", "high")
    if not isinstance(kept, dict) or not {*names, "n"} <= set(kept):
        return None
    numbers = [math.nan if kept[name] is None else float(kept[name]) for name in names]
    value, low, high = numbers
    return Estimate(value, low, high, int(kept["n"]), str(kept.get("note", "")))
