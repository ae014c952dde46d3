"""Tables with one row per marked span, read into columns of codes."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, UnknownLabelError, VotesError, listed
from labeling.records.samples import (
    checked_ids,
    id_index,
    positions,
    refuse_unhashable,
    require_column,
)
from labeling.records.schema import ABSTAIN, LabelKind, LabelSchema
from labeling.records.span_marks import Bools, Ints, Marks
from labeling.records.spans import checked_offsets
from labeling.records.validation import expect
from labeling.records.votes import checked_voters

Texts = pd.Series | Mapping[Hashable, str]

MAX_OFFSET = 2**63 - 1
"""The largest offset that a signed integer holds; beyond it an unsigned one would be negative."""


class SpanColumns(NamedTuple):
    """The names of the columns of a table of spans."""

    sample: str
    voter: str
    start: str
    end: str
    label: str


class SpanParts(NamedTuple):
    """What a table of spans holds; see `SpanVotes`."""

    marks: Marks
    sample_ids: pd.Index
    voters: tuple[str, ...]
    asked: Bools | None


def read_span_frame(
    frame: pd.DataFrame,
    schema: LabelSchema,
    columns: SpanColumns,
    asked: pd.DataFrame | None,
    sample_ids: Sequence[Hashable] | pd.Index | None,
    voters: Sequence[str] | None,
    texts: Texts | None,
) -> SpanParts:
    """Return the spans of a table as columns of codes; see `SpanVotes.from_frame`."""
    tables = _checked_tables(frame, asked, schema, columns)
    with contextlib.ExitStack() as hashable:
        for table in tables:
            hashable.enter_context(refuse_unhashable(table, (columns.sample, columns.voter)))
        hashable.enter_context(refuse_unhashable(frame, [columns.label]))
        return _parts(tables, schema, columns, asked, sample_ids, voters, texts)


def _parts(
    tables: Sequence[pd.DataFrame],
    schema: LabelSchema,
    columns: SpanColumns,
    asked: pd.DataFrame | None,
    sample_ids: Sequence[Hashable] | pd.Index | None,
    voters: Sequence[str] | None,
    texts: Texts | None,
) -> SpanParts:
    frame = tables[-1]
    ids, names = _ids_and_names(tables, columns, sample_ids, voters, texts)
    rows = positions(ids, pd.Index(frame[columns.sample]), "the spans", "the samples")
    of_voter = voter_columns(frame, columns.voter, names)
    start, end = (_offsets(frame, name) for name in (columns.start, columns.end))
    words = _words(frame, rows, start, end, texts, ids)
    labels = _label_codes(frame[columns.label], schema)
    marks = Marks(rows.astype(np.int64), start, end, labels, of_voter, words)
    return SpanParts(marks, ids, tuple(names), _asked(asked, columns, ids, names, rows, of_voter))


def _checked_tables(
    frame: pd.DataFrame, asked: pd.DataFrame | None, schema: LabelSchema, columns: SpanColumns
) -> list[pd.DataFrame]:
    """Return the tables that name samples and voters, after checking their columns."""
    expect(frame, pd.DataFrame, "A table of spans")
    if expect(schema, LabelSchema, "The schema of spans").kind != LabelKind.SPANS:
        raise VotesError(
            f"The schema of spans must have kind='spans'. Got {schema!r}; a label of the whole"
            " sample is read by Votes.from_triples or SetVotes.from_frame."
        )
    for column in columns:
        require_column(frame, column, "a column of the spans")
    if asked is None:
        return [frame]
    expect(asked, pd.DataFrame, "The table of who was asked")
    for column in (columns.sample, columns.voter):
        require_column(asked, column, "who was asked")
    return [asked, frame]


def _ids_and_names(
    tables: Sequence[pd.DataFrame],
    columns: SpanColumns,
    sample_ids: Sequence[Hashable] | pd.Index | None,
    voters: Sequence[str] | None,
    texts: Texts | None,
) -> tuple[pd.Index, pd.Index]:
    """Return the samples and the voters; if not given, those of the texts and the tables."""
    of_texts = None if texts is None else _ids_of_texts(texts)
    if sample_ids is not None:
        ids = checked_ids(id_index(sample_ids))
    else:
        ids = all_values(tables, columns.sample)
        if of_texts is not None:
            ids = of_texts.append(ids[~ids.isin(of_texts)])
    given = all_values(tables, columns.voter) if voters is None else voters
    return ids, pd.Index(checked_voters([str(name) for name in given]), dtype=object)


def _ids_of_texts(texts: Texts) -> pd.Index:
    if not isinstance(texts, (pd.Series, Mapping)):
        raise DataError(
            "`texts` must be a pandas Series or a dict from sample id to text. Got a"
            f" {type(texts).__name__}."
        )
    ids = texts.index if isinstance(texts, pd.Series) else list(texts)
    return checked_ids(id_index(ids), "The ids of `texts`")


def count_words(text: str, start: int, end: int) -> int:
    """Return the number of words in a part of a text, by white space; at least 1."""
    return len(text[start:end].split()) or 1


def all_values(tables: Sequence[pd.DataFrame], column: str) -> pd.Index:
    """Return the values of a column of several tables, in the order of their first row."""
    values = pd.concat([table[column] for table in tables], ignore_index=True)
    if values.isna().any():
        where = np.flatnonzero(values.isna()).tolist()
        raise VotesError(f"Column {column!r} must not be missing in rows {listed(where)}.")
    index: pd.Index = pd.Index(values.unique())
    return index


def voter_columns(table: pd.DataFrame, column: str, names: pd.Index) -> Ints:
    """Return the position of each row's voter among the names."""
    given = pd.Index([str(name) for name in table[column]], dtype=object)
    return positions(names, given, "the table", "the voters").astype(np.int64)


