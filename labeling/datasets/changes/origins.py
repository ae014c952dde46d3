"""What a merged training set was made of, from what its sides were made of."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labeling.datasets.changes.conflicts import Decision
from labeling.datasets.values import plain

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet


def merged_origin(
    base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a merged training set was made of: of each entry the side that changed it.

    An entry that both changed differently becomes `{"either": [...]}` with both, sorted.

    >>> merged_origin({"a": 1, "b": {"c": 1}}, {"a": 2, "b": {"c": 1}}, {"a": 3, "b": {"c": 5}})
    {'a': {'either': [2, 3]}, 'b': {'c': 5}}
    """
    return {
        name: value
        for name in sorted({*ours, *theirs})
        if (value := _entry(base.get(name), ours.get(name), theirs.get(name))) is not None
    }


def _entry(base: Any, ours: Any, theirs: Any) -> Any:
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return merged_origin(base if isinstance(base, Mapping) else {}, ours, theirs)
    both: Sequence[Any] = sorted((ours, theirs), key=repr)
    return {"either": list(both)}


def merge_record(
    sets: Sequence[TrainingSet], decided: Mapping[Hashable, Decision]
) -> dict[str, Any]:
    """Return which training sets were merged, with the decisions: so it can be merged again.

    Args:
        sets: base, ours and theirs.
        decided: the decisions on conflicts, by sample id.
    """
    decisions = [
        {"sample": plain(sample_id, str), **dataclasses.asdict(decision)}
        for sample_id, decision in decided.items()
    ]
    base, *sides = (train.fingerprint for train in sets)
    return {"base": base, "sides": sorted(sides), "decisions": sorted(decisions, key=repr)}
