"""`recorded_spans`: spans that people or other taggers marked before, as labeling functions."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

import pandas as pd

from labeling.errors import DataError
from labeling.functions.crowds import is_absent, unique_names
from labeling.functions.known_values import KnownValues
from labeling.functions.row_access import may_be_label, reader
from labeling.records import SpanLabelingFunction, expect, require_column
from labeling.records.spans import checked_offsets

Marks = tuple[tuple[int, int, Any], ...]


def recorded_spans(
    table: pd.DataFrame,
    *,
    by: str,
    sample: str = "sample",
    voter: str = "voter",
    start: str = "start",
    end: str = "end",
    label: str = "label",
) -> list[SpanLabelingFunction]:
    """Return a labeling function for each voter of a table, which marks what it marked.

    It says nothing of samples in which the voter marked nothing. Where people's silence is to count
    as well, read the table by `SpanVotes.from_frame(..., speaks=True)`.

    Args:
        table: recorded spans, one per row, such as that of `SpanVotes.to_frame`.
        by: the column of the *samples* that holds their ids, or the name of their index.
        sample: the column of `table` with sample ids, compared with those by value.
        voter: the column with the annotator or tagger.
        start: the column with the index of each span's first code point.
        end: the column with the index after its last one.
        label: the column with label names or codes; a missing one says that nothing is there.

    Returns:
        labeling functions with the names `recorded_<voter>`, sorted by name.

    Raises:
        DataError: a column, voter or id is missing, or offsets or a label are invalid.

    >>> from types import SimpleNamespace
    >>> table = pd.DataFrame({"sample": [1, 1], "voter": "ann", "start": [0, 8], "end": [3, 11]})
    >>> (lf,) = recorded_spans(table.assign(label="PER"), by="key")
    >>> lf(SimpleNamespace(key=1, text="Ann met Bob."))
    [Span(start=0, end=3, label='PER'), Span(start=8, end=11, label='PER')]
    """
    expect(table, pd.DataFrame, "The table of recorded spans")
    columns = (voter, sample, start, end, label)
    for column in columns:
        require_column(table, column, "the table of recorded spans")
    marked: dict[Hashable, dict[Hashable, list[tuple[int, int, Any]]]] = {}
    for person, sample_id, *span in _rows(table, columns):
        if is_absent(person) or is_absent(sample_id):
            raise DataError(
                "Each recorded span must have a voter and a sample. Got"
                f" {person!r} and {sample_id!r}."
            )
        checked = _checked_span(person, sample_id, span)
        marked.setdefault(person, {}).setdefault(sample_id, []).append(checked)
    return [
        _labeling_function(name, person, marked[person], by)
        for name, person in unique_names(marked, "recorded")
    ]


def _rows(table: pd.DataFrame, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    return zip(*(table[column].astype(object).tolist() for column in columns), strict=True)


def _checked_span(person: Hashable, sample_id: Hashable, span: list[Any]) -> tuple[int, int, Any]:
    label = None if is_absent(span[2]) else span[2]
    if label is not None and not may_be_label(label):
        raise DataError(
            f"Voter {person!r} must have given a span of sample {sample_id!r} a label name or code."
            f" Got {label!r} ({type(label).__name__})."
        )
    try:
        return (*checked_offsets(span[0], span[1]), label)
    except DataError as error:
        raise DataError(f"In what {person!r} marked in sample {sample_id!r}: {error}") from None


def _labeling_function(
    name: str, person: Hashable, marked: dict[Hashable, list[tuple[int, int, Any]]], by: str
) -> SpanLabelingFunction:
    read = reader(by)
    spans_of = {sample_id: tuple(spans) for sample_id, spans in marked.items()}
    # The case of ids counts: "A1" and "a1" may be two samples.
    find = KnownValues(spans_of.items(), f"The recorded {name!r}", by, str.__str__).finder()

    def mark(x: Any) -> list[tuple[int, int, Any]]:
        spans: Marks | None = find(read(x))
        return [] if spans is None else list(spans)

    n_spans = sum(map(len, spans_of.values()))
    mark.__doc__ = f"Marks what {person!r} marked: {n_spans} spans in {len(spans_of)} samples."
    mark.__name__ = mark.__qualname__ = name
    lf = SpanLabelingFunction(name, mark)
    lf.reads = (by,)
    return lf
