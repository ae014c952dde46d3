"""What becomes of samples that no voter covers: dropped, kept without a label, or a label."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.columns import array_of_lists, lists_of_rows
from labeling.errors import LabelingError, near
from labeling.records import LabelSchema

POLICIES = ("drop", "keep", "as_class")
NOT_COVERED = "no voter covers it"
ABSTAINED = "abstained"
"""The source of a sample without a vote that is kept."""

LABEL = "abstain"
"""The label of such samples if they are a class of their own."""


def schema_with_abstain(schema: LabelSchema, abstain: str) -> LabelSchema:
    """Return the labels of a training set; with `as_class` one more, after the others.

    Raises:
        LabelingError: there is no such policy, the labels are grades (not to vote is none), or one
            of them has this name already.

    >>> schema_with_abstain(LabelSchema(["ham", "spam"]), "as_class").labels
    ('ham', 'spam', 'abstain')
    """
    if abstain not in POLICIES:
        raise LabelingError(
            f"`abstain` must be 'drop', 'keep' or 'as_class'. Got {abstain!r}."
            f"{near(abstain, POLICIES)}"
        )
    if abstain != "as_class":
        return schema
    if schema.ordered:
        raise LabelingError(
            "abstain='as_class' must have labels that are not ordered, because a sample without a"
            " vote has no place among grades. Use 'keep' or 'drop'."
        )
    if LABEL in schema.labels:
        raise LabelingError(
            f"abstain='as_class' adds the label {LABEL!r}, which the schema already has. Rename"
            " that label, or use 'keep' or 'drop'."
        )
    descriptions = {**schema.descriptions, LABEL: "No labeling function votes on it."}
    return LabelSchema([*schema.labels, LABEL], descriptions)


def with_abstained(
    columns: Mapping[str, pa.Array], abstained: npt.NDArray[np.bool_], abstain: str
) -> dict[str, pa.Array]:
    """Return the columns of labels with those of samples without a vote.

    Kept, they have no label, no probabilities and no confidence (NaN) and the weight 0: the
    probabilities of a model that heard nothing are its prior, which is no label. As a class they
    have its label, probability 1 and weight 1, since that nobody voted is a fact.

    Args:
        columns: `label`, `probabilities`, `confidence` and `weight`.
        abstained: which samples no voter covers, shape (n,).
        abstain: `keep` or `as_class`.
    """
    array = array_of_lists(columns["probabilities"])
    is_class = abstain == "as_class"
    if is_class:
        array = np.column_stack([array, np.zeros(len(array))])
    array = np.array(array)
    array[abstained] = 0.0 if is_class else np.nan
    if is_class:
        array[abstained, -1] = 1.0
    mask = pa.array(abstained)
    label = pa.scalar(LABEL if is_class else None, pa.string())
    confidence, weight = (1.0, 1.0) if is_class else (np.nan, 0.0)
    return {
        **columns,
        "label": pc.if_else(mask, label, columns["label"]),
        "probabilities": lists_of_rows(array),
        "confidence": pc.if_else(mask, confidence, columns["confidence"]),
        "weight": pc.if_else(mask, weight, columns["weight"]),
    }
