"""The models on synthetic votes, where the best possible answer is known."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np

from tests.benchmarks.quality.asking import Asked
from tests.benchmarks.quality.data import made_votes
from tests.benchmarks.quality.ours import Panel
from tests.benchmarks.quality.scores import (
    Codes,
    Floats,
    accuracy,
    calibration_error,
    f1,
    shares_of,
)
from tests.benchmarks.quality.tables import Grid, failures, percent

SEEDS = 3


def synthetic(panel: Panel, module: ModuleType | None) -> str:
    """Return the tables of the models on synthetic votes, beside the best possible answer."""
    assert module is not None
    asked = Asked(panel, people=False)
    grids = {
        "accuracy": Grid(["scenario, points below the ceiling", "ceiling"], asked.models),
        "F1": Grid(["scenario, F1 of the rarest label", "ceiling"], asked.models),
        "calibration": Grid(["scenario, calibration error", "ceiling"], asked.models),
    }
    for scenario in module.SCENARIOS:
        _add_scenario(grids, asked, module.scenario, scenario)
    tables = [
        grid.to_markdown(asked.titles, grid.mean("mean", grid.rows)) for grid in grids.values()
    ]
    return "\n\n".join([*tables, failures(asked.failed)])


def _add_scenario(
    grids: dict[str, Grid],
    asked: Asked,
    make: Callable[..., tuple[Codes, Codes, Floats]],
    scenario: str,
) -> None:
    found: dict[str, list[tuple[float, float, float]]] = {}
    for seed in range(SEEDS):
        gold, array, best = make(scenario, seed=seed)
        rows = (array >= 0).any(axis=1)
        gold, array, best = gold[rows], array[rows], best[rows]
        votes = made_votes(array, best.shape[1])
        found.setdefault("ceiling", []).append(_three(best, gold))
        for model, answer in asked.answers(f"{scenario}, seed {seed}", votes).items():
            found.setdefault(model, []).append(_three(answer.probabilities, gold))
    means = {name: np.mean(each, axis=0) for name, each in found.items() if len(each) == SEEDS}
    ceiling = means.pop("ceiling")
    for place, (kind, grid) in enumerate(grids.items()):
        below = ceiling[place] if kind == "accuracy" else 0.0
        sign = -1 if kind == "accuracy" else 1
        values = {model: 100 * sign * (mean[place] - below) for model, mean in means.items()}
        cells = {
            model: (f"{value + 0.0:.1f}".replace("-0.0", "0.0"), float(value))
            for model, value in values.items()
        }
        grid.add([scenario, percent(ceiling[place])], cells)


def _three(probabilities: Floats, gold: Codes) -> tuple[float, float, float]:
    shares = shares_of(probabilities)
    rarest = int(np.bincount(gold, minlength=shares.shape[1]).argmin())
    error = calibration_error(probabilities, gold)
    return accuracy(shares, gold).value, f1(shares, gold, rarest).value, error
