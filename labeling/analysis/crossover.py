"""From how many gold labels on a model learned from them equals another: learning curves."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.records.estimates import LEVEL, RESAMPLES, Estimate, mean_of
from labeling.rendering.formatting import whole

Floats = npt.NDArray[np.float64]
ACCURACY, MACRO_F1 = "accuracy", "macro-F1"
ENDS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
"""Quantiles of a bootstrap at the ends of its interval."""


@dataclass(frozen=True, slots=True)
class Crossover:
    """The number of gold labels from which on a model learned from them equals another model.

    Infinity stands for more labels than were tried, minus infinity for fewer.

    Attributes:
        value: the number of labels; NaN if undefined.
        low: lower end of the 95 % interval.
        high: upper end.
        fewest: labels at the start of the curve.
        most: labels at its end. Beyond it nothing is said.
        n: samples that both models were measured on.

    >>> print(Crossover(180.2, 96.0, math.inf, 10, 320, 400))
    180 labels [96, more than 320], n = 400
    """

    value: float
    low: float
    high: float
    fewest: int
    most: int
    n: int

    def __str__(self) -> str:
        interval = f"[{self.words(self.low)}, {self.words(self.high)}]"
        return f"{self.words(self.value)} labels {interval}, n = {self.n:,}"

    def words(self, number: float) -> str:
        """Return a number of labels in words: "180", "more than 320", "fewer than 10"."""
        if math.isnan(number):
            return "an unknown number of"
        if math.isinf(number):
            return f"more than {whole(self.most)}" if number > 0 else f"fewer than {self.fewest}"
        return whole(round(number))


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The quality of the model learned from a number of gold labels.

    Attributes:
        n_labels: of how many gold labels it was learned.
        quality: with its interval; n = samples that it was measured on.
    """

    n_labels: int
    quality: Estimate


@dataclass(frozen=True, slots=True)
class Comparison:
    """A learning curve beside the quality of another model, by one measure.

    Attributes:
        measure: "accuracy" or "macro-F1" (the mean of F1 over the labels that gold has).
        rules: the quality of the other model.
        curve: that of models learned from gold labels alone, by their number.
        crossover: where the curve reaches the other model.
        lead: the other model's quality less that at the end of the curve.
        last_half: the gain from half of the curve's labels to all of them.
        half: that half, in labels.
    """

    measure: str
    rules: Estimate
    curve: tuple[CurvePoint, ...]
    crossover: Crossover
    lead: Estimate
    last_half: Estimate
    half: int


class HeldOut(NamedTuple):
    """What two kinds of models say of samples that neither learned from.

    Attributes:
        sizes: numbers of gold labels learned from, ascending: shape (n_sizes,).
        learned: the share of each label in the prediction, several where tied:
            shape (n_sizes, n_rounds, n, n_labels). In a round each sample is predicted once.
        rules: the same of the other model, shape (n, n_labels).
        codes: the gold labels, shape (n,).
    """

    sizes: npt.NDArray[np.intp]
    learned: npt.NDArray[np.float32]
    rules: Floats
    codes: npt.NDArray[np.intp]


def compare(held_out: HeldOut, measure: str, seed: int = 0) -> Comparison:
    """Return where the learning curve reaches the other model, with a 95 % bootstrap interval.

    The bootstrap draws samples and rounds of training sets together (both models are measured on
    the same draws). For accuracy it draws from two samples more, one that only the curve gets right
    and one that only the other model does (Agresti and Min 2005), so that three right of three are
    no certainty. Each resampled curve is made to ascend (isotonic regression) and interpolated
    between the numbers of labels that were tried, on a logarithmic scale; it is never extrapolated.

    Args:
        held_out: the predictions; rows in an order that depends on ids alone.
        measure: "accuracy" or "macro-F1".
        seed: of the bootstrap.
    """
    n, n_rounds = len(held_out.codes), held_out.learned.shape[1]
    rng = np.random.default_rng(seed)
    n_pseudo = 2 if measure == ACCURACY else 0
    size = n + n_pseudo
    draws = rng.multinomial(size, np.full(size, 1 / size), RESAMPLES).astype(np.float64)
    redrawn = rng.multinomial(n_rounds, np.full(n_rounds, 1 / n_rounds), RESAMPLES)
    draws = np.vstack([np.repeat([1.0, 0.0], [n, n_pseudo]), draws])
    rounds = np.vstack([np.ones(n_rounds), redrawn]).astype(np.float64) / n_rounds
    of = _accuracies if measure == ACCURACY else _macro_f1
    rules, curves = of(held_out, draws, rounds)
    crossings = crossing(held_out.sizes, curves, rules)
    low, high = np.quantile(crossings[1:], ENDS, method="inverted_cdf").tolist()
    value, sizes = float(crossings[0]), held_out.sizes.tolist()
    crossover = Crossover(value, min(low, value), max(high, value), sizes[0], sizes[-1], n)
    half = int(np.abs(held_out.sizes - sizes[-1] / 2).argmin())
    is_mean = measure == ACCURACY
    return Comparison(
        measure,
        _estimate(rules, n, _rule_hits(held_out) if is_mean else None),
        tuple(
            CurvePoint(labels, _estimate(curve, n, hits.mean(axis=0) if is_mean else None))
            for labels, curve, hits in zip(sizes, curves.T, _hits(held_out), strict=True)
        ),
        crossover,
        _estimate(rules - curves[:, -1], n),
        _estimate(curves[:, -1] - curves[:, half], n),
        sizes[half],
    )


