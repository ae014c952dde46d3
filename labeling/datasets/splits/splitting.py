"""`split`: train, dev and test splits that do not leak, and stay as they are when data grow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd

from labeling.datasets.splits.arguments import (
    HUMAN,
    Used,
    checked_shares,
    names_of_groups,
    split_codes,
    strata_of,
    times_of,
    used_rows,
)
from labeling.datasets.splits.assignment import SPLITS, SplitInput, assign
from labeling.datasets.splits.clusters import BoolArray, checked_threshold, clusters_of
from labeling.datasets.splits.near_duplicates import encodable
from labeling.datasets.splits.report import SplitReport, table_by_split
from labeling.datasets.splits.split_findings import SplitOutcome, findings_of
from labeling.datasets.training_set import TrainingSet
from labeling.errors import LabelingError
from labeling.records import checked_ids, text_column, whole_number, with_id_index

MOST_LARGEST = 20
LABEL, SOURCE = "label", "source"


@overload
def split(
    data: TrainingSet,
    *,
    test: float = ...,
    dev: float = ...,
    text: str | None = ...,
    group: str | Sequence[str] | None = ...,
    time: str | None = ...,
    near_duplicates: float | None = ...,
    stratify: bool | str = ...,
    salt: int = ...,
    previous: Any = ...,
    used: Used = ...,
    report: Callable[[SplitReport], object] | None = ...,
) -> TrainingSet: ...


@overload
def split(
    data: pd.DataFrame,
    *,
    test: float = ...,
    dev: float = ...,
    text: str | None = ...,
    group: str | Sequence[str] | None = ...,
    time: str | None = ...,
    near_duplicates: float | None = ...,
    stratify: bool | str = ...,
    salt: int = ...,
    previous: Any = ...,
    used: Used = ...,
    report: Callable[[SplitReport], object] | None = ...,
) -> pd.Series: ...


def split(
    data: Any,
    *,
    test: float = 0.2,
    dev: float = 0.0,
    text: str | None = "text",
    group: str | Sequence[str] | None = None,
    time: str | None = None,
    near_duplicates: float | None = 0.8,
    stratify: bool | str = False,
    salt: int = 0,
    previous: Any = None,
    used: Used = (),
    report: Callable[[SplitReport], object] | None = None,
) -> TrainingSet | pd.Series:
    """Return which rows are for training, for choosing between models, and for the final test.

    Rows that are alike stay together in clusters: those of equal text (but for case, width, white
    space and invisible characters), of nearly equal text (by the Jaccard index of the runs of 5
    characters of their letters and digits), and of one group. A cluster is in one split. Which one
    is decided by a hash of the cluster, so it does not depend on the order of rows or on other
    clusters: when data grow, a row keeps its split unless a new row joins its cluster by another
    text or group (then it moves with probability 1/(k + 1) times that of another split, where the
    cluster had k different texts or groups). With `previous` no row moves.

    In a training set only rows whose label people gave (`source` is `agreement`, `review` or
    `given`) go to test and dev, and the shares are those of such rows. Rows with weak labels in
    their clusters are in no split, since a model that trained on them would know the test.

    Args:
        data: a training set; or samples, index = ids, whose labels are all trusted.
        test: share of the rows for test, 0 to 1. It is met on average: each cluster is drawn by
            itself. A cluster larger than the split it was drawn for goes to train.
        dev: share of the rows for dev.
        text: the column of texts; `None` compares no texts.
        group: a column, or several, whose equal values keep rows together, such as the author.
        time: a column of times or growing numbers: the newest rows go to test, older ones to dev,
            so that all rows of train are older than those of test. Of a cluster with test rows,
            older rows are in no split. It cannot be combined with `previous`.
        near_duplicates: the smallest Jaccard index of texts that stay together, 0.3 to 1; `None`
            keeps only equal ones together. Needs `labeling[splits]`.
        stratify: whether each label gets its share exactly (or the column whose values do); of
            samples with several labels or spans the rarest label of each.
            Then the splits depend on the other rows, and a few rows move when data grow.
        salt: another one draws other splits.
        previous: earlier splits (a Series from id to split, a training set, a release): these rows
            stay where they were, new rows go to the split of their cluster. A row that links rows
            of different splits is in none.
        used: ids of rows that labeling functions or models were made with, or a dict from reason
            to ids: they do not go to test.
        report: called with a `SplitReport`: sizes, clusters, what is in no split and why, warnings.

    Returns:
        a training set with the column `split` ("train", "dev", "test", or null for rows in none);
        for samples a Series of these, index = ids.

    Raises:
        LabelingError: an argument is out of range.
        DataError: a column is missing, or holds values of another type.
        MissingExtraError: `near_duplicates` is asked for, and datasketch is not installed.

    >>> comments = pd.DataFrame(
    ...     {"text": ["check out my channel now", "Check out  my channel", "nice song", "love it"]},
    ...     index=["c1", "c2", "c3", "c4"],
    ... )
    >>> split(comments, test=0.5, salt=5).to_dict()
    {'c1': 'train', 'c2': 'train', 'c3': 'test', 'c4': 'train'}
    """
    checked_shares(test, dev)
    if time is not None and previous is not None:
        raise LabelingError(
            "`time` and `previous` cannot be combined: the newest rows, which go to test, change"
            " with each new row. Give one of them."
        )
    rows = _Rows.of(data)
    groups = names_of_groups(group)
    clusters = clusters_of(rows.frame, text, groups, checked_threshold(near_duplicates))
    counts, is_used = used_rows(used, rows.frame.index)
    given = SplitInput(
        clusters,
        float(test),
        float(dev),
        _checked_salt(salt),
        rows.human,
        is_used,
        split_codes(previous, rows.frame.index),
        rows.strata(stratify),
        times_of(rows.frame, time),
    )
    done = assign(given)
    settings = {
        "test": float(test),
        "dev": float(dev),
        "text": text,
        "group": list(groups),
        "time": time,
        "near_duplicates": near_duplicates,
        "stratify": stratify,
        "salt": int(salt),
    }
    described = _report(SplitOutcome(rows.frame.index, given, done, counts), rows, settings)
    if report is not None:
        report(described)
    names = np.array([*SPLITS, None], dtype=object)[done.codes]
    if isinstance(data, TrainingSet):
        return data.with_columns(split=names).with_origin({"split": described.to_origin()})
    return text_column(names.tolist(), rows.frame.index).rename("split")


def _checked_salt(salt: object) -> int:
    number = whole_number(salt, "`salt`", minimum=0)
    if number >= 2**64:
        raise LabelingError(f"`salt` must be less than 2**64. Got {salt!r}.")
    return number


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows to split, and what is known of their labels.

    Attributes:
        frame: index = ids.
        human: whether people gave the label: shape (n,).
        labels: of a training set, source and label, of several the rarest.
        pairs: all labels of all rows: `row` and `label`.
        order: the labels in order.
    """

    frame: pd.DataFrame
    human: BoolArray
    labels: pd.DataFrame | None = None
    pairs: pd.DataFrame | None = None
    order: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: Any) -> _Rows:
        """Return the rows of a training set, or of a table of samples."""
        if not isinstance(data, TrainingSet):
            frame = with_id_index(data)
            return cls(frame, np.ones(len(frame), dtype=bool))
        if not len(data):
            raise LabelingError("A training set must have rows to be split. Got an empty one.")
        checked_ids(data.sample_ids, "To be split (before any balancing), the sample ids")
        labels = pd.DataFrame(
            {
                LABEL: pd.Series(data.form.strata(data.columns[LABEL]), data.sample_ids, object),
                SOURCE: data.added_column(SOURCE),
            },
            index=data.sample_ids,
        )
        human: BoolArray = labels[SOURCE].isin(HUMAN).to_numpy(bool)
        return cls(
            data.samples, human, labels, data.form.pairs(data.columns[LABEL]), tuple(data.schema)
        )

    def strata(self, stratify: bool | str) -> Any:
        """Return the code of each row's stratum; `None` where there are no strata."""
        if stratify is False or stratify is None:
            return None
        if stratify is not True:
            return strata_of(self.frame, stratify)
        if self.labels is None:
            raise LabelingError(
                "`stratify` must name a column here, since samples have no labels. Got True."
            )
        return strata_of(self.labels, LABEL)


