"""A search for slices with more errors than the rest, confirmed on samples it has not seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.gold_comparison import hash_of
from labeling.analysis.slices.conditions import Mask, SliceCondition, candidates, text_columns
from labeling.analysis.slices.masks import Slices
from labeling.analysis.slices.measuring import difference_of, holm
from labeling.errors import DataError, LabelingError, counted
from labeling.records import Table, require_column, uniform_by_id, whole_number, with_id_index
from labeling.records.estimates import LEVEL, Estimate, mean_of
from labeling.records.samples import checked_ids, positions
from labeling.rendering import Displayed, Excerpt, View, as_interval
from labeling.rendering import Table as TablePart
from labeling.rendering.formatting import p_value, with_interval

Floats = npt.NDArray[np.float64]
Conditions = tuple[SliceCondition, ...]
Candidate = tuple[float, Conditions, Mask]
"""Standard errors, conditions, and which samples of the searching half meet them."""

SALT = 0x511CE
"""Of the hash by which samples are divided: half searches, half confirms."""
LEAST_SAMPLES = 10
"""Samples of a half that a slice must have, and the rest as well."""
LEAST_ERRORS = 5  # errors of a half, below which nothing can be told
LEAST_Z = 2.0  # standard errors by which the searching half must see a difference
WORTH_OF_A_PAIR = 1.0  # standard errors that a second condition must add to be worth its words
MOST_KEPT = 200  # candidates whose samples are held
MOST_PAIRED = 20  # single conditions that are combined in pairs
MOST_OVERLAP = 0.5  # Jaccard index of two slices that are offered


@dataclass(frozen=True, slots=True, repr=False)
class FoundSlice(Displayed):
    """A slice that a search proposed, measured on the half of the samples that did not search.

    Attributes:
        conditions: all of them must be met.
        error: the error rate in the slice; `n` = its samples in the confirming half.
        rest: that of all other samples of the half.
        difference: error less that of the rest, with its interval.
        p: of Fisher's exact test that the error is not greater, corrected for the number of slices
            proposed (Holm 1979).
    """

    conditions: tuple[SliceCondition, ...]
    error: Estimate
    rest: Estimate
    difference: Estimate
    p: float

    @property
    def description(self) -> str:
        """The conditions in words."""
        return " and ".join(map(str, self.conditions))

    @property
    def is_confirmed(self) -> bool:
        """Whether the error is greater than that of the rest beyond doubt."""
        return self.p < 1 - LEVEL

    def mask(self, data: pd.DataFrame) -> Mask:
        """Return which samples are in the slice: shape (n,)."""
        mask: Mask = np.logical_and.reduce([each.mask(data) for each in self.conditions])
        return mask


@dataclass(frozen=True, slots=True, repr=False)
class FoundSlices(Displayed):
    """What a search for bad slices found; made by `find_slices`.

    Attributes:
        slices: those that were confirmed, the greatest difference first.
        unconfirmed: those that the first half proposed, and the second did not confirm.
        tried: how many conditions and pairs of them were looked at.
        n_search: samples that searched.
        n_confirm: samples that confirmed.
        error: the error rate of these.
    """

    slices: tuple[FoundSlice, ...]
    unconfirmed: tuple[FoundSlice, ...]
    tried: int
    n_search: int
    n_confirm: int
    error: Estimate

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each slice that was proposed, the confirmed ones first.

        Columns: `description`, `n`, `error`, `low`, `high`, `rest`, `difference`, `p`, `confirmed`.
        """
        rows = [
            (
                one.description,
                one.error.n,
                one.error.value,
                one.error.low,
                one.error.high,
                one.rest.value,
                one.difference.value,
                one.p,
                one.is_confirmed,
            )
            for one in (*self.slices, *self.unconfirmed)
        ]
        columns = ["description", "n", "error", "low", "high", "rest", "difference", "p"]
        return pd.DataFrame(rows, columns=[*columns, "confirmed"])

    def to_slices(self, data: Table) -> Slices:
        """Return which samples of a table the confirmed slices have."""
        samples = with_id_index(data)
        masks = {one.description: one.mask(samples) for one in self.slices}
        return Slices(pd.DataFrame(masks, index=samples.index))

    def _view(self) -> View:
        rows = tuple(
            (
                Excerpt(one.description),
                as_interval(one.error),
                as_interval(one.rest),
                with_interval(one.difference.value, one.difference.low, one.difference.high),
                p_value(one.p),
            )
            for one in self.slices
        )
        sentence = (
            f"{self.tried:,} conditions and pairs were looked at on {self.n_search:,} samples;"
            f" {len(self.slices) + len(self.unconfirmed)} were proposed, and {len(self.slices)}"
            f" confirmed on {self.n_confirm:,} others, whose error rate is {self.error}."
        )
        table = TablePart(("slice", "error", "rest", "difference", "p"), rows)
        parts = (sentence, table) if rows else (sentence,)
        found = counted(len(self.slices), "slice")
        return View(f"{found} with more errors than the rest", parts)


