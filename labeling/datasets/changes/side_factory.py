"""Sides of comparisons, by the form of the labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labeling.datasets.changes.alignment import Places
from labeling.datasets.changes.list_sides import ListSide
from labeling.datasets.changes.sides import Side
from labeling.datasets.forms import LabelForm, SetLabels, SpanLabels
from labeling.errors import DataError, listed

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

SIDES: dict[type[LabelForm], type[Side]] = {
    LabelForm: Side,
    SpanLabels: ListSide,
    SetLabels: ListSide,
}


def sides_of(
    trains: Sequence[TrainingSet], places: Sequence[Places], voters: Sequence[str] | None = None
) -> list[Side]:
    """Return what training sets say of the same samples, with the labels of all of them.

    Args:
        trains: the training sets.
        places: where each has the samples.
        voters: the labeling functions; `None`: those of all, sorted.

    Raises:
        DataError: the training sets have labels of different kinds.
    """
    kinds = sorted({train.schema.kind.value for train in trains})
    if len(kinds) > 1:
        raise DataError(
            "Training sets that are compared must have labels of one kind. Got"
            f" {listed(kinds)}: build them with the same schema."
        )
    if voters is None:
        voters = sorted({voter for train in trains for voter in train.voters})
    kind = SIDES[type(trains[0].form)]
    pairs = list(zip(trains, places, strict=True))
    names = kind.names(Side(train, where, (), voters) for train, where in pairs)
    return [kind(train, where, names, voters) for train, where in pairs]
