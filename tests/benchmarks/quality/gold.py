"""What gold labels are worth: the default label model with a few of them, scored on the other rows."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks.quality.asking import progress, scored
from benchmarks.quality.data import SIX, VoteSet, read_set
from benchmarks.quality.ours import SECONDS, covered_votes, limited
from benchmarks.quality.scores import (
    Codes,
    Floats,
    calibration_error,
    shares_of,
    shares_of_codes,
)
from benchmarks.quality.tables import Grid, failures

from labeling import LabelModel, SoftLabels, Votes

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
    """Return the table of the default label model with 0, 100, 250 and 500 gold labels."""
    columns = ["0", *(str(size) for size in SIZES)]
    scores = Grid(["set, covered rows without gold", "measure"], columns)
    errors = Grid(["set, calibration error"], columns)
    failed: dict[tuple[str, str], str] = {}
    for name in names:
        data, cells, error_cells = read_set(folder, name), {}, {}
        votes = covered_votes(data.votes)
        rows = np.flatnonzero((data.gold >= 0) & data.votes.covered)
        for size in (0, *SIZES):
            if len(rows) - size < LEAST:
                cells[str(size)] = error_cells[str(size)] = ("too few rows", np.nan)
                continue
            progress(f"{name}: {size} gold labels")
            try:
                found = [
                    _one_draw(data, votes, rows, size, draw) for draw in range(DRAWS if size else 1)
                ]
            except Exception as error:  # noqa: BLE001 - shown in the table
                failed[f"{size} gold labels", name] = f"{type(error).__name__}: {error}"
                continue
            value, error_value = np.mean(found, axis=0)
            low, high = np.min(found, axis=0)[0], np.max(found, axis=0)[0]
            text = f"{value:.1f} ({low:.1f} to {high:.1f})" if size else f"{value:.1f}"
            cells[str(size)] = (text, float(value))
            error_cells[str(size)] = (f"{error_value:.1f}", float(error_value))
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
