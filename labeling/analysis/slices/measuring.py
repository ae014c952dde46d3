"""Quality by slice: accuracy in it and in the rest, with intervals and corrected tests."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.gold_comparison import Predicted, compared
from labeling.analysis.slices.masks import Slices
from labeling.records import Gold, LabelSchema
from labeling.records.estimates import LEVEL, Estimate, mean_of, undefined
from labeling.rendering import Displayed, Excerpt, Table, View, as_interval
from labeling.rendering.formatting import p_value, with_interval

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

MOST_SHOWN = 40  # slices in a view


@dataclass(frozen=True, slots=True, repr=False)
class SliceScore(Displayed):
    """The accuracy of labels in a slice and in the rest.

    Attributes:
        name: of the slice.
        description: what it is.
        share: the share of all samples that it has, 0 to 1.
        accuracy: in the slice; `n` = its samples with a gold label.
        rest: in all other samples.
        difference: accuracy less that of the rest, -1 to 1, with its interval.
        p: of Fisher's exact test that both are the same, corrected for the number of slices
            (Holm 1979); NaN where either has no gold label.
    """

    name: str
    description: str
    share: float
    accuracy: Estimate
    rest: Estimate
    difference: Estimate
    p: float

    @property
    def verdict(self) -> str:
        """ "worse" or "better" than the rest beyond doubt, else empty."""
        if not self.p < 1 - LEVEL:
            return ""
        return "worse" if self.difference.value < 0 else "better"


@dataclass(frozen=True, slots=True, repr=False)
class SliceQuality(Displayed):
    """The quality of labels by slice; made by `slice_quality`.

    Attributes:
        slices: in the order of their names in `Slices`.
        overall: accuracy of all samples with a gold label.
    """

    slices: tuple[SliceScore, ...]
    overall: Estimate

    def to_frame(self) -> pd.DataFrame:
        """Return a row a slice, index = name.

        Columns: `description`, `share`, `n`, `accuracy`, `low`, `high`, `rest`, `difference`,
        `difference_low`, `difference_high`, `p`, `verdict`.
        """
        rows = {
            one.name: {
                "description": one.description,
                "share": one.share,
                "n": one.accuracy.n,
                "accuracy": one.accuracy.value,
                "low": one.accuracy.low,
                "high": one.accuracy.high,
                "rest": one.rest.value,
                "difference": one.difference.value,
                "difference_low": one.difference.low,
                "difference_high": one.difference.high,
                "p": one.p,
                "verdict": one.verdict,
            }
            for one in self.slices
        }
        frame = pd.DataFrame.from_dict(rows, orient="index")
        return frame.rename_axis("slice")

    def _view(self) -> View:
        ordered = sorted(self.slices, key=lambda one: (one.accuracy.value, one.name))
        rows = tuple(
            (
                Excerpt(one.name),
                as_interval(one.accuracy),
                as_interval(one.rest),
                with_interval(one.difference.value, one.difference.low, one.difference.high),
                p_value(one.p),
                one.verdict,
                Excerpt(one.description),
            )
            for one in ordered[:MOST_SHOWN]
        )
        headings = ("slice", "accuracy", "rest", "difference", "p", "", "description")
        caption = (
            "The worst first. p is corrected for the number of slices; a slice is worse or better"
            f" only where it is below {1 - LEVEL:.2f}."
        )
        table = Table(headings, rows, caption, left_out=len(ordered) - len(rows))
        title = f"Quality by slice: {len(ordered):,} slices, {self.overall.n:,} gold labels"
        return View(title, (f"Accuracy of all: {self.overall}.", table))


def slice_quality(
    slices: Slices, predicted: Predicted, gold: Gold, *, schema: LabelSchema | None = None
) -> SliceQuality:
    """Return the accuracy of labels in each slice, in the rest, and whether they differ.

    Args:
        slices: of all samples; those without a gold label count in `share` only.
        predicted: soft labels that did not learn from these gold labels, or labels by sample id.
        gold: true labels of some samples.
        schema: the labels, where `predicted` is a Series.

    Raises:
        DataError: no sample has a prediction and a gold label, or one is in no row of the slices.

    >>> ids = [f"s{n}" for n in range(40)]
    >>> labels = pd.Series(["spam"] * 40, ids)
    >>> gold = pd.Series(["ham"] * 8 + ["spam"] * 32, ids)
    >>> first = Slices.of_ids({"first": ids[:10]}, ids)
    >>> found = slice_quality(first, labels, gold, schema=LabelSchema(["ham", "spam"]))
    >>> print(found.slices[0].accuracy, found.slices[0].verdict)
    0.200 [0.057, 0.510], n = 10 worse
    """
    pairs = compared(predicted, gold, schema)
    scores = pairs.scores()
    masks = {name: slices.mask(name, pairs.ids) for name in slices.names}
    p_values = holm([difference_p(scores, mask) for mask in masks.values()])
    found = tuple(
        SliceScore(
            name,
            slices.descriptions.get(name, ""),
            float(slices.masks[name].mean()),
            mean_of(np.sort(scores[mask])),
            mean_of(np.sort(scores[~mask])),
            difference_of(scores, mask),
            p,
        )
        for (name, mask), p in zip(masks.items(), p_values, strict=True)
    )
    return SliceQuality(found, mean_of(np.sort(scores)))


def difference_of(scores: Floats, mask: Mask) -> Estimate:
    """Return the mean score in a slice less that of the rest; `n` = samples in the slice.

    The interval combines those of both means (Newcombe 1998, his method 10).
    """
    inside, rest = mean_of(np.sort(scores[mask])), mean_of(np.sort(scores[~mask]))
    if not inside.n or not rest.n:
        return undefined(
            inside.n, "no gold label in it" if not inside.n else "no gold label in the rest"
        )
    value = inside.value - rest.value
    below = math.hypot(inside.value - inside.low, rest.high - rest.value)
    above = math.hypot(inside.high - inside.value, rest.value - rest.low)
    return Estimate(value, max(value - below, -1.0), min(value + above, 1.0), inside.n)


def difference_p(scores: Floats, mask: Mask) -> float:
    """Return p of Fisher's exact test, two-sided; a tie is not a correct label."""
    from scipy.stats import fisher_exact

    right = scores > 1 - 1e-9
    table = [
        [int((right & mask).sum()), int((~right & mask).sum())],
        [int((right & ~mask).sum()), int((~right & ~mask).sum())],
    ]
    if not sum(table[0]) or not sum(table[1]):
        return math.nan
    return float(fisher_exact(table).pvalue)


def holm(p_values: list[float]) -> list[float]:
    """Return p values corrected for how many there are (Holm 1979); NaN does not count.

    >>> holm([0.01, 0.04, float("nan")])
    [0.02, 0.04, nan]
    """
    known = sorted((p, place) for place, p in enumerate(p_values) if not math.isnan(p))
    corrected, highest = list(p_values), 0.0
    for rank, (p, place) in enumerate(known):
        highest = max(highest, min(p * (len(known) - rank), 1.0))
        corrected[place] = highest
    return corrected
