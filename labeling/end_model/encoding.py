"""What the end model is given, in the form in which it reads it."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.end_model.linear_model import Floats, centred_log
from labeling.errors import LabelingError, listed
from labeling.records import ABSTAIN, LabelSchema, SoftLabels, Votes


def complete(soft: SoftLabels, ids: pd.Index) -> SoftLabels:
    """Return soft labels for just these ids; those it does not know are uncovered."""
    place = places(soft.sample_ids, ids, "Soft labels")
    if not len(soft.sample_ids):
        even = np.full((len(ids), len(soft.schema)), 1 / len(soft.schema))
        return SoftLabels(even, ids, soft.schema, np.zeros(len(ids), dtype=bool))
    array = np.where(place[:, None] >= 0, soft.to_array()[place], 1 / len(soft.schema))
    return SoftLabels(array, ids, soft.schema, (place >= 0) & soft.covered[place])


def places(known: pd.Index, ids: pd.Index, what: str) -> npt.NDArray[np.intp]:
    """Return where each id stands among the known ones, -1 = nowhere; one at least must."""
    found = known.get_indexer(ids)
    if len(known) and (found < 0).all():
        raise LabelingError(
            f"{what} must be about the samples. None of {len(ids)} samples is among them; they are"
            f" about {listed(known)}."
        )
    return found


def in_order(array: Floats, schema: LabelSchema, labels: tuple[str, ...]) -> Floats:
    """Return columns in schema order as columns in the order of `labels`."""
    return array[:, [schema.index(label) for label in labels]]


def vote_logs(soft: SoftLabels, labels: tuple[str, ...]) -> Floats:
    """Return the log-odds of soft labels, columns in the order of `labels`; uncovered rows are 0."""
    logs = centred_log(in_order(soft.to_array(), soft.schema, labels))
    logs[~soft.covered] = 0.0
    return logs


def keys(ids: pd.Index, written: list[str]) -> list[str]:
    """Return what tells a sample of the training data from another with the same id."""
    return [
        hashlib.blake2b(f"{one!r}\x1f{text}".encode("utf-8", "replace"), digest_size=16).hexdigest()
        for one, text in zip(ids.tolist(), written, strict=True)
    ]


def one_hot(
    votes: Votes | None, ids: pd.Index, voters: tuple[str, ...], labels: tuple[str, ...]
) -> Floats:
    """Return which voter voted for which label: shape (n_samples, n_voters * n_labels).

    Args:
        votes: whose voters must be among `voters`; without votes there are no columns.
        ids: the samples; those that the votes do not know got none.
        voters: in the order of the columns.
        labels: in the order of each voter's columns.
    """
    if votes is None or not voters or not len(votes.sample_ids):
        return np.zeros((len(ids), 0))
    unknown = [voter for voter in votes.voters if voter not in voters]
    if unknown:
        raise LabelingError(f"Voters must be those fitted on. Got {listed(unknown)} besides.")
    place = places(votes.sample_ids, ids, "Votes")
    codes = np.where(place[:, None] >= 0, votes.to_array()[place], ABSTAIN)
    hot = np.zeros((len(ids), len(voters), len(labels)))
    for column, voter in enumerate(votes.voters):
        for code, name in enumerate(labels):
            voted = codes[:, column] == votes.schema.index(name)
            hot[:, voters.index(voter), code] = voted
    return hot.reshape(len(ids), -1)