def find_slices(
    data: Table,
    wrong: pd.Series,
    *,
    texts: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    most: int = 5,
) -> FoundSlices:
    """Return the slices in which labels are wrong more often than in the rest, beyond doubt.

    Slices are described by one condition or two: a word of a text, the number of its words, a
    category, a range of a number, a missing value. A hash of the ids divides the samples in two:
    one half proposes at most `most` slices, the other measures them, so that neither the error
    rates nor the tests suffer from the search. In data without such a slice one is confirmed in at
    most 5 % of cases. (Chung et al., "Slice Finder", ICDE 2019, with the samples split.)

    Args:
        data: the samples, index = ids.
        wrong: whether the label of a sample is wrong (bool, or 1 and 0), of samples whose true
            label is known, best drawn at random; index = ids.
        texts: columns of texts; `None` takes those with more than 50 different texts.
        columns: columns of numbers and categories; `None` takes all others.
        most: slices that are proposed; the fewer, the sooner one is confirmed.

    Raises:
        DataError: an id of `wrong` is not in `data`, or a column is missing.
        LabelingError: `wrong` is not a Series of bool.

    >>> ids = [f"s{n}" for n in range(400)]
    >>> data = pd.DataFrame({"source": ["mail", "web"] * 200, "n": range(400)}, ids)
    >>> wrong = pd.Series([n % 2 == 1 and n % 3 == 0 for n in range(400)], ids)
    >>> [found.description for found in find_slices(data, wrong).slices]
    ["source is 'web'"]
    """
    samples = with_id_index(data)
    most = whole_number(most, "`most`")
    errors = _checked(wrong)
    samples = samples.iloc[positions(samples.index, errors.index, "`wrong`", "the samples")]
    text_names = text_columns(samples) if texts is None else list(texts)
    others = [str(name) for name in samples.columns if name not in text_names]
    others = others if columns is None else list(columns)
    for name in (*text_names, *others):
        require_column(samples, name, "what describes slices")
    is_wrong = errors.to_numpy()
    searches = uniform_by_id(errors.index, SALT) < 0.5
    searched = samples[searches]
    proposed, tried = _proposals(searched, is_wrong[searches], others, text_names, most)
    found = _confirmed(proposed, samples[~searches], is_wrong[~searches])
    return FoundSlices(
        tuple(one for one in found if one.is_confirmed),
        tuple(one for one in found if not one.is_confirmed),
        tried,
        int(searches.sum()),
        int((~searches).sum()),
        mean_of(np.sort(is_wrong[~searches])),
    )


