"""Percent agreement, Krippendorff's alpha and Gwet's AC1 and AC2, overall and by stratum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.analysis.inter_annotator.units import (
    Floats,
    Units,
    bootstrapped,
    units_of,
)
from labeling.errors import counted
from labeling.records import Votes
from labeling.records.estimates import Estimate, mean_of, undefined
from labeling.rendering import Cell, Displayed, Table, View, as_interval

NO_PAIR = "no sample has two votes"
ALL_EQUAL = "all votes are equal, so chance agreement cannot be estimated"
SKEWED = 0.9  # the share of one label above which alpha is low whatever people do
NO_ESTIMATE = undefined(0, NO_PAIR)
RELIABLE, TENTATIVE = 0.8, 0.667  # Krippendorff's bands of alpha


BANDS = (
    f"below {TENTATIVE}, which counts as unreliable: look at which labels are confused",
    f"from {TENTATIVE} to {RELIABLE}, which allows tentative conclusions only",
    f"{RELIABLE} or more, which counts as reliable",
)


def _band_of(alpha: float) -> int:
    return int(alpha >= TENTATIVE) + int(alpha >= RELIABLE)


@dataclass(frozen=True, slots=True, repr=False)
class Agreement(Displayed):
    """Agreement of voters on the samples that two or more of them labeled.

    Attributes:
        percent: the share of pairs of votes on one sample that are equal, averaged over samples.
        alpha: Krippendorff's alpha, 1 = perfect, 0 = agreement at chance level: for nominal data,
            or for ordinal data if the labels are ordered.
        n_samples: samples with two votes or more.
        n_votes: their votes.
        gwet: Gwet's AC1, or AC2 with quadratic weights if the labels are ordered. It corrects for
            chance too, and stays high where nearly all samples have one label.
        ordered: whether the labels are ordered.
        top_label: the label with the most votes (by name, where several have); `None` without one.
        top_share: its share of the votes.
    """

    percent: Estimate
    alpha: Estimate
    n_samples: int
    n_votes: int
    gwet: Estimate = NO_ESTIMATE
    ordered: bool = False
    top_label: str | None = None
    top_share: float = np.nan

    def __str__(self) -> str:
        alpha = "ordinal alpha" if self.ordered else "alpha"
        text = f"percent agreement {self.percent}; Krippendorff's {alpha} {self.alpha}"
        return f"{text}; Gwet's {self.gwet_name} {self.gwet}" if self.is_skewed else text

    @property
    def gwet_name(self) -> str:
        """`AC1`, or `AC2` if the labels are ordered."""
        return "AC2" if self.ordered else "AC1"

    @property
    def is_skewed(self) -> bool:
        """Whether one label has more than 90 % of the votes, so that alpha misleads."""
        return self.top_share > SKEWED

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before the numbers are quoted, a sentence each."""
        if not self.n_samples:
            return (f"Agreement is undefined: {NO_PAIR}.",)
        notes = []
        if self.is_skewed:
            notes.append(
                f"{self.top_share:.0%} of the {self.n_votes:,} votes are {self.top_label!r}, so"
                " most agreement is expected by chance, and alpha is low or undefined even where"
                " nearly all votes agree (the kappa paradox). Gwet's"
                f" {self.gwet_name} is shown beside it."
            )
        if not np.isnan(self.alpha.low):
            notes.append(self._band())
        elif not np.isnan(self.alpha.value):
            samples = counted(self.n_samples, "sample")
            notes.append(
                f"Alpha has no interval by {samples}: too few of them have votes that differ to say"
                " how far it can be trusted."
            )
        return tuple(notes)

    def _band(self) -> str:
        """Return what alpha means by the bands of Krippendorff, if its interval is within one."""
        bands = {_band_of(self.alpha.low), _band_of(self.alpha.high)}
        if len(bands) > 1:
            return (
                "The interval of alpha is too wide to say whether it is"
                f" {BANDS[max(bands)]}: more samples with two votes would show it."
            )
        return f"Alpha is {BANDS[_band_of(self.alpha.value)]}."

    def _view(self) -> View:
        alpha = f"Krippendorff's {'ordinal ' if self.ordered else ''}alpha"
        shown = [("percent agreement", self.percent), (alpha, self.alpha)]
        shown += [(f"Gwet's {self.gwet_name}", self.gwet)] if self.is_skewed else []
        # Coefficients may be negative, and are written; a bar goes from 0 to 1.
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (name, as_interval(one) if name.startswith("percent") else str(one))
            for name, one in shown
        )
        samples = counted(self.n_samples, "sample")
        return View(
            f"Agreement on {samples} with two votes or more ({self.n_votes:,} votes)",
            (Table(("coefficient", "value with 95 % interval"), rows), *self.notes),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each coefficient: `value, low, high` (95 %), `n` (samples), `note`."""
        estimates = {"percent": self.percent, "alpha": self.alpha, "gwet": self.gwet}
        rows = [(e.value, e.low, e.high, e.n, e.note) for e in estimates.values()]
        index = pd.Index(list(estimates), name="coefficient")
        return pd.DataFrame(rows, index, columns=["value", "low", "high", "n", "note"])


def label_agreement(votes: Votes, seed: int) -> Agreement:
    """Return the agreement of voters on samples with one label each; see `agreement`."""
    schema = votes.schema
    voted = units_of(votes).with_votes(1)
    units = voted.with_votes(2)
    n, by_label = units.n_samples, units.votes_by_label
    if not n:
        return Agreement(NO_ESTIMATE, NO_ESTIMATE, 0, 0, ordered=schema.ordered)
    names = schema.labels if schema.ordered else sorted(schema.labels)
    top = min(range(len(names)), key=lambda label: (-by_label[label], names[label]))
    counts, sizes = units.counts, units.sizes
    same = (counts * (counts - 1)).sum(axis=1) / (sizes * (sizes - 1))
    gwet = ac2 if schema.ordered else ac1
    return Agreement(
        mean_of(np.repeat(same, units.samples), seed),
        alpha_of(units, seed, ordered=schema.ordered),
        n,
        int(by_label.sum()),
        bootstrapped(voted, gwet, seed, n),
        schema.ordered,
        names[top],
        float(by_label[top] / by_label.sum()),
    )


def alpha_of(units: Units, seed: int, *, ordered: bool = False) -> Estimate:
    """Return Krippendorff's alpha of samples with two votes or more, with its interval."""
    if not units.n_samples:
        return undefined(0, NO_PAIR)
    if (units.votes_by_label > 0).sum() < 2:
        return undefined(units.n_samples, ALL_EQUAL)
    return bootstrapped(units, ordinal_alpha if ordered else nominal_alpha, seed)


def nominal_alpha(units: Units, weights: Floats) -> Floats:
    """Return alpha for nominal data: 1 - observed disagreement / disagreement by chance.

    In the coincidence matrix a sample with m votes adds 1 / (m - 1) for each ordered pair of them,
    so that the matrix sums to the number of votes. Only its off-diagonal part is needed: perfect
    agreement is exactly 1.
    """
    sizes = units.sizes
    unequal = (sizes**2 - np.square(units.counts).sum(axis=1)) / (sizes - 1)
    by_label = weights @ units.counts
    total = by_label.sum(axis=1)
    return _alpha(weights @ unequal, total**2 - np.square(by_label).sum(axis=1), total)


def ordinal_alpha(units: Units, weights: Floats) -> Floats:
    """Return alpha for ordinal data.

    The squared distance of two labels is that of their mid-ranks among all votes, so alpha is that
    of interval data with mid-ranks as values. They are doubled to be whole numbers.
    """
    counts = units.counts.astype(np.float64)
    by_label = weights @ counts
    ranks = 2 * np.cumsum(by_label, axis=1) - by_label
    total = by_label.sum(axis=1)
    sizes = units.sizes
    sums, squares = ranks @ counts.T, np.square(ranks) @ counts.T
    unequal = 2 * (sizes * squares - sums**2) / (sizes - 1)
    by_chance = total * (by_label * ranks**2).sum(axis=1) - (by_label * ranks).sum(axis=1) ** 2
    return _alpha((weights * unequal).sum(axis=1), 2 * by_chance, total)


def _alpha(observed: Floats, by_chance: Floats, total: Floats) -> Floats:
    """Return alpha of sums over pairs of votes; NaN where all votes are equal."""
    alpha: Floats = np.full(len(total), np.nan)
    unequal = by_chance > 0
    alpha[unequal] = 1 - (total[unequal] - 1) * observed[unequal] / by_chance[unequal]
    return alpha


def ac1(units: Units, weights: Floats) -> Floats:
    """Return Gwet's AC1: chance agreement is sum(p (1 - p)) / (n_labels - 1).

    As he defines it, shares of the labels are those of all samples with a vote, also of one.
    """
    counts, sizes = units.counts, units.sizes
    same = (counts * (counts - 1)).sum(axis=1)
    return _gwet(units, weights, same / np.maximum(sizes * (sizes - 1), 1), counts.shape[1])


def ac2(units: Units, weights: Floats) -> Floats:
    """Return Gwet's AC2 with quadratic weights, 1 - (steps / most steps) ** 2."""
    counts, sizes = units.counts, units.sizes
    k = counts.shape[1]
    steps = np.arange(k)
    pairs = sizes * (sizes - 1)
    unequal = 2 * (sizes * (counts @ steps**2) - (counts @ steps) ** 2) / (k - 1) ** 2
    total = k**2 - 2 * (k * int((steps**2).sum()) - int(steps.sum()) ** 2) / (k - 1) ** 2
    return _gwet(units, weights, (pairs - unequal) / np.maximum(pairs, 1), total)


def _gwet(units: Units, weights: Floats, same: Floats, total_weight: float) -> Floats:
    """Return Gwet's coefficient; NaN for resamples without a pair of votes.

    Args:
        units: samples with a vote or more.
        weights: of their rows, shape (n_resamples, n_rows).
        same: weighted agreement of the pairs of a row: shape (n_rows,).
        total_weight: the sum of the weights of all pairs of labels.
    """
    k = units.counts.shape[1]
    shares = weights @ (units.counts / units.sizes[:, None]) / weights.sum(axis=1, keepdims=True)
    by_chance = total_weight * (shares * (1 - shares)).sum(axis=1) / (k * (k - 1))
    paired = weights[:, units.sizes >= 2]
    n_paired = paired.sum(axis=1)
    observed = np.full(len(weights), np.nan)
    some = n_paired > 0
    observed[some] = (paired @ same[units.sizes >= 2])[some] / n_paired[some]
    gwet: Floats = (observed - by_chance) / (1 - by_chance)
    return gwet
