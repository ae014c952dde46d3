"""Checks of what is for one label per sample: other labels are refused, with what works instead."""

from __future__ import annotations

from typing import Any, TypeVar

from labeling.errors import LabelingError
from labeling.records.schema import LabelKind, LabelSchema

Value = TypeVar("Value")

IN_WORDS = {LabelKind.SEVERAL: "several labels per sample", LabelKind.SPANS: "spans"}


def one_label_only(value: Value, what: str, instead: str) -> Value:
    """Return votes or soft labels of one label per sample; values without a schema pass.

    Args:
        value: votes, soft labels, or anything else that has a schema.
        what: what is for one label per sample only, such as "`label_errors`".
        instead: what works for the other kinds, named.

    Raises:
        LabelingError: they are of spans, or of several labels per sample.
    """
    schema: Any = getattr(value, "schema", None)
    if isinstance(schema, LabelSchema):
        one_label_schema(schema, what, instead)
    return value


def one_label_schema(schema: LabelSchema, what: str, instead: str) -> LabelSchema:
    """Return a schema of one label per sample.

    Args:
        schema: the labels.
        what: what is for one label per sample only.
        instead: what works for the other kinds, named.

    Raises:
        LabelingError: it is of spans, or of several labels per sample.

    >>> one_label_schema(LabelSchema(["PER"], kind="spans"), "`find_slices`", "`span_scores`")
    Traceback (most recent call last):
    labeling.errors.LabelingError: `find_slices` must have one label per sample. Got labels of kind
    'spans', which are spans. Use instead: `span_scores`.
    """
    if schema.kind is LabelKind.ONE:
        return schema
    raise LabelingError(
        f"{what} must have one label per sample. Got labels of kind {schema.kind.value!r}, which"
        f" are {IN_WORDS[schema.kind]}. Use instead: {instead}."
    )
