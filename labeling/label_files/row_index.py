"""An index of the rows in a folder: what is asked about each sample, and whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from labeling.label_files.assignment import Roster
from labeling.label_files.cells import tidy
from labeling.label_files.columns import ANNOTATOR, ASK
from labeling.label_files.row_key import RowKey, parse_row_key
from labeling.label_files.sheets import Row


@dataclass(slots=True)
class SampleRows:
    """What the files of a folder ask about one sample.

    Attributes:
        row_keys: message key -> the row key of its rows.
        annotators: message key -> the names in column `annotator` of its rows; empty for anybody.
    """

    row_keys: dict[str, RowKey] = field(default_factory=dict)
    annotators: dict[str, set[str]] = field(default_factory=dict)

    def people(self, key: str, roster: Roster) -> set[str]:
        """Return who of a roster has a row of a message."""
        resolved = map(roster.resolve, self.annotators[key])
        return {name for name in resolved if name}

    def votes_asked(self) -> int:
        """Return how many votes annotators are asked for."""
        return sum(row_key.votes for row_key in self.row_keys.values() if not row_key.reviewer)


RowIndex = dict[str | int, SampleRows]
"""What the files ask about each sample."""


def index_rows(rows: Iterable[Row]) -> RowIndex:
    """Return what the rows of a folder's files ask about each sample."""
    index: RowIndex = {}
    for row in rows:
        row_key = parse_row_key(row[ASK])
        if row_key is not None:
            of_sample = index.setdefault(row_key.sample_id, SampleRows())
            of_sample.row_keys[row_key.key] = row_key
            of_sample.annotators.setdefault(row_key.key, set()).add(tidy(row[ANNOTATOR]))
    return index


def count_messages(index: RowIndex) -> int:
    """Return how many messages have rows in the files."""
    return sum(len(of_sample.row_keys) for of_sample in index.values())
