"""Checks of annotations from anywhere, before they are appended to the ledger."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable

import pandas as pd

from labeling.errors import DataError
from labeling.records import (
    Annotation,
    LabelSchema,
    checked_label,
    expect,
    person_key,
    refuse_unsafe,
)


def checked_annotation(
    annotation: Annotation, schema: LabelSchema, samples: pd.DataFrame, text: str
) -> Annotation:
    """Return an annotation with its label as the schema stores it.

    Args:
        annotation: the annotation.
        schema: the labels.
        samples: the project's samples.
        text: their column of texts.

    Raises:
        DataError: its author has no name, or its label is not of the schema's kind.
        UnknownLabelError: a label that the schema does not have.
    """
    expect(annotation, Annotation, "Each annotation")
    annotator = annotation.annotator
    if not isinstance(annotator, str) or not person_key(annotator):
        raise DataError(
            f"An annotator must be a non-empty text with visible characters. Got {annotator!r}"
            f" for sample {annotation.sample_id!r}."
        )
    refuse_unsafe([annotator], "The names of annotators")
    if annotation.label is None:
        return annotation
    label = checked_label(annotation.label, schema, text_of(samples, text, annotation.sample_id))
    return dataclasses.replace(annotation, label=label)


def text_of(samples: pd.DataFrame, text: str, sample_id: Hashable) -> str | None:
    """Return the text of a sample; `None` if there is no such sample."""
    (row,) = samples.index.get_indexer(pd.Index([sample_id], dtype=object))
    return None if row < 0 else str(samples[text].iloc[int(row)])
