"""The models on the votes of labeling functions: covered rows, all rows, calibration, time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tests.benchmarks.quality.asking import Asked, scored
from tests.benchmarks.quality.data import SIX, VoteSet, read_set
from tests.benchmarks.quality.ours import Panel, covered_votes, spread
from tests.benchmarks.quality.scores import Codes, Floats, calibration_error, shares_of
from tests.benchmarks.quality.tables import Grid, failures, percent, with_interval


def function_sets(panel: Panel, folder: Path, names: Iterable[str]) -> str:
    """Return the tables of the models on the votes of labeling functions."""
    asked = Asked(panel, people=False)
    covered = Grid(["set, covered rows", "rows", "measure"], asked.models)
    every = Grid(["set, all rows", "rows", "covered", "measure"], asked.models)
    errors = Grid(["set, covered rows"], asked.models)
    for name in names:
        data = read_set(folder, name)
        known = np.flatnonzero(data.gold >= 0)
        here = data.known
        answers = asked.answers(name, covered_votes(data.votes))
        found = {model: spread(answer, data) for model, answer in answers.items()}
        covered.add([name, f"{len(here):,}", data.metric], _cells(data, found, here))
        errors.add([name], _error_cells(data, found, here))
        if len(here) < len(known):
            share = percent(len(here) / len(known)) + " %"
            every.add([name, f"{len(known):,}", share, data.metric], _cells(data, found, known))
    return "\n\n".join(
        [
            covered.to_markdown(
                asked.titles,
                covered.mean("mean of the six", [name for name in SIX if name in covered.rows]),
                covered.mean("mean of all", covered.rows),
                asked.time_line(3),
            ),
            "Rows that no function covers are scored as a guess among all labels.",
            every.to_markdown(asked.titles, every.mean("mean", every.rows)),
            "Calibration error of the top label (15 bins, in points; 0 is best).",
            errors.to_markdown(asked.titles, errors.mean("mean", errors.rows)),
            failures(asked.failed),
        ]
    )


def _cells(data: VoteSet, found: dict[str, Floats], rows: Codes) -> dict[str, tuple[str, float]]:
    """Return each model's score on some rows of a set."""
    cells = {}
    for model, probabilities in found.items():
        score = scored(shares_of(probabilities[rows]), data.gold[rows], data.positive)
        cells[model] = (with_interval(score), 100 * score.value)
    return cells


def _error_cells(
    data: VoteSet, found: dict[str, Floats], rows: Codes
) -> dict[str, tuple[str, float]]:
    """Return each model's calibration error on some rows of a set."""
    cells = {}
    for model, probabilities in found.items():
        error = 100 * calibration_error(probabilities[rows], data.gold[rows])
        cells[model] = (f"{error:.1f}", error)
    return cells
