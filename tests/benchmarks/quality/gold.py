"""What gold labels are worth: the default label model with a few, scored on the other rows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from labeling import SoftLabels, Votes
from tests.benchmarks.quality.asking import progress, scored
from tests.benchmarks.quality.data import SIX, VoteSet, read_set
from tests.benchmarks.quality.default_model import decided_for_f1, rows_in, soft_labels
from tests.benchmarks.quality.ours import covered_votes
from tests.benchmarks.quality.scores import Codes, Floats, calibration_error, shares_of
from tests.benchmarks.quality.tables import Grid, failures, signed

SIZES = (25, 50, 100, 250, 500)
DRAWS = 5
LEAST = 100  # rows that must be left to score


def decided(soft: SoftLabels, positive: int | None) -> Floats:
    """Return the chance of each label to be the answer: of the best F1, or the most probable."""
    if positive is None:
        return shares_of(soft.to_array())
    return decided_for_f1(soft, positive)


def drawn(rows: Codes, size: int, draw: int) -> tuple[Codes, Codes]:
    """Return rows that get a gold label, and the others."""
    chosen = np.random.default_rng([draw, size]).permutation(len(rows))
    return rows[np.sort(chosen[:size])], rows[np.sort(chosen[size:])]


def gold_series(data: VoteSet, rows: Codes) -> pd.Series:
    """Return the gold labels of rows as a user would give them."""
    labels = np.array(data.votes.schema.labels, dtype=object)
    return pd.Series(labels[data.gold[rows]], index=data.votes.sample_ids[rows])


def with_gold(folder: Path, names: Iterable[str]) -> str:
    """Return the tables of the default label model without and with some gold labels."""
    columns = ["0", *(str(size) for size in SIZES)]
    sizes = columns[1:]
    scores = Grid(["set, covered rows without gold", "measure"], columns)
    gains = Grid(["set, gain over no gold on the same rows"], sizes)
    errors = Grid(["set, calibration error"], columns)
    failed: dict[tuple[str, str], str] = {}
    for name in names:
        cells: dict[str, dict[str, tuple[str, float]]] = {"score": {}, "gain": {}, "error": {}}
        data = read_set(folder, name)
        votes, without = covered_votes(data.votes), None
        for size in (0, *SIZES):
            progress(f"{name}: {size} gold labels")
            try:
                without = soft_labels(votes) if without is None else without
                found = _cells(data, votes, without, size)
            except Exception as error:  # noqa: BLE001 - shown in the table
                failed[f"{size} gold labels", name] = f"{type(error).__name__}: {error}"
                continue
            for kind, cell in found.items():
                cells[kind][str(size)] = cell
        scores.add([name, data.metric], cells["score"])
        gains.add([name], cells["gain"])
        errors.add([name], cells["error"])
    six = [name for name in SIX if name in scores.rows]
    # A set with too few rows for a size has no gain there; the mean is over the others.
    means = [gains.mean_of_known("mean", gains.rows), gains.lowest("lowest", gains.rows)]
    return "\n\n".join(
        [
            scores.to_markdown(columns, scores.mean("mean of the six", six)),
            gains.to_markdown(sizes, *means),
            errors.to_markdown(columns, errors.mean("mean of the six", six)),
            failures(failed),
        ]
    )


def _cells(
    data: VoteSet, votes: Votes, without: SoftLabels, size: int
) -> dict[str, tuple[str, float]]:
    """Return the cells of score, gain and calibration error with this number of gold labels."""
    rows = data.known
    if len(rows) - size < LEAST:
        return dict.fromkeys(("score", "gain", "error"), ("too few rows", np.nan))
    draws = range(DRAWS if size else 1)
    found = np.array([_one_draw(data, votes, without, size, draw) for draw in draws])
    value, gain, error = found.mean(axis=0).tolist()
    low, high = found[:, 0].min(), found[:, 0].max()
    text = f"{value:.1f} ({low:.1f} to {high:.1f})" if size else f"{value:.1f}"
    return {
        "score": (text, value),
        "gain": (signed(gain), gain),
        "error": (f"{error:.1f}", error),
    }


def _one_draw(
    data: VoteSet, votes: Votes, without: SoftLabels, size: int, draw: int
) -> tuple[float, float, float]:
    """Return score, gain over no gold and calibration error in percent on the other rows."""
    known, others = drawn(data.known, size, draw)
    soft = soft_labels(votes, gold=gold_series(data, known)) if size else without
    here, gold = rows_in(votes, data, others), data.gold[others]
    before = scored(shares_of(without.to_array())[here], gold, data.positive).value
    shares = decided(soft, data.positive) if size else shares_of(soft.to_array())
    score = scored(shares[here], gold, data.positive).value
    error = calibration_error(soft.to_array()[here], gold)
    return 100 * score, 100 * (score - before), 100 * error
