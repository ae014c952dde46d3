"""The form of labels that are spans."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.columns import OWN_TYPES, Columns
from labeling.datasets.forms.label_form import LabelPart
from labeling.datasets.forms.list_form import ListForm, rows_of_lists
from labeling.records import NOTHING, Label, LabelKind, LabelSchema, Span, decode_label

SPAN_TYPE = pa.struct([("start", pa.int64()), ("end", pa.int64()), ("label", pa.string())])
"""A span in a file: `text[start:end]` in Unicode code points, and its label."""


class SpanLabels(ListForm):
    """Spans: lists of (start, end, label), and the probability of each span.

    >>> form = SpanLabels()
    >>> schema = LabelSchema(["PER"], kind="spans")
    >>> column = form.to_arrow([(Span(0, 3, "PER"),), (), None], schema)
    >>> form.label_texts(column).to_pylist()
    ['[[0,3,"PER"]]', '[]', None]
    """

    kind = LabelKind.SPANS
    types: ClassVar[Mapping[str, pa.DataType]] = {**OWN_TYPES, "label": pa.list_(SPAN_TYPE)}

    text_task = "token-classification"
    meanings: ClassVar[Mapping[str, str]] = {
        "label": "the spans: start and end in Unicode code points of the text, and the label",
        "probabilities": "the probability of each of the spans",
        "confidence": "the lowest probability of what was decided in the sample",
        "lf_votes": "the spans that each labeling function marked, as JSON",
        "annotators": "the spans that people marked, as JSON, under pseudonyms; null for a skip",
    }
    columns_in_csv = ("label", "probabilities")

    def to_arrow(self, labels: Iterable[Label | None], schema: LabelSchema) -> pa.Array:
        """Return labels as the column `label`."""
        return pa.array(
            [None if label is None else [tuple(span) for span in label] for label in labels],
            self.types["label"],
        )

    def labels(self, column: pa.Array) -> list[Any]:
        """Return labels as `Label`; `None` for null."""
        cells = column.flatten()
        spans = list(map(Span, *(cells.field(place).to_pylist() for place in range(3))))
        result: list[Any] = []
        stop = 0
        for length in column.value_lengths().to_pylist():
            start, stop = stop, stop + (length or 0)
            result.append(None if length is None else tuple(spans[start:stop]))
        return result

    def more_counts(self, column: pa.Array) -> dict[str, Any]:
        """Return how many samples have no span, and how many spans there are of each label."""
        names, _ = self.label_names(column)
        pairs = pc.value_counts(names).to_pylist()
        spans = dict(sorted((str(pair["values"]), int(pair["counts"])) for pair in pairs))
        return {**super().more_counts(column), "spans": spans}

    def decoded(self, text: str) -> Any:
        """Return the spans of a vote."""
        return decode_label(text, LabelKind.SPANS)

    def certain(self, label: Any, schema: LabelSchema) -> list[float]:
        """Return 1 for each span."""
        return [1.0] * len(label)

    def names_in(self, text: str) -> set[str]:
        """Return the labels of the spans of a label or vote."""
        return {span.label for span in self.decoded(text)} - {NOTHING}

    def note(self, column: pa.Array) -> str:
        """Return how many spans there are of each label, and how many samples have none."""
        counts = self.more_counts(column)
        spans = [f"{count:,} {name}" for name, count in counts["spans"].items()]
        return (
            f"Samples are counted that have such a span. Spans: {', '.join(spans) or 'none'};"
            f" {counts['empty_labels']:,} samples have no span."
        )

    def words(self, text: str, content: str | None) -> str:
        """Return spans by their texts, such as `PER 'Ann' (0 to 3)`."""
        spans = self.decoded(text)
        return "; ".join(span_in_words(span, content) for span in spans) or "no span"

    def parts(
        self, label: Any, probabilities: Any, votes: Mapping[str, Any], content: str | None
    ) -> tuple[LabelPart, ...]:
        """Return each span with who marked it, and who marked otherwise what overlaps it."""
        return tuple(
            LabelPart(
                span_in_words(span, content),
                float(p),
                tuple(voter for voter, spans in votes.items() if span in (spans or ())),
                tuple(
                    voter
                    for voter, spans in votes.items()
                    if span not in (spans or ())
                    and any(each.start < span.end and span.start < each.end for each in spans or ())
                ),
            )
            for span, p in zip(label, probabilities, strict=True)
        )

    def label_names(self, column: pa.Array) -> tuple[pa.Array, Any]:
        """Return the names in all labels one after the other, and the row of each."""
        return column.flatten().field(2), rows_of_lists(column)

    def hub_labels(self, column: pa.Array, schema: LabelSchema) -> pa.Array:
        """Return spans as they are, with the names of their labels."""
        return column

    def label_feature(self, schema: LabelSchema) -> dict[str, Any] | None:
        """Return that spans have the feature of their type."""
        return None

    def label_feature_in_yaml(self, schema: LabelSchema) -> dict[str, Any] | None:
        """Return that spans have the feature of their type."""
        return None

    def csv_columns(
        self, columns: Columns, schema: LabelSchema
    ) -> Iterable[tuple[str, npt.NDArray[Any]]]:
        """Return labels and probabilities as JSON texts, which no spreadsheet evaluates."""
        for name in self.columns_in_csv:
            values = [None if row is None else _json(row) for row in columns[name].to_pylist()]
            yield name, np.array(values, dtype=object)


def span_in_words(span: Span, content: str | None) -> str:
    """Return a span as people read it.

    >>> span_in_words(Span(0, 3, "PER"), "Ann met Bob")
    "PER 'Ann' (0 to 3)"
    """
    part = "" if content is None else f"{content[span.start : span.end]!r} "
    return f"{span.label} {part}({span.start} to {span.end})"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
