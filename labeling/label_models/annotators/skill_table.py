"""The table of annotators' skills, evidence and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from labeling.label_models.patterns import Floats


def skill_table(
    names: Sequence[str],
    *,
    n_votes: Floats,
    skill: Floats,
    chance: Floats,
    on_gold: Floats,
    evidence: Floats,
    verdicts: Sequence[str],
) -> pd.DataFrame:
    """Return a row for each annotator; the columns are those of `AnnotatorModel.skills`.

    Args:
        names: the annotators.
        n_votes: shape (n_voters,).
        skill: the share of right votes, and the ends of its interval: shape (n_voters, 3).
        chance: the share of right votes by chance: shape (n_voters,).
        on_gold: right votes on gold labels, and all votes on them: shape (n_voters, 2).
        evidence: the e-values of guessing and of inverting: shape (n_voters, 2).
        verdicts: a word for each.
    """
    right, n_gold = on_gold.T
    gold_low, gold_high = wilson(right, n_gold)
    columns = {
        "n_votes": n_votes.astype(np.int64),
        "skill": skill[:, 0],
        "low": skill[:, 1],
        "high": skill[:, 2],
        "chance": chance,
        "n_gold": n_gold.astype(np.int64),
        "gold_skill": np.where(n_gold > 0, right / np.maximum(n_gold, 1), np.nan),
        "gold_low": gold_low,
        "gold_high": gold_high,
        "e_guessing": evidence[:, 0],
        "e_inverting": evidence[:, 1],
        "verdict": list(verdicts),
    }
    return pd.DataFrame(columns, index=pd.Index(names, name="annotator"))


def wilson(right: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Return Wilson's 95 % interval of many shares, NaN where n is 0.

    `labeling.records.proportion` is for one share.

    >>> low, high = wilson(np.array([3.0, 0.0]), np.array([3.0, 0.0]))
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.439, nan], [1.0, nan])
    """
    z = NormalDist().inv_cdf(0.975)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = right / n
        middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)
