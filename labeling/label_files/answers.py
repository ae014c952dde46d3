"""Reads what people write as the label of a row, by what a label is."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from labeling.errors import LabelingError, listed, quoted
from labeling.label_files.cells import tidy
from labeling.label_files.columns import LABEL, mark_column
from labeling.label_files.labels import SKIP, Labels
from labeling.label_files.sheets import Row
from labeling.records import (
    Label,
    LabelKind,
    LabelSchema,
    Span,
    checked_spans,
    placed,
    read_label,
)
from labeling.records.cell_marks import MARKED, NOT_MARKED

NONE = "NONE"
WORDS = (NONE, SKIP, "OK", "REJECT")  # what else may stand in the column of several labels
SPAN_KEYS = ("start", "end", "label")


class AnswerReader(Protocol):
    """Reads the label of a row."""

    choices: tuple[str, ...]

    def written(self, row: Row) -> str:
        """Return what a person wrote as the label; empty if the row is not labeled yet."""

    def read(self, row: Row, text: str) -> Label | None:
        """Return the label of a row, or `None` for a skip.

        Args:
            row: a row that is labeled.
            text: the sample's text.

        Raises:
            LookupError: there is no such label; the message is the reason.
        """


class SetAnswers:
    """Reads several labels: marks in the column of each label, or a list in column `labels`.

    Raises:
        LabelingError: a label is a word that means something else in column `labels`.

    >>> answers = SetAnswers(LabelSchema(["joy", "anger"], kind="several"))
    >>> import datetime
    >>> from labeling.label_files.sheets import Source
    >>> source = Source("a.csv", datetime.datetime.now(datetime.UTC))
    >>> sorted(answers.read(Row(source, 2, {mark_column("joy"): "x"}), ""))
    ['joy']
    >>> answers.read(Row(source, 2, {LABEL: "NONE"}), "")
    frozenset()
    """

    choices: tuple[str, ...] = (NONE, SKIP)

    def __init__(self, schema: LabelSchema) -> None:
        clash = [label for label in schema if tidy(label).casefold() in map(str.casefold, WORDS)]
        if clash:
            raise LabelingError(
                f"In files {listed(WORDS)} mean something else than a label, and a label of the"
                f" schema is called so: {listed(clash)}. Give that label another name."
            )
        self._schema = schema

    def written(self, row: Row) -> str:
        """Return what a person wrote into column `labels` and into those of the labels."""
        marks = [cell for label in self._schema if (cell := row[mark_column(label)].strip())]
        return " | ".join([row[LABEL], *marks]) if marks else row[LABEL]

    def read(self, row: Row, text: str) -> frozenset[str] | None:
        """Return the labels of a row, or `None` for a skip; LookupError if it is unclear."""
        cells = {label: _word(row[mark_column(label)]) for label in self._schema}
        wrong = [cell for cell in cells.values() if cell not in {"", *MARKED, *NOT_MARKED}]
        if wrong:
            raise LookupError(
                f"A label must be marked with x, 1 or yes, and left empty, 0 or no where the sample"
                f" does not have it. Got {listed(wrong)}."
            )
        marked = frozenset(label for label, cell in cells.items() if cell in MARKED)
        cell = row[LABEL].strip()
        if not cell:
            if not marked and "" in cells.values():
                raise LookupError(
                    "Nothing is marked, and some labels are empty. Mark one with x, or write"
                    f" {NONE} into the column beside if the sample has none of the labels."
                )
            return marked
        listed_labels = self._listed(cell)
        if marked and marked != listed_labels:
            raise LookupError(
                f"Marked are {listed(sorted(marked))}, and {quoted(cell)} is written beside. Empty"
                " what is wrong."
            )
        return listed_labels

    def _listed(self, cell: str) -> frozenset[str] | None:
        """Return what is written in column `labels`."""
        word = _word(cell)
        if word in (SKIP.casefold(), NONE.casefold()):
            return None if word == SKIP.casefold() else frozenset()
        try:
            labels = read_label(cell, self._schema)
        except LabelingError as error:
            raise LookupError(
                f"There must be {NONE}, {SKIP} or a list of labels. {error}"
            ) from error
        return labels if isinstance(labels, frozenset) else frozenset()


class SpanAnswers:
    """Reads spans from JSON: a list of objects with `start`, `end`, `label` and `text`.

    >>> answers = SpanAnswers(LabelSchema(["PER"], kind="spans"))
    >>> answers.parse('[{"start": 8, "end": 11, "label": "PER", "text": "Bob"}]', "Ann met Bob.")
    (Span(start=8, end=11, label='PER'),)
    >>> answers.parse("[]", "Ann met Bob."), answers.parse("skip", "Ann met Bob.")
    ((), None)
    """

    choices: tuple[str, ...] = (SKIP,)

    def __init__(self, schema: LabelSchema) -> None:
        self._schema = schema

    def written(self, row: Row) -> str:
        """Return what a person wrote into `spans`; empty for null."""
        return row[LABEL]

    def read(self, row: Row, text: str) -> tuple[Span, ...] | None:
        """Return the spans of a row, or `None` for a skip; LookupError if they are wrong."""
        return self.parse(row[LABEL], text)

    def parse(self, cell: str, text: str) -> tuple[Span, ...] | None:
        """Return the spans of a cell, or `None` for a skip; LookupError if they are wrong."""
        if _word(cell) == SKIP.casefold():
            return None
        items = _parsed(cell)
        if not isinstance(items, list):
            raise LookupError(
                "There must be a list of spans, [] for none, null if the row is not labeled yet, or"
                f" {SKIP}. Got {quoted(cell)}."
            )
        spans = [_placed(item, text) for item in items]
        try:
            return checked_spans(spans, self._schema, text)
        except LabelingError as error:
            raise LookupError(str(error)) from error


def _placed(item: object, text: str) -> tuple[int, int, Any]:
    """Return a span with offsets in code points that enclose its text."""
    if isinstance(item, Mapping):
        start, end, label = (item.get(key) for key in SPAN_KEYS)
        marked = item.get("text")
    elif isinstance(item, list) and len(item) == len(SPAN_KEYS):
        (start, end, label), marked = item, None
    else:
        raise LookupError(
            "A span must be an object with start, end, label and text, or a list of the first"
            f" three. Got {quoted(item)}."
        )
    if not isinstance(label, str):
        raise LookupError(f"The label of a span must be a name. Got {quoted(label)}.")
    place = placed(start, end, marked, text)
    if place is None:
        what = "" if marked is None else f" as {quoted(marked)}"
        part = text[start:end] if isinstance(start, int) and isinstance(end, int) else ""
        raise LookupError(
            "`start` and `end` of a span must enclose its `text`, counted in characters from 0."
            f" Got {start!r:.40} to {end!r:.40}{what}, where the text has {quoted(part)}. Correct"
            " them, and write the part itself into `text`."
        )
    return (*place, label)


def _parsed(cell: str) -> object:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        return None


def _word(cell: str) -> str:
    return tidy(cell).casefold()


READERS: dict[LabelKind, Callable[[LabelSchema], AnswerReader]] = {
    LabelKind.ONE: Labels,
    LabelKind.SEVERAL: SetAnswers,
    LabelKind.SPANS: SpanAnswers,
}


def answer_reader(schema: LabelSchema) -> AnswerReader:
    """Return what reads the labels of a schema from rows."""
    return READERS[schema.kind](schema)
