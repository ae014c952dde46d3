"""`TrainingSet` and `build_training_set`: labeled samples with confidence, weight and lineage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.datasets import exports
from labeling.datasets.lineage import COULD_NOT_DECIDE, lineage_columns
from labeling.datasets.winning_labels import winning_labels
from labeling.errors import noun
from labeling.records import (
    ABSTAIN,
    Annotation,
    Gold,
    LabelSchema,
    SoftLabels,
    Table,
    Votes,
    checked_fraction,
    expect,
    free_names,
    gold_codes,
    live_annotations,
    positions,
    text_column,
    undecided_samples,
    with_id_index,
)
from labeling.rendering import Displayed, View

OWN_COLUMNS = (
    "label",
    "probabilities",
    "confidence",
    "weight",
    "source",
    "lf_votes",
    "annotators",
    "reviewer",
    "votes_for",
    "votes_cast",
    "decided_by",
)
"""The columns that a training set adds to those of the samples; see `TrainingSet.own_columns`."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet(Displayed):
    """Labeled samples and their lineage; created by `build_training_set`.

    Attributes:
        frame: index = sample id; the samples' columns, then `label` (name), `probabilities` (in
            schema order), `confidence` (the probability of the label), `weight` (1 for gold, else
            the confidence), `source` (`votes`, `end model`, `agreement`, `review`, `given`),
            `lf_votes` (label by voter), `annotators` (label by annotator), `reviewer` (who decided
            the label, if a reviewer did), `votes_for` and `votes_cast` (if the source is
            `agreement`: the annotators' votes for the label, and all their votes), `decided_by`
            (what decided the label, in words, such as `2 of 3 votes`, `posterior 0.930 (0 of 1
            votes; the model voter)` or `end model; people could not decide`).
        dropped: the samples that were left out, index = sample id, column `reason`.
        schema: the labels.
        voters: the names of the voters behind the soft labels, if votes were given.
        own_columns: the actual name of each added column by the names above: if the samples have a
            column or index of that name, ours is `labeling_<name>`.
    """

    frame: pd.DataFrame
    dropped: pd.DataFrame
    schema: LabelSchema
    voters: tuple[str, ...]
    own_columns: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType(free_names(OWN_COLUMNS, ()))
    )

    def added_column(self, name: str) -> pd.Series:
        """Return an added column by its name in `own_columns`."""
        return self.frame[self.own_columns[name]]

    def own(self, name: str) -> pd.Series:
        """Return an added column; a deprecated name of `added_column`."""
        return self.added_column(name)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        sources = self.added_column("source").value_counts().sort_index()
        parts = ", ".join(f"{count} from {source}" for source, count in sources.items())
        samples = f"{len(self)} {noun(len(self), 'sample')}"
        return f"TrainingSet({samples}: {parts or 'none'}; {len(self.dropped)} left out)"

    def _view(self) -> View:
        from labeling.datasets.training_set_view import training_set_view

        return training_set_view(self)

    @property
    def n_undecided(self) -> tuple[int, int]:
        """How many samples that people could not decide are left out, and how many are in it."""
        kept = self.added_column("decided_by").str.endswith(COULD_NOT_DECIDE)
        return int((self.dropped["reason"] == COULD_NOT_DECIDE).sum()), int(kept.sum())

    def to_pandas(self) -> pd.DataFrame:
        """Return a copy of the table, with the samples' ids as index."""
        return self.frame.copy()

    def to_sklearn(
        self, columns: str | list[str] | None = None
    ) -> tuple[Any, npt.NDArray[np.object_], npt.NDArray[np.float64]]:
        """Return `X, y, sample_weight` for an estimator's `fit`.

        Args:
            columns: a single column gives a Series; several, or `None` (all columns of the
                samples), a DataFrame.
        """
        added = set(self.own_columns.values())
        sample_columns = [name for name in self.frame.columns if name not in added]
        features = self.frame[sample_columns if columns is None else columns]
        label = self.added_column("label").to_numpy(dtype=object)
        return features, label, self.added_column("weight").to_numpy(dtype=np.float64)

    def to_parquet(self, path: str | Path) -> None:
        """Write a Parquet file, and its manifest beside it as `<name>.manifest.json`.

        `lf_votes` and `annotators` are lists of structs (voter or annotator, label), which pandas,
        polars and `datasets.load_dataset("parquet", data_files=...)` can read. Types that Arrow
        does not have are written as text; see `labeling.datasets.values`. A column whose values
        have no common type (texts and numbers, a list of a text and an object) is written as JSON
        texts and named in the manifest under `json_in_parquet`.

        Raises:
            DataError: a value cannot be written, or the ids are of several types; it names the
                column and the sample.
        """
        exports.write_parquet(self, Path(path))

    def to_jsonl(self, path: str | Path) -> None:
        """Write JSON lines, one object per sample, and the manifest beside it.

        It is strict JSON: infinite numbers, and NaN inside of lists, become null, and are counted
        in the manifest as `null_in_json`. `datasets.load_dataset("json", data_files=...)` can read
        it; above 10 MB that library infers types from the beginning only and needs `features=`.

        Raises:
            DataError: a value cannot be written; it names the column and the sample.
        """
        exports.write_jsonl(self, Path(path))

    def to_csv(self, path: str | Path, *, for_spreadsheet: bool = False) -> None:
        """Write a CSV file with one probability column per label, and the manifest beside it.

        Args:
            path: of the file.
            for_spreadsheet: whether to put an apostrophe before texts that a spreadsheet would
                evaluate as formulas; otherwise texts are written unchanged.

        Raises:
            DataError: a value cannot be written; it names the column and the sample.
        """
        exports.write_csv(self, Path(path), for_spreadsheet=for_spreadsheet)

    def to_folder(self, folder: str | Path, *, for_spreadsheet: bool = False) -> dict[str, Any]:
        """Write `training_set.parquet`, `.jsonl` and `.csv` with their manifest, and return it.

        Args:
            folder: an existing folder.
            for_spreadsheet: see `to_csv`.

        Raises:
            DataError: a format cannot be written; the others are, and the error names both.
        """
        return exports.write_folder(self, Path(folder), for_spreadsheet=for_spreadsheet)

    def manifest(self) -> dict[str, Any]:
        """Return the manifest: counts, labels, voters, and a fingerprint of the rows."""
        return exports.manifest_of(self)


