"""The models on the votes of labeling functions: covered rows, all rows, calibration, time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from benchmarks.quality.asking import Asked, scored
from benchmarks.quality.data import SIX, read_set
from benchmarks.quality.ours import Panel, covered_votes, spread
from benchmarks.quality.scores import calibration_error, shares_of
from benchmarks.quality.tables import Grid, failures, percent, with_interval


def function_sets(panel: Panel, folder: Path, names: Iterable[str]) -> str:
    """Return the tables of the models on the votes of labeling functions."""
    asked = Asked(panel, people=False)
    covered = Grid(["set, covered rows", "rows", "measure"], asked.models)
    every = Grid(["set, all rows", "rows", "covered", "measure"], asked.models)
    errors = Grid(["set, covered rows"], asked.models)
    for name in names:
        data = read_set(folder, name)
        known = np.flatnonzero(data.gold >= 0)
        here = known[data.votes.covered[known]]
        answers = asked.answers(name, covered_votes(data.votes))
        cells, all_cells, error_cells = {}, {}, {}
        for model, answer in answers.items():
            found = spread(answer, data)
            score = scored(shares_of(found[here]), data.gold[here], data.positive)
            whole = scored(shares_of(found[known]), data.gold[known], data.positive)
            error = 100 * calibration_error(found[here], data.gold[here])
            cells[model] = (with_interval(score), 100 * score.value)
            all_cells[model] = (with_interval(whole), 100 * whole.value)
            error_cells[model] = (f"{error:.1f}", error)
        covered.add([name, f"{len(here):,}", data.metric], cells)
        errors.add([name], error_cells)
        if len(here) < len(known):
            share = percent(len(here) / len(known)) + " %"
            every.add([name, f"{len(known):,}", share, data.metric], all_cells)
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
