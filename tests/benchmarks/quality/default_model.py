"""The default label model and majority vote, asked on the way a user would, and compared."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd

from labeling import LabelModel, SoftLabels, Votes
from labeling.label_models import MajorityVote
from tests.benchmarks.quality.data import VoteSet
from tests.benchmarks.quality.ours import SECONDS, limited
from tests.benchmarks.quality.scores import Codes, Floats, shares_of_codes


def soft_labels(
    votes: Votes, *, model: Any = None, gold: pd.Series | None = None, balance: Any = None
) -> SoftLabels:
    """Return what a model says of votes it was fitted on; the default label model if none."""
    asked = LabelModel() if model is None else model
    with warnings.catch_warnings(), limited(SECONDS):
        warnings.simplefilter("ignore")
        fitted = asked.fit(votes, gold=gold, class_balance=balance)
        answer: SoftLabels = fitted.predict_proba(votes)
    return answer


def majority(votes: Votes) -> Floats:
    """Return the shares of the votes: shape (n, k)."""
    return soft_labels(votes, model=MajorityVote()).to_array()


def decided_for_f1(soft: SoftLabels, positive: int) -> Floats:
    """Return the chance of each label to be the answer where expected F1 decides."""
    codes = soft.codes("f1", positive=soft.schema.labels[positive])
    return shares_of_codes(codes, len(soft.schema))


def population_shares(data: VoteSet) -> list[float]:
    """Return the share of each label among all rows with gold, covered or not."""
    gold = data.gold[data.gold >= 0]
    return (np.bincount(gold, minlength=data.n_labels) / len(gold)).tolist()


def rows_in(votes: Votes, data: VoteSet, rows: Codes) -> Codes:
    """Return where rows of a set are among votes."""
    return votes.sample_ids.get_indexer(data.votes.sample_ids[rows])
