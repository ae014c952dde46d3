"""Tables with a column for each label, which says whether the sample has it."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Iterable, Mapping, Sequence

from labeling.errors import DataError, listed
from labeling.records import SourceAnnotation, SourceAnnotations
from labeling.records.cell_marks import MARKED, NOT_MARKED

PREFIX = "label_"  # as in tables that training sets are written to
UNANSWERED = "rows without an answer (the cells of all labels are empty)"
UNCLEAR = "rows with empty cells of labels beside zeros, and no label marked"

Draft = tuple[SourceAnnotation, Sequence[tuple[int, Mapping[str, str]]]]
"""An annotation that says nothing yet, and its rows with their numbers."""


def label_columns(header: Sequence[str], labels: Sequence[str], file: str) -> dict[str, str]:
    """Return the column of each label; empty if no label has one.

    Raises:
        DataError: some labels have a column, and others have none or two.

    >>> label_columns(["id", "joy", "label_anger"], ["joy", "anger"], "a.csv")
    {'joy': 'joy', 'anger': 'label_anger'}
    """
    columns = {
        label: [name for name in (label, f"{PREFIX}{label}") if name in header] for label in labels
    }
    if not any(columns.values()):
        return {}
    wrong = [label for label, names in columns.items() if len(names) != 1]
    if wrong:
        raise DataError(
            f"{file!r} must have one column for each label, named like it or {PREFIX}<name>. Not so"
            f" for {listed(wrong)}; the columns are {listed(header, 20)}."
        )
    return {label: names[0] for label, names in columns.items()}


def wide_annotations(
    source: str, columns: Mapping[str, str], drafts: Iterable[Draft]
) -> SourceAnnotations:
    """Return the annotations of rows with a column for each label; see `table_annotations`.

    Raises:
        DataError: a cell is neither a yes nor a no, or rows of a person and sample contradict each
            other.
    """
    left_out: collections.Counter[str] = collections.Counter()
    annotations = []
    for draft, lines in drafts:
        answers = [marked_labels(columns, cells, draft.where) for _, cells in lines]
        if any(answer != answers[0] for answer in answers):
            raise DataError(
                f"{draft.where}: the rows of one person and sample must say the same. They differ."
            )
        answer = answers[0]
        if isinstance(answer, str):
            left_out[answer] += 1
        else:
            annotations.append(dataclasses.replace(draft, choices={"": answer}))
    return SourceAnnotations(source, tuple(annotations), left_out)


def marked_labels(
    columns: Mapping[str, str], cells: Mapping[str, str], where: str
) -> tuple[str, ...] | str:
    """Return the labels that are marked in a row, or why the row says nothing.

    Args:
        columns: the column of each label.
        cells: the row.
        where: the row in words, for messages.

    Raises:
        DataError: a cell is neither a yes nor a no.

    >>> marked_labels({"joy": "joy", "anger": "anger"}, {"joy": "x", "anger": ""}, "row 2")
    ('joy',)
    """
    marks = {label: cells[column].strip().casefold() for label, column in columns.items()}
    wrong = [label for label, mark in marks.items() if mark not in {"", *MARKED, *NOT_MARKED}]
    if wrong:
        column = columns[wrong[0]]
        raise DataError(
            f"{where}: column {column!r} must hold 1, x or yes, or 0, no or nothing. Got"
            f" {cells[column]!r:.40}."
        )
    marked = tuple(label for label, mark in marks.items() if mark in MARKED)
    if marked or "" not in marks.values():
        return marked
    return UNCLEAR if any(marks.values()) else UNANSWERED