def crossing(sizes: npt.NDArray[np.intp], curves: Floats, target: Floats) -> Floats:
    """Return where each curve, made to ascend, reaches its target: shape (n_curves,).

    Infinity: at none of the sizes; minus infinity: at the first one already.

    Args:
        sizes: ascending, shape (n_sizes,).
        curves: shape (n_curves, n_sizes).
        target: shape (n_curves,).

    >>> sizes, curve = np.array([10, 100, 1000]), np.array([[0.5, 0.7, 0.8]])
    >>> [round(float(crossing(sizes, curve, np.array([at]))[0])) for at in (0.7, 0.75)]
    [100, 316]
    >>> [float(crossing(sizes, curve, np.array([at]))[0]) for at in (0.5, 0.81)]
    [-inf, inf]
    """
    rising = ascending(curves)
    reached = rising >= target[:, None] - 1e-12
    first = reached.argmax(axis=1)
    every = np.arange(len(curves))
    before = np.maximum(first - 1, 0)
    low, high = rising[every, before], rising[every, first]
    share = np.divide(target - low, high - low, out=np.ones(len(low)), where=high > low)
    logs = np.log(sizes)
    found: Floats = np.exp(logs[before] + share * (logs[first] - logs[before]))
    found[reached[:, 0]] = -np.inf
    found[~reached.any(axis=1)] = np.inf
    return found


def ascending(curves: Floats) -> Floats:
    """Return the nearest ascending curves by least squares (isotonic regression), row by row.

    >>> ascending(np.array([[1.0, 3.0, 2.0]])).tolist()
    [[1.0, 2.5, 2.5]]
    """
    n_sizes = curves.shape[1]
    sums = np.cumsum(np.column_stack([np.zeros(len(curves)), curves]), axis=1)
    rising = np.full(curves.shape, -np.inf)
    for start in range(n_sizes):
        least = np.full(len(curves), np.inf)
        for end in reversed(range(start, n_sizes)):
            least = np.minimum(least, (sums[:, end + 1] - sums[:, start]) / (end + 1 - start))
            rising[:, end] = np.maximum(rising[:, end], least)
    return rising


def _accuracies(held_out: HeldOut, draws: Floats, rounds: Floats) -> tuple[Floats, Floats]:
    """Return the accuracy of the other model, and of each size, by draw."""
    n = len(held_out.codes)
    total = draws.sum(axis=1)
    only_rules, only_curve = (draws[:, n], draws[:, n + 1])
    rules = (draws[:, :n] @ _rule_hits(held_out) + only_rules) / total
    curves = []
    for hits in _hits(held_out):
        by_round = draws[:, :n] @ hits.T
        curves.append(((by_round * rounds).sum(axis=1) + only_curve) / total)
    return rules, np.column_stack(curves)


def _hits(held_out: HeldOut) -> Iterator[Floats]:
    """Yield the scores of each size's predictions, shape (n_rounds, n)."""
    for shares in held_out.learned:
        yield shares[:, np.arange(len(held_out.codes)), held_out.codes].astype(np.float64)


def _rule_hits(held_out: HeldOut) -> Floats:
    """Return each sample's score by the other model, shape (n,)."""
    hits: Floats = held_out.rules[np.arange(len(held_out.codes)), held_out.codes]
    return hits


def _macro_f1(held_out: HeldOut, draws: Floats, rounds: Floats) -> tuple[Floats, Floats]:
    """Return macro-F1 of the other model, and of each size, by draw."""
    truth = np.eye(held_out.rules.shape[1])[held_out.codes]
    gold = draws @ truth
    rules = _mean_f1(draws @ (held_out.rules * truth), draws @ held_out.rules, gold)
    curves = []
    for by_round in held_out.learned:
        right, predicted = np.zeros(gold.shape), np.zeros(gold.shape)
        for weight, shares in zip(rounds.T, by_round, strict=True):
            right += weight[:, None] * (draws @ (shares * truth))
            predicted += weight[:, None] * (draws @ shares)
        curves.append(_mean_f1(right, predicted, gold))
    return rules, np.column_stack(curves)


def _mean_f1(right: Floats, predicted: Floats, gold: Floats) -> Floats:
    """Return the mean of F1 over the labels that gold has in a draw: shape (n_draws,)."""
    has = gold > 0
    f1 = 2 * right / np.maximum(predicted + gold, 1e-12)
    mean: Floats = (f1 * has).sum(axis=1) / np.maximum(has.sum(axis=1), 1)
    return mean


def _estimate(values: Floats, n: int, scores: Floats | None = None) -> Estimate:
    """Return the first value with the 95 % interval of the others, and n.

    Args:
        values: by draw; the first is that of all samples.
        n: the number of samples.
        scores: of each sample, where the value is their mean: then the interval is not narrower
            than that of the mean.
    """
    value = float(values[0])
    low, high = np.quantile(values[1:], ENDS).tolist()
    if scores is not None:
        known = mean_of(scores)
        low, high = np.fmin(low, known.low), np.fmax(high, known.high)
    return Estimate(value, float(min(low, value)), float(max(high, value)), n)
