"""How well sets of labels match gold sets: micro and macro F1, exact matches, intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, counted
from labeling.records import (
    Gold,
    LabelSchema,
    SoftSets,
    checked_set,
    gold_set_codes,
    gold_sets,
)
from labeling.records.estimates import Estimate, proportion
from labeling.rendering import Displayed, Excerpt, Share, Table, View, as_interval

Counts = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

RESAMPLES = 999
RESAMPLES_AT_A_TIME = 100
LEAST_RESAMPLED = 8
"""Samples from which a bootstrap interval is given."""
SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class SetScores(Displayed):
    """How well sets of labels match gold sets.

    Intervals are percentile bootstraps over samples, that of exact matches is Wilson's.

    Attributes:
        micro: F1 over all labels of all samples: 2 right / (predicted + gold). Common labels count
            most.
        macro: the mean of the labels' F1, over labels that are predicted or gold anywhere.
        exact: the share of samples with exactly the gold set.
        by_label: a row for each label: `n_gold, n_predicted, right, precision, recall, f1, low,
            high`, the last two the interval of F1.
        n_samples: samples with gold.
        n_uncovered: those of them of which nothing was predicted; they count as without labels.
    """

    micro: Estimate
    macro: Estimate
    exact: Estimate
    by_label: pd.DataFrame
    n_samples: int
    n_uncovered: int

    def __repr__(self) -> str:
        return (
            f"SetScores({counted(self.n_samples, 'sample')}: micro F1 {self.micro.value:.3f}, macro"
            f" F1 {self.macro.value:.3f}, exact {self.exact.value:.3f})"
        )

    def _view(self) -> View:
        names = {"micro F1": self.micro, "macro F1": self.macro, "exact matches": self.exact}
        overall = Table(
            ("", "with 95 % interval"),
            tuple((name, as_interval(estimate)) for name, estimate in names.items()),
        )
        values = (self.by_label[name].tolist() for name in self.by_label)
        rows = tuple(
            (
                Excerpt(str(label)),
                n_gold,
                n_predicted,
                right,
                Share(precision),
                Share(recall),
                as_interval(Estimate(f1, low, high, self.n_samples)),
            )
            for label, n_gold, n_predicted, right, precision, recall, f1, low, high in zip(
                self.by_label.index, *values, strict=True
            )
        )
        columns = ("label", "gold", "predicted", "right", "precision", "recall", "F1")
        sentence = (
            f"{counted(self.n_samples, 'sample')} with gold; nothing was predicted of"
            f" {self.n_uncovered}."
        )
        return View("Scores of sets of labels", (sentence, overall, Table(columns, rows)))


def set_scores(
    predicted: SoftSets | Mapping[Hashable, Any] | pd.Series, gold: Gold, schema: LabelSchema
) -> SetScores:
    """Return how well predicted sets match gold sets, on the samples with gold.

    Args:
        predicted: the answer of a model, or a mapping or Series from sample id to a set or list, as
            `SoftSets.to_labels` returns. `None` and missing samples count as without labels.
        gold: the true sets of some of the samples.
        schema: the labels.

    Raises:
        DataError: no gold, or sets that are none.
        GoldError: gold of a sample is missing, or no set of labels.
        UnknownLabelError: a label is not in the schema.

    >>> schema = LabelSchema(["joy", "anger"], kind="several")
    >>> gold = {"a": ["joy", "anger"], "b": [], "c": ["joy"]}
    >>> scores = set_scores({"a": ["joy"], "b": [], "c": ["joy"]}, gold, schema)
    >>> round(scores.micro.value, 2), scores.macro.value, round(scores.exact.value, 2)
    (0.8, 0.5, 0.67)
    """
    sets = predicted.to_labels() if isinstance(predicted, SoftSets) else pd.Series(predicted)
    ids = pd.Index(_gold_ids(gold, schema, sets.index))
    truth = gold_set_codes(gold, ids, schema) == 1
    given = dict(zip(sets.index.tolist(), sets.tolist(), strict=True))
    of_gold = [given.get(sample_id) for sample_id in ids.tolist()]
    chosen = np.zeros(truth.shape, dtype=bool)
    for row, labels in enumerate(of_gold):
        if not _is_missing(labels):
            chosen[row, [schema.index(label) for label in checked_set(labels, schema)]] = True
    # In one order, so that the intervals do not depend on that of the samples.
    order = np.lexsort((*chosen.T, *truth.T))
    truth, chosen = truth[order], chosen[order]
    exact = int((truth == chosen).all(axis=1).sum())
    drawn = _resampled(truth, chosen)
    totals = _totals(truth, chosen)
    f1, f1_drawn = _f1(totals), _f1(drawn)
    micro, micro_drawn = _f1(totals.sum(axis=-1)), _f1(drawn.sum(axis=-1))
    used = totals.sum(axis=0) > 0
    n = len(ids)
    return SetScores(
        micro=_estimate(micro, micro_drawn, n),
        macro=_estimate(_mean(f1, used), _mean(f1_drawn, used), n),
        exact=proportion(exact, n),
        by_label=_table(schema, totals, f1, f1_drawn),
        n_samples=n,
        n_uncovered=sum(map(_is_missing, of_gold)),
    )


def _gold_ids(gold: Gold, schema: LabelSchema, known: pd.Index) -> list[Hashable]:
    from labeling.records import gold_series

    ids = gold_series(gold).index
    if not len(ids):
        raise DataError("There must be gold labels to measure sets against. Got none.")
    if isinstance(ids, pd.Index) and len(known) and not known.isin(ids).any():
        raise DataError("The gold must be of samples that are predicted. None of them is.")
    return list(gold_sets(gold, ids, schema))


def _is_missing(labels: Any) -> bool:
    return labels is None or (isinstance(labels, float) and math.isnan(labels))


def _totals(truth: Bools, chosen: Bools) -> Counts:
    """Return right, predicted and gold of each label: shape (3, n_labels)."""
    tables = (truth & chosen, chosen, truth)
    return np.stack([table.sum(axis=0) for table in tables]).astype(np.float64)


def _resampled(truth: Bools, chosen: Bools) -> Counts:
    """Return the totals of resamples: shape (3, n_resamples, n_labels)."""
    n = len(truth)
    if n < LEAST_RESAMPLED:
        return np.zeros((3, 0, truth.shape[1]))
    rng = np.random.default_rng(SEED)
    tables = [table.astype(np.float64) for table in (truth & chosen, chosen, truth)]
    parts = []
    for start in range(0, RESAMPLES, RESAMPLES_AT_A_TIME):
        size = min(RESAMPLES_AT_A_TIME, RESAMPLES - start)
        times = rng.multinomial(n, np.full(n, 1 / n), size=size).astype(np.float64)
        parts.append(np.stack([times @ table for table in tables]))
    return np.concatenate(parts, axis=1)


def _f1(totals: Counts) -> Counts:
    """Return F1 of right, predicted and gold along the first axis; 0 where there is neither."""
    f1: Counts = 2 * totals[0] / np.maximum(totals[1] + totals[2], 1)
    return f1


def _mean(f1: Counts, used: Bools) -> Counts:
    """Return the mean over the labels that are used."""
    mean: Counts = f1[..., used].mean(axis=-1) if used.any() else np.zeros(f1.shape[:-1])
    return np.asarray(mean, dtype=np.float64)


def _estimate(value: Counts, drawn: Counts, n: int) -> Estimate:
    if not len(drawn):
        note = f"no interval: fewer than {LEAST_RESAMPLED} samples"
        return Estimate(float(value), math.nan, math.nan, n, note)
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return Estimate(float(value), low, high, n)


def _table(schema: LabelSchema, totals: Counts, f1: Counts, drawn: Counts) -> pd.DataFrame:
    right, n_predicted, n_gold = totals
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = right / n_predicted, right / n_gold
    low = high = np.full(len(schema), np.nan)
    if len(drawn):
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    columns = {
        "n_gold": n_gold.astype(np.int64),
        "n_predicted": n_predicted.astype(np.int64),
        "right": right.astype(np.int64),
        "precision": precision,
        "recall": recall,
        "f1": f1,
        "low": low,
        "high": high,
    }
    return pd.DataFrame(columns, index=pd.Index(schema.labels, name="label"))
