"""The numbers of a data card, counted from the training set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.cards.hub_table import NO_SPLIT, SPLITS
from labeling.records import LabelSource
from labeling.records.estimates import Estimate, mean_of

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

HUMAN_SOURCES = (LabelSource.AGREEMENT.value, LabelSource.REVIEW.value)
WEAK_SOURCES = (LabelSource.VOTES.value, LabelSource.END_MODEL.value)
PAIRS = "pairwise agreement"


@dataclass(frozen=True, slots=True)
class CardNumbers:
    """The numbers of a data card.

    Attributes:
        n: samples.
        labels: samples of each label, in the order of the schema.
        unlabeled: samples without a label.
        sources: samples by what their label comes from.
        splits: samples of each split, by its name on the hub.
        left_out: samples that were left out, by the reason.
        votes: samples on which each labeling function voted, in the order of the functions.
        annotators: people who labeled samples, those left out included.
        reviewers: people who decided samples.
        annotated: samples that people labeled, those left out included.
        most_annotations: labels of people on the sample that has most.
        mean_annotations: labels of people a sample that has some; NaN if there is none.
        agreement: the share of pairs of people on a sample that gave it the same label, averaged
            over the samples with two or more.
    """

    n: int
    labels: Mapping[str, int]
    unlabeled: int
    sources: Mapping[str, int]
    splits: Mapping[str, int]
    left_out: Mapping[str, int]
    votes: Mapping[str, int]
    annotators: int
    reviewers: int
    annotated: int
    most_annotations: int
    mean_annotations: float
    agreement: Estimate


def numbers_of(train: TrainingSet, people: Mapping[str, str]) -> CardNumbers:
    """Return the numbers of a training set's card.

    Args:
        train: the training set.
        people: the pseudonym of each person, as `pseudonyms` returns them.
    """
    labels = train.form.counts(train.columns["label"])
    votes = _counts(train.columns["lf_votes"].flatten().field(0))
    reasons = train.dropped["reason"].astype(str).value_counts()
    cast = [
        column
        for columns in (train.columns, train.dropped_columns)
        for column in columns["annotators"].to_pylist()
    ]
    per_sample = np.array([len(column) for column in cast if column])
    return CardNumbers(
        n=len(train),
        labels={label: labels.get(label, 0) for label in train.schema},
        unlabeled=train.columns["label"].null_count,
        sources=_counts(train.columns["source"]),
        splits=_splits(train),
        left_out={str(name): int(count) for name, count in sorted(reasons.items())},
        votes={voter: votes.get(voter, 0) for voter in train.voters},
        annotators=len({vote["annotator"] for column in cast for vote in column or ()}),
        reviewers=_n_reviewers(train),
        annotated=len(per_sample),
        most_annotations=int(per_sample.max(initial=0)),
        mean_annotations=float(per_sample.mean()) if len(per_sample) else float("nan"),
        agreement=_agreement([column for column in cast if column]),
    )


def _counts(column: pa.Array) -> dict[str, int]:
    counted = pc.value_counts(column.drop_null()).to_pylist()
    return dict(sorted((str(pair["values"]), int(pair["counts"])) for pair in counted))


def _splits(train: TrainingSet) -> dict[str, int]:
    if "split" not in train.columns:
        return {}
    counts = _counts(train.columns["split"].fill_null(NO_SPLIT))
    return {SPLITS.get(name, name): counts[name] for name in (*SPLITS, NO_SPLIT) if name in counts}


def _n_reviewers(train: TrainingSet) -> int:
    columns = (train.columns["reviewer"], train.dropped_columns["reviewer"])
    texts = {text for column in columns for text in pc.unique(column.drop_null()).to_pylist()}
    return len({name for text in texts for name in text.split(", ")})


def _agreement(cast: list[list[dict[str, str | None]]]) -> Estimate:
    """Return the share of pairs that agree; skips are no labels."""
    shares = []
    for votes in cast:
        labels = [vote["label"] for vote in votes if vote["label"] is not None]
        n_pairs = len(labels) * (len(labels) - 1)
        if n_pairs:
            same = sum(labels.count(label) - 1 for label in labels)
            shares.append(same / n_pairs)
    return mean_of(np.sort(np.array(shares, dtype=np.float64)))
