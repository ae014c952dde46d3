"""Encoding of soft labels and votes for the end model: log-odds and one-hot votes."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.end_model.linear_model import Floats, centred_log
from labeling.errors import LabelingError, UnknownLabelError, listed
from labeling.records import (
    ABSTAIN,
    Gold,
    LabelSchema,
    SoftLabels,
    Votes,
    expect,
    gold_codes,
    label_order,
    label_ranks,
    positions,
)


def align(soft: SoftLabels, ids: pd.Index) -> SoftLabels:
    """Return soft labels for exactly these ids; unknown ones are uncovered."""
    positions = _positions(soft.sample_ids, ids, "Soft labels")
    if not len(soft.sample_ids):
        uniform = np.full((len(ids), len(soft.schema)), 1 / len(soft.schema))
        return SoftLabels(uniform, ids, soft.schema, np.zeros(len(ids), dtype=bool))
    array = np.where(positions[:, None] >= 0, soft.to_array()[positions], 1 / len(soft.schema))
    return SoftLabels(array, ids, soft.schema, (positions >= 0) & soft.covered[positions])


def _positions(available: pd.Index, ids: pd.Index, what: str) -> npt.NDArray[np.intp]:
    """Return the position of each id among the available ones, -1 = missing; one must match."""
    positions = available.get_indexer(ids)
    if len(available) and (positions < 0).all():
        raise LabelingError(
            f"{what} must be about the samples. None of {len(ids)} samples is among them; they are"
            f" about {listed(available)}."
        )
    return positions


def soft_log_odds(soft: SoftLabels) -> Floats:
    """Return the log-odds of soft labels, columns sorted by label name; uncovered rows are 0."""
    log_odds = centred_log(soft.to_array()[:, label_order(soft.schema)])
    log_odds[~soft.covered] = 0.0
    return log_odds


def gold_counts(
    gold: Gold | None, annotations: Votes | None, ids: pd.Index, schema: LabelSchema
) -> Floats:
    """Return how often people gave each label to each sample: shape (n_samples, n_labels).

    A gold label counts once, and then the sample's annotations do not count. Columns are sorted by
    label name.

    Args:
        gold: true labels of some samples.
        annotations: votes of people.
        ids: the samples.
        schema: the labels.

    Raises:
        DataError: an id is unknown.
        UnknownLabelError: a label is unknown.
    """
    ranks = label_ranks(schema)
    counts: Floats = np.zeros((len(ids), len(schema)))
    if annotations is not None:
        codes = expect(annotations, Votes, "`annotations`").to_array()
        rows = positions(ids, annotations.sample_ids, "the annotations", "the samples")
        place = _codes_among(annotations.schema, schema, np.unique(codes[codes != ABSTAIN]))
        row, column = np.nonzero(codes != ABSTAIN)
        np.add.at(counts, (rows[row], ranks[place[codes[row, column]]]), 1.0)
    codes = gold_codes(gold, ids, schema)
    given = np.flatnonzero(codes != ABSTAIN)
    counts[given] = np.eye(len(schema))[ranks[codes[given]]]
    return counts


def _codes_among(
    given: LabelSchema, schema: LabelSchema, used: npt.NDArray[np.integer]
) -> npt.NDArray[np.intp]:
    """Return the code in `schema` of each code of the other schema that is used, -1 elsewhere."""
    place = np.full(len(given), -1, dtype=np.intp)
    try:
        place[used] = [schema.index(given.labels[code]) for code in used.tolist()]
    except UnknownLabelError as error:
        raise UnknownLabelError(f"In the annotations: {error}") from None
    return place


def earlier_key(sample_id: object, content: str) -> str:
    """Return the key of a sample in files of earlier versions, which kept log-odds by sample."""
    text = f"{sample_id!r}\x1f{content}".encode("utf-8", "replace")
    return hashlib.blake2b(text, digest_size=16).hexdigest()


def one_hot(
    votes: Votes | None, ids: pd.Index, voters: tuple[str, ...], labels: tuple[str, ...]
) -> Any:
    """Return one-hot votes: sparse, shape (n_samples, n_voters * n_labels).

    Args:
        votes: whose voters must be among `voters`; without votes there are no columns.
        ids: the samples; those missing in the votes have none.
        voters: in the order of the columns.
        labels: in the order of the columns of each voter.
    """
    from scipy.sparse import csr_matrix

    if votes is None or not voters or not len(votes.sample_ids):
        return csr_matrix((len(ids), 0))
    unknown = [voter for voter in votes.voters if voter not in voters]
    if unknown:
        raise LabelingError(f"Voters must be those fitted on. Got {listed(unknown)} besides.")
    positions = _positions(votes.sample_ids, ids, "Votes")
    codes = np.where(positions[:, None] >= 0, votes.to_array()[positions], ABSTAIN)
    rows, columns = np.nonzero(codes != ABSTAIN)
    # The place of each label of the votes among `labels`; -1 = not among them.
    place = np.full(len(votes.schema), -1)
    for code, name in enumerate(labels):
        place[votes.schema.index(name)] = code
    first = np.array([voters.index(voter) * len(labels) for voter in votes.voters])
    label = place[codes[rows, columns]]
    is_known = label >= 0
    places = (rows[is_known], (first[columns] + label)[is_known])
    shape = (len(ids), len(voters) * len(labels))
    return csr_matrix((np.ones(len(places[0])), places), shape=shape)
