"""Votes as one value for each sample, which can be compared, hashed and kept in a table."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, VotesError
from labeling.records import ABSTAIN, AnyVotes, LabelSchema, SetVotes, SpanVotes, Votes
from labeling.records.ids import encode_id

Cells = npt.NDArray[Any]
"""What a function says of each sample: codes, -1 for nothing; or texts of JSON, `None` for nothing.

A span is `[start, end, label]`, its label null where the function says that nothing is there; of
several labels it is `{label: true or false}`.
"""


@functools.singledispatch
def cells_of(votes: AnyVotes, column: int) -> Cells:
    """Return what a voter says of each sample; equal where the same is said: shape (n_samples,).

    Args:
        votes: of any kind.
        column: of the voter.

    >>> frame = pd.DataFrame({"sample": ["a"], "voter": "x", "start": 0, "end": 3, "label": "PER"})
    >>> schema = LabelSchema(["PER"], kind="spans")
    >>> cells_of(SpanVotes.from_frame(frame, schema=schema, sample_ids=["b", "a"]), 0).tolist()
    [None, '[[0,3,"PER"]]']
    """
    raise LabelingError(f"Votes must be on labels, spans or sets of labels. Got {votes!r}.")


@cells_of.register
def _(votes: Votes, column: int) -> Cells:
    codes: Cells = votes.to_array()[:, column]
    return codes


@cells_of.register
def _(votes: SpanVotes, column: int) -> Cells:
    marks = votes.marks.take(np.flatnonzero(votes.marks.voter == column))
    labels = [*votes.schema.labels, None]  # -1 is the last one
    spans: dict[int, list[Any]] = {}
    values = zip(*(part.tolist() for part in marks[:4]), strict=True)
    for row, start, end, code in values:
        spans.setdefault(row, []).append([start, end, labels[code]])
    return _texts(len(votes), spans.items())


@cells_of.register
def _(votes: SetVotes, column: int) -> Cells:
    answers = votes.answers.take(np.flatnonzero(votes.answers.voter == column))
    says: dict[int, dict[str, bool]] = {}
    values = zip(
        answers.sample.tolist(), answers.label.tolist(), answers.says.tolist(), strict=True
    )
    for row, code, says_yes in values:
        says.setdefault(row, {})[votes.schema.labels[code]] = says_yes
    return _texts(len(votes), says.items())


def votes_digest(cells: Cells, order: npt.NDArray[np.intp]) -> str:
    """Return the hash of what a function says.

    Args:
        cells: shape (n_samples,).
        order: of the samples by their ids, so that the order of the rows does not count.
    """
    ordered = cells[order]
    if ordered.dtype == object:
        return hashlib.sha256(json.dumps(ordered.tolist()).encode()).hexdigest()
    return hashlib.sha256(ordered.astype("<i4").tobytes()).hexdigest()


def id_texts(sample_ids: pd.Index) -> list[str]:
    """Return each sample id as text, different for different ids."""
    return [
        encode_id(sample_id)
        if isinstance(sample_id, (str, int, np.integer)) and not isinstance(sample_id, bool)
        else repr(sample_id)
        for sample_id in sample_ids
    ]


def _texts(n: int, values: Iterable[tuple[int, Any]]) -> Cells:
    cells = np.full(n, None, dtype=object)
    for row, value in values:
        cells[row] = json.dumps(value, separators=(",", ":"), sort_keys=True)
    return cells


def spans_of_cells(
    cells: Cells, name: str, sample_ids: pd.Index, schema: LabelSchema, texts: Sequence[object]
) -> SpanVotes:
    """Return the spans that `cells_of` wrote.

    Args:
        cells: shape (n_samples,).
        name: of the function.
        sample_ids: the samples.
        schema: the labels.
        texts: the texts of the samples.

    Raises:
        DataError: a span lies outside of its text.
        VotesError: the cells are no spans.
        UnknownLabelError: the schema lacks a label.
    """
    rows = [(row, *_span(span)) for row, spans in _parsed(cells, list) for span in spans]
    frame = _frame(rows, ["sample", "start", "end", "label"], name, sample_ids)
    by_id = dict(zip(sample_ids.tolist(), texts, strict=True))
    return SpanVotes.from_frame(
        frame, schema=schema, sample_ids=sample_ids, voters=[name], texts=by_id
    )


def sets_of_cells(cells: Cells, name: str, sample_ids: pd.Index, schema: LabelSchema) -> SetVotes:
    """Return what `cells_of` wrote of several labels; see `spans_of_cells`."""
    rows = [
        (row, label, says_yes)
        for row, says in _parsed(cells, dict)
        for label, says_yes in says.items()
    ]
    frame = _frame(rows, ["sample", "label", "says"], name, sample_ids)
    return SetVotes.from_frame(frame, schema=schema, sample_ids=sample_ids, voters=[name])


def _parsed(cells: Cells, form: type) -> list[tuple[int, Any]]:
    parsed = []
    for row, cell in enumerate(cells.tolist()):
        if cell is None:
            continue
        try:
            value = json.loads(cell)
        except (TypeError, ValueError):
            value = cell
        if not isinstance(value, form):
            raise _no_votes(cell)
        parsed.append((row, value))
    return parsed


def _span(value: Any) -> tuple[int, int, Any]:
    match value:
        case [int(start), int(end), str() | None as label]:
            return start, end, ABSTAIN if label is None else label
    raise _no_votes(value)


def _no_votes(value: object) -> VotesError:
    return VotesError(f"Votes must be JSON of spans, or of labels. Got {value!r:.100}.")


def _frame(rows: list[Any], columns: list[str], name: str, sample_ids: pd.Index) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=columns)
    frame["sample"] = sample_ids.take(frame["sample"].to_numpy(dtype=np.intp))
    frame["voter"] = name
    return frame
