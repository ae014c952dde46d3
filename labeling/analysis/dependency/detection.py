"""Detection of dependent voters: pairs that agree more than a common true label explains."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from labeling.analysis.dependency.counts import Bools, Explained, Floats, VoteCounts
from labeling.analysis.dependency.low_rank import explained_by_low_rank
from labeling.analysis.dependency.structure import explained_by_structure
from labeling.errors import LabelingError, near
from labeling.records import LEAST_OVERLAP, Votes, expect

Z_SCORE = 4.0  # standard errors
LEAST_EFFECT = 0.2  # of the way from the expected rate to always
LEAST_COPY_EFFECT = 0.5  # and for a copy
LEAST_VOTERS = 4  # the accuracies of three explain any agreement

METHODS: dict[str, Callable[[VoteCounts, Votes], Explained]] = {
    "robust PCA": lambda counts, _: explained_by_low_rank(counts),
    "structure learning": explained_by_structure,
}
COLUMNS = {
    "first": object,
    "second": object,
    "both": np.int64,
    "expected_both": np.float64,
    "agreement": np.float64,
    "expected_agreement": np.float64,
    "strength": np.float64,
    "kind": object,
}


def dependencies(votes: Votes, *, method: str = "robust PCA") -> pd.DataFrame:
    """Return the pairs of voters who depend on each other, the strongest first.

    Independent voters agree because each of them is often right. A pair is listed where two voters
    vote together, or alike where both vote, far more often than that explains: 4 standard errors,
    and at least a fifth of the way from the expected rate to always. It is a diagnostic: it says
    which labeling functions to look at, and changes no label.

    - `"robust PCA"`: what all voters share is of low rank, what single pairs share is sparse (Varma
      et al., ICML 2019). Uses all samples; 100 voters on 50,000 samples take some seconds at most.
    - `"structure learning"`: penalised pseudolikelihood of each vote given the others, the true
      label summed out (Bach et al., ICML 2017). Uses samples drawn by id, 1,000,000 / (labels x
      voters) or 1,000 at least, and is far slower. It finds more where labels have few voters each;
      it assumes about equally frequent labels, and takes what a group shares for the true label
      where the group votes on far more samples than all others.

    Neither can detect: anything with fewer than 4 voters; a group of dependent voters who are most
    of those for their label, since the label itself then looks like what they share (of voters for
    one label each, `voter_families` finds such groups); voters who avoid each
    other; pairs with fewer than 10 samples in common. Where samples differ in what makes voters
    vote (long texts), pairs with a strong such effect are listed as correlated.

    Args:
        votes: of labeling functions or annotators.
        method: `"robust PCA"` or `"structure learning"`.

    Returns:
        A frame with the columns `first`, `second` (names, sorted), `both` and `expected_both`
        (samples on which both vote, and would if independent), `agreement` and `expected_agreement`
        (shares of those on which they vote alike), `strength` (robust PCA: Cramér's V of the
        residual, 0 to 1; structure learning: log-odds) and `kind`: `"copy"` (votes nearly always
        alike) or `"correlated"`. Its `attrs` hold `method`, `steps` and `converged`. Independent of
        the order of samples, voters and labels.

    Raises:
        LabelingError: there is no such method.

    Warns:
        UserWarning: the computation did not converge.

    >>> from labeling.records import LabelSchema
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(0, 2, (2000, 1))
    >>> codes = np.where(rng.random((2000, 6)) < 0.75, truth, 1 - truth)
    >>> codes[:, 5] = np.where(rng.random(2000) < 0.98, codes[:, 0], 1 - codes[:, 0])
    >>> votes = Votes.from_array(
    ...     codes, schema=LabelSchema(["ham", "spam"]), voters=["a", "b", "c", "d", "e", "a_again"]
    ... )
    >>> dependencies(votes)[["first", "second", "both", "agreement", "expected_agreement", "kind"]]
      first   second  both  agreement  expected_agreement  kind
    0     a  a_again  2000      0.973            0.617671  copy
    """
    expect(votes, Votes, "`votes`")
    if method not in METHODS:
        raise LabelingError(
            f"{method!r} is no method; methods are {', '.join(map(repr, METHODS))}."
            f"{near(str(method), METHODS)}"
        )
    counts = VoteCounts.of(votes)
    if len(counts.voters) < LEAST_VOTERS:
        return _table(counts, None, method)
    explained = METHODS[method](counts, votes)
    if not explained.converged:
        warnings.warn(
            f"The {method} of {len(counts.voters)} voters did not converge in {explained.steps}"
            " steps; weak dependencies in the table are uncertain.",
            stacklevel=2,
        )
    return _table(counts, explained, method)


def _table(counts: VoteCounts, explained: Explained | None, method: str) -> pd.DataFrame:
    """Return the dependent pairs, sorted."""
    steps, converged = (0, True) if explained is None else (explained.steps, explained.converged)
    if explained is None:
        table = pd.DataFrame({name: np.empty(0, kind) for name, kind in COLUMNS.items()})
    else:
        table = pd.DataFrame(_columns(counts, explained)).astype(COLUMNS)
        table = table.sort_values(
            ["strength", "first", "second"], ascending=[False, True, True], ignore_index=True
        )
    table.attrs.update({"method": method, "steps": steps, "converged": converged})
    return table


def _columns(counts: VoteCounts, explained: Explained) -> dict[str, object]:
    both, same = counts.both(counts.counts), counts.same(counts.counts)
    votes = np.diag(both)
    agreement = same / np.maximum(both, 1e-12)
    expected = np.minimum(explained.same / np.maximum(explained.both, 1e-12), 1.0)
    fewer = np.minimum(votes[:, None], votes[None, :])
    agreement_effect = _effect(agreement, expected, np.ones_like(both), 0.05)
    is_significant = _is_significant(agreement, expected, both)
    agreement_effect = np.where(is_significant, agreement_effect, 0.0)
    overlap_effect = _effect(both, explained.both, fewer, 0.1 * fewer)
    is_significant = both - explained.both > Z_SCORE * np.sqrt(np.maximum(explained.both, 1))
    effect = np.maximum(agreement_effect, np.where(is_significant, overlap_effect, 0.0))
    effect = np.where((both >= LEAST_OVERLAP) & (explained.strength > 0), effect, 0.0)
    first, second = np.nonzero(np.triu(effect > LEAST_EFFECT, 1))
    names = np.array(counts.voters, dtype=object)
    is_copy = counts.near_copies() & (effect > LEAST_COPY_EFFECT)
    pairs = (first, second)
    return {
        "first": names[first],
        "second": names[second],
        "both": np.rint(both[pairs]).astype(np.int64),
        "expected_both": explained.both[pairs],
        "agreement": agreement[pairs],
        "expected_agreement": expected[pairs],
        # Rounded, they are the same on every machine, and equal ones are ties.
        "strength": np.round(explained.strength[pairs], 6),
        "kind": np.where(is_copy[pairs], "copy", "correlated").astype(object),
    }


def _effect(
    observed: Floats, expected: Floats, largest: Floats, least_range: Floats | float
) -> Floats:
    """Return the effect size: the distance from expected to observed, over that to the largest."""
    distance = np.maximum(np.maximum(largest - expected, least_range), 1e-12)
    effect: Floats = (observed - expected) / distance
    return effect


def _is_significant(observed: Floats, expected: Floats, n: Floats) -> Bools:
    """Return whether shares of n exceed the expected ones by `Z_SCORE` standard errors."""
    error = np.sqrt(np.maximum(expected * (1 - expected), 0.01) / np.maximum(n, 1))
    is_above: Bools = observed - expected > Z_SCORE * error
    return is_above
