"""Families of like voters: voters for a label who vote together beyond what it explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from labeling.analysis.dependency.counts import VoteCounts
from labeling.errors import counted, listed, literal
from labeling.records import ABSTAIN, Votes, expect, find_families, uniform_by_id

MOST_SAMPLES = 50_000  # of more samples this many are drawn by id
MOST_NAMED = 8  # voters in a sentence
DIGITS = 6  # rounded, numbers are the same in every order of the samples


@dataclass(frozen=True, slots=True)
class VoterFamily:
    """Voters for one label who vote together more often than the label explains.

    Attributes:
        label: the label, the only one that each of them votes for.
        voters: their names, sorted; of near-copies only the first.
        correlation: mean correlation of their votes over all pairs that the label does not explain,
            above 0 and at most 1.
        n: on how many samples it was measured: those on which anybody votes.
        effective: how many independent voters they count as, above 0 and at most 0.9 times their
            number.
        weights: how much each counts, in the order of `voters`; the sum is `effective`.
    """

    label: str
    voters: tuple[str, ...]
    correlation: float
    n: int
    effective: float
    weights: tuple[float, ...]

    def sentence(self) -> str:
        """Return a sentence on what they have in common, and what it is worth.

        >>> VoterFamily("spam", ("a", "b"), 0.4, 900, 1.4, (0.7, 0.7)).sentence()
        "2 voters for 'spam' vote together more often than the label explains (mean correlation
        0.40, n = 900), and count as 1.4: 'a', 'b'."
        """
        return (
            f"{counted(len(self.voters), 'voter')} for {literal(self.label)} vote together more"
            f" often than the label explains (mean correlation {self.correlation:.2f}, n ="
            f" {self.n:,}), and count as {self.effective:.1f}: {listed(self.voters, MOST_NAMED)}."
        )


def voter_families(votes: Votes) -> tuple[VoterFamily, ...]:
    """Return the families among voters: those for one label who vote together beyond the label.

    Prompts of one language model, or templates of one idea, share the errors of their common cause,
    however different their words are. A model of independent voters counts each of them in full, so
    that a large family outvotes all others; `LabelModel` counts them as these families say, by the
    same rule (`labeling.records.voter_families` has its formula). It needs no gold labels.
    `dependencies` finds pairs; a family may be so weakly correlated that no pair of it stands out.

    Only voters who vote for a single label are looked at, and of near-copies only the first, since
    these count as one voter anyway. Voters who count as more than nine tenths of their number are
    no family: chance and the rough vote shares of common labels can do that. Voters with fewer than
    10 votes are left out. Of more than 50,000 samples that many are drawn by id.

    Args:
        votes: of labeling functions or annotators.

    Returns:
        The families in the order of the labels; independent of the order of samples and voters.

    >>> from labeling.records import LabelSchema
    >>> rng = np.random.default_rng(0)
    >>> spam, cause = rng.random((2, 2000, 1)) < 0.5
    >>> prompts = rng.random((2000, 5)) < np.where(cause, 0.8, 0.1) * np.where(spam, 1, 0.3)
    >>> rules = rng.random((2000, 5)) < np.where(spam, 0.05, 0.4)
    >>> codes = np.where(np.hstack([prompts, rules]), np.repeat([1, 0], 5), -1)
    >>> names = ["p1", "p2", "p3", "p4", "p5", "a", "b", "c", "d", "e"]
    >>> votes = Votes.from_array(codes, schema=LabelSchema(["ham", "spam"]), voters=names)
    >>> found = voter_families(votes)
    >>> [(family.label, family.voters, round(family.effective, 1)) for family in found]
    [('spam', ('p1', 'p2', 'p3', 'p4', 'p5'), 3.0)]
    """
    expect(votes, Votes, "`votes`")
    if len(votes) > MOST_SAMPLES:
        order = np.argsort(uniform_by_id(votes.sample_ids, 0), kind="stable")
        votes = votes.of_samples(votes.sample_ids[np.sort(order[:MOST_SAMPLES])])
    counts = VoteCounts.of(votes)
    if not len(counts.voters):
        return ()
    columns = _without_copies(counts)
    found = find_families(
        _one_hot(counts.codes[:, columns], counts.n_labels), np.ones(counts.n), counts.n_labels
    )
    names, labels = np.array(counts.voters, dtype=object)[columns], sorted(votes.schema.labels)
    families = [
        VoterFamily(
            label=labels[family.label],
            voters=tuple(names[list(family.voters)]),
            correlation=round(family.correlation, DIGITS),
            n=round(found.n_samples),
            effective=round(family.effective, DIGITS),
            weights=tuple(found.weights[list(family.voters)].round(DIGITS).tolist()),
        )
        for family in found.families
        if family.is_strong
    ]
    position = {label: number for number, label in enumerate(votes.schema.labels)}
    return tuple(sorted(families, key=lambda family: position[family.label]))


def _without_copies(counts: VoteCounts) -> npt.NDArray[np.intp]:
    """Return the columns of all voters but near-copies of an earlier one."""
    _, group = connected_components(csr_matrix(counts.near_copies()), directed=False)
    _, first = np.unique(group, return_index=True)
    return np.sort(first)


def _one_hot(codes: npt.NDArray[np.integer], n_labels: int) -> csr_matrix:
    """Return a sparse matrix of ones: shape (n_samples, n_voters * n_labels)."""
    row, voter = np.nonzero(codes != ABSTAIN)
    column = voter * n_labels + codes[row, voter]
    shape = (len(codes), codes.shape[1] * n_labels)
    return csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
