"""Lineage of the labels of a training set: who voted what, and what decided each label."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.datasets.columns import VOTER_OF, text_of_codes, texts, votes_of_cells
from labeling.datasets.winning_labels import gold_with_lineage
from labeling.errors import counted
from labeling.records import (
    ABSTAIN,
    Annotation,
    Gold,
    GoldLabel,
    LabelSchema,
    LabelSource,
    Votes,
    clean_text,
    live_annotations,
    positions,
    undecided_samples,
)

COULD_NOT_DECIDE = "people could not decide"
"""What is said of a sample that reviewers saw without giving a decisive label."""


def lineage_columns(
    winning: pd.DataFrame,
    gold: Gold | None,
    votes: Votes | None,
    annotations: Iterable[Annotation],
    schema: LabelSchema,
) -> dict[str, pa.Array]:
    """Return the columns of who voted what, and what decided the label.

    Args:
        winning: the label of each sample, as `winning_labels` returns it.
        gold: the gold labels.
        votes: the votes behind the soft labels.
        annotations: everyone's current annotations.
        schema: the labels.
    """
    ids = winning["source"].index
    traced = gold_with_lineage(gold)
    by_annotator = _annotator_labels(traced, annotations, ids, schema)
    reviewers = {
        label.sample_id: ", ".join(
            clean_text(annotation.annotator) for annotation in label.trace if annotation.reviewer
        )
        for label in traced
        if label.source == LabelSource.REVIEW
    }
    columns = {
        "lf_votes": _lf_votes(votes, ids),
        "annotators": _annotators(by_annotator, ids),
        "reviewer": texts(_at(reviewers, ids)),
    }
    agreed = [label for label in traced if label.source == LabelSource.AGREEMENT and label.trace]
    for name in ("votes_for", "votes_cast"):
        counts = {label.sample_id: getattr(label, name) for label in agreed}
        columns[name] = pa.array(_at(counts, ids), pa.int64())
    decided = _decided_by(winning, traced, by_annotator, undecided_samples(annotations), schema)
    columns["decided_by"] = texts(decided)
    return columns


def _at(values: Mapping[Any, Any], ids: pd.Index) -> list[Any]:
    """Return the value of each sample; `None` where there is none."""
    filled = np.full(len(ids), None, dtype=object)
    if values:
        rows = positions(ids, pd.Index(list(values)), "the gold labels", "the samples")
        for row, value in zip(rows.tolist(), values.values(), strict=True):
            filled[row] = value
    return filled.tolist()


def _decided_by(
    winning: pd.DataFrame,
    traced: Iterable[GoldLabel],
    by_annotator: Mapping[Hashable, Mapping[str, str | None]],
    undecided: Collection[Hashable],
    schema: LabelSchema,
) -> list[str]:
    """Return what decided each label, and what people said of samples that they did not settle."""
    ids = winning["source"].index
    model_names = {LabelSource.VOTES: "labeling functions", LabelSource.END_MODEL: "end model"}
    sources = winning["source"].tolist()
    words = [model_names.get(source, source) for source in sources]
    gold = {label.sample_id: label.decided_by for label in traced}
    special = list(dict.fromkeys((*gold, *by_annotator, *undecided)))
    rows = ids.get_indexer(pd.Index(special)).tolist() if special else []
    codes = winning["code"].to_numpy()
    for sample_id, row in zip(special, rows, strict=True):
        if row < 0:
            continue
        if sources[row] not in model_names:
            words[row] = gold.get(sample_id, words[row])
        elif sample_id in undecided:
            words[row] += f"; {COULD_NOT_DECIDE}"
        elif sample_id in by_annotator:
            label = None if codes[row] == ABSTAIN else schema.labels[codes[row]]
            words[row] += f"; {_not_settled(list(by_annotator[sample_id].values()), label)}"
    return words


def _not_settled(labels: Sequence[str | None], label: str | None) -> str:
    """Return what annotators said of a sample that is not settled."""
    cast = [vote for vote in labels if vote is not None]
    if not cast:
        return f"skipped by {counted(len(labels), 'annotator')}"
    return f"not settled by people ({sum(vote == label for vote in cast)} of {len(cast)} votes)"


def _lf_votes(votes: Votes | None, ids: pd.Index) -> pa.ListArray:
    """Return the votes on each sample, without abstentions, in the order of the voters."""
    voter = VOTER_OF["lf_votes"]
    nobody = np.array([], dtype=np.intp)
    if votes is None:
        return votes_of_cells(len(ids), nobody, texts([]), texts([]), voter)
    rows_of_votes = positions(ids, votes.sample_ids, "the votes", "the samples")
    if votes.long is None:
        cells = np.nonzero(np.ascontiguousarray(votes.array) != ABSTAIN)
        codes = votes.array[cells]
        rows, columns = cells
    else:
        rows, columns, codes = votes.long.row, votes.long.column, votes.long.code
    rows = rows_of_votes[rows]
    if len(rows) and (np.diff(rows) < 0).any():
        order = np.argsort(rows, kind="stable")
        rows, columns, codes = rows[order], columns[order], codes[order]
    return votes_of_cells(
        len(ids),
        rows,
        text_of_codes(columns, votes.voters),
        text_of_codes(codes, votes.schema.labels),
        voter,
    )


def _annotators(
    by_annotator: Mapping[Hashable, Mapping[str, str | None]], ids: pd.Index
) -> pa.ListArray:
    """Return what each annotator said of each sample."""
    rows = ids.get_indexer(pd.Index(list(by_annotator))) if by_annotator else np.array([], int)
    names: list[str | None] = []
    labels: list[str | None] = []
    row_of_vote: list[int] = []
    for row, said in sorted(zip(rows.tolist(), by_annotator.values(), strict=True), key=_first):
        names += said
        labels += said.values()
        row_of_vote += [row] * len(said)
    row_array = np.array(row_of_vote, dtype=np.intp)
    return votes_of_cells(len(ids), row_array, texts(names), texts(labels), VOTER_OF["annotators"])


def _first(pair: tuple[int, object]) -> int:
    return pair[0]


def _annotator_labels(
    traced: Iterable[GoldLabel],
    annotations: Iterable[Annotation] | None,
    ids: pd.Index,
    schema: LabelSchema,
) -> dict[Any, dict[str, str | None]]:
    """Return the label by annotator of each sample that has annotations; `None` for a skip."""
    known = [
        annotation for annotation in live_annotations(annotations or ()) if not annotation.reviewer
    ]
    for label in traced:
        known += [annotation for annotation in label.trace if not annotation.reviewer]
    live = live_annotations(known)
    if live:
        sample_ids = pd.Index([annotation.sample_id for annotation in live]).unique()
        positions(ids, sample_ids, "the annotations", "the samples")
    labels: dict[Any, dict[str, str | None]] = {}
    for annotation in live:
        name = None
        if annotation.label is not None:
            name = schema.labels[schema.index(annotation.label)]
        labels.setdefault(annotation.sample_id, {})[clean_text(annotation.annotator)] = name
    return labels
