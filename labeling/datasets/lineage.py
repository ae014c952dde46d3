"""Lineage of the labels of a training set: who voted what, and what decided each label."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

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
    text_column,
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
) -> dict[str, pd.Series]:
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
        "lf_votes": pd.Series(_lf_votes(votes, ids), index=ids),
        "annotators": pd.Series([by_annotator.get(sample_id, {}) for sample_id in ids], index=ids),
        "reviewer": pd.Series(
            [reviewers.get(sample_id) for sample_id in ids], index=ids, dtype=object
        ),
    }
    agreed = [label for label in traced if label.source == LabelSource.AGREEMENT and label.trace]
    for name in ("votes_for", "votes_cast"):
        counts = {label.sample_id: getattr(label, name) for label in agreed}
        values = [counts.get(sample_id) for sample_id in ids]
        columns[name] = pd.Series(values, index=ids, dtype="Int64")
    decided = _decided_by(winning, traced, by_annotator, undecided_samples(annotations), schema)
    columns["decided_by"] = text_column(decided, ids)
    return columns


def _decided_by(
    winning: pd.DataFrame,
    traced: Iterable[GoldLabel],
    by_annotator: Mapping[Hashable, Mapping[str, str | None]],
    undecided: Collection[Hashable],
    schema: LabelSchema,
) -> list[str]:
    """Return what decided each label, and what people said of samples that they did not settle."""
    gold = {label.sample_id: label.decided_by for label in traced}
    model_names = {LabelSource.VOTES: "labeling functions", LabelSource.END_MODEL: "end model"}
    words = []
    for sample_id, code, source in zip(
        winning["source"].index, winning["code"].tolist(), winning["source"].tolist(), strict=True
    ):
        if source not in model_names:
            words.append(gold.get(sample_id, source))
            continue
        remark = ""
        if sample_id in undecided:
            remark = COULD_NOT_DECIDE
        elif sample_id in by_annotator:
            label = None if code == ABSTAIN else schema.labels[code]
            remark = _not_settled(list(by_annotator[sample_id].values()), label)
        words.append("; ".join(filter(None, (model_names[source], remark))))
    return words


def _not_settled(labels: Sequence[str | None], label: str | None) -> str:
    """Return what annotators said of a sample that is not settled."""
    cast = [vote for vote in labels if vote is not None]
    if not cast:
        return f"skipped by {counted(len(labels), 'annotator')}"
    return f"not settled by people ({sum(vote == label for vote in cast)} of {len(cast)} votes)"


def _lf_votes(votes: Votes | None, ids: pd.Index) -> list[dict[str, str]]:
    """Return the label by voter of each sample, without abstentions."""
    labels: dict[Any, dict[str, str]] = {sample_id: {} for sample_id in ids}
    if votes is not None:
        positions(ids, votes.sample_ids, "the votes", "the samples")
        triples = votes.to_triples()
        for sample_id, voter, label in zip(
            triples["sample"], triples["voter"], triples["label"], strict=True
        ):
            labels[sample_id][voter] = label
    return list(labels.values())


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
