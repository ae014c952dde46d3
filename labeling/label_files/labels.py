"""What people write as a label, and which label they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from labeling.errors import LabelingError, near, quoted, shown
from labeling.label_files.cells import escaped, guarded, tidy
from labeling.records import LabelSchema

SKIP = "SKIP"
LONGEST_LABEL = 1_000  # characters of a cell that may mean a label in another spelling


class Labels:
    """The labels of a schema, as people may write them.

    Raises:
        LabelingError: a label of the schema that could not be told from a skip.

    >>> labels = Labels(LabelSchema(["ham", "spam"]))
    >>> labels.meant("Spam "), labels.meant("skip")
    ('spam', None)
    """

    def __init__(self, schema: LabelSchema) -> None:
        clash = [label for label in schema if tidy(label).casefold() == SKIP.casefold()]
        if clash:
            raise LabelingError(
                f"In files {SKIP!r} stands for a sample that is skipped, and it is a label of the"
                f" schema: {shown(clash)}. Give that label another name."
            )
        self.choices = (*schema, SKIP)
        spelled = [(self._spellings(one), one) for one in self.choices]
        self._exact = {text: one for texts, one in spelled for text in texts}
        self._exact |= {one: one for one in self.choices}
        self._like = [_unambiguous(spelled, key) for key in (tidy, _folded, _number)]
        self._keys = (tidy, _folded, _number)

    @staticmethod
    def _spellings(label: str) -> tuple[str, ...]:
        """Return a label, and what it looks like where files must write it in another way."""
        return (label, escaped(label), guarded(escaped(label), exact=True))

    def meant(self, cell: str) -> str | None:
        """Return the label of a cell, or `None` for a skip.

        It may differ from the label in white space, in case, and as 1 does from 1.0, where no two
        labels do.

        Raises:
            LookupError: there is no such label.
        """
        if len(cell) > LONGEST_LABEL and cell not in self._exact:
            raise LookupError(
                f"The label must be one of {shown(self.choices, 20)}. Got {quoted(cell)}."
            )
        found = self._exact.get(cell)
        for alike, key in zip(self._like, self._keys, strict=True):
            if found is None:
                found = alike.get(key(cell))
        if found is None:
            raise LookupError(
                f"The label must be one of {shown(self.choices, 20)}. Got {quoted(cell)}."
                f"{near(cell, self.choices)}"
            )
        return None if found == SKIP else found


def _folded(text: str) -> str:
    return tidy(text).casefold()


def _number(text: str) -> str:
    """Return what all ways to write a number have in common: spreadsheets turn 1.0 into 1."""
    try:
        return f"number {float(text)}"
    except ValueError:
        return _folded(text)


def _unambiguous(
    spelled: Iterable[tuple[tuple[str, ...], str]], key: Callable[[str], str]
) -> dict[str, str]:
    """Return which label a key stands for, without the keys that stand for several."""
    found: dict[str, set[str]] = {}
    for texts, label in spelled:
        for text in texts:
            found.setdefault(key(text), set()).add(label)
    return {one: labels.pop() for one, labels in found.items() if len(labels) == 1}
