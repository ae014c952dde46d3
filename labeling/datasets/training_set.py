"""Training sets: one row a sample, with its label, how sure it is, and who made it so."""

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
from labeling.errors import noun
from labeling.records import (
    ABSTAIN,
    Annotation,
    Gold,
    GoldLabel,
    LabelSchema,
    SoftLabels,
    Table,
    Votes,
    clean_text,
    expect,
    free_names,
    gold_codes,
    identified,
    live_annotations,
    positions,
    share_of_one,
    text_column,
)

OWN_COLUMNS = (
    *("label", "probabilities", "confidence", "weight", "source"),
    *("lf_votes", "annotators", "reviewer", "votes_for", "votes_cast"),
)
"""The columns that a training set adds to those of the samples; see `TrainingSet.own_columns`."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingSet:
    """Labeled samples and their lineage; made by `build_training_set`.

    Attributes:
        frame: index = sample id; the samples' columns, then `label` (name), `probabilities` (in
            schema order), `confidence` (that of the label), `weight` (1 for gold, else the
            confidence), `source` (`votes`, `end model`, `agreement`, `review`, `given`), `lf_votes`
            (which voter voted what), `annotators` (who said what), `reviewer` (whose decision
            made the label, where one did), `votes_for` and `votes_cast` (where annotators' agreement
            made the label: their votes for it, and their votes in all).
        dropped: the samples that were left out, index = sample id, column `reason`.
        schema: the labels.
        voters: the names of the voters behind the soft labels, where votes were given.
        own_columns: what the columns that were added are called, by the names above: where the
            samples have a column of such a name, or ids of it, ours is `labeling_<name>`.
    """

    frame: pd.DataFrame
    dropped: pd.DataFrame
    schema: LabelSchema
    voters: tuple[str, ...]
    own_columns: Mapping[str, str] = field(
        default_factory=lambda: MappingProxyType(free_names(OWN_COLUMNS, ()))
    )

    def own(self, name: str) -> pd.Series:
        """Return a column that was added, by its name in `OWN_COLUMNS`."""
        return self.frame[self.own_columns[name]]

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        sources = self.own("source").value_counts().sort_index()
        parts = ", ".join(f"{count} from {source}" for source, count in sources.items())
        samples = f"{len(self)} {noun(len(self), 'sample')}"
        return f"TrainingSet({samples}: {parts or 'none'}; {len(self.dropped)} left out)"

    def to_pandas(self) -> pd.DataFrame:
        """Return a copy of the table, with the samples' ids as index."""
        return self.frame.copy()

    def to_sklearn(
        self, columns: str | list[str] | None = None
    ) -> tuple[Any, npt.NDArray[np.object_], npt.NDArray[np.float64]]:
        """Return `X, y, sample_weight` for an estimator's `fit`.

        Args:
            columns: one column gives its values as a list-like Series, several or `None` (all of
                the samples' own) a DataFrame.
        """
        own = [name for name in self.frame.columns if name not in set(self.own_columns.values())]
        features = self.frame[own if columns is None else columns]
        label = self.own("label").to_numpy(dtype=object)
        return features, label, self.own("weight").to_numpy(dtype=np.float64)

    def to_parquet(self, path: str | Path) -> None:
        """Write a Parquet file, and its manifest beside it as `<name>.manifest.json`.

        `lf_votes` and `annotators` are lists of structs (who, label), so that pandas, polars and
        `datasets.load_dataset("parquet", data_files=...)` read it as it is. What Arrow has no
        type for is written as text; see `labeling.datasets.values`. A column whose values have no
        common type (texts and numbers, a list of a text and an object) holds the JSON text of each;
        the manifest names it under `json_in_parquet`.

        Raises:
            DataError: a value has no form in a file, or the ids are of several types; it names the
                column and the sample.
        """
        exports.write_parquet(self, Path(path))

    def to_jsonl(self, path: str | Path) -> None:
        """Write JSON lines, one object a sample, and the manifest beside it.

        It is strict JSON: infinite numbers, and NaN inside of lists, are null; how many there were
        is in the manifest as `null_in_json`. `datasets.load_dataset("json", data_files=...)` reads
        it; beyond 10 MB that library guesses types from the beginning alone, and must be given
        `features=`.

        Raises:
            DataError: a value has no form in a file; it names the column and the sample.
        """
        exports.write_jsonl(self, Path(path))

    def to_csv(self, path: str | Path, *, for_spreadsheet: bool = False) -> None:
        """Write a CSV file with one probability column a label, and the manifest beside it.

        Args:
            path: of the file.
            for_spreadsheet: puts an apostrophe before texts that a spreadsheet would run as a
                formula; without it every text stays as it is.

        Raises:
            DataError: a value has no form in a file; it names the column and the sample.
        """
        exports.write_csv(self, Path(path), for_spreadsheet=for_spreadsheet)

    def to_folder(self, folder: str | Path, *, for_spreadsheet: bool = False) -> dict[str, Any]:
        """Write `training_set.parquet`, `.jsonl` and `.csv` with their manifests, and return one.

        Args:
            folder: there already.
            for_spreadsheet: see `to_csv`.

        Raises:
            DataError: a form cannot be written; the others are, and the error names both.
        """
        return exports.write_folder(self, Path(folder), for_spreadsheet=for_spreadsheet)

    def manifest(self) -> dict[str, Any]:
        """Return what the training set is: counts, labels, voters, and a fingerprint of its rows."""
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
) -> TrainingSet:
    """Return the samples that have a label good enough to train on, each traceable to who made it.

    Gold labels win over soft ones and weigh 1. Of the others a sample gets its most probable label,
    weighed by that probability; samples that nothing covers, ties, and those under `min_confidence`
    are left out and listed in `.dropped` with the reason.

    Args:
        data: the samples, index = ids; or another table in memory, see `read_samples`.
        soft: soft labels for samples of `data`; those without are left out.
        id: the column of the ids; `None` takes the index.
        gold: labels known to be true, as a Series or as GoldLabels (which bring their lineage).
        votes: the votes behind `soft`, for the lineage.
        annotations: everything people said, for the lineage.
        min_confidence: the least probability of a label that is not gold, 0 to 1.

    Raises:
        DataError: soft labels, votes, gold or annotations about samples that are not in `data`.
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
    samples = identified(data, id)
    share_of_one(min_confidence, "`min_confidence`")
    expect(soft, SoftLabels, "`soft`")
    if votes is not None:
        expect(votes, Votes, "`votes`")
    ids = samples.index
    truth = gold_codes(gold, ids, soft.schema)
    array, covered = _aligned(soft, ids)
    reasons = _reasons(array, covered, truth, soft, min_confidence, ids)
    known = truth != ABSTAIN
    array[known] = np.eye(len(soft.schema))[truth[known]]
    code = np.where(known, truth, array.argmax(axis=1))
    names = np.array(soft.schema.labels, dtype=object)
    said = _said(gold, annotations, ids, soft.schema)
    own_columns = free_names(OWN_COLUMNS, [*samples.columns, ids.name])
    added: dict[str, Any] = dict(
        label=text_column(names[code], ids),
        probabilities=pd.Series(list(array), index=ids),
        confidence=array.max(axis=1),
        weight=np.where(known, 1.0, array.max(axis=1)),
        source=text_column(_sources(gold, known, votes, ids), ids),
        lf_votes=pd.Series(_lf_votes(votes, ids), index=ids),
        annotators=pd.Series([said[one][0] if one in said else {} for one in ids], index=ids),
        reviewer=pd.Series([said[one][1] if one in said else None for one in ids], index=ids, dtype=object),
    )  # fmt: skip
    for name in ("votes_for", "votes_cast"):
        added[name] = _vote_counts(gold, name, ids)
    table = samples.assign(**{own_columns[name]: column for name, column in added.items()})
    kept = np.array([reason is None for reason in reasons])
    left_out = pd.DataFrame({"reason": [one for one in reasons if one]}, index=ids[~kept])
    voters = () if votes is None else votes.voters
    own = MappingProxyType(own_columns)
    return TrainingSet(table[kept], left_out, soft.schema, voters, own)


def _aligned(
    soft: SoftLabels, ids: pd.Index
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    rows = positions(ids, soft.sample_ids, "the soft labels", "the samples")
    array = np.full((len(ids), len(soft.schema)), 1 / len(soft.schema))
    covered = np.zeros(len(ids), dtype=bool)
    array[rows], covered[rows] = soft.to_array(), soft.covered
    return array, covered


def _reasons(
    array: npt.NDArray[np.float64],
    covered: npt.NDArray[np.bool_],
    truth: npt.NDArray[np.intp],
    soft: SoftLabels,
    min_confidence: float,
    ids: pd.Index,
) -> list[str | None]:
    """Return why each sample is left out; `None` for those that stay."""
    has_soft = np.isin(np.arange(len(ids)), ids.get_indexer(soft.sample_ids))
    winners = SoftLabels(array, ids, soft.schema, covered).winners()
    reasons: list[str | None] = []
    for row, top in enumerate(array.max(axis=1).tolist()):
        reason = None
        if truth[row] != ABSTAIN:
            reason = None
        elif not has_soft[row]:
            reason = "no soft label was given"
        elif not covered[row]:
            reason = "no voter covers it"
        elif winners[row].sum() > 1:
            tied = [soft.schema.labels[code] for code in np.flatnonzero(winners[row])]
            reason = f"tie between {', '.join(tied)}"
        elif top < min_confidence:
            reason = f"confidence below {min_confidence:g}"
        reasons.append(reason)
    return reasons


def _sources(
    gold: Gold | None, known: npt.NDArray[np.bool_], votes: Votes | None, ids: pd.Index
) -> list[str]:
    sources = {one.sample_id: one.source for one in _with_lineage(gold)}
    voted = np.ones(len(ids), dtype=bool)
    if votes is not None:
        voted = ids.isin(votes.sample_ids[votes.covered])
    return [
        sources.get(one, "given") if is_gold else "votes" if by_votes else "end model"
        for one, is_gold, by_votes in zip(ids, known, voted, strict=True)
    ]


def _with_lineage(gold: Gold | None) -> list[GoldLabel]:
    """Return the gold labels that say how they came about; those of a Series do not."""
    given = () if gold is None or isinstance(gold, pd.Series) else gold
    return [one for one in given if isinstance(one, GoldLabel)]


def _vote_counts(gold: Gold | None, name: str, ids: pd.Index) -> pd.Series:
    """Return a number of annotators' votes for each sample that their agreement labeled."""
    counts = {
        label.sample_id: getattr(label, name)
        for label in _with_lineage(gold)
        if label.source == "agreement" and label.trace
    }
    return pd.Series([counts.get(sample_id) for sample_id in ids], index=ids, dtype="Int64")


