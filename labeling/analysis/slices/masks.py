"""`Slices`: which samples each slice has."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, LabelingError, listed, near
from labeling.records import Votes
from labeling.records.samples import checked_ids, positions
from labeling.rendering import Displayed, Excerpt, Share, Table, View

MOST_SHOWN = 40  # slices in a view


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Slices(Displayed):
    """Which samples each slice has; made by `labeling.apply_slices`.

    Attributes:
        masks: bool; index = sample ids, a column a slice.
        descriptions: what a slice is, by its name.
    """

    masks: pd.DataFrame
    descriptions: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        checked_ids(self.masks.index)
        wrong = [name for name in self.masks if self.masks[name].dtype != np.bool_]
        if wrong or not self.masks.columns.is_unique:
            raise LabelingError(
                "The masks of slices must be columns of bool with different names. Got"
                f" {listed(self.masks.columns)}; not of bool: {listed(wrong) or 'none'}."
            )

    @classmethod
    def of_ids(
        cls, members: Mapping[str, Collection[Hashable]], sample_ids: Collection[Hashable]
    ) -> Self:
        """Return slices that are given as lists of ids.

        Args:
            members: the ids of each slice, by its name.
            sample_ids: all samples.

        Raises:
            DataError: an id of a slice is not among the samples.

        >>> Slices.of_ids({"first": ["a"]}, ["a", "b"]).masks["first"].tolist()
        [True, False]
        """
        ids = checked_ids(pd.Index(list(sample_ids)))
        masks = pd.DataFrame(index=ids)
        for name, given in members.items():
            mask = np.zeros(len(ids), dtype=bool)
            if len(given):
                wanted = pd.Index(list(given))
                mask[positions(ids, wanted, f"slice {name!r}", "the samples")] = True
            masks[name] = mask
        return cls(masks)

    @classmethod
    def of_votes(cls, votes: Votes, descriptions: Mapping[str, str]) -> Self:
        """Return slices from the votes of slicing functions: a vote for the second label is in."""
        masks = pd.DataFrame(
            votes.to_array() == 1, index=votes.sample_ids, columns=list(votes.voters)
        )
        return cls(masks, descriptions)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the slices, in order."""
        return tuple(self.masks.columns)

    def __len__(self) -> int:
        return self.masks.shape[1]

    def mask(self, name: str, ids: pd.Index | None = None) -> npt.NDArray[np.bool_]:
        """Return whether the slice has each sample: shape (n,).

        Args:
            name: of the slice.
            ids: of which samples, in this order; `None` is all.

        Raises:
            LabelingError: there is no such slice.
            DataError: a sample is unknown.
        """
        if name not in self.masks:
            raise LabelingError(
                f"There is no slice {name!r}; the slices are {listed(self.names)}."
                f"{near(name, self.names)}"
            )
        values = self.masks[name].to_numpy()
        if ids is None:
            return values
        return values[positions(self.masks.index, ids, "the samples asked for", "the slices'")]

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the masks."""
        return self.masks.copy()

    def of_both(self, other: Slices) -> Slices:
        """Return these slices and others of the same samples.

        Raises:
            DataError: the samples differ, or two slices have the same name.
        """
        same = sorted(set(self.names) & set(other.names))
        if same or not self.masks.index.isin(other.masks.index).all():
            raise DataError(
                "Slices must be of the same samples and have different names to be joined. In"
                f" both: {listed(same) or 'none'}."
            )
        return Slices(
            self.masks.join(other.masks), {**dict(self.descriptions), **dict(other.descriptions)}
        )

    def _view(self) -> View:
        n = len(self.masks)
        rows = tuple(
            (
                Excerpt(name),
                int(self.masks[name].sum()),
                Share(float(self.masks[name].mean())),
                Excerpt(self.descriptions.get(name, "")),
            )
            for name in self.names[:MOST_SHOWN]
        )
        table = Table(
            ("slice", "samples", "share", "description"), rows, left_out=len(self) - len(rows)
        )
        return View(f"{len(self):,} slices of {n:,} samples", (table,) if rows else ())
