"""People's labels: what a policy pays for a sample, and how often its label is right."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from labeling.records.estimates import Estimate
from labeling.simulation.comparison import Comparison, Curve

SETTING = re.compile(r"[@/]")  # what follows in a policy's name is a setting of its family
Pair = tuple[str, str]


def family_of(policy: str) -> str:
    """Return the name of a policy without its setting.

    >>> family_of("posterior+model:1-5/1.5"), family_of("flat-3")
    ('posterior+model:1-5', 'flat-3')
    """
    return SETTING.split(policy)[0]


def label_savings(
    comparison: Comparison, pairs: Sequence[Pair], baselines: Sequence[str]
) -> pd.DataFrame:
    """Return what each family of policies saves at a baseline's accuracy of people's labels.

    The policies of a family, by cost a sample at the last budget, are one curve that is
    interpolated. Columns: `strategy`, `family`, `against`, `accuracy` (the baseline's), `saved` (a
    share of its cost a sample; NaN where the family does not reach it), `saved_low`, `saved_high`.
    """
    members: dict[Pair, list[Pair]] = {}
    for strategy, policy in pairs:
        members.setdefault((strategy, family_of(policy)), []).append((strategy, policy))
    rows = []
    for (strategy, family), of_family in members.items():
        for against in baselines:
            if family == against or (strategy, against) not in pairs:
                continue
            saved = _saved(comparison, of_family, (strategy, against))
            accuracy = comparison.curve(strategy, against, "labels").quality[-1]
            rows.append(
                {
                    "strategy": strategy,
                    "family": family,
                    "against": against,
                    "accuracy": accuracy,
                    "saved": saved.value,
                    "saved_low": saved.low,
                    "saved_high": saved.high,
                }
            )
    columns = ["strategy", "family", "against", "accuracy", "saved", "saved_low", "saved_high"]
    return pd.DataFrame(rows, columns=columns)


def _saved(comparison: Comparison, of_family: Sequence[Pair], baseline: Pair) -> Estimate:
    asked = [_mean_asked(comparison, pair) for pair in (baseline, *of_family)]

    def share(reference: Curve, *curves: Curve) -> float:
        points = sorted(
            (float(curve.cost[-1]) / count, float(curve.quality[-1]))
            for curve, count in zip(curves, asked[1:], strict=True)
        )
        cost, quality = np.array(points).T
        needed = Curve(cost, quality).cost_of(float(reference.quality[-1]))
        return 1 - needed / (float(reference.cost[-1]) / asked[0])

    return comparison.statistic([baseline, *of_family], "labels", share)


def _mean_asked(comparison: Comparison, pair: Pair) -> float:
    last = comparison.n_checkpoints(*pair) - 1
    return float(np.mean([one.asked for one in comparison.checkpoints(*pair, last)]))
