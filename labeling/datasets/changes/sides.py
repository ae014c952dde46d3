"""One side of a comparison: what a training set says of some samples, as columns."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.changes.alignment import BoolArray, IntArray, Places
from labeling.datasets.columns import lists_of_rows
from labeling.datasets.content import content_digests
from labeling.records import LabelSchema, LabelSource

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

HUMAN = (LabelSource.AGREEMENT.value, LabelSource.REVIEW.value, LabelSource.GIVEN.value)
"""Sources of labels that people gave."""

ANY_COLUMN = "(some column)"
"""Stands for a changed column where only digests of the samples' content are known."""

Objects = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


class Side:
    """What a training set says of n samples, whether it keeps them, left them out or lacks them.

    Args:
        train: the training set.
        places: where it has the samples.
        labels: the labels of both sides, by which codes are given.
        voters: the labeling functions of both sides, the columns of `votes`.
    """

    def __init__(
        self, train: TrainingSet, places: Places, labels: Sequence[str], voters: Sequence[str]
    ) -> None:
        self.train = train
        self.places = places
        self.labels = list(labels)
        self.voters = list(voters)

    def __len__(self) -> int:
        return len(self.places)

    def of_rows(self, chosen: IntArray) -> Side:
        """Return what the training set says of some of the samples."""
        return type(self)(self.train, self.places.take(chosen), self.labels, self.voters)

    @classmethod
    def names(cls, sides: Iterable[Side]) -> list[str]:
        """Return the labels of all sides, in the order of their schemas."""
        return list(dict.fromkeys(label for side in sides for label in side.train.schema))

    def column(self, name: str) -> pa.Array:
        """Return an added column of the samples; null where the training set has none."""
        train = self.train
        parts = [
            columns[name] if name in columns else pa.nulls(n, train.form.types[name])
            for columns, n in (
                (train.columns, len(train)),
                (train.dropped_columns, len(train.dropped)),
            )
        ]
        is_whole = len(self) == len(train) and np.array_equal(
            self.places.rows, np.arange(len(train))
        )
        if is_whole:  # the usual case of large sets, without a copy
            return parts[0]
        rows = pa.array(self.places.rows, mask=self.places.is_absent)
        return _combined(pa.chunked_array(parts).take(rows))

    @functools.cached_property
    def is_kept(self) -> BoolArray:
        """Whether each sample is in the training set."""
        return self.places.is_kept

    @functools.cached_property
    def codes(self) -> Codes:
        """The label that each sample has, or would have had; -1 for none."""
        matches = pc.index_in(self.column("label"), value_set=pa.array(self.labels, pa.string()))
        return _whole(matches)

    @functools.cached_property
    def probabilities(self) -> Floats:
        """Shape (n, number of labels of both sides); NaN where the set has none."""
        codes = [self.labels.index(label) for label in self.train.schema]
        column = self.column("probabilities")
        array = np.full((len(self), len(self.labels)), np.nan)
        has = column.is_valid().to_numpy(zero_copy_only=False)
        values = column.flatten().to_numpy(zero_copy_only=False).reshape(-1, len(codes))
        if has.all() and codes == list(range(len(self.labels))):
            return np.asarray(values, dtype=np.float64)
        array[np.ix_(has, codes)] = values
        others = [code for code in range(len(self.labels)) if code not in codes]
        array[np.ix_(has, others)] = 0.0
        return array

    @functools.cached_property
    def confidence(self) -> Floats:
        """The highest probability of each sample; NaN where there is none."""
        return np.asarray(self.probabilities.max(axis=1, initial=-np.inf), dtype=np.float64)

    def probability(self, row: int, code: int) -> float:
        """Return the probability of a label of a sample."""
        return float(self.probabilities[row, code])

    def probabilities_by_label(self, row: int) -> dict[str, float]:
        """Return the probabilities of a sample by label."""
        return dict(zip(self.labels, self.probabilities[row].tolist(), strict=True))

    def outside(self, schema: LabelSchema) -> list[int]:
        """Return the codes of labels that another schema does not have."""
        return [code for code, label in enumerate(self.labels) if label not in schema.labels]

    def shown_labels(self, codes: Sequence[Codes]) -> list[str]:
        """Return the labels that a table of counts by label has."""
        return self.labels

    def in_schema(self, schema: LabelSchema) -> pa.Array:
        """Return the column `probabilities` in the order of a schema, 0 for labels new in it."""
        own = [self.labels.index(label) for label in schema]
        return lists_of_rows(np.nan_to_num(self.probabilities[:, own]))

    @functools.cached_property
    def votes(self) -> npt.NDArray[np.integer[Any]]:
        """The label codes of the functions' votes, shape (n, n_voters); -1 where there is none."""
        return codes_of_lists(self.column("lf_votes"), self.voters, self.labels)

    @functools.cached_property
    def sources(self) -> Objects:
        """Where each label is from, or would be; empty where there is none."""
        return self._texts("source")

    @functools.cached_property
    def is_human(self) -> BoolArray:
        """Whether people gave the label of each sample."""
        matches = pc.is_in(self.column("source"), value_set=pa.array(HUMAN, pa.string()))
        return np.asarray(matches.to_numpy(zero_copy_only=False), dtype=bool) & self.is_kept

    @functools.cached_property
    def reasons(self) -> Objects:
        """Why each sample was left out; empty for the others."""
        reasons = np.full(len(self), "", dtype=object)
        is_out = self.places.is_left_out
        rows = self.places.rows[is_out] - self.places.n_kept
        reasons[is_out] = self.train.dropped["reason"].to_numpy(dtype=object)[rows]
        return reasons

    @functools.cached_property
    def decided_by(self) -> Objects:
        """What decided each label; empty where there is none."""
        return self._texts("decided_by")

    @functools.cached_property
    def reviewers(self) -> Objects:
        """Who decided the label, if a reviewer did; empty for the others."""
        return self._texts("reviewer")

    @functools.cached_property
    def answers(self) -> list[dict[str, str | None]]:
        """The annotators' labels of each sample, by name."""
        column = self.column("annotators")
        answered = pc.fill_null(pc.greater(pc.list_value_length(column), 0), False)
        answers: list[dict[str, str | None]] = [{} for _ in range(len(self))]
        rows = np.flatnonzero(answered.to_numpy(zero_copy_only=False)).tolist()
        for row, left in zip(rows, column.filter(answered).to_pylist(), strict=True):
            answers[row] = {answer["annotator"]: answer["label"] for answer in left}
        return answers

    @functools.cached_property
    def answers_as_text(self) -> Objects:
        """The same as texts, which are equal where the answers are."""
        texts = [json.dumps(left, sort_keys=True) if left else "" for left in self.answers]
        return objects(texts)

    @functools.cached_property
    def content(self) -> npt.NDArray[np.uint64] | None:
        """Digests of the samples' own columns, 0 where absent; `None` where they are not known."""
        digests = np.zeros(len(self), dtype=np.uint64)
        is_out, kept = self.places.is_left_out, self.is_kept
        if is_out.any():
            column = self.train.dropped_columns.get("content")
            if column is None:
                return None
            rows = pa.array(self.places.rows[is_out] - self.places.n_kept)
            digests[is_out] = _combined(column.take(rows).fill_null(0)).to_numpy()
        if kept.any():
            digests[kept] = content_digests(self.train.samples.iloc[self.places.rows[kept]])
        return digests

    def _texts(self, name: str) -> Objects:
        return objects(pc.fill_null(self.column(name), "").to_pylist())


