"""Agreement of annotators on sets of labels: alpha with distances between sets, and by label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.inter_annotator.coefficients import label_agreement
from labeling.analysis.inter_annotator.units import Units, bootstrapped, units_of_counts
from labeling.errors import counted
from labeling.records import SetVotes
from labeling.records.estimates import Estimate, mean_of, undefined
from labeling.rendering import Displayed, Table, View, as_interval

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NO_PAIR = "no sample has two answers"
ALL_EQUAL = "all answers are equal, so chance agreement cannot be estimated"


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class SetAgreement(Displayed):
    """Agreement of voters on the sets of labels of samples that two or more of them answered.

    Attributes:
        percent: the share of pairs of answers on one sample that are the same set, averaged over
            samples.
        jaccard: Krippendorff's alpha with the Jaccard distance, 1 - shared labels / all labels.
        masi: the same with the MASI distance, which weighs subsets as nearer than other overlaps.
        n_samples: samples with two answers or more.
        n_answers: their answers.
        by_label: a row for each label: `yes`, the answers with it; `percent` and `alpha` of yes and
            no to it, each with the ends of its 95 % interval, as `alpha_low` and `alpha_high`, and
            `note`, why alpha is undefined.
    """

    percent: Estimate
    jaccard: Estimate
    masi: Estimate
    n_samples: int
    n_answers: int
    by_label: pd.DataFrame

    def __str__(self) -> str:
        return (
            f"same sets {self.percent}; Krippendorff's alpha with Jaccard distance {self.jaccard},"
            f" with MASI distance {self.masi}"
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know before the numbers are quoted, a sentence each."""
        return () if self.n_samples else (f"Agreement is undefined: {NO_PAIR}.",)

    def _view(self) -> View:
        rows = (
            ("the same set", as_interval(self.percent)),
            ("Krippendorff's alpha, Jaccard distance", str(self.jaccard)),
            ("Krippendorff's alpha, MASI distance", str(self.masi)),
        )
        samples = counted(self.n_samples, "sample")
        return View(
            f"Agreement on {samples} with two answers or more ({self.n_answers:,} answers)",
            (Table(("coefficient", "value with 95 % interval"), rows), *self.notes),
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each coefficient: `value, low, high` (95 %), `n` (samples), `note`."""
        estimates = {"percent": self.percent, "jaccard": self.jaccard, "masi": self.masi}
        rows = [(e.value, e.low, e.high, e.n, e.note) for e in estimates.values()]
        index = pd.Index(list(estimates), name="coefficient")
        return pd.DataFrame(rows, index, columns=["value", "low", "high", "n", "note"])


def set_agreement(votes: SetVotes, seed: int) -> SetAgreement:
    """Return the agreement of voters on sets of labels; see `agreement`."""
    by_label = _by_label(votes, seed)
    sets, counts = _answers(votes)
    units = units_of_counts(counts).with_votes(2)
    n = units.n_samples
    if not n:
        nothing = undefined(0, NO_PAIR)
        return SetAgreement(nothing, nothing, nothing, 0, 0, by_label)
    sizes = units.sizes
    same = (units.counts * (units.counts - 1)).sum(axis=1) / (sizes * (sizes - 1))
    jaccard, masi = distances(sets)
    return SetAgreement(
        mean_of(np.repeat(same, units.samples), seed),
        _alpha_of(units, jaccard, seed),
        _alpha_of(units, masi, seed),
        n,
        int(units.votes_by_label.sum()),
        by_label,
    )


def _by_label(votes: SetVotes, seed: int) -> pd.DataFrame:
    of_labels = [votes.of_label(name) for name in votes.schema.labels]
    agreements = [label_agreement(of_label, seed) for of_label in of_labels]
    return pd.DataFrame(
        {
            "yes": [int(of_label.label_counts()[:, 1].sum()) for of_label in of_labels],
            **_columns("percent", [agreement.percent for agreement in agreements]),
            **_columns("alpha", [agreement.alpha for agreement in agreements]),
            "note": [agreement.alpha.note for agreement in agreements],
        },
        index=pd.Index(votes.schema.labels, name="label"),
    )


def _columns(name: str, estimates: Sequence[Estimate]) -> dict[str, list[float]]:
    return {
        name: [estimate.value for estimate in estimates],
        f"{name}_low": [estimate.low for estimate in estimates],
        f"{name}_high": [estimate.high for estimate in estimates],
    }


def distances(sets: Bools) -> tuple[Floats, Floats]:
    """Return the Jaccard and the MASI distance of each two sets.

    The MASI distance is 1 - Jaccard index * m, where m is 1 for equal sets, 2/3 where one contains
    the other, 1/3 where they overlap, and 0 where they share nothing. Two empty sets are equal.

    Args:
        sets: shape (n_sets, n_labels).

    Source: R. Passonneau, "Measuring agreement on set-valued items (MASI) for semantic and
    pragmatic annotation" (LREC 2006).

    >>> jaccard, masi = distances(np.array([[True, True], [True, False]]))
    >>> jaccard.tolist(), masi.round(3).tolist()
    ([[0.0, 0.5], [0.5, 0.0]], [[0.0, 0.667], [0.667, 0.0]])
    """
    members = sets.astype(np.float64)
    shared = members @ members.T
    sizes = members.sum(axis=1)
    union = sizes[:, None] + sizes[None, :] - shared
    index = np.where(union > 0, shared / np.maximum(union, 1), 1.0)
    contains = shared == np.minimum(sizes[:, None], sizes[None, :])
    weight = np.where(index == 1, 1.0, np.where(contains, 2 / 3, 1 / 3))
    return 1 - index, 1 - index * weight


def _answers(votes: SetVotes) -> tuple[Bools, npt.NDArray[np.int64]]:
    """Return the distinct sets, and how often each is the answer on each sample.

    Sets are in the order of their labels' names, so that nothing depends on the schema's order.
    """
    answers, k = votes.answers, len(votes.schema)
    cell, of_cell = np.unique(
        answers.sample * max(len(votes.voters), 1) + answers.voter, return_inverse=True
    )
    members = np.zeros((len(cell), k), dtype=bool)
    members[of_cell[answers.says], answers.label[answers.says]] = True
    columns: Sequence[int] = [votes.schema.index(name) for name in sorted(votes.schema.labels)]
    sets, number = np.unique(members[:, columns], axis=0, return_inverse=True)
    counts = np.zeros((len(votes), len(sets)), dtype=np.int64)
    np.add.at(counts, (cell // max(len(votes.voters), 1), number.ravel()), 1)
    return sets, counts


def _alpha_of(units: Units, distance: Floats, seed: int) -> Estimate:
    if (units.votes_by_label > 0).sum() < 2:
        return undefined(units.n_samples, ALL_EQUAL)
    return bootstrapped(units, _alpha_with(distance), seed)


def _alpha_with(distance: Floats) -> Callable[[Units, Floats], Floats]:
    """Return Krippendorff's alpha for a distance of values: 1 - observed / expected distance."""

    def alpha(units: Units, weights: Floats) -> Floats:
        counts = units.counts.astype(np.float64)
        observed = weights @ ((counts @ distance * counts).sum(axis=1) / (units.sizes - 1))
        by_value = weights @ counts
        total = by_value.sum(axis=1)
        by_chance = (by_value @ distance * by_value).sum(axis=1)
        values: Floats = np.full(len(total), np.nan)
        some = by_chance > 0
        values[some] = 1 - (total[some] - 1) * observed[some] / by_chance[some]
        return values

    return alpha
