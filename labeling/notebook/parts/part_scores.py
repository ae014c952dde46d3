"""How well the label model's spans, or sets of labels, match the dev set."""

from __future__ import annotations

import functools

import pandas as pd

from labeling.analysis import set_scores, span_scores
from labeling.errors import LabelingError
from labeling.notebook.moment import share_of
from labeling.notebook.parts.part_moment import PartMoment, PartSoft
from labeling.records import AnyVotes, SetVotes, SpanVotes
from labeling.records.estimates import Estimate

Scores = dict[str, Estimate]


def model_scores(moment: PartMoment, soft: PartSoft | None) -> Scores:
    """Return precision, recall and F1 of posteriors on the dev set, by name.

    A span is right if its edges and its label are; F1 of sets is micro F1, over all labels of all
    samples, and macro F1 the mean of the labels' F1. Samples that no function speaks of count.

    Args:
        moment: what the workbench held; it must have a dev set.
        soft: the posteriors; `None` counts as no part at all.
    """
    return _scores(moment.silent, moment, soft)


@functools.singledispatch
def _scores(votes: AnyVotes, moment: PartMoment, soft: PartSoft | None) -> Scores:
    raise LabelingError(f"Votes must be on spans or sets of labels. Got {votes!r}.")


@_scores.register
def _(votes: SpanVotes, moment: PartMoment, soft: PartSoft | None) -> Scores:
    scores = span_scores(_chosen(moment, soft), moment.gold, moment.schema)
    return {"precision": scores.precision, "recall": scores.recall, "F1": scores.f1}


@_scores.register
def _(votes: SetVotes, moment: PartMoment, soft: PartSoft | None) -> Scores:
    scores = set_scores(_chosen(moment, soft), moment.gold, moment.schema)
    right, predicted, gold = (
        int(scores.by_label[name].sum()) for name in ("right", "n_predicted", "n_gold")
    )
    return {
        "precision": share_of(right, predicted),
        "recall": share_of(right, gold),
        "F1": scores.micro,
        "macro F1": scores.macro,
    }


def _chosen(moment: PartMoment, soft: PartSoft | None) -> pd.Series:
    """Return the parts that a model chose in each sample of the dev set."""
    ids = pd.Index(list(moment.gold), dtype=moment.samples.index.dtype)
    if soft is None:
        return pd.Series([None] * len(ids), ids, dtype=object)
    return soft.of_samples(ids).to_labels()