def _report(outcome: SplitOutcome, rows: _Rows, settings: dict[str, Any]) -> SplitReport:
    done, clusters = outcome.done, outcome.given.clusters
    names = pd.Series(np.array([*SPLITS, "left out"], dtype=object)[done.codes], rows.frame.index)
    empty = pd.DataFrame(columns=[*SPLITS, "left out"])
    labels, sources = empty, empty
    if rows.labels is not None and rows.pairs is not None:
        of_pairs = names.iloc[rows.pairs["row"].to_numpy()]
        labels = table_by_split(rows.pairs[LABEL], of_pairs, list(rows.order))
        sources = table_by_split(rows.labels[SOURCE], names, sorted(set(rows.labels[SOURCE])))
    is_out = done.codes < 0
    return SplitReport(
        settings,
        _sizes(names, outcome, rows),
        labels,
        sources,
        clusters.count,
        int(clusters.exact.sum()),
        clusters.near_rows,
        _largest(outcome, names),
        pd.DataFrame({"reason": done.reasons[is_out]}, rows.frame.index[is_out]),
        findings_of(outcome),
    )


def _sizes(names: pd.Series, outcome: SplitOutcome, rows: _Rows) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "split": names.to_numpy(),  # without its index, which may have a name of ours
            "cluster": outcome.given.clusters.code,
            "human": rows.human,
        }
    )
    by_split = table.groupby("split")
    sizes = pd.DataFrame(
        {
            "samples": by_split.size(),
            "share": by_split.size() / len(table),
            "clusters": by_split["cluster"].nunique(),
            "human": by_split["human"].sum(),
        }
    )
    whole = {"samples": int, "clusters": int, "human": int}
    return sizes.reindex([*SPLITS, "left out"], fill_value=0).astype(whole)


def _largest(outcome: SplitOutcome, names: pd.Series) -> pd.DataFrame:
    """Return the largest clusters, each with the smallest of its ids as an example."""
    code = outcome.given.clusters.code
    sizes = np.bincount(code)
    # Which ones of equal size are shown must not depend on the order of the rows.
    least = max(np.sort(sizes)[-MOST_LARGEST:].min(), 2)
    rows = np.flatnonzero(sizes[code] >= least)
    members = pd.DataFrame(
        {
            "cluster": code[rows],
            "example": [encodable(str(name)) for name in names.index[rows].tolist()],
            "split": names.to_numpy()[rows],
        }
    )
    largest = members.groupby("cluster")["example"].agg(["size", "min"])
    largest = largest.sort_values(["size", "min"], ascending=[False, True]).head(MOST_LARGEST)
    splits = [_splits(members.loc[members["cluster"] == code, "split"]) for code in largest.index]
    return pd.DataFrame(
        {
            "samples": largest["size"].to_numpy(),
            "split": splits,
            "example": largest["min"].to_numpy(),
        }
    )


def _splits(splits: pd.Series) -> str:
    return ", ".join(name for name in (*SPLITS, "left out") if (splits == name).any())