def build_training_set(
    data: Table,
    soft: SoftLabels,
    *,
    id: str | None = None,
    gold: Gold | None = None,
    votes: Votes | None = None,
    annotations: Iterable[Annotation] | None = None,
    min_confidence: float = 0.0,
    keep_undecided: bool = False,
) -> TrainingSet:
    """Return the samples with a sufficiently certain label, and the lineage of each label.

    Gold labels win over soft ones and have weight 1. Other samples get their most probable label,
    weighted by its probability; uncovered samples, ties, those below `min_confidence`, and those
    that people could not decide are left out and listed in `.dropped` with the reason.

    Args:
        data: the samples, index = ids; or another table in memory, see `read_samples`.
        soft: soft labels for samples of `data`; samples without are left out.
        id: the column of the ids; `None` takes the index.
        gold: labels known to be true, as a Series or as GoldLabels (which have a lineage).
        votes: the votes behind `soft`, for the lineage.
        annotations: all annotations, for the lineage.
        min_confidence: the minimum probability of a label that is not gold, 0 to 1.
        keep_undecided: whether samples that reviewers saw without giving a decisive label (by
            `annotations`: all skipped it, or no label has more than half of their labels) keep the
            label of the model. People who saw more than the model found that they have none; if
            they are kept, the column `decided_by` says so.

    Raises:
        DataError: soft labels, votes, gold or annotations of samples that are not in `data`.
        LabelingError: `min_confidence` is out of range.

    >>> data = pd.DataFrame({"text": ["hi", "buy", "hm"]}, index=["a", "b", "c"])
    >>> soft = SoftLabels(
    ...     [[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]],
    ...     data.index,
    ...     LabelSchema(["ham", "spam"]),
    ...     [True, True, True],
    ... )
    >>> train = build_training_set(data, soft, gold={"b": "spam"}, min_confidence=0.8)
    >>> train
    TrainingSet(2 samples: 1 from given, 1 from votes; 1 left out)
    >>> train.dropped["reason"].tolist()
    ['tie between ham, spam']
    """
    samples = with_id_index(data, id)
    checked_fraction(min_confidence, "`min_confidence`")
    expect(soft, SoftLabels, "`soft`")
    if votes is not None:
        expect(votes, Votes, "`votes`")
    ids = samples.index
    is_gold = gold_codes(gold, ids, soft.schema) != ABSTAIN
    aligned = _aligned(soft, ids)
    live = live_annotations(annotations or ())
    undecided = frozenset() if keep_undecided else undecided_samples(live)
    is_undecided = np.array([sample_id in undecided for sample_id in ids], dtype=bool)
    has_soft = ids.isin(soft.sample_ids)
    reasons = _drop_reasons(aligned, has_soft, is_gold, is_undecided, min_confidence)
    winning = winning_labels(aligned, gold, votes)
    labels = _label_columns(aligned, winning, is_gold)
    lineage = lineage_columns(winning, gold, votes, live, soft.schema)
    own_columns = free_names(OWN_COLUMNS, [*samples.columns, ids.name])
    added = {own_columns[name]: column for name, column in {**labels, **lineage}.items()}
    is_kept = np.array([reason is None for reason in reasons])
    left_out = pd.DataFrame({"reason": [reason for reason in reasons if reason]}, ids[~is_kept])
    return TrainingSet(
        samples.assign(**added)[is_kept],
        left_out,
        soft.schema,
        () if votes is None else votes.voters,
        MappingProxyType(own_columns),
    )