def codes_of_lists(
    lists: pa.Array,
    voters: Sequence[str],
    labels: Sequence[str],
    dtype: npt.DTypeLike = np.int16,
) -> npt.NDArray[np.integer[Any]]:
    """Return votes in lists of (voter, label) as codes, shape (n, n_voters); -1 for no vote.

    >>> votes = pa.array([[{"voter": "f", "label": "spam"}], []])
    >>> codes_of_lists(votes, ["e", "f"], ["ham", "spam"]).tolist()
    [[-1, 1], [-1, -1]]
    """
    codes = np.full((len(lists), len(voters)), -1, dtype=dtype)
    cells = lists.flatten()
    if not len(cells) or not voters:
        return codes
    lengths = lists.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    rows = np.repeat(np.arange(len(lists)), lengths)
    names = (pa.array(voters, pa.string()), pa.array(labels, pa.string()))
    voter, label = (
        _whole(pc.index_in(cells.field(place), value_set=known))
        for place, known in enumerate(names)
    )
    known = voter >= 0
    codes[rows[known], voter[known]] = label[known]
    return codes


def suspect_votes(left: Side, right: Side) -> IntArray:
    """Return the rows whose lists of votes are not written alike, without decoding the votes.

    Only these can have other votes; a list in another order is among them.
    """
    lists = left.column("lf_votes"), right.column("lf_votes")
    lengths = [
        column.value_lengths().fill_null(0).to_numpy(zero_copy_only=False) for column in lists
    ]
    suspects = lengths[0] != lengths[1]
    if suspects.any():
        same = pa.array(np.flatnonzero(~suspects))
        lists = lists[0].take(same), lists[1].take(same)
    cells = lists[0].flatten(), lists[1].flatten()
    alike = np.ones(len(cells[0]), dtype=bool)
    for place in range(2):
        equal = pc.equal(cells[0].field(place), cells[1].field(place))
        alike &= np.asarray(pc.fill_null(equal, False).to_numpy(zero_copy_only=False), dtype=bool)
    rows = np.repeat(np.flatnonzero(~suspects), lengths[0][~suspects])
    suspects[rows[~alike]] = True
    return np.flatnonzero(suspects)


