"""The parts of a batch: rows of a pool with stratum, score, reason and propensity."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.query.pool import Pool
from labeling.query.random_draws import Draw
from labeling.records import Batch, Stratum

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

COLUMNS = ("id", "stratum", "score", "reason", "propensity")


def drawn_part(
    pool: Pool, draw: Draw, stratum: str, reason: str, score: Floats | None = None
) -> pd.DataFrame:
    """Return the part of a batch that was drawn at random, with its propensities."""
    return _part(
        pool.ids[draw.rows],
        stratum,
        np.nan if score is None else score[draw.rows],
        f"{reason}, {len(draw.rows)} of {len(pool.ids)} eligible samples",
        draw.propensity,
    )


def ranked_part(
    pool: Pool, rows: Ints, stratum: str, score: Floats, reason: str | npt.NDArray[np.object_]
) -> pd.DataFrame:
    """Return the part of a batch that has the best scores; with one reason, or one for each row."""
    reasons = np.where(score[rows] > 0, reason, "no sample left scores above 0")
    return _part(pool.ids[rows], stratum, score[rows], reasons, np.nan)


def picked_part(
    pool: Pool, rows: Ints, stratum: str, score: Floats | float, reason: str
) -> pd.DataFrame:
    """Return the part of a batch that another library picked, with its own measure of each row."""
    return _part(pool.ids[rows], stratum, score, reason, np.nan)


def copies_part(ids: pd.Index, n_before: int) -> pd.DataFrame:
    """Return near-duplicates, which are asked about where no other sample is left."""
    rest = "no other sample is left" if n_before == 0 else "fewer others are left than were wanted"
    reason = f"differs only by case or signs from a sample that is asked about; {rest}"
    return _part(ids, Stratum.NEAR_DUPLICATE.value, np.nan, reason, np.nan)


def batch_of(parts: list[pd.DataFrame], name: Hashable) -> Batch:
    """Return the batch of its parts, in their order; its index has this name."""
    table = pd.concat([part for part in parts if len(part)] or parts[:1])
    return Batch(table.set_index(pd.Index(table["id"], name=name)).drop(columns="id"))


def _part(
    ids: pd.Index,
    stratum: str,
    score: Floats | float,
    reason: str | npt.NDArray[Any],
    propensity: Floats | float,
) -> pd.DataFrame:
    values = (ids, stratum, score, reason, propensity)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True)), index=range(len(ids)))
