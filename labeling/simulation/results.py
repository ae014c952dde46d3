"""The result of a simulation: a table, pictures, savings, and a recommendation."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted
from labeling.records.estimates import Estimate, undefined
from labeling.rendering import Displayed, View
from labeling.simulation.comparison import MEASURES, Comparison, Curve, Measure
from labeling.simulation.frontier import label_savings
from labeling.simulation.replaying import Checkpoint
from labeling.simulation.run_log import RunKey

Goal = Literal["model", "labels"]
GOALS: Mapping[Goal, Measure] = {"model": "model", "labels": "pool"}
"""What each goal is judged by: the end model on samples kept aside, or the labels of the pool."""
_OUTCOMES: Mapping[str, Mapping[Goal, str]] = {
    "accuracy": {
        "model": "the end model is right on the samples kept aside in",
        "labels": "the labels of the pool are right in",
    },
    "F1": {
        "model": "the F1 of the end model on the samples kept aside is",
        "labels": "the F1 of the labels of the pool is",
    },
}
BASELINES = ("flat-3", "two-then-third")
RANDOM = "random"
Pair = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Simulation(Displayed):
    """What each strategy and review policy would have cost, and bought.

    Attributes:
        runs: checkpoints of each finished run.
        planned: all runs that were to be done.
        budgets: the budgets in votes.
        sentences: on the truth, and on what was left out.
        rare: the label whose F1 is measured; `None` where no label is rare.
        truth_is_rare: by seed, which samples kept aside have that label.
        quality: what is measured: "accuracy", or of sets and spans "F1", a mean over samples.
    """

    runs: Mapping[RunKey, Sequence[Checkpoint]]
    planned: tuple[RunKey, ...]
    budgets: tuple[int, ...]
    sentences: tuple[str, ...]
    rare: str | None
    truth_is_rare: Mapping[int, npt.NDArray[np.bool_]]
    quality: str = "accuracy"

    def __repr__(self) -> str:
        return f"Simulation({len(self.runs)} of {len(self.planned)} runs)"

    def _view(self) -> View:
        from labeling.simulation.view import simulation_view

        return simulation_view(self)

    @property
    def is_complete(self) -> bool:
        """Whether all planned runs are finished."""
        return len(self.runs) == len(self.planned)

    @functools.cached_property
    def comparison(self) -> Comparison:
        """The runs of the seeds that all strategies and policies have finished."""
        pairs = {(key.strategy, key.policy) for key in self.planned}
        seeds = [
            seed
            for seed in sorted({key.seed for key in self.planned})
            if all(RunKey(seed, *pair) in self.runs for pair in pairs)
        ]
        if not seeds:
            raise LabelingError(
                f"A simulation needs all strategies and policies with at least one seed. Finished"
                f" are {len(self.runs)} of {len(self.planned)} runs: run it again to go on."
            )
        runs = {key: run for key, run in self.runs.items() if key.seed in seeds}
        return Comparison(runs, self.truth_is_rare)

    @property
    def pairs(self) -> list[Pair]:
        """Strategies with policies, in the order planned."""
        return list(dict.fromkeys((key.strategy, key.policy) for key in self.planned))

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is measured: F1 only where a label is rare."""
        return MEASURES if self.rare is not None else MEASURES[:-1]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each strategy, policy and budget.

        Columns: `strategy`, `policy`, `budget`, `seeds`, and means over seeds of `votes`,
        `reviews`, `cost`, `asked`, `settled` and `cost_per_sample` (of those asked); then for each
        measure its value, `_low` and `_high` (95 % interval) and `_n` (samples of all seeds).
        `labels`: accuracy of people's labels on the samples they were asked about; `pool`: accuracy
        of the labels of all samples that may be asked about, by people or else by the end model;
        `model`: accuracy of the end model on samples kept aside; `f1` of the rare label there.
        """
        rows = [
            self._row(strategy, policy, number)
            for strategy, policy in self.pairs
            for number in range(self.comparison.n_checkpoints(strategy, policy))
        ]
        return pd.DataFrame(rows)

    def _row(self, strategy: str, policy: str, number: int) -> dict[str, Any]:
        comparison = self.comparison
        stored = comparison.checkpoints(strategy, policy, number)
        row: dict[str, Any] = {
            "strategy": strategy,
            "policy": policy,
            "budget": stored[0].budget,
            "seeds": len(stored),
        }
        for name in ("votes", "reviews", "cost", "asked", "settled"):
            row[name] = float(np.mean([getattr(checkpoint, name) for checkpoint in stored]))
        row["cost_per_sample"] = row["cost"] / row["asked"] if row["asked"] else math.nan
        for measure in self.measures:
            cell = comparison.cell(strategy, policy, number, measure)
            row |= {
                measure: cell.value,
                f"{measure}_low": cell.low,
                f"{measure}_high": cell.high,
                f"{measure}_n": cell.n,
            }
        return row

    def end(self) -> float:
        """Return the cost up to which all curves go, in the unit of the policies' costs."""
        return min(float(self.comparison.curve(*pair, "model").cost[-1]) for pair in self.pairs)

    def areas(self, goal: Goal = "model") -> pd.DataFrame:
        """Return the area of each strategy and policy, best first.

        Columns: `strategy`, `policy`, `area` (mean accuracy from cost 0 to the end of the shortest
        curve) with its interval, and `over_random`: by how much the mean gain over the start
        exceeds that of random queries under the same policy, as a share, with its interval; NaN
        where random queries were not simulated or gained nothing.
        """
        measure, end = _measure(goal), self.end()
        rows = []
        for strategy, policy in self.pairs:
            area = self.comparison.statistic(
                [(strategy, policy)], measure, lambda curve: curve.area(end)
            )
            over = self._over_random(strategy, policy, measure)
            rows.append(
                {
                    "strategy": strategy,
                    "policy": policy,
                    "area": area.value,
                    "area_low": area.low,
                    "area_high": area.high,
                    "over_random": over.value,
                    "over_random_low": over.low,
                    "over_random_high": over.high,
                }
            )
        table = pd.DataFrame(rows)
        return table.sort_values(["area", "strategy", "policy"], ascending=[False, True, True])

    def _over_random(self, strategy: str, policy: str, measure: Measure) -> Estimate:
        if strategy == RANDOM or (RANDOM, policy) not in self.pairs:
            return undefined(0, "random queries were not simulated")
        end = self.end()

        def ratio(curve: Curve, random: Curve) -> float:
            gain = random.area(end) - random.quality[0]
            return (curve.area(end) - curve.quality[0]) / gain - 1 if gain > 0 else math.nan

        return self.comparison.statistic([(strategy, policy), (RANDOM, policy)], measure, ratio)

    def savings(self, goal: Goal = "model") -> pd.DataFrame:
        """Return what each policy saves at equal quality, against a flat three and two-then-third.

        The quality is the highest that the policy and the baseline both reach with the same
        strategy; both costs are interpolated between checkpoints. Columns: `strategy`, `policy`,
        `against`, `quality`, `saved` (a share of the baseline's cost, negative where the policy
        costs more; NaN where one of them gains nothing), `saved_low`, `saved_high`.
        """
        measure = _measure(goal)
        rows = []
        for strategy, policy in self.pairs:
            for against in BASELINES:
                if policy == against or (strategy, against) not in self.pairs:
                    continue
                baseline = (strategy, against)
                share = self.comparison.statistic([(strategy, policy), baseline], measure, _saved)
                rows.append(
                    {
                        "strategy": strategy,
                        "policy": policy,
                        "against": against,
                        "quality": _common_quality(
                            self.comparison.curve(strategy, policy, measure),
                            self.comparison.curve(*baseline, measure),
                        ),
                        "saved": share.value,
                        "saved_low": share.low,
                        "saved_high": share.high,
                    }
                )
        columns = ["strategy", "policy", "against", "quality", "saved", "saved_low", "saved_high"]
        return pd.DataFrame(rows, columns=columns)

    def label_savings(self) -> pd.DataFrame:
        """Return what policies save a sample at equal accuracy of people's labels.

        Policies that differ in their setting alone, such as `posterior/1.5` and `posterior/2`, are
        one curve; see `labeling.simulation.frontier.label_savings` for the columns.
        """
        return label_savings(self.comparison, self.pairs, BASELINES)

    def recommendation(self, goal: Goal = "model") -> str:
        """Return which strategy and policy to take, and how sure that is, in a sentence.

        It is the pair of the largest area. Its lead over the next is given with an interval: where
        that holds 0, no difference is shown, and the simpler of the two may be taken.
        """
        measure, end = _measure(goal), self.end()
        ranked = [
            (strategy, policy)
            for strategy, policy in self.areas(goal)[["strategy", "policy"]].itertuples(
                index=False, name=None
            )
        ]
        best = ranked[0]
        area = self.comparison.statistic([best], measure, lambda curve: curve.area(end))
        what = _OUTCOMES[self.quality][goal]
        seeds = counted(len(self.comparison.seeds), "seed")
        n_samples = self.comparison.cell(*best, 0, measure).n
        sentence = (
            f"Take strategy {best[0]} with policy {best[1]}: on average over costs from 0"
            f" to {end:,.0f} votes, {what} {_percent(area)}"
            f" ({seeds}, n = {n_samples})"
        )
        if len(ranked) == 1:
            return f"{sentence}."
        lead = self.comparison.statistic(
            [best, ranked[1]], measure, lambda first, other: first.area(end) - other.area(end)
        )
        verdict = "" if lead.low > 0 else ", so that no difference is shown"
        return (
            f"{sentence}; {ranked[1][0]} with {ranked[1][1]} is next, {100 * lead.value:.1f} points"
            f" lower [{100 * lead.low:.1f}, {100 * lead.high:.1f}]{verdict}."
        )

    def plot(
        self, path: str | Path = "simulation.png", measure: Measure = "model"
    ) -> tuple[Path, Path]:
        """Draw quality against cost, for light and for dark pages; return both paths.

        Args:
            path: of the light chart; the dark one is `<name>-dark<suffix>`.
            measure: `labels`, `pool`, `model` or `f1`, see `to_frame`.
        """
        from labeling.simulation.pictures import draw_simulation

        return draw_simulation(self, path, measure)


def _measure(goal: Goal) -> Measure:
    if goal not in GOALS:
        raise LabelingError(f"A goal must be 'model' or 'labels'. Got {goal!r}.")
    return GOALS[goal]


def _common_quality(curve: Curve, baseline: Curve) -> float:
    """Return the highest quality that two curves both reach."""
    return float(min(curve.quality.max(), baseline.quality.max()))


def _saved(curve: Curve, baseline: Curve) -> float:
    """Return the share of the baseline's cost that a curve saves at the highest common quality."""
    quality = _common_quality(curve, baseline)
    full = baseline.cost_of(quality)
    return 1 - curve.cost_of(quality) / full if full > 0 else math.nan


def _percent(estimate: Estimate) -> str:
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"{100 * estimate.value:.1f} % [{low:.1f}, {high:.1f}]"
