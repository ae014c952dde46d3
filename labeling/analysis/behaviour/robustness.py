"""Accuracy of a model on texts that are changed more and more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.analysis.behaviour.perturbations import Perturbation
from labeling.analysis.behaviour.scoring import Model, scored
from labeling.analysis.gold_comparison import compared
from labeling.records import Gold, checked_fraction, gold_series, texts, with_id_index
from labeling.records import Table as SampleTable
from labeling.records.estimates import Estimate, mean_change, mean_of
from labeling.rendering import Displayed, Table, View, as_interval
from labeling.rendering.formatting import percent, with_interval

RATES = (0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True, slots=True, repr=False)
class RobustnessPoint(Displayed):
    """Accuracy at one rate of change.

    Attributes:
        rate: 0 to 1; 0 for the texts as they are.
        accuracy: with its interval.
        change: accuracy less that of the texts as they are, paired by sample, -1 to 1.
    """

    rate: float
    accuracy: Estimate
    change: Estimate


@dataclass(frozen=True, slots=True, repr=False)
class Robustness(Displayed):
    """Accuracy against the rate of a perturbation; made by `robustness`.

    Attributes:
        name: of the perturbation.
        points: in increasing order of the rate, from 0.
    """

    name: str
    points: tuple[RobustnessPoint, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row a rate: `accuracy`, `low`, `high`, `n`, `change`, its interval."""
        rows = {
            point.rate: {
                "accuracy": point.accuracy.value,
                "low": point.accuracy.low,
                "high": point.accuracy.high,
                "n": point.accuracy.n,
                "change": point.change.value,
                "change_low": point.change.low,
                "change_high": point.change.high,
            }
            for point in self.points
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("rate")

    def _view(self) -> View:
        rows = tuple(
            (
                percent(point.rate, 0),
                as_interval(point.accuracy),
                with_interval(point.change.value, point.change.low, point.change.high),
            )
            for point in self.points
        )
        table = Table(("rate", "accuracy", "change"), rows)
        return View(f"Accuracy under a change of the texts: {self.name}", (table,))


def robustness(
    model: Model,
    data: SampleTable,
    gold: Gold,
    perturbation: Callable[[float], Perturbation],
    *,
    rates: Sequence[float] = RATES,
    text: str = "text",
) -> Robustness:
    """Return the accuracy of a model on texts that are changed more and more.

    Args:
        model: with `predict_proba(data)`, or a function from samples to soft labels.
        data: the samples, index = ids.
        gold: true labels that the model has not learned, of some samples; only these are scored.
        perturbation: from a rate to a perturbation, such as `typos` or `dropped_words`.
        rates: 0 to 1 each.
        text: the column that is changed.

    Raises:
        DataError: no sample has a gold label, or a text is missing.
        LabelingError: a rate is out of range, or the model returns something else.
    """
    samples = with_id_index(data)
    samples = samples[samples.index.isin(gold_series(gold).index)]
    wanted = sorted({checked_fraction(rate, "each of `rates`") for rate in rates} - {0.0})
    plain = compared(scored(model, samples), gold).scores()
    points = [RobustnessPoint(0.0, mean_of(np.sort(plain)), mean_change(plain, plain))]
    given = texts(samples, text)
    for rate in wanted:
        change = perturbation(rate)
        new = [
            change.of(each, sample_id)
            for each, sample_id in zip(given, samples.index.tolist(), strict=True)
        ]
        scores = compared(scored(model, samples.assign(**{text: new})), gold).scores()
        accuracy = mean_of(np.sort(scores))
        points.append(RobustnessPoint(rate, accuracy, mean_change(plain, scores)))
    name = perturbation(wanted[-1] if wanted else 0.0).name
    return Robustness(f"up to {name}", tuple(points))
