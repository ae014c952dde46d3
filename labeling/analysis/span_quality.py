"""Precision, recall and F1 of spans against gold, strict and relaxed, with intervals."""

from __future__ import annotations

import functools
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, counted
from labeling.records import Gold, LabelSchema, SoftSpans, Span, checked_spans, gold_spans
from labeling.records.estimates import Estimate, undefined
from labeling.rendering import Displayed, Excerpt, Table, View, as_interval

Counts = npt.NDArray[np.float64]

RESAMPLES = 999
LEAST_RESAMPLED = 8
"""Samples from which a bootstrap interval is given."""
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class SpanScores(Displayed):
    """How well spans match gold spans.

    A span is right if start, end and label are those of a gold span; *relaxed* if it overlaps a
    gold span of its label. Intervals are percentile bootstraps over samples, since spans of one
    sample are not independent.

    Attributes:
        precision: share of right spans among those predicted.
        recall: share of gold spans that were predicted.
        f1: 2 right / (predicted + gold).
        relaxed_precision: share of predicted spans that overlap a gold span of their label.
        relaxed_recall: share of gold spans that a predicted one of their label overlaps.
        relaxed_f1: the harmonic mean of the two.
        by_label: a row for each label: `predicted, gold, right, precision, recall, f1`.
        n_samples: samples with gold.
        n_uncovered: those of them that nothing was predicted of; they count as without spans.
    """

    precision: Estimate
    recall: Estimate
    f1: Estimate
    relaxed_precision: Estimate
    relaxed_recall: Estimate
    relaxed_f1: Estimate
    by_label: pd.DataFrame
    n_samples: int
    n_uncovered: int

    def __repr__(self) -> str:
        return (
            f"SpanScores({counted(self.n_samples, 'sample')}: precision {self.precision.value:.3f},"
            f" recall {self.recall.value:.3f}, F1 {self.f1.value:.3f})"
        )

    def _view(self) -> View:
        names = ("precision", "recall", "f1")
        rows = tuple(
            (
                name.replace("f1", "F1"),
                as_interval(getattr(self, name)),
                as_interval(getattr(self, f"relaxed_{name}")),
            )
            for name in names
        )
        table = Table(
            ("", "same ends and label", "overlap and same label"),
            rows,
            "With 95 % intervals (bootstrap over samples).",
        )
        numbers = self.by_label[["predicted", "gold", "right"]].itertuples()
        counts = Table(
            ("label", "predicted", "gold", "right"),
            tuple((Excerpt(str(row[0])), *(int(value) for value in row[1:])) for row in numbers),
        )
        sentence = (
            f"{counted(self.n_samples, 'sample')} with gold; nothing was predicted of"
            f" {self.n_uncovered}."
        )
        return View("Scores of spans", (sentence, table, counts))


class _Overlap(NamedTuple):
    """Counts of a sample."""

    right: int
    predicted: int
    gold: int
    near_predicted: int
    near_gold: int


def span_scores(
    predicted: SoftSpans | Mapping[Hashable, Any] | pd.Series, gold: Gold, schema: LabelSchema
) -> SpanScores:
    """Return how well predicted spans match gold spans, on the samples with gold.

    Args:
        predicted: the answer of a model, or a mapping or Series from sample id to a list of
            `(start, end, label)`. `None` and missing samples count as without spans.
        gold: the true spans of some of the samples.
        schema: the labels.

    Raises:
        DataError: no gold, or spans that are none.
        GoldError: gold of a sample is missing, or no list of spans.
        UnknownLabelError: a label is not in the schema.

    >>> schema = LabelSchema(["PER", "ORG"], kind="spans")
    >>> gold = {"a": [(0, 3, "PER"), (8, 12, "ORG")]}
    >>> scores = span_scores({"a": [(0, 3, "PER"), (8, 10, "ORG")]}, gold, schema)
    >>> scores.f1.value, scores.relaxed_f1.value
    (0.5, 1.0)
    """
    answers = _answers(predicted, schema)
    ids = pd.Index(list(gold_ids(gold)))
    truth = gold_spans(gold, ids, schema)
    if not truth:
        raise DataError("There must be gold of at least one sample to score spans.")
    pairs = [(answers.get(sample_id), spans) for sample_id, spans in truth.items()]
    counts = np.array([_overlap(spans or (), of_gold) for spans, of_gold in pairs], dtype=float)
    resampled = _resampled(counts)
    estimates = {
        name: _estimate(function, counts, resampled, name) for name, function in _FORMULAS.items()
    }
    return SpanScores(
        **estimates,
        by_label=_by_label(pairs, schema),
        n_samples=len(pairs),
        n_uncovered=sum(spans is None for spans, _ in pairs),
    )


def gold_ids(gold: Gold) -> list[Hashable]:
    """Return the ids of the samples that have gold."""
    from labeling.records import gold_series

    ids: list[Hashable] = gold_series(gold).index.tolist()
    return ids