def changed_columns(base: Side, head: Side) -> Objects:
    """Return which of the samples' own columns differ: a tuple of names for each sample.

    Rows that were left out have no columns: they are compared by the digests of their content,
    where the training sets have them, and differ as `(ANY_COLUMN,)`.
    """
    names: list[tuple[str, ...]] = [()] * len(base)
    both = np.flatnonzero(base.is_kept & head.is_kept)
    if len(both):
        frames = [side.train.samples.iloc[side.places.rows[both]] for side in (base, head)]
        for name in dict.fromkeys([*frames[0].columns, *frames[1].columns]):
            differs: BoolArray = np.ones(len(both), dtype=bool)
            if all(name in frame for frame in frames):
                differs = differing_values(frames[0][name], frames[1][name])
            for place in both[differs].tolist():
                names[place] = (*names[place], str(name))
    rest = np.flatnonzero(
        ~(base.is_kept & head.is_kept) & ~base.places.is_absent & ~head.places.is_absent
    )
    if len(rest):
        digests = [side.of_rows(rest).content for side in (base, head)]
        if digests[0] is not None and digests[1] is not None:
            for place in rest[digests[0] != digests[1]].tolist():
                names[place] = (ANY_COLUMN,)
    return objects(names)


def differing_values(left: pd.Series, right: pd.Series) -> BoolArray:
    """Return which values of two columns of the same length differ; missing equals missing."""
    values = left.reset_index(drop=True), right.reset_index(drop=True)
    missing = values[0].isna().to_numpy(), values[1].isna().to_numpy()
    try:
        equal = np.asarray(values[0].eq(values[1]).fillna(False), dtype=bool)
    except (TypeError, ValueError):  # arrays in cells, or types that do not compare
        pairs = zip(values[0].tolist(), values[1].tolist(), strict=True)
        equal = np.array([repr(pair[0]) == repr(pair[1]) for pair in pairs], dtype=bool)
    return np.asarray(~(equal | (missing[0] & missing[1])), dtype=bool)


def objects(values: Sequence[Any]) -> Objects:
    """Return values as an array of objects, tuples and lists included."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _combined(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _whole(column: pa.Array) -> Codes:
    return np.asarray(pc.fill_null(column, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
