"""Settings of two training sets that differ, and what they decide by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from labeling.datasets.changes.alignment import BoolArray
from labeling.datasets.changes.sides import Side
from labeling.datasets.lineage import COULD_NOT_DECIDE

BELOW = "confidence below "
"""How the reason begins for which samples below `min_confidence` are left out."""

EXPORT = ("settings.", "config.export.")
"""Sections of settings that act on single rows, after the models."""

TESTED = (".min_confidence", ".keep_undecided")
"""Settings of which it is computed what each row would be without them."""

REVIEW = ("config.review.", "config.annotators.")
"""Sections of settings that decide when people have settled a sample."""


def differing_settings(base: Mapping[str, Any], head: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that differ, by dotted name, each with its values before and after.

    Args:
        base: `TrainingSet.origin` before.
        head: the same after.

    >>> differing_settings({"settings": {"a": 1, "b": 2}}, {"settings": {"a": 3, "b": 2}})
    {'settings.a': (1, 3)}
    """
    before, after = (
        dict(_flat({name: origin.get(name, {}) for name in ("settings", "config")}))
        for origin in (base, head)
    )
    return {
        name: (before.get(name), after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    }


def _flat(values: Any, prefix: str = "") -> list[tuple[str, Any]]:
    if not isinstance(values, Mapping):
        return [(prefix, values)]
    return [
        pair
        for name, value in values.items()
        for pair in _flat(value, f"{prefix}.{name}" if prefix else str(name))
    ]


def min_confidence(side: Side) -> float:
    """Return the threshold of a training set; of one that does not say it, from its reasons."""
    settings = side.train.origin.get("settings", {})
    if "min_confidence" in settings:
        return float(settings["min_confidence"])
    reasons = side.train.dropped["reason"].astype(str)
    thresholds = {reason.removeprefix(BELOW) for reason in reasons[reasons.str.startswith(BELOW)]}
    return max(map(float, thresholds), default=0.0)


def keeps_undecided(side: Side) -> bool:
    """Return whether a training set keeps samples that people could not decide."""
    return bool(side.train.origin.get("settings", {}).get("keep_undecided", False))


def undone_by_settings(base: Side, head: Side) -> BoolArray:
    """Return which changes would not be there with the settings of before, all else as after.

    A sample is lost by `min_confidence` if its confidence after, and its label, would have passed
    before; it is gained by it if its confidence after would not have. The same holds for samples
    that people could not decide, by `keep_undecided`.
    """
    threshold = min_confidence(base)
    weak = ~head.is_human
    with np.errstate(invalid="ignore"):
        passes = head.confidence >= threshold
    same_label = base.codes == head.codes
    below = _begins(head.reasons, BELOW)
    lost = base.is_kept & below & passes & same_label
    gained = _begins(base.reasons, BELOW) & head.is_kept & weak & ~passes
    if keeps_undecided(base) != keeps_undecided(head):
        undecided = _ends(head.decided_by, COULD_NOT_DECIDE)
        lost |= base.is_kept & (head.reasons == COULD_NOT_DECIDE) & passes & same_label
        gained |= (base.reasons == COULD_NOT_DECIDE) & head.is_kept & weak & undecided
    return np.asarray(lost | gained, dtype=bool)


def _begins(texts: Any, start: str) -> BoolArray:
    return np.array([text.startswith(start) for text in texts], dtype=bool)


def _ends(texts: Any, end: str) -> BoolArray:
    return np.array([text.endswith(end) for text in texts], dtype=bool)
