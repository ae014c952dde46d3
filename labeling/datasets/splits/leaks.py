"""`find_leaks`: tests of whether a split, or a column, tells a model what it should not know."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets.findings import Finding, example_ids, skipped
from labeling.datasets.splits.arguments import (
    HUMAN,
    names_of_groups,
    split_codes,
    splits_of,
    times_of,
)
from labeling.datasets.splits.assignment import DEV, SPLITS, TEST, TRAIN
from labeling.datasets.splits.clusters import (
    BoolArray,
    checked_threshold,
    clusters_of,
    first_of_equal,
    group_values,
    normal_texts,
)
from labeling.datasets.splits.giveaways import (
    LabeledRows,
    conflicting_duplicates,
    giveaway_findings,
)
from labeling.datasets.splits.gold_columns import gold_column_finding
from labeling.datasets.splits.near_duplicates import Ints
from labeling.datasets.splits.nearest_texts import nearest_texts
from labeling.datasets.training_set import TrainingSet
from labeling.errors import LabelingError, counted, listed
from labeling.records import (
    Gold,
    LabelSchema,
    gold_codes,
    gold_series,
    require_column,
    with_id_index,
)

TEXT = "text"
"""The column of texts where none is named: it may be missing."""

Reads = Mapping[str, Collection[str] | None]
"""The columns that each labeling function reads, by its name; `None` where it may read any."""


def find_leaks(
    data: Any,
    splits: Any = None,
    *,
    labels: Gold | None = None,
    text: str | None = "text",
    group: str | Sequence[str] | None = None,
    time: str | None = None,
    near_duplicates: float | None = 0.8,
    gold_columns: Collection[str] = (),
    reads: Reads | None = None,
) -> tuple[Finding, ...]:
    """Return what in the data, or in their splits, leaks the labels or the test split.

    `similar_texts`: clusters of equal and nearly equal texts with rows of several splits.
    `nearest_texts`: test rows with a train row of the same words (cosine of TF-IDF), a sample of
    them. `shared_groups`: groups with rows of several splits. `newer_training_rows`: train rows as
    new as the oldest test row. `single_columns`, `single_words`: one column, or whether one word is
    in the text, predicts almost all labels of held-out rows. `order_of_ids`: the ids are in order
    of the labels. `gold_columns`: a labeling function reads a column of gold labels, or one that
    equals the label. `conflicting_duplicates`: equal texts with different labels. Labels count only
    where people gave them. A test that cannot be run is skipped, with the reason.

    Args:
        data: a training set; or samples, index = ids.
        splits: from `split`, or a Series or dict from id to "train", "dev", "test"; by default
            those of the training set.
        labels: of samples, all trusted; not for a training set, which has its own.
        text: the column of texts.
        group: a column, or several, by which rows belong together.
        time: a column of times or growing numbers; test rows must be newer than train rows. Group
            and time are by default those that the training set was split by.
        near_duplicates: see `split`.
        gold_columns: columns that hold gold labels, and so are no features; those of a project's
            training set are known.
        reads: the columns that each labeling function reads, by its name; `None` where it may read
            any.

    Raises:
        DataError: a column is missing, or splits have other names.

    >>> comments = pd.DataFrame(
    ...     {"text": ["Nice song", "nice  song", "hello"]}, index=["a", "b", "c"]
    ... )
    >>> found = find_leaks(comments, {"a": "train", "b": "test", "c": "train"})
    >>> found[0].status, found[0].n_samples
    ('failed', 2)
    """
    frame, rows = _labeled(data, labels, text)
    made_by: Mapping[str, Any] = {}
    gold = frozenset(gold_columns)
    if isinstance(data, TrainingSet):
        made_by = data.origin.get("split") or {}
        gold |= frozenset(data.origin.get("gold_columns") or ())
        if splits is None and "split" in data.columns:
            splits = splits_of(data)
    group = group or made_by.get("group") or None
    time = time or made_by.get("time")
    _check_arguments(frame, (text, time), names_of_groups(group), gold_columns, reads)
    checked_threshold(near_duplicates)
    text = text if text in frame.columns else None
    codes = split_codes(splits, frame.index)
    normal = normal_texts(frame, text)
    labeled_rows = [] if rows is None else frame.index.get_indexer(rows.frame.index).tolist()
    of_labeled = [normal[row] for row in labeled_rows]
    columns = None if reads is None else {lf: _known(names) for lf, names in reads.items()}
    return (
        *_split_findings(frame, codes, text, names_of_groups(group), (time, near_duplicates)),
        *giveaway_findings(rows, gold, _why_not(data, labels)),
        gold_column_finding(rows, gold, columns),
        conflicting_duplicates(rows, of_labeled),
    )


def _check_arguments(
    frame: pd.DataFrame,
    columns: tuple[str | None, str | None],
    groups: tuple[str, ...],
    gold_columns: Any,
    reads: Any,
) -> None:
    """Raise an error for columns that are not there: their tests would be skipped, or pass."""
    text, time = columns
    for name in (None if text == TEXT else text, time, *groups):
        if name is not None:
            require_column(frame, name, "text, time or group")
    if isinstance(gold_columns, str) or not isinstance(gold_columns, Collection):
        raise LabelingError(f"`gold_columns` must be a list of columns. Got {gold_columns!r}.")
    if reads is not None and not isinstance(reads, Mapping):
        raise LabelingError(
            "`reads` must be a dict from labeling function to the columns that it reads. Got a"
            f" {type(reads).__name__}."
        )
    for lf, names in (reads or {}).items():
        if isinstance(names, str):
            raise LabelingError(f"`reads` of {lf!r} must be a list of columns. Got {names!r}.")


def _known(columns: Collection[str] | None) -> frozenset[str] | None:
    return None if columns is None else frozenset(columns)


def _why_not(data: Any, labels: Gold | None) -> str:
    """Return why samples with labels have none that a single feature could give away."""
    has_several = isinstance(data, TrainingSet) and not data.form.has_codes
    return "a sample may have several labels" if has_several or _are_several(labels) else ""


def _are_several(labels: Gold | None) -> bool:
    """Return whether gold labels are spans or sets."""
    values = () if labels is None else gold_series(labels).tolist()
    return any(isinstance(value, (list, tuple, set, frozenset)) for value in values)


def _labeled(
    data: Any, labels: Gold | None, text: str | None
) -> tuple[pd.DataFrame, LabeledRows | None]:
    """Return the samples, and those of them that people labeled."""
    if isinstance(data, TrainingSet):
        frame = data.samples
        if not data.form.has_codes:
            return frame, None
        is_human: BoolArray = data.added_column("source").isin(HUMAN).to_numpy(bool)
        codes, names = data.codes, tuple(data.schema)
    else:
        frame = with_id_index(data)
        if labels is None:
            return frame, None
        if _are_several(labels):
            return frame, None
        names = tuple(sorted({str(value) for value in gold_series(labels).dropna().tolist()}))
        if len(names) < 2:
            return frame, None
        codes = gold_codes(labels, frame.index, LabelSchema(names)).astype(np.int64)
        is_human = codes >= 0
    if not is_human.any():
        return frame, None
    used = text if text in frame.columns else None
    return frame, LabeledRows(frame[is_human], codes[is_human], names, used)


def _split_findings(
    frame: pd.DataFrame,
    codes: Ints,
    text: str | None,
    groups: tuple[str, ...],
    others: tuple[str | None, float | None],
) -> Iterator[Finding]:
    """Yield the findings on the splits themselves."""
    time, near = others
    names = ("similar_texts", "nearest_texts", "shared_groups", "newer_training_rows")
    is_in = codes >= 0
    if len(np.unique(codes[is_in])) < 2:
        reason = "no rows are in two splits"
        yield from (skipped(name, reason, int(is_in.sum())) for name in names)
        return
    inside, codes = frame[is_in], codes[is_in]
    if text is None:
        yield from (skipped(name, "there is no column of texts", len(inside)) for name in names[:2])
    else:
        is_mixed, finding = _similar_texts(inside, codes, text, checked_threshold(near))
        yield finding
        yield nearest_texts(inside, codes, text, is_mixed)
    yield _shared_groups(inside, codes, groups)
    yield _newer_rows(inside, codes, time)


def _mixed(members: Ints, codes: Ints) -> BoolArray:
    """Return which rows are in a group with rows of several splits; -1 is no group."""
    count = int(members.max(initial=-1)) + 1
    has = np.zeros((count, len(SPLITS)), dtype=bool)
    rows = members >= 0
    has[members[rows], codes[rows]] = True
    mixed: BoolArray = np.zeros(len(members), dtype=bool)
    mixed[rows] = (has.sum(axis=1) > 1)[members[rows]]
    return mixed


def _of_splits(rows: BoolArray, codes: Ints) -> str:
    """Return how many rows of each split are among some rows, in words."""
    counts = [int((rows & (codes == code)).sum()) for code in range(len(SPLITS))]
    return ", ".join(
        f"{count:,} of {name}" for name, count in zip(SPLITS, counts, strict=True) if count
    )


def _similar_texts(
    frame: pd.DataFrame, codes: Ints, text: str, near: float | None
) -> tuple[BoolArray, Finding]:
    clusters = clusters_of(frame, text, (), near)
    is_mixed = _mixed(clusters.code, codes)
    is_across = codes[clusters.near[:, 0]] != codes[clusters.near[:, 1]]
    greatest = float(clusters.similarity[is_across].max(initial=0.0))
    if _mixed(first_of_equal(normal_texts(frame, text)), codes).any():
        greatest = 1.0
    kind = "equal" if near is None else f"equal or nearly equal (Jaccard index from {near:g})"
    count = len(np.unique(clusters.code[is_mixed]))
    if count:
        sentence = (
            f"{counted(count, 'cluster')} of {kind} texts {'has' if count == 1 else 'have'} rows of"
            f" several splits: {_of_splits(is_mixed, codes)}; the greatest similarity is"
            f" {greatest:.2f}. A model knows these rows before the test: split with `lb.split`."
        )
    else:
        sentence = f"No {kind} texts are in several splits ({counted(len(frame), 'row')})."
    return is_mixed, _of_rows("similar_texts", sentence, frame.index, is_mixed, greatest)


def _of_rows(
    name: str, sentence: str, ids: pd.Index, rows: BoolArray, effect: float | None = None
) -> Finding:
    count = int(rows.sum())
    return Finding(
        name,
        "failed" if count else "passed",
        sentence,
        n=len(ids),
        value=float(count),
        limit=0.0,
        effect=effect,
        sample_ids=example_ids(ids[rows]),
        n_samples=count,
    )


def _shared_groups(frame: pd.DataFrame, codes: Ints, groups: tuple[str, ...]) -> Finding:
    name = "shared_groups"
    if not groups:
        return skipped(name, "no column of groups is named", len(frame))
    rows = np.zeros(len(frame), dtype=bool)
    told = []
    for column in groups:
        first = first_of_equal(group_values(frame, column))
        is_mixed = _mixed(first, codes)
        rows |= is_mixed
        told.append(f"{len(np.unique(first[is_mixed])):,} of {column!r}")
    if rows.any():
        sentence = (
            f"Groups have rows of several splits ({', '.join(told)}):"
            f" {_of_splits(rows, codes)}. Name the column as `group` of `lb.split`."
        )
    else:
        sentence = f"No group of {listed(groups)} is in several splits."
    return _of_rows(name, sentence, frame.index, rows)


def _newer_rows(frame: pd.DataFrame, codes: Ints, column: str | None) -> Finding:
    name = "newer_training_rows"
    times = times_of(frame, column)
    if times is None:
        return skipped(name, "no column of times is named", len(frame))
    rows = _as_new(times, codes)
    if rows.any():
        are = "is" if rows.sum() == 1 else "are"
        sentence = (
            f"{counted(int(rows.sum()), 'row')} of earlier splits {are}"
            f" as new as the oldest row of a later one ({_of_splits(rows, codes)}): train must be"
            " older than dev, and dev older than test."
        )
    else:
        sentence = f"All rows of train are older than those of dev and test, by {column!r}."
    return _of_rows(name, sentence, frame.index, rows)


def _as_new(times: npt.NDArray[Any], codes: Ints) -> BoolArray:
    """Return the rows that are as new as the oldest row of a later split."""
    rows: BoolArray = np.zeros(len(codes), dtype=bool)
    for earlier, later in ((TRAIN, DEV), (TRAIN, TEST), (DEV, TEST)):
        is_later = codes == later
        if is_later.any():
            rows |= (codes == earlier) & (times >= times[is_later].min())
    return rows