def _aligned(soft: SoftLabels, ids: pd.Index) -> SoftLabels:
    """Return soft labels for all ids; those without are uncovered."""
    rows = positions(ids, soft.sample_ids, "the soft labels", "the samples")
    array = np.full((len(ids), len(soft.schema)), 1 / len(soft.schema))
    covered = np.zeros(len(ids), dtype=bool)
    array[rows], covered[rows] = soft.to_array(), soft.covered
    return SoftLabels(array, ids, soft.schema, covered)


def _drop_reasons(
    soft: SoftLabels,
    has_soft: npt.NDArray[np.bool_],
    is_gold: npt.NDArray[np.bool_],
    is_undecided: npt.NDArray[np.bool_],
    min_confidence: float,
) -> list[str | None]:
    """Return why each sample is left out; `None` for those that are not."""
    winners = soft.winners()
    reasons: list[str | None] = []
    for row, confidence in enumerate(soft.confidence().tolist()):
        reason = None
        if is_gold[row]:
            reason = None
        elif is_undecided[row]:
            reason = COULD_NOT_DECIDE
        elif not has_soft[row]:
            reason = "no soft label was given"
        elif not soft.covered[row]:
            reason = "no voter covers it"
        elif winners[row].sum() > 1:
            tied = [soft.schema.labels[code] for code in np.flatnonzero(winners[row])]
            reason = f"tie between {', '.join(tied)}"
        elif confidence < min_confidence:
            reason = f"confidence below {min_confidence:g}"
        reasons.append(reason)
    return reasons


def _label_columns(
    soft: SoftLabels, winning: pd.DataFrame, is_gold: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """Return the columns of labels, probabilities and weights; undecided rows are dropped later."""
    ids = soft.sample_ids
    codes = winning["code"].to_numpy()
    array = np.array(soft.to_array())
    array[is_gold] = np.eye(len(soft.schema))[codes[is_gold]]
    confidence = array.max(axis=1)
    names = np.array(soft.schema.labels, dtype=object)
    return {
        "label": text_column(names[codes], ids),
        "probabilities": pd.Series(list(array), index=ids),
        "confidence": confidence,
        "weight": np.where(is_gold, 1.0, confidence),
        "source": text_column(winning["source"].tolist(), ids),
    }
