"""Curves of quality against cost, and what they come to: areas, savings, with intervals.

All intervals are 95 % percentile bootstraps over seeds and samples. Samples that are kept aside are
the same for all runs of a seed and are drawn together, so that differences between runs are paired.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from labeling.records.estimates import Estimate, undefined
from labeling.rendering import Displayed
from labeling.simulation.replaying import Checkpoint
from labeling.simulation.run_log import RunKey

Floats = npt.NDArray[np.float64]
Measure = Literal["labels", "pool", "model", "f1"]
RESAMPLES = 400
LEVEL = 95.0
MEASURES: tuple[Measure, ...] = ("labels", "pool", "model", "f1")


@dataclass(frozen=True, slots=True, repr=False)
class Curve(Displayed):
    """Mean quality at each checkpoint, by mean cost: shape (n_checkpoints,) each."""

    cost: Floats
    quality: Floats

    def area(self, end: float) -> float:
        """Return the mean quality from cost 0 to `end`."""
        inside = self.cost < end
        cost = np.append(self.cost[inside], end)
        quality = np.append(self.quality[inside], np.interp(end, self.cost, self.quality))
        return float(np.trapezoid(quality, cost) / end)

    def cost_of(self, quality: float) -> float:
        """Return the lowest cost at which a quality is reached, interpolated; NaN if never.

        >>> Curve(np.array([0.0, 100.0]), np.array([0.7, 0.8])).cost_of(0.75)
        50.0
        """
        best = np.maximum.accumulate(self.quality)
        if quality > best[-1] + 1e-12:
            return float("nan")
        place = int(np.argmax(best >= quality - 1e-12))
        if place == 0:
            return float(self.cost[0])
        low, high = best[place - 1], best[place]
        share = (quality - low) / (high - low)
        return round(
            float(self.cost[place - 1] + share * (self.cost[place] - self.cost[place - 1])), 9
        )


class Comparison(Displayed):
    """All runs of a simulation, resampled together.

    Args:
        runs: checkpoints by key; each strategy and policy must have the same seeds.
        truth_is_rare: for each seed whether each sample kept aside has the rare label; empty
            without a rare label.
    """

    def __init__(
        self,
        runs: Mapping[RunKey, Sequence[Checkpoint]],
        truth_is_rare: Mapping[int, npt.NDArray[np.bool_]],
    ) -> None:
        self.runs = runs
        self.truth_is_rare = truth_is_rare
        self.seeds = sorted({key.seed for key in runs})

    @functools.cached_property
    def _draws(self) -> list[tuple[list[int], list[np.random.SeedSequence]]]:
        """For each resample the drawn seeds, and the source of the samples of each."""
        rng = np.random.default_rng(0)
        sources = np.random.SeedSequence(0).spawn(RESAMPLES)
        return [
            (
                rng.choice(self.seeds, size=len(self.seeds)).tolist(),
                source.spawn(len(self.seeds)),
            )
            for source in sources
        ]

    def n_checkpoints(self, strategy: str, policy: str) -> int:
        """Return how many checkpoints all seeds have reached."""
        return min(len(self.runs[RunKey(seed, strategy, policy)]) for seed in self.seeds)

    def checkpoints(self, strategy: str, policy: str, number: int) -> list[Checkpoint]:
        """Return the n-th checkpoint of each seed."""
        return [self.runs[RunKey(seed, strategy, policy)][number] for seed in self.seeds]

    def curve(self, strategy: str, policy: str, measure: Measure) -> Curve:
        """Return the curve of the means over seeds."""
        return self._curves(strategy, policy, measure)[0]

    def cell(self, strategy: str, policy: str, number: int, measure: Measure) -> Estimate:
        """Return the quality at a checkpoint, with its interval; n counts samples of all seeds."""
        sizes = [
            len(getattr(checkpoint, "model" if measure == "f1" else measure))
            for checkpoint in self.checkpoints(strategy, policy, number)
        ]
        if not sum(sizes):
            return undefined(0, "no samples")
        curves = self._curves(strategy, policy, measure)
        return _estimate([curve.quality[number] for curve in curves], sum(sizes))

    def statistic(
        self,
        pairs: Sequence[tuple[str, str]],
        measure: Measure,
        function: Callable[..., float],
    ) -> Estimate:
        """Return a function of the curves of some strategies and policies, with its interval."""
        curves = [self._curves(strategy, policy, measure) for strategy, policy in pairs]
        return _estimate([function(*drawn) for drawn in zip(*curves, strict=True)], len(self.seeds))

    @functools.lru_cache(maxsize=512)  # noqa: B019 - as long-lived as the comparison
    def _curves(self, strategy: str, policy: str, measure: Measure) -> list[Curve]:
        """Return the curve of all data, then one for each resample."""
        stored = {seed: self.runs[RunKey(seed, strategy, policy)] for seed in self.seeds}
        n = self.n_checkpoints(strategy, policy)
        cost = {seed: np.array([one.cost for one in run[:n]]) for seed, run in stored.items()}
        scores = {
            seed: [self._scores(checkpoint, seed, measure) for checkpoint in run[:n]]
            for seed, run in stored.items()
        }
        curves = [self._mean_curve(self.seeds, None, cost, scores)]
        for seeds, sources in self._draws:
            curves.append(self._mean_curve(seeds, sources, cost, scores))
        return curves

    def _scores(self, checkpoint: Checkpoint, seed: int, measure: Measure) -> Floats:
        """Return what a quality is computed from: a row a sample, shape (n, 1) or (n, 3) for F1."""
        if measure != "f1":
            return np.array(getattr(checkpoint, measure), dtype=np.float64)[:, None]
        answer, truth = np.array(checkpoint.rare), self.truth_is_rare[seed]
        return np.stack([answer * truth, answer, truth.astype(np.float64)], axis=1)

    @staticmethod
    def _mean_curve(
        seeds: Sequence[int],
        sources: Sequence[np.random.SeedSequence] | None,
        cost: Mapping[int, Floats],
        scores: Mapping[int, list[Floats]],
    ) -> Curve:
        qualities = []
        for number, seed in enumerate(seeds):
            rng = None if sources is None else np.random.default_rng(sources[number])
            samples: dict[int, npt.NDArray[np.int64]] = {}  # the same for all checkpoints
            drawn: list[float] = []
            for rows in scores[seed]:
                size = len(rows)
                if rng is not None and size not in samples:
                    samples[size] = rng.integers(size, size=size) if size else np.empty(0, int)
                drawn.append(_quality(rows if rng is None else rows[samples[size]]))
            qualities.append(drawn)
        return Curve(
            np.mean([cost[seed] for seed in seeds], axis=0), np.mean(np.array(qualities), axis=0)
        )


def _quality(rows: Floats) -> float:
    """Return the mean score, or F1 of (hits, answers, truths); NaN without samples."""
    if not len(rows):
        return float("nan")
    means = rows.mean(axis=0)
    if len(means) == 1:
        return float(means[0])
    hits, answers, truths = means
    return float(2 * hits / (answers + truths)) if answers + truths else 0.0


def _estimate(values: Sequence[float], n: int) -> Estimate:
    """Return the first value with the percentiles of the others."""
    drawn = np.array(values[1:], dtype=np.float64)
    if np.isnan(values[0]) or np.isnan(drawn).mean() > (100 - LEVEL) / 100:
        return undefined(n, "not reached in all draws")
    tail = (100 - LEVEL) / 2
    low, high = np.nanpercentile(drawn, [tail, 100 - tail])
    return Estimate(float(values[0]), float(low), float(high), n)
