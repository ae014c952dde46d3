"""Votes as one value for each sample, which can be compared, hashed and kept in a table."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, VotesError
from labeling.records import (
    ABSTAIN,
    Answers,
    AnyVotes,
    LabelSchema,
    Marks,
    SetVotes,
    SpanVotes,
    Votes,
    checked_offsets,
)
from labeling.records.ids import encode_id
from labeling.records.span_frames import count_words

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
    labels = [*map(json.dumps, votes.schema.labels), "null"]  # -1 is the last one
    values = zip(marks.start.tolist(), marks.end.tolist(), marks.label.tolist(), strict=True)
    spans = [f"[{start},{end},{labels[code]}]" for start, end, code in values]
    return _joined(len(votes), marks.sample, spans, "[]")


@cells_of.register
def _(votes: SetVotes, column: int) -> Cells:
    answers = votes.answers.take(np.flatnonzero(votes.answers.voter == column))
    by_name = np.argsort(np.array(votes.schema.labels, dtype=object)).argsort()
    answers = answers.take(np.lexsort((by_name[answers.label], answers.sample)))
    labels = [*map(json.dumps, votes.schema.labels)]
    values = zip(answers.label.tolist(), answers.says.tolist(), strict=True)
    says = [f"{labels[code]}:{'true' if says_yes else 'false'}" for code, says_yes in values]
    return _joined(len(votes), answers.sample, says, "{}")


def _joined(n: int, rows: npt.NDArray[np.int64], parts: list[str], brackets: str) -> Cells:
    """Return the parts of each sample as one text, `None` where there is none.

    Args:
        n: the number of samples.
        rows: of each part's sample, ascending.
        parts: JSON.
        brackets: that of all parts of a sample.
    """
    cells = np.full(n, None, dtype=object)
    spoken, starts = np.unique(rows, return_index=True)
    ends = [*starts.tolist(), len(parts)][1:]
    for row, start, end in zip(spoken.tolist(), starts.tolist(), ends, strict=True):
        cells[row] = f"{brackets[0]}{','.join(parts[start:end])}{brackets[1]}"
    return cells


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
    codes: dict[str | None, int] = {None: ABSTAIN}
    marks: list[int] = []
    for row, spans in _parsed(cells, list):
        text = texts[row]
        for span in spans:
            start, end, label = _span(span)
            if not isinstance(text, str) or not 0 <= start < end <= len(text):
                checked_offsets(start, end, text if isinstance(text, str) else "")
            if label not in codes:
                codes[label] = schema.index(label)
            marks += (row, start, end, codes[label], 0, count_words(str(text), start, end))
    columns = np.array(marks, dtype=np.int64).reshape(-1, len(Marks._fields)).T
    return SpanVotes(Marks(*columns), sample_ids, [name], schema)


def sets_of_cells(cells: Cells, name: str, sample_ids: pd.Index, schema: LabelSchema) -> SetVotes:
    """Return what `cells_of` wrote of several labels; see `spans_of_cells`."""
    codes: dict[str, int] = {}
    answers: list[int] = []
    for row, says in _parsed(cells, dict):
        for label, says_yes in says.items():
            if not isinstance(says_yes, bool):
                raise _no_votes(says)
            if label not in codes:
                codes[label] = schema.index(label)
            answers += (row, 0, codes[label], says_yes)
    sample, voter, code, says_of = np.array(answers, dtype=np.int64).reshape(-1, 4).T
    return SetVotes(Answers(sample, voter, code, says_of == 1), sample_ids, [name], schema)


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


def _span(value: Any) -> tuple[int, int, str | None]:
    match value:
        case [int(start), int(end), str() | None as label]:
            return start, end, label
    raise _no_votes(value)


def _no_votes(value: object) -> VotesError:
    return VotesError(f"Votes must be JSON of spans, or of labels. Got {value!r:.100}.")
