"""Likely errors of answers that give each sample a set of labels."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from labeling.analysis.gold_comparison import hash_of
from labeling.analysis.part_errors import (
    DIGITS,
    Bools,
    Floats,
    PartErrors,
    by_label,
    confident_errors,
    ranked_frame,
    with_intervals,
)
from labeling.records import SoftSets, gold_set_codes, gold_sets
from labeling.records.estimates import Estimate


def set_errors(
    labels: pd.Series, soft: SoftSets, texts: Mapping[Hashable, str] | None
) -> PartErrors:
    """Return the labels of sets that are likely to be missed or extra; see `label_errors`."""
    known = gold_sets(labels, soft.sample_ids, soft.schema)
    ids = pd.Index(list(known), dtype=object)
    ids = ids[np.argsort(hash_of(ids), kind="stable")]
    part = soft.of_samples(ids)
    given = gold_set_codes(known, ids, soft.schema) == 1
    covered, chosen, p = np.asarray(part.covered), np.asarray(part.chosen), part.array
    errors = _estimated(given, p, covered)
    names, none = np.array([*soft.schema.labels, None], dtype=object), len(soft.schema)
    by_name = np.argsort(np.argsort(names[:none]))
    row, label = np.nonzero(covered & (given != chosen))
    is_given = given[row, label]
    quality = np.where(is_given, p[row, label], 1 - p[row, label]).round(DIGITS)
    order = np.lexsort((by_name[label], row, quality))
    row, label, is_given = row[order], label[order], is_given[order]
    ranked = ranked_frame(
        ids.take(row),
        np.where(is_given, "extra", "missed").tolist(),
        names[np.where(is_given, label, none)].tolist(),
        names[np.where(is_given, none, label)].tolist(),
        quality[order],
    )
    ranked["likely_error"] = np.arange(len(ranked)) < round(errors[-1].value)
    if texts is not None:
        shown = [texts[sample_id] for sample_id in ranked.index.tolist()]
        ranked["text"] = pd.Series(shown, ranked.index, dtype=object)
    row, label = np.nonzero(given & ~covered)
    unseen = pd.Series(names[label], ids.take(row), dtype=object)
    table = by_label(soft.schema.labels, errors[:-1])
    return PartErrors(ranked, errors[-1], table, unseen, "labels of samples")


def _estimated(given: Bools, p: Floats, covered: Bools) -> list[Estimate]:
    """Return the number of wrong answers to each label, and to all, each label by itself."""
    parts = []
    for column in range(given.shape[1]):
        rows = np.flatnonzero(covered[:, column])
        yes = p[rows, column]
        codes = given[rows, column].astype(np.int64)
        parts.append((rows, codes, np.stack([1 - yes, yes], axis=1)))

    def count(times: Floats) -> Floats:
        return np.array(
            [confident_errors(codes, array, times[rows]).sum() for rows, codes, array in parts]
        )

    return with_intervals(count, len(given), [len(rows) for rows, _, _ in parts])
