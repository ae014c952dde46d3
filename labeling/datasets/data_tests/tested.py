"""`Tested`: the parts of a training set, or of other samples with votes, that tests look at."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.vote_lists import AnyVotes
from labeling.records import LabelSchema, LabelSource, SpanVotes, Votes, expect, random_order

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

HUMAN = (LabelSource.AGREEMENT.value, LabelSource.REVIEW.value, LabelSource.GIVEN.value)
"""Sources of labels that people gave."""
FEWEST = 30
"""New samples from which they are compared with the base by themselves."""

Codes = npt.NDArray[np.integer[Any]]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Tested:
    """Samples with what is known of them.

    Attributes:
        samples: their columns, index = ids.
        schema: the labels.
        codes: the label codes, -1 = a label that the schema does not have, shape (n,); `None` if
            the samples have no labels.
        probabilities: shape (n, number of labels), or `None`.
        sources: where each label is from, shape (n,), or `None`.
        voters: the names of the labeling functions.
        lf_codes: their votes, -1 = abstained, shape (n, number of voters).
        annotators: the rows and codes of the votes of people, shape (2, number of votes).
        splits: `train`, `dev`, `test` or `None` for each sample, or `None` if none was made.
        faults: on how many samples each labeling function failed.
        left_out: the ids of samples that were known and left out.
        has_spans: whether labels and votes are spans; most samples may well have some.
    """

    samples: pd.DataFrame
    schema: LabelSchema
    codes: Codes | None = None
    probabilities: npt.NDArray[np.float64] | None = None
    sources: npt.NDArray[np.object_] | None = None
    voters: tuple[str, ...] = ()
    lf_codes: Codes = field(default_factory=lambda: np.empty((0, 0), dtype=np.int8))
    annotators: Codes = field(default_factory=lambda: np.empty((2, 0), dtype=np.int64))
    splits: npt.NDArray[np.object_] | None = None
    faults: Mapping[str, int] = field(default_factory=dict)
    left_out: pd.Index = field(default_factory=lambda: pd.Index([]))
    has_spans: bool = False

    @property
    def ids(self) -> pd.Index:
        """The ids of the samples."""
        return self.samples.index

    @property
    def keys(self) -> npt.NDArray[Any]:
        """What tells labels apart, shape (n,): their codes."""
        assert self.codes is not None
        return self.codes

    @property
    def is_human(self) -> Mask:
        """Which labels people gave, shape (n,)."""
        if self.sources is None:
            return np.zeros(len(self), dtype=bool)
        return np.isin(self.sources.astype(str), HUMAN)

    def __len__(self) -> int:
        return len(self.samples)

    def take(self, rows: npt.NDArray[Any]) -> Tested:
        """Return some of the rows; without the votes of people."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        return dataclasses.replace(
            self,
            samples=self.samples.iloc[chosen],
            codes=None if self.codes is None else self.codes[chosen],
            probabilities=None if self.probabilities is None else self.probabilities[chosen],
            sources=None if self.sources is None else self.sources[chosen],
            splits=None if self.splits is None else self.splits[chosen],
            lf_codes=self.lf_codes[chosen] if self.voters else self.lf_codes,
            annotators=np.empty((2, 0), dtype=np.int64),
        )

    def with_prefix(self, prefix: str) -> Tested:
        """Return the same samples under ids that no others have."""
        ids, left_out = (
            pd.Index([f"{prefix}{sample_id}" for sample_id in index])
            for index in (self.ids, self.left_out)
        )
        return dataclasses.replace(self, samples=self.samples.set_axis(ids), left_out=left_out)

    def drawn(self, most: int) -> Tested:
        """Return at most so many rows, drawn by a hash of the id, in the order of the hashes."""
        return self.take(random_order(self.ids, np.random.default_rng(0))[:most])

    def texts(self, column: str) -> list[str] | None:
        """Return the texts of a column, missing ones as empty; `None` without such a column."""
        if column not in self.samples.columns:
            return None
        return [value if isinstance(value, str) else "" for value in self.samples[column].tolist()]


@functools.singledispatch
def training_set_to_test(train: TrainingSet) -> Tested:
    """Return the parts of a training set."""
    splits: npt.NDArray[np.object_] | None = None
    if "split" in train.columns:
        splits = objects_of(train, "split")
    return Tested(
        samples=train.samples,
        schema=train.schema,
        codes=train.codes,
        probabilities=train.probabilities,
        sources=objects_of(train, "source"),
        voters=tuple(train.voters),
        lf_codes=train.lf_codes,
        annotators=_annotators(train),
        splits=splits,
        left_out=train.dropped.index,
    )


def objects_of(train: TrainingSet, name: str) -> npt.NDArray[np.object_]:
    """Return an added column of texts as an array."""
    values: npt.NDArray[np.object_] = np.array(train.columns[name].to_pylist(), dtype=np.object_)
    return values


def _annotators(train: TrainingSet) -> Codes:
    """Return rows and codes of the votes of people, without skips."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = train.columns["annotators"]
    counts = column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    labels = column.flatten().field(1)
    codes = pc.index_in(labels, pa.array(list(train.schema.labels), pa.string())).fill_null(-1)
    pairs = np.stack([np.repeat(np.arange(len(column)), counts), np.asarray(codes)])
    return pairs[:, pairs[1] >= 0].astype(np.int64)


def votes_to_test(samples: pd.DataFrame, votes: AnyVotes) -> Tested:
    """Return samples without labels, with the votes of labeling functions on them."""
    rows = votes.of_samples(samples.index)
    schema, codes = codes_of(rows)
    return Tested(
        samples=samples,
        schema=schema,
        voters=tuple(votes.voters),
        lf_codes=codes,
        faults=_fault_counts(votes),
        has_spans=isinstance(votes, SpanVotes),
    )


@functools.singledispatch
def codes_of(votes: AnyVotes) -> tuple[LabelSchema, Codes]:
    """Return the labels of votes, and their codes, shape (n, number of voters); -1 = abstained."""
    plain = expect(votes, Votes, "The votes to test")
    return plain.schema, plain.to_array()


def _fault_counts(votes: AnyVotes) -> dict[str, int]:
    counts: dict[str, int] = {}
    for fault in votes.faults:
        name = fault.labeling_function
        counts[name] = counts.get(name, 0) + 1
    return counts


def comparisons(head: Tested, base: Tested) -> list[tuple[str, Tested]]:
    """Return which rows are compared with the base: those that are new, and all.

    Rows that the base has too would hide what is different about new ones, so these are compared by
    themselves, if there are at least 30. Rows that the base had left out are not new: they are the
    doubtful ones, and so differ from the rest without any change of the data.
    """
    is_new = ~(head.ids.isin(base.ids) | head.ids.isin(base.left_out))
    n_new = int(is_new.sum())
    if n_new == len(head):
        return [("all", head)]
    if n_new < FEWEST:
        return [("all", head)]
    return [("new", head.take(is_new)), ("all", head)]