def _offsets(frame: pd.DataFrame, column: str) -> Ints:
    values = frame[column]
    missing = values[values.isna()]
    if len(missing):
        raise VotesError(f"Column {column!r} must hold whole numbers. Got {missing.iloc[0]}.")
    if len(values) and not pd.api.types.is_integer_dtype(values):
        try:
            whole = pd.to_numeric(values, errors="raise").to_numpy(dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise VotesError(f"Column {column!r} must hold whole numbers: {error}.") from None
        # Beyond 2**53 floats skip whole numbers; infinity equals its own floor.
        wrong = np.flatnonzero(~((whole == np.floor(whole)) & (np.abs(whole) <= 2**53)))
        if len(wrong) or pd.api.types.is_bool_dtype(values):
            first = values.iloc[wrong[0] if len(wrong) else 0]
            raise VotesError(f"Column {column!r} must hold whole numbers. Got {first}.")
        return whole.astype(np.int64)
    if len(values) and int(values.max()) > MAX_OFFSET:
        raise VotesError(
            f"Column {column!r} must hold whole numbers up to {MAX_OFFSET}. Got {values.max()}."
        )
    return np.asarray(values, dtype=np.int64)


def _words(
    frame: pd.DataFrame,
    rows: npt.NDArray[np.intp],
    start: Ints,
    end: Ints,
    texts: Texts | None,
    ids: pd.Index,
) -> Ints:
    """Return the number of words of each span, 0 where the texts are not known."""
    words = np.zeros(len(frame), dtype=np.int64)
    if texts is None:
        return words
    places = zip(rows.tolist(), start.tolist(), end.tolist(), strict=True)
    for number, (row, first, last) in enumerate(places):
        sample_id = ids[row]
        text = texts.get(sample_id)
        if not isinstance(text, str):
            raise DataError(f"`texts` must hold a text for sample {sample_id!r}. Got {text!r}.")
        try:
            checked_offsets(first, last, text)
        except DataError as error:
            raise DataError(f"In sample {sample_id!r}: {error}") from None
        words[number] = count_words(text, first, last)
    return words


def _label_codes(labels: pd.Series, schema: LabelSchema) -> Ints:
    codes: dict[Any, int] = {}
    for label in labels.unique().tolist():
        if label is None or label is pd.NA or label != label or _is_abstain(label):
            codes[label] = ABSTAIN
            continue
        try:
            codes[label] = schema.index(label)
        except UnknownLabelError as error:
            raise UnknownLabelError(f"In the labels of spans: {error}") from None
    missing = labels.isna().to_numpy()
    values = [
        ABSTAIN if is_missing else codes[label]
        for label, is_missing in zip(labels.tolist(), missing.tolist(), strict=True)
    ]
    return np.array(values, dtype=np.int64)


def _is_abstain(label: object) -> bool:
    return not isinstance(label, (str, bool, np.bool_)) and label == ABSTAIN


def _asked(
    asked: pd.DataFrame | None,
    columns: SpanColumns,
    ids: pd.Index,
    names: pd.Index,
    marked_rows: npt.NDArray[np.intp],
    marked_by: Ints,
) -> Bools | None:
    """Return who saw which sample; a voter who marked something in a sample must have seen it."""
    if asked is None:
        return None
    table: Bools = np.zeros((len(ids), len(names)), dtype=bool)
    rows = positions(ids, pd.Index(asked[columns.sample]), "who was asked", "the samples")
    table[rows, voter_columns(asked, columns.voter, names)] = True
    unseen = np.flatnonzero(~table[marked_rows, marked_by])
    if len(unseen):
        first = unseen[0]
        raise VotesError(
            f"`asked` must have a row for each voter and sample with spans. {len(unseen)} spans"
            f" have none, the first by {names[marked_by[first]]!r} in sample"
            f" {ids[marked_rows[first]]!r}."
        )
    return table
