"""Checks that labeling functions are of the kind that the labels need."""

from __future__ import annotations

from labeling.errors import LabelingFunctionError
from labeling.records import LabelingFunction, LabelKind, LabelSchema, SpanLabelingFunction

ADVICE = {
    LabelKind.ONE: "label whole samples; write @labeling_function",
    LabelKind.SEVERAL: "label whole samples; write @labeling_function",
    LabelKind.SPANS: "mark spans; write @span_labeling_function",
}


def check_kind(lf: LabelingFunction, schema: LabelSchema, text: str) -> None:
    """Check that a labeling function labels what the labels are of.

    Args:
        lf: the function.
        schema: the labels.
        text: the column that spans are in.

    Raises:
        LabelingFunctionError: it marks spans and should not, or the reverse; it marks spans of
            another column; or it says no to labels where a sample has one.
    """
    marks_spans = isinstance(lf, SpanLabelingFunction)
    if marks_spans != (schema.kind == LabelKind.SPANS):
        does = "marks spans" if marks_spans else "labels whole samples"
        kind = "spans" if marks_spans else "one"
        raise LabelingFunctionError(
            f"With labels of kind={schema.kind.value!r}, labeling functions must"
            f" {ADVICE[schema.kind]}. {lf.name!r} {does}: for such functions write"
            f" LabelSchema([...], kind={kind!r})."
        )
    if lf.closed and schema.kind != LabelKind.SEVERAL:
        raise LabelingFunctionError(
            f"closed=True must be used where a sample may have several labels, with"
            f" LabelSchema([...], kind='several'). Labeling function {lf.name!r} has it, and the"
            f" labels are of kind={schema.kind.value!r}."
        )
    if isinstance(lf, SpanLabelingFunction) and lf.column not in (None, text):
        raise LabelingFunctionError(
            f"Labeling function {lf.name!r} marks spans of column {lf.column!r}, and spans are"
            f" counted in column {text!r}. Give both the same one: apply(..., text={lf.column!r})."
        )
