"""What gold labels are worth: the default label model with a few, scored on the other rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from labeling import LabelModel, SoftLabels, Votes
from tests.benchmarks.quality.asking import progress, scored
from tests.benchmarks.quality.data import SIX, VoteSet, read_set
from tests.benchmarks.quality.ours import SECONDS, covered_votes, limited
from tests.benchmarks.quality.scores import (
    Codes,
    Floats,
    calibration_error,
    shares_of,
    shares_of_codes,
)
from tests.benchmarks.quality.tables import Grid, failures

SIZES = (100, 250, 500)
DRAWS = 5
LEAST = 100  # rows that must be left to score


def decided(soft: SoftLabels, positive: int | None) -> Floats:
    """Return the chance of each label to be the answer: of the best F1, or the most probable."""
    if positive is None:
        return shares_of(soft.to_array())
    codes = soft.codes("f1", positive=soft.schema.labels[positive])
    return shares_of_codes(codes, len(soft.schema))


def drawn(rows: Codes, size: int, draw: int) -> tuple[Codes, Codes]:
    """Return rows that get a gold label, and the others."""
    chosen = np.random.default_rng([draw, size]).permutation(len(rows))
    return rows[np.sort(chosen[:size])], rows[np.sort(chosen[size:])]


def gold_series(data: VoteSet, rows: Codes) -> pd.Series:
    """Return the gold labels of rows as a user would give them."""
    labels = np.array(data.votes.schema.labels, dtype=object)
    return pd.Series(labels[data.gold[rows]], index=data.votes.sample_ids[rows])


def with_gold(folder: Path, names: Iterable[str]) -> str:
    """Return the tables of the default label model with 0, 100, 250 and 500 gold labels."""
    columns = ["0", *(str(size) for size in SIZES)]
    scores = Grid(["set, covered rows without gold", "measure"], columns)
    errors = Grid(["set, calibration error"], columns)
    failed: dict[tuple[str, str], str] = {}
    for name in names:
        data, cells, error_cells = read_set(folder, name), {}, {}
        for size in (0, *SIZES):
            progress(f"{name}: {size} gold labels")
            try:
                cells[str(size)], error_cells[str(size)] = _two_cells(data, size)
            except Exception as error:  # noqa: BLE001 - shown in the table
                failed[f"{size} gold labels", name] = f"{type(error).__name__}: {error}"
        scores.add([name, data.metric], cells)
        errors.add([name], error_cells)
    six = [name for name in SIX if name in scores.rows]
    return "\n\n".join(
        [
            scores.to_markdown(columns, scores.mean("mean of the six", six)),
            errors.to_markdown(columns, errors.mean("mean of the six", six)),
            failures(failed),
        ]
    )


def _two_cells(data: VoteSet, size: int) -> tuple[tuple[str, float], tuple[str, float]]:
    """Return the cells of score and calibration error with so many gold labels."""
    rows = np.flatnonzero((data.gold >= 0) & data.votes.covered)
    if len(rows) - size < LEAST:
        return ("too few rows", np.nan), ("too few rows", np.nan)
    votes = covered_votes(data.votes)
    draws = range(DRAWS if size else 1)
    found = np.array([_one_draw(data, votes, rows, size, draw) for draw in draws])
    value, error = found.mean(axis=0).tolist()
    low, high = found[:, 0].min(), found[:, 0].max()
    text = f"{value:.1f} ({low:.1f} to {high:.1f})" if size else f"{value:.1f}"
    return (text, value), (f"{error:.1f}", error)


def _one_draw(
    data: VoteSet, votes: Votes, rows: Codes, size: int, draw: int
) -> tuple[float, float]:
    """Return score and calibration error in percent on the rows that got no gold label."""
    known, others = drawn(rows, size, draw)
    gold = gold_series(data, known) if size else None
    with warnings.catch_warnings(), limited(SECONDS):
        warnings.simplefilter("ignore")
        soft = LabelModel().fit(votes, gold=gold).predict_proba(votes)
    here = votes.sample_ids.get_indexer(data.votes.sample_ids[others])
    shares = decided(soft, data.positive) if size else shares_of(soft.to_array())
    score = scored(shares[here], data.gold[others], data.positive)
    return 100 * score.value, 100 * calibration_error(soft.to_array()[here], data.gold[others])
