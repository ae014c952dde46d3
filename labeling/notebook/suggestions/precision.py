"""How precise a rule is on samples that nobody labeled, and a lower bound of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from labeling.notebook.suggestions.evidence import FOLDS, Evidence, Floats, Opinion

TAIL = 0.1
"""The precision is below the lower bound with this probability."""
LEAST_PSEUDO = 2.0


@dataclass(frozen=True, slots=True, eq=False)
class Precisions:
    """Of each rule and label; arrays of shape (n_rules, n_labels), but for `n` (n_rules,).

    Attributes:
        n: the samples of the evidence on which the rule fires.
        right: how many of them have the label.
        expected: the precision that is expected.
        low: a lower bound of it.
    """

    n: Any
    right: Floats
    expected: Floats
    low: Floats


def precisions(fires: Any, opinion: Opinion, evidence: Evidence, judged: Any) -> Precisions:
    """Return the precision of rules by a classifier's opinion, as sure as its folds agree.

    The opinion of a rule is the mean over the samples on which it fires. Its variance is that of
    the jackknife: how much it changes when a fold of the evidence is left out. Opinion and variance
    are those of a beta distribution, whose 10 % quantile is the lower bound; where the dev samples
    themselves make that unlikely, their own upper bound counts.

    Args:
        fires: sparse, shape (n_samples, n_rules).
        opinion: of all samples.
        evidence: what is known.
        judged: the samples that count, shape (n_samples,): where a label came from votes, those
            without a vote.
    """
    from scipy.special import logit
    from scipy.stats import beta

    counted = fires.multiply(judged[:, None]).tocsc()
    times = np.asarray(counted.sum(axis=0)).ravel()[:, None]
    share = np.maximum(times, 1)
    expected = np.clip(np.asarray(counted.T @ opinion.shares) / share, 1e-3, 1 - 1e-3)
    folds = np.array([np.asarray(counted.T @ each) / share for each in opinion.without])
    spread = logit(np.clip(folds, 1e-3, 1 - 1e-3))
    variance = (FOLDS - 1) / FOLDS * ((spread - spread.mean(axis=0)) ** 2).sum(axis=0)
    # From the variance of the log-odds to that of the share.
    variance = np.maximum(variance * (expected * (1 - expected)) ** 2, 1e-9)
    most = np.minimum(evidence.most, share)
    size = np.clip(expected * (1 - expected) / variance - 1, LEAST_PSEUDO, most)
    size = np.maximum(size, LEAST_PSEUDO)
    low = beta.ppf(TAIL, expected * size, (1 - expected) * size)
    known = fires[evidence.rows]
    n = np.asarray(known.sum(axis=0)).ravel().astype(np.int64)
    right = np.asarray(known.T @ evidence.labels)
    if evidence.is_gold:
        low = np.minimum(low, beta.ppf(1 - TAIL, right + 1, n[:, None] - right + 1))
    low = np.where(times >= 1, low, 0.0)
    return Precisions(n, right, np.round(expected, 9), np.round(low, 9))
