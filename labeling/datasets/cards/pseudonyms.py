"""Pseudonyms of people, for data that leave the house."""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from labeling.errors import LabelingError
from labeling.records import person_key

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

SHORTEST_SALT = 16
DIGITS = 12
SEPARATOR = ", "  # between the names of several reviewers


def pseudonyms(
    train: TrainingSet, salt: str | None = None, voters: Collection[str] = ()
) -> dict[str, str]:
    """Return the pseudonym of each person of a training set, by `person_key` of the name.

    Without a salt, people are numbered by how many samples they labeled, and equal ones by what
    they said on which samples: nothing of a name goes into a number, so none can be guessed from
    it, but another release may number them otherwise. With a salt, a pseudonym is a keyed hash of
    the name (HMAC-SHA256), the same in all releases; whoever has the salt can try names.

    Args:
        train: the training set; reviewers, and people who labeled what was left out, are among
            them.
        salt: a secret of at least 16 characters, or `None`.
        voters: names of labeling functions that are people (`crowd`).

    Raises:
        LabelingError: the salt is too short.
    """
    if salt is not None and len(salt) < SHORTEST_SALT:
        raise LabelingError(
            f"The salt of pseudonyms must have at least {SHORTEST_SALT} characters, or names can be"
            " found by trying. Make one with secrets.token_hex(), and keep it secret."
        )
    said = _said(train, set(voters))
    if salt is not None:
        return {key: _keyed(key, salt) for key in said}
    ranked = sorted(said, key=lambda key: (-len(said[key]), _signature(said[key])))
    return {key: f"person_{number}" for number, key in enumerate(ranked, 1)}


def _keyed(key: str, salt: str) -> str:
    digest = hmac.new(salt.encode(), key.encode("utf-8", "surrogatepass"), hashlib.sha256)
    return f"person_{digest.hexdigest()[:DIGITS]}"


def _signature(said: list[str]) -> str:
    return hashlib.sha256("\0".join(sorted(said)).encode("utf-8", "replace")).hexdigest()


def _said(train: TrainingSet, voters: Collection[str]) -> dict[str, list[str]]:
    """Return what each person said: an entry a sample, with its id and the label."""
    said: dict[str, list[str]] = defaultdict(list)
    parts = (
        (train.sample_ids, train.columns),
        (train.dropped.index, train.dropped_columns),
    )
    for ids, columns in parts:
        for name in ("annotators", "lf_votes"):
            votes = columns[name]
            lengths = votes.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
            if name == "lf_votes" and not voters:
                continue
            cells = votes.flatten()
            rows = np.repeat(np.arange(len(votes)), lengths).tolist()
            people, labels = cells.field(0).to_pylist(), cells.field(1).to_pylist()
            for row, person, label in zip(rows, people, labels, strict=True):
                if name == "annotators" or person in voters:
                    said[person_key(person)].append(f"{ids[row]!r} {label}")
        reviewers = columns["reviewer"]
        for row in np.flatnonzero(reviewers.is_valid().to_numpy(zero_copy_only=False)).tolist():
            for person in reviewers[row].as_py().split(SEPARATOR):
                said[person_key(person)].append(f"{ids[row]!r} decided")
    return dict(said)
