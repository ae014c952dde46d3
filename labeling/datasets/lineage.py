"""Lineage of the labels of a training set: who voted what, and what decided each label."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.datasets.columns import VOTER_OF, texts, votes_of_cells
from labeling.datasets.vote_lists import AnyVotes, vote_lists
from labeling.datasets.winning_labels import gold_with_lineage
from labeling.errors import counted
from labeling.records import (
    ABSTAIN,
    Annotation,
    Gold,
    GoldLabel,
    Label,
    LabelSchema,
    LabelSource,
    clean_text,
    live_annotations,
    positions,
    undecided_samples,
)

COULD_NOT_DECIDE = "people could not decide"
"""What is said of a sample that reviewers saw without giving a decisive label."""


class Winners(NamedTuple):
    """The label of each sample, and how labels are written.

    Attributes:
        sources: where each label is from, index = ids.
        label_at: the label of the sample in a row as text; `None` for none.
        text_of: the text of a label that a person gave.
    """

    sources: pd.Series
    label_at: Callable[[int], str | None]
    text_of: Callable[[Label], str]

    @classmethod
    def of_codes(cls, winning: pd.DataFrame, schema: LabelSchema) -> Winners:
        """Return the labels that `winning_labels` returned."""
        codes = winning["code"].to_numpy()

        def label_at(row: int) -> str | None:
            return None if codes[row] == ABSTAIN else schema.labels[codes[row]]

        return cls(winning["source"], label_at, lambda label: schema.labels[schema.index(label)])


def lineage_columns(
    winners: Winners, gold: Gold | None, votes: AnyVotes | None, annotations: Iterable[Annotation]
) -> dict[str, pa.Array]:
    """Return the columns of who voted what, and what decided the label.

    Args:
        winners: the label of each sample.
        gold: the gold labels.
        votes: the votes behind the soft labels.
        annotations: everyone's current annotations.
    """
    ids = winners.sources.index
    traced = gold_with_lineage(gold)
    by_annotator = _annotator_labels(traced, annotations, ids, winners.text_of)
    reviewers = {
        label.sample_id: ", ".join(
            clean_text(annotation.annotator) for annotation in label.trace if annotation.reviewer
        )
        for label in traced
        if label.source == LabelSource.REVIEW
    }
    columns = {
        "lf_votes": vote_lists(votes, ids),
        "annotators": _annotators(by_annotator, ids),
        "reviewer": texts(_at(reviewers, ids)),
    }
    agreed = [label for label in traced if label.source == LabelSource.AGREEMENT and label.trace]
    for name in ("votes_for", "votes_cast"):
        counts = {label.sample_id: getattr(label, name) for label in agreed}
        columns[name] = pa.array(_at(counts, ids), pa.int64())
    decided = _decided_by(winners, traced, by_annotator, undecided_samples(annotations))
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
    winners: Winners,
    traced: Iterable[GoldLabel],
    by_annotator: Mapping[Hashable, Mapping[str, str | None]],
    undecided: Collection[Hashable],
) -> list[str]:
    """Return what decided each label, and what people said of samples that they did not settle."""
    ids = winners.sources.index
    model_names = {LabelSource.VOTES: "labeling functions", LabelSource.END_MODEL: "end model"}
    sources = winners.sources.tolist()
    words = [model_names.get(source, source) for source in sources]
    gold = {label.sample_id: label.decided_by for label in traced}
    special = list(dict.fromkeys((*gold, *by_annotator, *undecided)))
    rows = ids.get_indexer(pd.Index(special)).tolist() if special else []
    for sample_id, row in zip(special, rows, strict=True):
        if row < 0:
            continue
        if sources[row] not in model_names:
            words[row] = gold.get(sample_id, words[row])
        elif sample_id in undecided:
            words[row] += f"; {COULD_NOT_DECIDE}"
        elif sample_id in by_annotator:
            labels = list(by_annotator[sample_id].values())
            words[row] += f"; {_not_settled(labels, winners.label_at(row))}"
    return words


def _not_settled(labels: Sequence[str | None], label: str | None) -> str:
    """Return what annotators said of a sample that is not settled."""
    cast = [vote for vote in labels if vote is not None]
    if not cast:
        return f"skipped by {counted(len(labels), 'annotator')}"
    return f"not settled by people ({sum(vote == label for vote in cast)} of {len(cast)} votes)"


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
    text_of: Callable[[Label], str],
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
            name = text_of(annotation.label)
        labels.setdefault(annotation.sample_id, {})[clean_text(annotation.annotator)] = name
    return labels
