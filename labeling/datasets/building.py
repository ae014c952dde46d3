"""`build_training_set`: which samples get a label, and which are left out and why."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Unpack, overload

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from labeling.datasets.abstaining import (
    ABSTAINED,
    NOT_COVERED,
    schema_with_abstain,
    with_abstained,
)
from labeling.datasets.build_options import BuildArguments, BuildOptions, kept_rows
from labeling.datasets.columns import lists_of_rows, text_of_codes, texts
from labeling.datasets.label_selection import (
    Features,
    SelectionPlan,
    selection_of,
    warn_of_lost_labels,
)
from labeling.datasets.lineage import COULD_NOT_DECIDE, Winners, lineage_columns
from labeling.datasets.manifest import plain_origin
from labeling.datasets.training_set import TrainingSet
from labeling.datasets.vote_lists import AnyVotes
from labeling.datasets.winning_labels import winning_labels
from labeling.records import (
    ABSTAIN,
    Annotation,
    Gold,
    Select,
    SoftLabels,
    SoftSets,
    SoftSpans,
    Table,
    Votes,
    checked_fraction,
    checked_select,
    expect,
    gold_codes,
    live_annotations,
    positions,
    with_id_index,
)

if TYPE_CHECKING:
    from labeling.datasets.kinds import SetTrainingSet, SpanTrainingSet

MOST_TIED = 10
"""Tied labels that a reason names."""


@overload
def build_training_set(
    data: Table, soft: SoftLabels, **options: Unpack[BuildArguments]
) -> TrainingSet: ...
@overload
def build_training_set(
    data: Table, soft: SoftSpans, **options: Unpack[BuildArguments]
) -> SpanTrainingSet: ...
@overload
def build_training_set(
    data: Table, soft: SoftSets, **options: Unpack[BuildArguments]
) -> SetTrainingSet: ...
def build_training_set(
    data: Table,
    soft: SoftLabels | SoftSpans | SoftSets,
    *,
    id: str | None = None,
    gold: Gold | None = None,
    votes: AnyVotes | None = None,
    annotations: Iterable[Annotation] | None = None,
    min_confidence: float = 0.0,
    keep_undecided: bool = False,
    select: Select = None,
    text: str = "text",
    features: Features | None = None,
    abstain: str = "drop",
) -> TrainingSet:
    """Return the samples with a sufficiently certain label, and the lineage of each label.

    Gold labels win over soft ones and have weight 1. Other samples get their most probable label,
    weighted by its probability; uncovered samples, ties, those below `min_confidence`, and those
    that people could not decide are left out and listed in `.dropped` with the reason.

    Of `SoftSpans` or `SoftSets` the label of a sample is all of its spans, or the set of its
    labels, and its confidence that of the least certain of them; see `SpanTrainingSet` and
    `SetTrainingSet`. A sample is kept or left out as a whole: without an uncertain span it would
    say that no span is there. An empty label is a label. `select` and `as_class` are for one label
    per sample.

    Args:
        data: the samples, index = ids; or another table in memory, see `read_samples`.
        soft: soft labels, spans or sets for samples of `data`; samples without are left out.
        id: the column of the ids; `None` takes the index.
        gold: labels known to be true, as a Series or as GoldLabels (which have a lineage); of
            spans lists of (start, end, label), of several labels sets.
        votes: the votes behind `soft`, for the lineage.
        annotations: all annotations, for the lineage.
        min_confidence: the minimum probability of a label that is not gold, 0 to 1.
        keep_undecided: whether samples that reviewers saw without giving a decisive label (by
            `annotations`: all skipped it, or no label has more than half of their labels) keep the
            label of the model. People who saw more than the model found that they have none; if
            they are kept, the column `decided_by` says so.
        select: which weak labels to keep, by how well they agree with those of similar samples (the
            cut statistic, see `labeling.records.cut_statistic`). `None`: all. `"auto"`: all but
            those that differ significantly (5 %). A number above 0 and up to 1: this share of them,
            those that agree best. Gold labels are never left out. `"auto"` helps classifiers that
            are trained on the labels of a label model, and hardly on those of an `EndModel`, which
            knows the texts already; see docs/models.md.
        text: the column of the texts that `select` compares, and within which spans must end;
            without a text a sample stays.
        features: what `select` compares instead of TF-IDF of the texts: a table of numbers, index =
            ids (distances are Euclidean), or a function from a list of texts to an array of shape
            (n_texts, n_dimensions), such as an embedding (angles count).
        abstain: what becomes of samples that no voter covers: `drop` leaves them out; `keep` keeps
            them with the source `abstained`, without a label (null), probabilities and confidence
            (NaN), of weight 0 (learners are not given them); `as_class` labels them `abstain`, one
            label more after those of the schema. A model's prior is never a label. Ties are left
            out in any case.

    Raises:
        DataError: soft labels, votes, gold or annotations of samples that are not in `data`; with
            `select`, no such column of texts, or samples without features.
        LabelingError: `min_confidence` or `select` is out of range, features are not numbers, there
            is no such `abstain`, or `as_class` with ordered labels or with a label `abstain`, or
            `select` or `as_class` with spans or several labels.

    Warns:
        LabelSharesWarning: `select` leaves a label less than half of its share.

    >>> from labeling.records import LabelSchema
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
    plan = SelectionPlan(checked_select(select), text, features)
    live = live_annotations(annotations or ())
    options = BuildOptions(gold, votes, live, min_confidence, keep_undecided, plan, abstain)
    return built(soft, samples, options)


