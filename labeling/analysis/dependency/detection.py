"""Which voters depend on each other beyond what a common true label explains."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from labeling.analysis.dependency.counts import (
    LEAST_OVERLAP,
    Bools,
    Counted,
    Explained,
    Floats,
)
from labeling.analysis.dependency.low_rank import explained_by_low_rank
from labeling.analysis.dependency.structure import explained_by_structure
from labeling.errors import LabelingError, near
from labeling.records import Votes, expect

SURE = 4.0  # standard errors
LEAST_EFFECT = 0.2  # of the way from what is expected to always
COPY_EFFECT = 0.5  # and for a copy
LEAST_VOTERS = 4  # of three, any agreement is explained by their accuracies

METHODS: dict[str, Callable[[Counted, Votes], Explained]] = {
    "robust PCA": lambda counted, _: explained_by_low_rank(counted),
    "structure learning": explained_by_structure,
}
COLUMNS = {
    **{"first": object, "second": object, "both": np.int64, "expected_both": np.float64},
    **{"agreement": np.float64, "expected_agreement": np.float64},
    **{"strength": np.float64, "kind": object},
}


def dependencies(votes: Votes, *, method: str = "robust PCA") -> pd.DataFrame:
    """Return the pairs of voters who depend on each other, the strongest first.

    Independent voters agree because each of them is often right. A pair is listed where two voters
    vote together, or alike where both vote, far more often than that explains: 4 standard errors,
    and at least a fifth of the way from what is expected to always. It is a diagnostic: it says
    which rules to look at, and changes no label.

    - `"robust PCA"`: what all share is of low rank, what pairs share besides is sparse (Varma et
      al., ICML 2019). Counts all samples; 100 voters on 50,000 samples take some seconds at most.
    - `"structure learning"`: penalised pseudolikelihood of each vote given the others, the true
      label summed out (Bach et al., ICML 2017). Learns from samples drawn by id, 1,000,000 /
      (labels x voters) or 1,000 at least, and is slower by far. It finds more where labels have few
      voters each; it assumes that labels are about equally frequent, and takes what a group shares
      for the true label where the group speaks on far more samples than all others.

    What neither can see: anything with fewer than 4 voters; a group of dependent voters who are most
    of those for their label, since the label itself then looks like what they share (so labeling
    functions for one label each need some independent ones for that label); voters who avoid each
    other; pairs with fewer than 10 samples in common. Where samples differ in what makes voters
    speak (long texts), pairs in which that is strong are listed as correlated.

    Args:
        votes: of labeling functions or of people.
        method: `"robust PCA"` or `"structure learning"`.

    Returns:
        A frame with the columns `first`, `second` (names, sorted), `both` and `expected_both` (samples
        on which both vote, and would if independent), `agreement` and `expected_agreement` (shares of
        those on which they vote alike), `strength` (robust PCA: Cramér's V of what is left, 0 to 1;
        structure learning: a logarithm of odds) and `kind`: `"copy"` (says nearly always the same) or
        `"correlated"`. Its `attrs` hold `method`, `steps` and `converged`. Independent of the order of
        samples, voters and labels.

    Raises:
        LabelingError: there is no such method.

    Warns:
        UserWarning: the computation did not come to rest.

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
    counted = Counted.of(votes)
    if len(counted.voters) < LEAST_VOTERS:
        return _table(counted, None, method)
    explained = METHODS[method](counted, votes)
    if not explained.converged:
        warnings.warn(
            f"The {method} of {len(counted.voters)} voters did not come to rest within"
            f" {explained.steps} steps; weak dependencies among those found are uncertain.",
            stacklevel=2,
        )
    return _table(counted, explained, method)


def _table(counted: Counted, explained: Explained | None, method: str) -> pd.DataFrame:
    """Return the pairs that depend, sorted."""
    steps, converged = (0, True) if explained is None else (explained.steps, explained.converged)
    about = {"method": method, "steps": steps, "converged": converged}
    if explained is None:
        table = pd.DataFrame({name: np.empty(0, kind) for name, kind in COLUMNS.items()})
    else:
        table = pd.DataFrame(_columns(counted, explained)).astype(COLUMNS)
        table = table.sort_values(
            ["strength", "first", "second"], ascending=[False, True, True], ignore_index=True
        )
    table.attrs.update(about)
    return table


def _columns(counted: Counted, explained: Explained) -> dict[str, object]:
    both, same = counted.both(counted.counts), counted.same(counted.counts)
    votes = np.diag(both)
    agreement = same / np.maximum(both, 1e-12)
    expected = np.minimum(explained.same / np.maximum(explained.both, 1e-12), 1.0)
    least = np.minimum(votes[:, None], votes[None, :])
    alike = _effect(agreement, expected, np.ones_like(both), 0.05)
    alike = np.where(_sure(agreement, expected, both), alike, 0.0)
    together = _effect(both, explained.both, least, 0.1 * least)
    sure = both - explained.both > SURE * np.sqrt(np.maximum(explained.both, 1))
    effect = np.maximum(alike, np.where(sure, together, 0.0))
    effect = np.where((both >= LEAST_OVERLAP) & (explained.strength > 0), effect, 0.0)
    first, second = np.nonzero(np.triu(effect > LEAST_EFFECT, 1))
    names = np.array(counted.voters, dtype=object)
    copy = counted.near() & (effect > COPY_EFFECT)
    pairs = (first, second)
    return {
        "first": names[first],
        "second": names[second],
        "both": np.rint(both[pairs]).astype(np.int64),
        "expected_both": explained.both[pairs],
        "agreement": agreement[pairs],
        "expected_agreement": expected[pairs],
        # To so many digits they are the same on every machine, and equal ones are ties.
        "strength": np.round(explained.strength[pairs], 6),
        "kind": np.where(copy[pairs], "copy", "correlated").astype(object),
    }


def _effect(found: Floats, expected: Floats, most: Floats, smallest: Floats | float) -> Floats:
    """Return how far what was found is from what is expected to the most there can be."""
    far: Floats = (found - expected) / np.maximum(np.maximum(most - expected, smallest), 1e-12)
    return far


def _sure(found: Floats, expected: Floats, n: Floats) -> Bools:
    """Return whether shares of n are above the expected ones by `SURE` standard errors."""
    error = np.sqrt(np.maximum(expected * (1 - expected), 0.01) / np.maximum(n, 1))
    above: Bools = found - expected > SURE * error
    return above
