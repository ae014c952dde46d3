"""What gold spans teach: a conditional logit over the labels of a candidate and "no span".

    log P(y) = w z_y + sum_j [V_j = y] a_j + d_y
               + [y is "no span"] (l_words + sum_j ([V_j is a label] b_j + [V_j = t] b_jt
                                                    + [V_j is "no span"] c_j)) + constant

with V_j the vote of voter j and z the scores without gold. A ridge of 1 holds w near 1 and all else
near 0, so that it is drawn to the answer without gold (McFadden 1974; Hoerl and Kennard 1970).
Agreement a_j is the same for all labels, so that a few dozen samples teach it.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse

from labeling.label_models.spans.candidates import Candidates
from labeling.records import ABSTAIN

Floats = npt.NDArray[np.float64]

LEAST_SAMPLES = 50
LEAST_CANDIDATES = 40
MOST_WORDS = 4  # words from which on a span counts as long
STEPS = 500
TOLERANCE = 1e-9  # of L-BFGS, relative


class SpanStack(NamedTuple):
    """The fitted weights.

    Attributes:
        trust: w, the weight of the scores without gold.
        votes: what each vote adds: shape (n_voters, n_labels + 2, n_labels + 1), from the code
            plus 1 (0 = silent) to each label and "no span".
        words: what 1, 2, 3, and 4 or more words add to "no span": shape (4,).
        offsets: d, shape (n_labels + 1,).
    """

    trust: float
    votes: Floats
    words: Floats
    offsets: Floats

    def scores(self, candidates: Candidates, scores: Floats) -> Floats:
        """Return the log-probabilities of labels and "no span", up to a constant of the row.

        Args:
            candidates: the candidates.
            scores: those without gold: shape (n, n_labels + 1).
        """
        stacked: Floats = self.trust * scores
        for voter, evidence in enumerate(self.votes):
            stacked += evidence[candidates.codes[:, voter].astype(np.intp) + 1]
        stacked += self.offsets
        stacked[:, -1] += self.words[_length_class(candidates.words)]
        return stacked


def fit_span_stack(
    candidates: Candidates, scores: Floats, gold: npt.NDArray[np.int64]
) -> SpanStack:
    """Return the weights that fit the gold of candidates best, held near the answer without gold.

    Args:
        candidates: the candidates.
        scores: those without gold: shape (n, n_labels + 1).
        gold: ranks of the labels, `n_labels` for no span, -1 without gold: shape (n,).
    """
    from scipy.optimize import minimize  # slow to import

    rows = np.flatnonzero(gold != ABSTAIN)
    codes, length = candidates.codes[rows], _length_class(candidates.words[rows])
    # Sorted by what they hold: sums do not depend on the order of samples.
    order = np.lexsort([length, gold[rows], *codes.T])
    rows, codes, length = rows[order], codes[order].astype(np.intp), length[order]
    design = _design(codes, length, scores[rows])
    n, n_answers = len(rows), scores.shape[1]
    target = np.arange(n) * n_answers + gold[rows]
    prior = np.zeros(design.shape[1])
    prior[0] = 1.0
    transposed = design.T.tocsr()

    def loss(weights: Floats) -> tuple[float, Floats]:
        table = (design @ weights).reshape(n, n_answers)
        table -= table.max(axis=1, keepdims=True)
        logs = table - np.log(np.exp(table).sum(axis=1, keepdims=True))
        error = np.exp(logs).ravel()
        error[target] -= 1.0
        away = weights - prior
        value = 0.5 * float(away @ away) - float(logs.ravel()[target].sum())
        return value, transposed @ error + away

    options = {"maxiter": STEPS, "ftol": TOLERANCE, "gtol": 1e-6}
    fitted = minimize(loss, prior, jac=True, method="L-BFGS-B", options=options).x
    return _unpacked(fitted, codes.shape[1], n_answers - 1)


def _length_class(words: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    return np.clip(words, 1, MOST_WORDS) - 1


def _design(codes: npt.NDArray[np.intp], length: npt.NDArray[np.int64], scores: Floats) -> Any:
    """Return the features of each row and answer: sparse, shape (n * n_answers, n_weights).

    The weights are, in this order: w; a (n_voters); b (n_voters); b_t (n_voters x n_labels);
    c (n_voters); l (4); d (n_labels + 1).
    """
    n, m = codes.shape
    n_answers = scores.shape[1]
    k = n_answers - 1
    row, voter = np.nonzero(codes != ABSTAIN)
    code = codes[row, voter]
    is_label = code < k
    nothing = np.arange(n) * n_answers + k  # the rows of the answer "no span"
    first = np.cumsum([1, m, m, m * k, m, MOST_WORDS])
    every = np.arange(n * n_answers)
    labels, others = np.flatnonzero(is_label), np.flatnonzero(~is_label)
    cells = [
        (every, np.zeros(n * n_answers, dtype=np.int64), scores.ravel()),
        (row * n_answers + code, first[0] + voter, None),
        (nothing[row[labels]], first[1] + voter[labels], None),
        (nothing[row[labels]], first[2] + voter[labels] * k + code[labels], None),
        (nothing[row[others]], first[3] + voter[others], None),
        (nothing, first[4] + length, None),
        (every, first[5] + every % n_answers, None),
    ]
    values = [np.ones(len(place)) if value is None else value for place, _, value in cells]
    places = [np.concatenate([cell[axis] for cell in cells]) for axis in (0, 1)]
    shape = (n * n_answers, first[5] + n_answers)
    return sparse.csr_matrix((np.concatenate(values), tuple(places)), shape=shape)


def _unpacked(weights: Floats, m: int, k: int) -> SpanStack:
    """Return the weights as tables by vote and answer."""
    sizes = np.cumsum([1, m, m, m * k, m, MOST_WORDS])
    trust, agree, label, each, nothing, words, offsets = np.split(weights, sizes)
    votes = np.zeros((m, k + 2, k + 1))
    codes = np.arange(k + 1)
    votes[:, codes + 1, codes] += agree[:, None]
    votes[:, 1 : k + 1, k] += label[:, None] + each.reshape(m, k)
    votes[:, k + 1, k] += nothing
    return SpanStack(float(trust[0]), votes, words, offsets)
