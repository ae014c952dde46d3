"""Tables of votes at equal accuracy, and of accuracy at equal cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from labeling.simulation.comparison import Curve
from tests.benchmarks.human_cost.voting import BASELINES, Point
from tests.benchmarks.quality.tables import markdown, signed

Points = Mapping[str, Mapping[str, Sequence[Point]]]
"""By set and policy: a point for each seed."""
CROWD_BUDGET = "posterior 2-5 by budget@3"
CROWD_DEFAULT = "posterior 2-5@0.8"


def mean_point(points: Sequence[Point]) -> Point:
    """Return the mean over seeds."""
    return Point(
        float(np.mean([point.cost for point in points])),
        float(np.mean([point.accuracy for point in points])),
    )


def families(policies: Mapping[str, Sequence[Point]]) -> dict[str, Curve]:
    """Return the curve of each family of policies, from the cheapest on."""
    members: dict[str, list[Point]] = {}
    for name, points in policies.items():
        if "@" in name:
            members.setdefault(name.partition("@")[0], []).append(mean_point(points))
    return {
        name: Curve(
            np.array([point.cost for point in ordered]),
            np.array([point.accuracy for point in ordered]),
        )
        for name, points in members.items()
        for ordered in [sorted(points, key=lambda point: point.cost)]
    }


def policy_table(points: Points) -> str:
    """Return a table: votes a sample / accuracy of each policy on each set."""
    sets = list(points)
    names = list(next(iter(points.values())))
    rows = []
    for name in names:
        means = [mean_point(points[data][name]) for data in sets]
        rows.append([name, *(f"{point.cost:.2f} / {100 * point.accuracy:.1f}" for point in means)])
    return markdown(["policy, votes a sample / right %", *sets], rows)


def text_report(points: Points) -> str:
    """Return the table of rated texts, and what each family saves at equal accuracy."""
    lines = []
    for family in families(next(iter(points.values()))):
        for baseline in BASELINES:
            saved, gained = [], []
            for policies in points.values():
                curve, point = families(policies)[family], mean_point(policies[baseline])
                saved.append(100 * (1 - curve.cost_of(point.accuracy) / point.cost))
                at_cost = np.interp(point.cost, curve.cost, curve.quality)
                gained.append(100 * (at_cost - point.accuracy))
            lines.append(
                f"- {family} against {baseline}: votes saved at equal accuracy"
                f" {_mean_and_worst(saved, list(points), '%')}; points at equal cost"
                f" {_mean_and_worst(gained, list(points), 'points')}"
            )
    return f"{policy_table(points)}\n\n" + "\n".join(lines)


def crowd_report(points: Points) -> str:
    """Return the table of crowds, and what the posterior rule gains against a flat three."""
    lines = []
    for name in (CROWD_BUDGET, CROWD_DEFAULT):
        gains, costs = [], []
        for policies in points.values():
            ours, flat = mean_point(policies[name]), mean_point(policies["flat 3"])
            gains.append(100 * (ours.accuracy - flat.accuracy))
            costs.append(100 * (ours.cost / flat.cost - 1))
        lines.append(
            f"- {name} against flat 3: {_mean_and_worst(gains, list(points), 'points')} at"
            f" {np.mean(costs):+.0f} % of the votes (at most {max(costs):+.0f} %)"
        )
    return f"{policy_table(points)}\n\n" + "\n".join(lines)


def _mean_and_worst(values: Sequence[float], names: Sequence[str], unit: str) -> str:
    """Return a mean with the worst set; a set that never gets there is named."""
    never = [name for name, value in zip(names, values, strict=True) if np.isnan(value)]
    known = [
        (value, name) for name, value in zip(names, values, strict=True) if not np.isnan(value)
    ]
    if not known:
        return "never reached"
    worst, where = min(known)
    missing = f", never on {', '.join(never)}" if never else ""
    mean = float(np.mean([value for value, _ in known]))
    return f"{signed(mean)} {unit} (worst {signed(worst)}, {where}{missing}; n = {len(known)} sets)"
