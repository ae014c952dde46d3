"""What a declared class balance is worth: the default label model with the true one, and without.

The balance is that of all rows with gold, covered or not, as a user would know it; the model is
fitted to all rows, and scored on the covered ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.benchmarks.quality.asking import progress
from tests.benchmarks.quality.data import VoteSet, read_set
from tests.benchmarks.quality.default_model import decided_for_f1, population_shares, soft_labels
from tests.benchmarks.quality.scores import accuracy, f1, shares_of
from tests.benchmarks.quality.tables import Grid, failures

POSITIVE = 1
RIGHT = ("none", "declared")
FOR_F1 = ("none", "declared", "none, cut", "declared, cut")


def balances(folder: Path, names: Iterable[str]) -> str:
    """Return the tables of the default label model with and without the true class balance."""
    right = Grid(["set, covered rows, accuracy"], RIGHT)
    positives = Grid(["set, covered rows, F1 of label 1", "share of label 1"], FOR_F1)
    failed: dict[tuple[str, str], str] = {}
    for name in names:
        data = read_set(folder, name)
        progress(f"{name}: a declared class balance")
        try:
            cells, f1_cells = _cells(data)
        except Exception as error:  # noqa: BLE001 - shown in the table
            failed["`label_model`", name] = f"{type(error).__name__}: {error}"
            continue
        right.add([name], cells)
        if f1_cells:
            share = population_shares(data)[POSITIVE]
            positives.add([name, f"{100 * share:.1f} %"], f1_cells)
    titles = ["no balance", "declared"]
    cuts = [*titles, "no balance, best expected F1", "declared, best expected F1"]
    return "\n\n".join(
        [
            right.to_markdown(titles, right.mean("mean", right.rows)),
            positives.to_markdown(cuts, positives.mean("mean", positives.rows)),
            failures(failed),
        ]
    )


def _cells(data: VoteSet) -> tuple[dict[str, tuple[str, float]], dict[str, tuple[str, float]]]:
    """Return the cells of accuracy, and with two labels those of F1."""
    here, gold = data.known, data.gold[data.known]
    labels = data.votes.schema.labels
    declared = dict(zip(labels, population_shares(data), strict=True))
    cells, f1_cells = {}, {}
    for name, balance in (("none", None), ("declared", declared)):
        soft = soft_labels(data.votes, balance=balance)
        shares = shares_of(soft.to_array()[here])
        cells[name] = _cell(accuracy(shares, gold).value)
        if len(labels) == 2:
            f1_cells[name] = _cell(f1(shares, gold, POSITIVE).value)
            cut = decided_for_f1(soft, POSITIVE)[here]
            f1_cells[f"{name}, cut"] = _cell(f1(cut, gold, POSITIVE).value)
    return cells, f1_cells


def _cell(value: float) -> tuple[str, float]:
    return f"{100 * value:.1f}", 100 * value
