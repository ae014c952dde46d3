"""The models on the votes of prompts, and what prompts do to rules that they are added to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from labeling import Votes
from tests.benchmarks.quality.asking import Asked
from tests.benchmarks.quality.data import N_RULES, RULES_WITH_PROMPTS, VoteSet, read_set
from tests.benchmarks.quality.default_model import rows_in
from tests.benchmarks.quality.ours import Panel, covered_votes, spread
from tests.benchmarks.quality.scores import Codes, accuracy, f1, shares_of
from tests.benchmarks.quality.tables import Grid, failures, signed, with_interval

POSITIVE = 1


def prompts(panel: Panel, folder: Path, names: Iterable[str]) -> str:
    """Return the tables of the models on the votes of prompts: accuracy and F1."""
    asked = Asked(panel, people=False)
    right = Grid(["set, covered rows, accuracy", "rows"], asked.models)
    positives = Grid(["set, covered rows, F1 of label 1", "rows"], asked.models)
    names = list(names)
    for name in names:
        data = read_set(folder, name)
        here = data.known
        cells, f1_cells = {}, {}
        for model, answer in asked.answers(name, covered_votes(data.votes)).items():
            shares = shares_of(spread(answer, data)[here])
            score, score_f1 = (
                accuracy(shares, data.gold[here]),
                f1(shares, data.gold[here], POSITIVE),
            )
            cells[model] = (with_interval(score), 100 * score.value)
            f1_cells[model] = (with_interval(score_f1), 100 * score_f1.value)
        right.add([name, f"{len(here):,}"], cells)
        positives.add([name, f"{len(here):,}"], f1_cells)
    grids = [
        grid.to_markdown(asked.titles, grid.mean("mean of the prompts", grid.rows))
        for grid in (right, positives)
    ]
    if RULES_WITH_PROMPTS in names:
        grids += _added_to_rules(asked, read_set(folder, RULES_WITH_PROMPTS))
    return "\n\n".join([*grids, failures(asked.failed)])


def _added_to_rules(asked: Asked, data: VoteSet) -> list[str]:
    """Return the scores of rules alone, and with prompts added, on the rows that rules cover."""
    rules = data.votes.of_voters(data.votes.voters[:N_RULES])
    here = np.flatnonzero((data.gold >= 0) & rules.covered)
    grid = Grid(["rows that the rules cover, accuracy", "rows"], asked.models)
    votes_of = {"rules alone": rules, "rules and prompts": data.votes}
    for name, votes in votes_of.items():
        grid.add([name, f"{len(here):,}"], _cells(asked, name, covered_votes(votes), data, here))
    before, after = (grid.value_of(name) for name in votes_of)
    gains = {model: after[model] - before[model] for model in before if model in after}
    grid.add(["gain", ""], {model: (signed(gain), gain) for model, gain in gains.items()})
    return [grid.to_markdown(asked.titles)]


def _cells(
    asked: Asked, name: str, votes: Votes, data: VoteSet, here: Codes
) -> dict[str, tuple[str, float]]:
    cells = {}
    rows = rows_in(votes, data, here)
    for model, answer in asked.answers(name, votes).items():
        score = accuracy(shares_of(answer.probabilities[rows]), data.gold[here])
        cells[model] = (with_interval(score), 100 * score.value)
    return cells