@functools.singledispatch
def built(
    soft: SoftLabels | SoftSpans | SoftSets, samples: pd.DataFrame, options: BuildOptions
) -> TrainingSet:
    """Return the training set of samples; the type of the soft labels says how it is made."""
    return _built(expect(soft, SoftLabels, "`soft`"), samples, options)


def _built(soft: SoftLabels, samples: pd.DataFrame, options: BuildOptions) -> TrainingSet:
    """Return the training set of samples with one label each."""
    votes = None if options.votes is None else expect(options.votes, Votes, "`votes`")
    gold, plan, abstain = options.gold, options.plan, options.abstain
    schema = schema_with_abstain(soft.schema, abstain)
    origin: dict[str, Any] = {"settings": options.settings()}
    ids = samples.index
    is_gold = gold_codes(gold, ids, soft.schema) != ABSTAIN
    aligned, has_soft = _aligned(soft, ids)
    is_undecided = options.is_undecided(ids)
    reasons = _drop_reasons(aligned, has_soft, is_gold, is_undecided, options.min_confidence)
    winning = winning_labels(aligned, gold, votes)
    if plan.select is not None:
        codes = np.where(reasons == None, winning["code"], ABSTAIN)  # noqa: E711 - elementwise
        selection = selection_of(samples, codes, is_gold, plan, soft.schema.labels)
        reasons[selection.is_left_out] = selection.reason
        warn_of_lost_labels(selection.counts)
        origin["selection"] = selection.counts
    origin = plain_origin(origin)
    abstained = (reasons == NOT_COVERED) & (abstain != "drop")
    reasons[abstained] = None
    winning.loc[abstained, "source"] = ABSTAINED
    labels = _label_columns(aligned, winning, is_gold)
    if abstain != "drop":
        labels = with_abstained(labels, abstained, abstain)
    winners = Winners.of_codes(winning, soft.schema)
    columns = labels | lineage_columns(winners, gold, votes, options.annotations)
    return kept_rows(TrainingSet, samples, columns, reasons, schema, options, origin)


def _aligned(soft: SoftLabels, ids: pd.Index) -> tuple[SoftLabels, npt.NDArray[np.bool_]]:
    """Return soft labels for all ids, and which were given; those that were not are uncovered."""
    rows = positions(ids, soft.sample_ids, "the soft labels", "the samples")
    array = np.full((len(ids), len(soft.schema)), 1 / len(soft.schema))
    covered = np.zeros(len(ids), dtype=bool)
    array[rows], covered[rows] = soft.to_array(), soft.covered
    has_soft = np.zeros(len(ids), dtype=bool)
    has_soft[rows] = True
    return SoftLabels(array, ids, soft.schema, covered), has_soft


def _drop_reasons(
    soft: SoftLabels,
    has_soft: npt.NDArray[np.bool_],
    is_gold: npt.NDArray[np.bool_],
    is_undecided: npt.NDArray[np.bool_],
    min_confidence: float,
) -> npt.NDArray[np.object_]:
    """Return why each sample is left out; `None` for those that are not.

    The first reason that holds is the one that is said.
    """
    winners = soft.winners()
    is_tied = winners.sum(axis=1) > 1
    reasons = np.full(len(has_soft), None, dtype=object)
    reasons[soft.confidence() < min_confidence] = f"confidence below {min_confidence:g}"
    for row in np.flatnonzero(is_tied & soft.covered & has_soft & ~is_gold & ~is_undecided):
        tied = [soft.schema.labels[code] for code in np.flatnonzero(winners[row])]
        more = f" and {len(tied) - MOST_TIED:,} more" if len(tied) > MOST_TIED else ""
        reasons[row] = f"tie between {', '.join(tied[:MOST_TIED])}{more}"
    reasons[~soft.covered] = NOT_COVERED
    reasons[~has_soft] = "no soft label was given"
    reasons[is_undecided] = COULD_NOT_DECIDE
    reasons[is_gold] = None
    return reasons


def _label_columns(
    soft: SoftLabels, winning: pd.DataFrame, is_gold: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """Return the columns of labels, probabilities and weights; undecided rows have no label."""
    codes = winning["code"].to_numpy()
    array = np.array(soft.to_array())
    array[is_gold] = np.eye(len(soft.schema))[codes[is_gold]]
    confidence = array.max(axis=1)
    return {
        "label": text_of_codes(codes, soft.schema.labels),
        "probabilities": lists_of_rows(array),
        "confidence": pa.array(confidence),
        "weight": pa.array(np.where(is_gold, 1.0, confidence)),
        "source": texts(winning["source"].tolist()),
    }
