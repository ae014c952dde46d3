"""How training sets of spans and of several labels are built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from labeling.datasets.abstaining import ABSTAINED, NOT_COVERED, POLICIES
from labeling.datasets.build_options import AnySet, BuildOptions, kept_rows
from labeling.datasets.building import built
from labeling.datasets.columns import texts
from labeling.datasets.kinds import SetTrainingSet, SpanTrainingSet
from labeling.datasets.lineage import COULD_NOT_DECIDE, Winners, lineage_columns
from labeling.datasets.manifest import plain_origin
from labeling.datasets.winning_labels import gold_with_lineage
from labeling.errors import DataError, GoldError, LabelingError, UnknownLabelError, listed, near
from labeling.records import (
    Gold,
    Label,
    LabelSchema,
    LabelSource,
    SetVotes,
    SoftSets,
    SoftSpans,
    SpanVotes,
    checked_ids,
    checked_label,
    encode_label,
    expect,
    gold_series,
    positions,
)

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Texts = Sequence[str | None]


class Decided(NamedTuple):
    """What a model decided of each of its samples.

    Attributes:
        labels: the label of each sample; `None` where nothing was said.
        probabilities: those of each label, as the column `probabilities` holds them.
        confidence: the lowest probability of what was decided.
    """

    labels: list[Label | None]
    probabilities: list[list[float] | None]
    confidence: Floats


@built.register
def _(soft: SoftSpans, samples: pd.DataFrame, options: BuildOptions) -> SpanTrainingSet:
    votes = None if options.votes is None else expect(options.votes, SpanVotes, "`votes`")
    column = options.plan.text
    contents = _texts(samples, column)
    rows = positions(samples.index, soft.sample_ids, "the soft spans", "the samples")
    _check_ends(soft, [contents[row] for row in rows.tolist()], column)
    gold = gold_labels(options.gold, samples.index, soft.schema, contents)
    covered = None if votes is None else votes.covered
    return _list_set(
        SpanTrainingSet, samples, soft, decided_spans(soft),
        _Known(gold, covered), options,
    )  # fmt: skip


@built.register
def _(soft: SoftSets, samples: pd.DataFrame, options: BuildOptions) -> SetTrainingSet:
    votes = None if options.votes is None else expect(options.votes, SetVotes, "`votes`")
    gold = gold_labels(options.gold, samples.index, soft.schema)
    covered = None if votes is None else np.asarray(votes.covered.any(axis=1))
    return _list_set(
        SetTrainingSet, samples, soft, decided_sets(soft),
        _Known(gold, covered), options,
    )  # fmt: skip


class _Known(NamedTuple):
    """What is known besides the soft labels: gold by row, and which samples votes cover."""

    gold: Mapping[int, Label]
    covered: Bools | None


def _list_set(
    kind: type[AnySet],
    samples: pd.DataFrame,
    soft: SoftSpans | SoftSets,
    decided: Decided,
    known: _Known,
    options: BuildOptions,
) -> AnySet:
    """Return the training set of what was decided, with gold labels in its place."""
    _check_options(options)
    ids, schema = samples.index, soft.schema
    is_gold = np.zeros(len(ids), dtype=bool)
    is_gold[list(known.gold)] = True
    final = _for_all(decided, ids.get_indexer(soft.sample_ids), len(ids))
    for row, label in known.gold.items():
        final.labels[row] = label
        final.probabilities[row] = kind.form.decided(encode_label(label), schema)[1]
        final.confidence[row] = 1.0
    reasons = _drop_reasons(final, ids, is_gold, options)
    reasons[~(ids.isin(soft.sample_ids) | is_gold)] = "no soft label was given"
    reasons[options.is_undecided(ids) & ~is_gold] = COULD_NOT_DECIDE
    sources = _sources(ids, is_gold, known.covered, options)
    abstained = (reasons == NOT_COVERED) & (options.abstain == "keep")
    reasons[abstained] = None
    sources[abstained] = ABSTAINED
    winners = Winners(
        pd.Series(sources, index=ids, dtype=object),
        lambda row: _encoded(final.labels[row]),
        lambda label: encode_label(checked_label(label, schema)),
    )
    columns = {
        "label": kind.form.to_arrow(final.labels, schema),
        "probabilities": pa.array(final.probabilities, kind.form.types["probabilities"]),
        "confidence": pa.array(final.confidence),
        "weight": pa.array(np.nan_to_num(final.confidence)),
        "source": texts(sources.tolist()),
        **lineage_columns(winners, options.gold, options.votes, options.annotations),
    }
    origin = plain_origin({"settings": options.settings()})
    return kept_rows(kind, samples, columns, reasons, schema, options, origin)


def _for_all(decided: Decided, rows: npt.NDArray[np.intp], n: int) -> Decided:
    """Return what was decided of n samples, of which a model saw those in `rows`."""
    labels: list[Label | None] = [None] * n
    probabilities: list[list[float] | None] = [None] * n
    confidence = np.full(n, np.nan)
    for row, label, p in zip(rows.tolist(), decided.labels, decided.probabilities, strict=True):
        labels[row], probabilities[row] = label, p
    confidence[rows] = decided.confidence
    return Decided(labels, probabilities, confidence)


def _drop_reasons(
    final: Decided, ids: pd.Index, is_gold: Bools, options: BuildOptions
) -> npt.NDArray[np.object_]:
    """Return why samples are left out that a model is unsure of or nobody spoke of, else `None`."""
    reasons = np.full(len(ids), None, dtype=object)
    is_unsure = (final.confidence < options.min_confidence) & ~is_gold
    reasons[is_unsure] = f"confidence below {options.min_confidence:g}"
    reasons[np.array([label is None for label in final.labels], dtype=bool)] = NOT_COVERED
    return reasons


def decided_spans(soft: SoftSpans) -> Decided:
    """Return the spans that a model chose, their probabilities, and how sure it is of a sample.

    A sample is as certain as the least certain decision in it: that a chosen span is one, with the
    probability of its label, or that a candidate which overlaps no chosen span is none.
    """
    p = soft.array[np.arange(len(soft.start)), soft.best_labels]
    shift = soft.sample * (int(soft.end.max(initial=0)) + 1)
    start, end = soft.start + shift, soft.end + shift
    order = np.flatnonzero(soft.chosen)
    order = order[np.argsort(end[order])]
    following = np.searchsorted(end[order], start, side="right")
    begins = np.append(start[order], np.iinfo(np.int64).max)
    is_decided = soft.chosen | (begins[following] >= end)
    confidence = np.where(soft.covered, 1.0, np.nan)
    decisions = np.where(soft.chosen, p, soft.array[:, -1])
    np.fmin.at(confidence, soft.sample[is_decided], decisions[is_decided])
    confidence[~soft.covered] = np.nan
    of_sample: list[list[float] | None] = [[] if has else None for has in soft.covered.tolist()]
    for row, value in zip(soft.sample[soft.chosen].tolist(), p[soft.chosen].tolist(), strict=True):
        values = of_sample[row]
        if values is not None:
            values.append(value)
    return Decided(soft.to_labels().tolist(), of_sample, confidence)


def decided_sets(soft: SoftSets) -> Decided:
    """Return the labels that a model chose, their marginals, and how sure it is of a sample.

    A sample is as certain as the least certain of its labels of which anything was said.
    """
    decisions = np.where(soft.chosen, soft.array, 1 - soft.array)
    counts = soft.covered | soft.chosen
    has = np.asarray(soft.covered.any(axis=1))
    confidence = np.where(counts, decisions, np.inf).min(axis=1, initial=np.inf)
    rows: list[list[float] | None] = soft.array.tolist()
    marginals = [row if is_covered else None for row, is_covered in zip(rows, has, strict=True)]
    return Decided(soft.to_labels().tolist(), marginals, np.where(has, confidence, np.nan))


def gold_labels(
    gold: Gold | None, ids: pd.Index, schema: LabelSchema, contents: Texts = ()
) -> dict[int, Label]:
    """Return gold labels by the row of their sample, checked by the schema and the texts.

    Raises:
        GoldError: a label is missing, or gold is of another type.
        UnknownLabelError: a label is not in the schema.
        DataError: an id is unknown, missing or given twice, or a label is none of this kind.
    """
    if gold is None:
        return {}
    series = gold_series(gold)
    checked = checked_ids(series.index, "The ids of gold labels")
    rows = positions(ids, checked, "the gold labels", "the samples")
    labels: dict[int, Label] = {}
    for row, sample_id, label in zip(rows.tolist(), checked, series.tolist(), strict=True):
        if label is None or label is pd.NA or (isinstance(label, float) and np.isnan(label)):
            raise GoldError(
                f"Gold labels must not be missing. The one of sample {sample_id!r} is; leave it"
                " out, or give an empty list where the sample has no label."
            )
        try:
            labels[row] = checked_label(label, schema, contents[row] if contents else None)
        except (DataError, UnknownLabelError) as error:
            raise type(error)(f"In the gold label of sample {sample_id!r}: {error}") from None
    return labels


def _texts(samples: pd.DataFrame, column: str) -> list[str | None]:
    """Return the text of each sample; `None` where there is none."""
    if column not in samples.columns:
        return [None] * len(samples)
    return [value if isinstance(value, str) else None for value in samples[column].tolist()]


def _check_ends(soft: SoftSpans, contents: Texts, column: str) -> None:
    """Raise a DataError if a chosen span ends behind its text."""
    unknown = np.iinfo(np.int64).max
    lengths = np.array([unknown if text is None else len(text) for text in contents], np.int64)
    wrong = np.flatnonzero(soft.chosen & (soft.end > lengths[soft.sample]))
    if len(wrong):
        candidate = wrong[0]
        row = soft.sample[candidate]
        raise DataError(
            f"Spans must end within the column {column!r}. Got {soft.start[candidate]} to"
            f" {soft.end[candidate]} in sample {soft.sample_ids[row]!r}, whose text has"
            f" {lengths[row]:,} characters, and {len(wrong)} such spans in all. Give the texts that"
            " were voted on, or name their column with `text=`."
        )


def _sources(
    ids: pd.Index, is_gold: Bools, covered: Bools | None, options: BuildOptions
) -> npt.NDArray[np.object_]:
    """Return where each label is from: votes, where any voter spoke of the sample, or elsewhere."""
    sources = np.full(len(ids), LabelSource.VOTES.value, dtype=object)
    if options.votes is not None and covered is not None:
        sources[:] = LabelSource.END_MODEL.value
        rows = ids.get_indexer(options.votes.sample_ids[covered])
        sources[rows[rows >= 0]] = LabelSource.VOTES.value
    known = {label.sample_id: label.source for label in gold_with_lineage(options.gold)}
    for row in np.flatnonzero(is_gold).tolist():
        sources[row] = known.get(ids[row], LabelSource.GIVEN.value)
    return sources


def _check_options(options: BuildOptions) -> None:
    if options.plan.select is not None:
        raise LabelingError(
            "`select` compares the labels of similar samples, one each, and has no meaning for"
            f" spans or several labels. Got select={options.plan.select!r}; leave it out, or use"
            " `min_confidence`."
        )
    if options.abstain not in POLICIES:
        raise LabelingError(
            f"`abstain` must be {listed(POLICIES)}. Got {options.abstain!r}."
            f"{near(options.abstain, POLICIES)}"
        )
    if options.abstain == "as_class":
        raise LabelingError(
            "abstain='as_class' adds a label to those of which a sample has one. Spans and several"
            " labels have no such label; use 'keep' or 'drop'."
        )


def _encoded(label: Label | None) -> str | None:
    return None if label is None else encode_label(label)