def _checked(wrong: pd.Series) -> pd.Series:
    """Return whether labels are wrong, as 1 and 0, in an order that depends on the ids alone."""
    if not isinstance(wrong, pd.Series) or not wrong.isin([0, 1]).all():
        raise LabelingError(
            "`wrong` must be a pandas Series from sample id to True or False. Got a"
            f" {type(wrong).__name__}."
        )
    if not len(wrong):
        raise DataError("`wrong` must have at least one sample. Got none.")
    ids = checked_ids(wrong.index)
    return wrong.astype(np.float64).iloc[np.argsort(hash_of(ids), kind="stable")]


def _proposals(
    data: pd.DataFrame,
    wrong: Floats,
    columns: Sequence[str],
    texts: Sequence[str],
    most: int,
) -> tuple[list[Conditions], int]:
    """Return the slices that a half proposes, the most certain first, and how many it looked at."""
    if wrong.sum() < LEAST_ERRORS or len(wrong) - wrong.sum() < LEAST_ERRORS:
        return [], 0
    ranked: list[Candidate] = []
    tried = 0
    for condition, mask in candidates(data, columns, texts, LEAST_SAMPLES):
        tried += 1
        z = _z(wrong, mask)
        if z > 0:
            ranked.append((z, (condition,), mask))
        if len(ranked) > 2 * MOST_KEPT:
            ranked = sorted(ranked, key=_order)[:MOST_KEPT]
    ranked = sorted(ranked, key=_order)
    pairs, tried_pairs = _pairs(ranked[:MOST_PAIRED], wrong)
    return _different(sorted([*ranked, *pairs], key=_order), most), tried + tried_pairs


def _pairs(best: list[Candidate], wrong: Floats) -> tuple[list[Candidate], int]:
    """Return the pairs of conditions that say more than each of the two, and how many there are."""
    found: list[Candidate] = []
    tried = 0
    for (first_z, first, one), (second_z, second, other) in itertools.combinations(best, 2):
        both = one & other
        if both.sum() >= LEAST_SAMPLES:
            tried += 1
            z = _z(wrong, both)
            if z > max(first_z, second_z) + WORTH_OF_A_PAIR:
                found.append((z, (*first, *second), both))
    return found, tried


def _different(ranked: list[Candidate], most: int) -> list[Conditions]:
    """Return the best slices that do not have nearly the same samples."""
    chosen: list[Candidate] = []
    for candidate in ranked:
        if candidate[0] < LEAST_Z or len(chosen) == most:
            break
        if all(_jaccard(candidate[2], other) < MOST_OVERLAP for _, _, other in chosen):
            chosen.append(candidate)
    return [conditions for _, conditions, _ in chosen]


def _order(candidate: Candidate) -> tuple[float, str]:
    return -round(candidate[0], 9), " and ".join(map(str, candidate[1]))


def _z(wrong: Floats, mask: Mask) -> float:
    """Return by how many standard errors more labels are wrong in a slice than by chance."""
    n, n_in, share = len(wrong), int(mask.sum()), float(wrong.mean())
    variance = n_in * share * (1 - share) * (n - n_in) / (n - 1)  # hypergeometric
    return (float(wrong[mask].sum()) - n_in * share) / math.sqrt(variance)


def _jaccard(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def _confirmed(proposed: list[Conditions], data: pd.DataFrame, wrong: Floats) -> list[FoundSlice]:
    """Return the proposed slices as the other half sees them, the greatest difference first."""
    from scipy.stats import hypergeom

    masks = [np.logical_and.reduce([one.mask(data) for one in each]) for each in proposed]
    p_values = [
        float(hypergeom.sf(wrong[mask].sum() - 1, len(wrong), wrong.sum(), mask.sum()))
        if mask.any() and not mask.all()
        else 1.0
        for mask in masks
    ]
    found = [
        FoundSlice(
            conditions,
            mean_of(np.sort(wrong[mask])),
            mean_of(np.sort(wrong[~mask])),
            difference_of(wrong, mask),
            p,
        )
        for conditions, mask, p in zip(proposed, masks, holm(p_values), strict=True)
    ]
    return sorted(found, key=lambda one: (-np.nan_to_num(one.difference.value), one.description))
