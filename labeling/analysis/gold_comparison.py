"""Predicted labels next to gold labels: the aligned arrays that all measures of quality use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, LabelingError, UnknownLabelError, listed
from labeling.records import (
    ABSTAIN,
    Gold,
    LabelSchema,
    SoftLabels,
    gold_codes,
    one_label_only,
    one_label_schema,
    shared_wins,
)
from labeling.records.gold import gold_series
from labeling.records.samples import checked_ids

Floats = npt.NDArray[np.float64]
Predicted = SoftLabels | pd.Series
INSTEAD = "`labeling.span_scores` for spans, `labeling.set_scores` for sets of labels"
"""Soft labels, or a Series from sample id to label (`None` where there is no label)."""


@dataclass(frozen=True, slots=True, eq=False)
class GoldComparison:
    """Samples with a predicted and a gold label, in an order that depends on the ids alone.

    Attributes:
        ids: of the n samples.
        schema: the labels.
        truth: the codes of the gold labels: shape (n,).
        shares: 1 for the predicted label, divided among tied ones; a row of zeros where there is no
            prediction: shape (n, n_labels).
        probabilities: of soft labels, else `None`: shape (n, n_labels).
    """

    ids: pd.Index
    schema: LabelSchema
    truth: npt.NDArray[np.intp]
    shares: Floats
    probabilities: Floats | None

    def scores(self) -> Floats:
        """Return 1 for a correct label, 0 for a wrong one, a fraction for a tie: shape (n,)."""
        right: Floats = self.shares[np.arange(len(self.truth)), self.truth]
        return right


def compared(predicted: Predicted, gold: Gold, schema: LabelSchema | None = None) -> GoldComparison:
    """Return predicted next to gold labels, of the samples that have both.

    Args:
        predicted: soft labels, of which an uncovered row is a tie of all labels; or labels by id.
        gold: true labels of some samples; those of other samples are left out.
        schema: the labels; needed where `predicted` is not soft labels.

    Raises:
        LabelingError: `predicted` is something else, such as spans, or no schema is given.
        UnknownLabelError: a label is not in the schema.
        DataError: no sample has both.
    """
    one_label_only(predicted, "This measure", INSTEAD)
    if schema is not None:
        one_label_schema(schema, "This measure", INSTEAD)
    if isinstance(predicted, SoftLabels):
        ids, labels = predicted.sample_ids, predicted.schema
        shares, probabilities = shared_wins(predicted.to_array()), predicted.to_array()
    elif isinstance(predicted, pd.Series) and schema is not None:
        ids, labels, probabilities = checked_ids(predicted.index), schema, None
        shares = one_hot(predicted, schema)
    else:
        raise LabelingError(
            "Predictions must be SoftLabels, or a pandas Series from sample id to label together"
            f" with `schema=`. Got a {type(predicted).__name__}, and"
            f" {'no schema' if schema is None else 'a schema'}."
        )
    given = gold_series(gold)
    truth = gold_codes(given[given.index.isin(ids)], ids, labels)
    rows = np.flatnonzero(truth != ABSTAIN)
    if not len(rows):
        raise DataError(
            f"Some samples must have a prediction and a gold label. {len(ids):,} have a prediction"
            f" and {len(given):,} a gold label, but none both: are the ids of the same kind?"
            f" Predicted are {listed(ids[:3])}; gold are {listed(given.index[:3])}."
        )
    rows = rows[np.argsort(hash_of(ids[rows]), kind="stable")]
    part = None if probabilities is None else probabilities[rows]
    return GoldComparison(ids[rows], labels, truth[rows], shares[rows], part)


def one_hot(labels: pd.Series, schema: LabelSchema) -> Floats:
    """Return 1 in the column of each label, zeros where it is missing: shape (n, n_labels).

    >>> one_hot(pd.Series({"a": "ham", "b": None}), LabelSchema(["ham", "spam"])).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    codes = label_codes(labels, schema)
    shares: Floats = np.zeros((len(codes), len(schema)))
    rows = np.flatnonzero(codes != ABSTAIN)
    shares[rows, codes[rows]] = 1.0
    return shares


def label_codes(labels: pd.Series, schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the code of each label, -1 where it is missing: shape (n,)."""
    missing, factors = pd.factorize(labels, use_na_sentinel=True)
    try:
        codes = np.array([*(schema.index(label) for label in factors), ABSTAIN], dtype=np.intp)
    except UnknownLabelError as error:
        raise UnknownLabelError(f"In the predicted labels: {error}") from None
    result: npt.NDArray[np.intp] = codes[missing]
    return result


def hash_of(ids: pd.Index) -> npt.NDArray[np.uint64]:
    """Return a hash of each id, by which samples are ordered: results depend on no given order."""
    hashed: Any = pd.util.hash_pandas_object(pd.Series(ids), index=False)
    return np.asarray(hashed, dtype=np.uint64)
