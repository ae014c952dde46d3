"""`PartUncovered`: samples of which no function says anything, and the gold that is missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from labeling.notebook.moment import share_of
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.uncovered import Uncovered, uncovered_of
from labeling.records import ABSTAIN
from labeling.records.estimates import Estimate
from labeling.rendering import View


@dataclass(frozen=True, eq=False, repr=False)
class PartUncovered(Uncovered):
    """Samples of which no function says anything, in clusters by their texts.

    Attributes:
        noun: what a part is called.
        n_missed: of how many gold parts no function says anything.
        missed: their share of all gold parts.
    """

    noun: str
    n_missed: int
    missed: Estimate

    def _view(self) -> View:
        view = super()._view()
        if not self.missed.n:
            return view
        sentence = (
            f"No function speaks of {self.n_missed:,} of the {self.missed.n:,} gold {self.noun}s of"
            " the dev set"
        )
        if self.n_missed:
            sentence += ": bucket(gold='any', vote='abstain') shows them"
        return View(view.title, (f"{sentence}.", *view.parts))


def part_uncovered(moment: PartMoment, n_clusters: int) -> PartUncovered:
    """Return the samples of which nothing is said; meaning is that of `Workbench.uncovered`."""
    uncovered = uncovered_of(moment, n_clusters)
    table = moment.table(*moment.functions)
    is_gold = table.has_label(table.gold)
    is_silent = (table.codes == ABSTAIN).all(axis=1)
    n_missed = int(np.count_nonzero(is_gold & is_silent))
    return PartUncovered(
        uncovered.moment,
        uncovered.clusters,
        table.noun,
        n_missed,
        share_of(n_missed, int(is_gold.sum())),
    )