@functools.singledispatch
def _answers(predicted: Any, schema: LabelSchema) -> dict[Hashable, tuple[Span, ...] | None]:
    raise DataError(
        "Predicted spans must be SoftSpans, or a dict or Series from sample id to spans. Got a"
        f" {type(predicted).__name__}."
    )


@_answers.register
def _(predicted: SoftSpans, schema: LabelSchema) -> dict[Hashable, tuple[Span, ...] | None]:
    labels = predicted.to_labels()
    return dict(zip(labels.index.tolist(), labels.tolist(), strict=True))


@_answers.register(dict)
@_answers.register(Mapping)
def _(predicted: Any, schema: LabelSchema) -> dict[Hashable, tuple[Span, ...] | None]:
    return {
        sample_id: None if spans is None else checked_spans(spans, schema)
        for sample_id, spans in predicted.items()
    }


@_answers.register
def _(predicted: pd.Series, schema: LabelSchema) -> dict[Hashable, tuple[Span, ...] | None]:
    given = zip(predicted.index.tolist(), predicted.tolist(), strict=True)
    return {
        sample_id: None if _is_missing(spans) else checked_spans(spans, schema)
        for sample_id, spans in given
    }


def _is_missing(spans: object) -> bool:
    return spans is None or (isinstance(spans, float) and math.isnan(spans))


def _overlap(predicted: Sequence[Span], gold: Sequence[Span]) -> _Overlap:
    return _Overlap(
        right=len(set(predicted) & set(gold)),
        predicted=len(predicted),
        gold=len(gold),
        near_predicted=sum(_is_near(span, gold) for span in predicted),
        near_gold=sum(_is_near(span, predicted) for span in gold),
    )


def _is_near(span: Span, others: Sequence[Span]) -> bool:
    return any(
        span.label == other.label and span.start < other.end and other.start < span.end
        for other in others
    )


def _f1(counts: Counts) -> Counts:
    return 2 * counts[:, 0] / (counts[:, 1] + counts[:, 2])


def _relaxed_f1(counts: Counts) -> Counts:
    precision, recall = counts[:, 3] / counts[:, 1], counts[:, 4] / counts[:, 2]
    harmonic: Counts = 2 * precision * recall / (precision + recall)
    return np.where(counts[:, 3] + counts[:, 4] == 0, 0.0, harmonic)


_FORMULAS = {
    "precision": lambda counts: counts[:, 0] / counts[:, 1],
    "recall": lambda counts: counts[:, 0] / counts[:, 2],
    "f1": _f1,
    "relaxed_precision": lambda counts: counts[:, 3] / counts[:, 1],
    "relaxed_recall": lambda counts: counts[:, 4] / counts[:, 2],
    "relaxed_f1": _relaxed_f1,
}
_WHOLE = {"precision": [1], "recall": [2]}  # columns of what each score is a share of


def _resampled(counts: Counts) -> Counts:
    """Return the totals of resamples of samples: shape (RESAMPLES, 5)."""
    distinct, times = np.unique(counts, axis=0, return_counts=True)  # sorted: order is no matter
    drawn = np.random.default_rng(SEED).multinomial(len(counts), times / len(counts), RESAMPLES)
    totals: Counts = drawn @ distinct
    return totals


def _estimate(function: Any, counts: Counts, resampled: Counts, name: str) -> Estimate:
    total = counts.sum(axis=0, keepdims=True)
    columns = _WHOLE.get(name.removeprefix("relaxed_"), [1, 2])
    n = int(total[0, columns].max())
    if not n:
        return undefined(0, "no spans" if len(columns) > 1 else "no such spans")
    with np.errstate(invalid="ignore", divide="ignore"):
        value, values = function(total)[0], function(resampled)
    if math.isnan(value):  # nothing predicted, or no gold spans
        value, values = 0.0, np.nan_to_num(values)
    if len(counts) < LEAST_RESAMPLED:
        note = f"no interval: fewer than {LEAST_RESAMPLED} samples"
        return Estimate(float(value), math.nan, math.nan, n, note)
    low, high = np.nanpercentile(values, [2.5, 97.5])
    return Estimate(float(value), float(low), float(high), n)


def _by_label(pairs: Sequence[tuple[Any, tuple[Span, ...]]], schema: LabelSchema) -> pd.DataFrame:
    counts = {label: [0, 0, 0] for label in schema.labels}
    for predicted, gold in pairs:
        for column, spans in enumerate((predicted or (), gold, set(predicted or ()) & set(gold))):
            for span in spans:
                counts[span.label][column] += 1
    columns = ["predicted", "gold", "right"]
    table = pd.DataFrame.from_dict(counts, orient="index", columns=columns)
    table.index.name = "label"
    table["precision"] = table["right"] / table["predicted"]
    table["recall"] = table["right"] / table["gold"]
    table["f1"] = 2 * table["right"] / (table["predicted"] + table["gold"])
    return table