def _lf_votes(votes: Votes | None, ids: pd.Index) -> list[dict[str, str]]:
    """Return who voted what on each sample, abstentions left out."""
    found: dict[Any, dict[str, str]] = {one: {} for one in ids}
    if votes is not None:
        positions(ids, votes.sample_ids, "the votes", "the samples")
        triples = votes.to_triples()
        for one, voter, label in zip(
            triples["sample"], triples["voter"], triples["label"], strict=True
        ):
            found[one][voter] = label
    return list(found.values())


def _said(
    gold: Gold | None,
    annotations: Iterable[Annotation] | None,
    ids: pd.Index,
    schema: LabelSchema,
) -> dict[Any, tuple[dict[str, str | None], str | None]]:
    """Return for each sample what its annotators said, and which reviewer made its gold label."""
    known = [one for one in live_annotations(annotations or ()) if not one.reviewer]
    traced = _with_lineage(gold)
    known += [said for one in traced for said in one.trace if not said.reviewer]
    deciders = {
        one.sample_id: ", ".join(clean_text(said.annotator) for said in one.trace if said.reviewer)
        for one in traced
        if one.source == "review"
    }
    live = live_annotations(known)
    if live:
        about = pd.Index([one.sample_id for one in live]).unique()
        positions(ids, about, "the annotations", "the samples")
    people: dict[Any, dict[str, str | None]] = {}
    for one in live:
        name = None if one.label is None else schema.labels[schema.index(one.label)]
        people.setdefault(one.sample_id, {})[clean_text(one.annotator)] = name
    return {one: (people.get(one, {}), deciders.get(one)) for one in {**people, **deciders}}
