"""The models on the votes of people: accuracy on the samples with gold labels."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.quality.asking import Asked
from tests.benchmarks.quality.data import APART, read_set
from tests.benchmarks.quality.ours import Panel, covered_votes, spread
from tests.benchmarks.quality.scores import accuracy, shares_of
from tests.benchmarks.quality.tables import Grid, failures, with_interval


def crowds(panel: Panel, folder: Path, names: Iterable[str]) -> str:
    """Return the table of the models on the votes of people: accuracy on gold."""
    asked = Asked(panel, people=True)
    grid = Grid(["set", "rows with gold", "votes a row"], asked.models)
    for name in names:
        data = read_set(folder, name)
        votes = covered_votes(data.votes)
        here = data.known
        cells = {}
        for model, answer in asked.answers(name, votes).items():
            score = accuracy(shares_of(spread(answer, data)[here]), data.gold[here])
            cells[model] = (with_interval(score), 100 * score.value)
        each = (votes.to_array() >= 0).sum(axis=1).mean()
        grid.add([name, f"{len(here):,}", f"{each:.1f}"], cells)
    shown = [name for name in grid.rows if name not in APART]
    notes = [f"- {name} is not in the mean: {why}." for name, why in APART.items()]
    table = grid.to_markdown(asked.titles, grid.mean("mean", shown), asked.time_line(3))
    return "\n\n".join([table, "\n".join(notes), failures(asked.failed)])
