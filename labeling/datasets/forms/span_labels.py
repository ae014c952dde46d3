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
from labeling.datasets.forms.list_form import ListForm, rows_of_lists
from labeling.records import Label, LabelKind, LabelSchema, Span, decode_label

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


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
