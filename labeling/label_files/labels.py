"""Parses what people write into the label column."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from labeling.errors import LabelingError, listed, near, quoted
from labeling.label_files.cells import escaped, guarded, tidy
from labeling.label_files.columns import LABEL
from labeling.label_files.sheets import Row
from labeling.records import LabelSchema

SKIP = "SKIP"
MAX_CHARACTERS = 1_000  # of a cell that may be a label in another spelling


class Labels:
    """The labels of a schema, as people may write them.

    Raises:
        LabelingError: a label of the schema that cannot be distinguished from a skip.

    >>> labels = Labels(LabelSchema(["ham", "spam"]))
    >>> labels.parse("Spam "), labels.parse("skip")
    ('spam', None)
    """

    def __init__(self, schema: LabelSchema) -> None:
        clash = [label for label in schema if tidy(label).casefold() == SKIP.casefold()]
        if clash:
            raise LabelingError(
                f"In files {SKIP!r} marks a skipped sample, and it is a label of the schema:"
                f" {listed(clash)}. Give that label another name."
            )
        self.choices = (*schema, SKIP)
        spellings = [(self._spellings(label), label) for label in self.choices]
        self._exact = {text: label for texts, label in spellings for text in texts}
        self._exact |= {label: label for label in self.choices}
        self._normalized = [
            (normalize, _unambiguous(spellings, normalize))
            for normalize in (tidy, _folded, _number)
        ]

    @staticmethod
    def _spellings(label: str) -> tuple[str, ...]:
        """Return a label, and its escaped and guarded forms in files."""
        return (label, escaped(label), guarded(escaped(label), exact=True))

    def written(self, row: Row) -> str:
        """Return what a person wrote as the label; empty if the row is not labeled yet."""
        return row[LABEL]

    def read(self, row: Row, text: str) -> str | None:
        """Return the label of a row, or `None` for a skip; LookupError if there is none."""
        return self.parse(row[LABEL])

    def parse(self, cell: str) -> str | None:
        """Return the label of a cell, or `None` for a skip.

        It may differ from the label in white space, in case, and as 1 does from 1.0, where no two
        labels do.

        Raises:
            LookupError: there is no such label.
        """
        if len(cell) > MAX_CHARACTERS and cell not in self._exact:
            raise LookupError(
                f"The label must be one of {listed(self.choices, 20)}. Got {quoted(cell)}."
            )
        label = self._exact.get(cell)
        for normalize, labels in self._normalized:
            if label is None:
                label = labels.get(normalize(cell))
        if label is None:
            raise LookupError(
                f"The label must be one of {listed(self.choices, 20)}. Got {quoted(cell)}."
                f"{near(cell, self.choices)}"
            )
        return None if label == SKIP else label


def _folded(text: str) -> str:
    return tidy(text).casefold()


def _number(text: str) -> str:
    """Return the same text for all spellings of a number: spreadsheets turn 1.0 into 1."""
    try:
        return f"number {float(text)}"
    except ValueError:
        return _folded(text)


def _unambiguous(
    spellings: Iterable[tuple[tuple[str, ...], str]], normalize: Callable[[str], str]
) -> dict[str, str]:
    """Return the label of each normalized spelling, without those of several labels."""
    labels_of: dict[str, set[str]] = {}
    for texts, label in spellings:
        for text in texts:
            labels_of.setdefault(normalize(text), set()).add(label)
    return {text: labels.pop() for text, labels in labels_of.items() if len(labels) == 1}
