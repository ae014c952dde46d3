"""The table of the querying benchmark: scores by labels, area, dips, gap closed, ratios of areas.

*Area*: the mean gain over the ladder, in points (trapezoids over the number of labels, divided by
the last). *Gap closed*: the share of the way from the arm's start to full supervision. *Dip*: the
lowest mean score of a set below its start, in points. Intervals of ratios: bootstrap over sets and
seeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.benchmarks.human_cost.sets import RARE
from tests.benchmarks.quality.tables import markdown, signed

Floats = npt.NDArray[np.float64]
RESAMPLES = 2000
EASY = ("tweets", "youtube", "sms")  # the others are hard: closed slowly by any method so far


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Scores of all arms.

    Attributes:
        ladder: numbers of labels.
        scores: by arm and set: shape (n_seeds, len(ladder)).
        full: by set, under full supervision: shape (n_seeds,).
        seconds: by arm and set: CPU seconds of each round, like `scores`.
    """

    ladder: Sequence[int]
    scores: Mapping[tuple[str, str], Floats]
    full: Mapping[str, Floats]
    seconds: Mapping[tuple[str, str], Floats]

    @property
    def arms(self) -> list[str]:
        """The arms, in order."""
        return list(dict.fromkeys(arm for arm, _ in self.scores))

    @property
    def sets(self) -> list[str]:
        """The sets, in order."""
        return list(dict.fromkeys(name for _, name in self.scores))

    def area(self, arm: str, name: str, start: str = "") -> Floats:
        """Return the mean gain of each seed in points: shape (n_seeds,).

        It is the gain over the arm's own score without labels, or that of the arm `start`.
        """
        scores = self.scores[arm, name]
        gains = 100 * (scores - self.scores[start or arm, name][:, :1])
        areas: Floats = np.trapezoid(gains, self.ladder, axis=1) / self.ladder[-1]
        return areas

    def lead(self, arm: str, other: str, sets: Sequence[str]) -> float:
        """Return by how much the mean score of an arm over the ladder exceeds another's, points."""
        leads = [np.mean(self.area(arm, name) - self.area(other, name, start=arm)) for name in sets]
        return float(np.mean(leads))

    def dip(self, arm: str, name: str) -> float:
        """Return the lowest mean gain at any rung, in points; 0 if it never falls."""
        means = self.scores[arm, name].mean(axis=0)
        return float(min(0.0, 100 * (means - means[0]).min()))

    def gap_closed(self, arm: str, name: str, labels: int) -> float:
        """Return the share of the gap to full supervision closed; NaN without such a rung."""
        if labels not in self.ladder:
            return float("nan")
        means, full = self.scores[arm, name].mean(axis=0), self.full[name].mean()
        return float((means[list(self.ladder).index(labels)] - means[0]) / (full - means[0]))

    def ratio(self, arm: str, other: str, sets: Sequence[str]) -> tuple[float, float, float]:
        """Return by how much the mean area of an arm exceeds another's, with its interval."""
        ours, theirs = (np.array([self.area(one, name) for name in sets]) for one in (arm, other))
        rng = np.random.default_rng(0)
        n_sets, n_seeds = ours.shape
        drawn = []
        for _ in range(RESAMPLES):
            rows = rng.integers(n_sets, size=n_sets)[:, None]
            columns = rng.integers(n_seeds, size=(n_sets, n_seeds))
            drawn.append(ours[rows, columns].mean() / theirs[rows, columns].mean() - 1)
        low, high = np.percentile(drawn, [2.5, 97.5])
        return float(ours.mean() / theirs.mean() - 1), float(low), float(high)


def report(scores: Scores) -> str:
    """Return the tables as Markdown."""
    ladder = [str(labels) for labels in scores.ladder]
    header = ["set", "arm", *ladder, "area", "dip", "full", "gap at 100", "at 400", "CPU s a round"]
    rows = [_row(scores, arm, name) for name in scores.sets for arm in scores.arms]
    for arm in scores.arms:
        table = np.array([scores.scores[arm, name].mean(axis=0) for name in scores.sets])
        cells = [f"{value:.3f}" for value in table.mean(axis=0)]
        area = np.mean([scores.area(arm, name).mean() for name in scores.sets])
        rows.append([f"**mean** ({len(table)})", arm, *cells, f"{area:.2f}", "", "", "", "", ""])
    return "\n\n".join([markdown(header, rows), *_sentences(scores)])


def _row(scores: Scores, arm: str, name: str) -> list[str]:
    cells = [f"{value:.3f}" for value in scores.scores[arm, name].mean(axis=0)]
    gaps = [f"{100 * scores.gap_closed(arm, name, labels):.0f} %" for labels in (100, 400)]
    rounds = scores.seconds[arm, name][:, 1:]
    return [
        f"{name} (F1)" if name in RARE else name,
        arm,
        *cells,
        f"{scores.area(arm, name).mean():.2f}",
        signed(scores.dip(arm, name)),
        f"{scores.full[name].mean():.3f}",
        *gaps,
        f"{np.median(rounds):.1f}" if rounds.size else "",
    ]


def _sentences(scores: Scores) -> list[str]:
    n_seeds = len(next(iter(scores.full.values())))
    ours = scores.arms[0]
    lines = [f"{len(scores.sets)} sets, {n_seeds} seeds; `{ours}`:"]
    hard = [name for name in scores.sets if name not in EASY]
    for title, sets in (("all sets", scores.sets), (f"harder sets ({', '.join(hard)})", hard)):
        if sets:
            gaps = [
                100 * np.mean([scores.gap_closed(ours, name, labels) for name in sets])
                for labels in (100, 400)
            ]
            lines.append(
                f"- gap to full supervision closed at 100 / 400 labels, mean of {title}:"
                f" {gaps[0]:.0f} / {gaps[1]:.0f} %"
            )
    without_rare = [name for name in scores.sets if name not in RARE]
    for other in scores.arms[1:]:
        for title, sets in (("", scores.sets), (" without the rare class", without_rare)):
            if sets:
                value, low, high = scores.ratio(ours, other, sets)
                lines.append(
                    f"- area against `{other}`{title}: {100 * value:+.0f} %"
                    f" [{100 * low:.0f}, {100 * high:.0f}]; mean score over the ladder"
                    f" {signed(scores.lead(ours, other, sets))} points"
                )
    dips = {name: scores.dip(ours, name) for name in scores.sets}
    worst = min(dips, key=lambda name: dips[name])
    lines.append(f"- lowest point below a start: {signed(dips[worst])} points ({worst})")
    return ["\n".join(lines)]
