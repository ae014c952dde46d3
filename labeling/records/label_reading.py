"""Labels of any kind from cells of files and tables: names, lists, or JSON texts."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from labeling.errors import DataError, LabelingError
from labeling.records.schema import LabelKind, LabelSchema
from labeling.records.spans import Label, checked_label, checked_set, checked_spans

SEPARATOR = ";"
SPAN = ("start", "end", "label")


def read_label(cell: object, schema: LabelSchema, text: str | None = None) -> Label | None:
    """Return the label in a cell of a file or table; `None` if the cell is empty.

    Of one label per sample it is a name or code. Several labels are a list, its JSON, or names with
    a semicolon between them; `[]` says that the sample has none of them. Spans are a list of
    `(start, end, label)`, also as lists or objects with these keys, or its JSON.

    Args:
        cell: the value.
        schema: the labels.
        text: the sample's text, if known: spans must end within it.

    Raises:
        DataError: it is no label of this kind.
        UnknownLabelError: a label that the schema does not have.

    >>> moods = LabelSchema(["joy", "anger"], kind="several")
    >>> sorted(read_label("joy; anger", moods)), read_label("[]", moods)
    (['anger', 'joy'], frozenset())
    >>> people = LabelSchema(["PER"], kind="spans")
    >>> read_label('[[0, 3, "PER"]]', people), read_label(float("nan"), people)
    ((Span(start=0, end=3, label='PER'),), None)
    """
    is_blank = isinstance(cell, str) and not cell.strip() and schema.kind != LabelKind.ONE
    if is_blank or _is_missing(cell):
        return None
    return _READERS[schema.kind](schema.recorded(cell), schema, text)


def is_label_of(label: Label, schema: LabelSchema) -> bool:
    """Return whether a label is of the schema's kind, with names that the schema has.

    >>> is_label_of(frozenset({"joy"}), LabelSchema(["joy"], kind="several"))
    True
    """
    try:
        checked_label(label, schema)
    except LabelingError:
        return False
    return True


def _is_missing(cell: object) -> bool:
    return cell is None or (bool(pd.api.types.is_scalar(cell)) and bool(pd.isna(cell)))  # type: ignore[call-overload]


def _set(cell: object, schema: LabelSchema, text: str | None) -> Label:
    if not isinstance(cell, str):
        return checked_set([cell] if _is_number(cell) else cell, schema)
    if cell in schema.labels:
        return frozenset({str(cell)})
    if cell.strip().startswith("["):
        return checked_set(_parsed(cell, '["joy","anger"]'), schema)
    return checked_set([part.strip() for part in cell.split(SEPARATOR) if part.strip()], schema)


def _is_number(cell: object) -> bool:
    return isinstance(cell, (int, np.integer)) and not isinstance(cell, bool)


def _spans(cell: object, schema: LabelSchema, text: str | None) -> Label:
    spans = _parsed(cell, '[[0,3,"PER"]]') if isinstance(cell, str) else cell
    if isinstance(spans, Iterable) and not isinstance(spans, (str, bytes, Mapping)):
        spans = [_triple(span) for span in spans]
    return checked_spans(spans, schema, text)


def _triple(span: Any) -> Any:
    """Return an object with the keys of a span as a triple; anything else as it is."""
    if isinstance(span, Mapping) and set(SPAN) <= set(span):
        return tuple(span[key] for key in SPAN)
    return span


def _parsed(cell: str, example: str) -> Any:
    try:
        return json.loads(cell)
    except ValueError as error:
        raise DataError(f"A label must be JSON such as {example}. Got {cell[:100]!r}.") from error


_READERS: Mapping[LabelKind, Callable[[object, LabelSchema, str | None], Label]] = MappingProxyType(
    {LabelKind.ONE: checked_label, LabelKind.SEVERAL: _set, LabelKind.SPANS: _spans}
)
