"""`BucketPages`: buckets of a workbench as pages of rows, in the form that is sent to a page."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from labeling.errors import DataError, quoted
from labeling.notebook.buckets import Value
from labeling.notebook.dev_set import DevSet
from labeling.notebook.rows import SampleRows, tables_of
from labeling.records import ABSTAIN, is_whole_number
from labeling.rendering import Excerpt
from labeling.rendering.excerpts import pieces_of
from labeling.rendering.formatting import cleaned, clipped, scalar

SIZE = 10
"""Rows of a page."""
LONGEST = 600
"""Characters of a text that are shown, around what fired."""
LONGEST_CELL = 300
ANY = -2
AXES = ("vote", "gold", "model")

Pieces = list[tuple[str, bool]]


class BucketPages:
    """The bucket that was asked for last, page by page.

    Args:
        workbench: of whose samples.
    """

    def __init__(self, workbench: DevSet) -> None:
        self.workbench = workbench
        self._query: Mapping[str, Any] | None = None
        self._rows: SampleRows | None = None

    def menus(self) -> dict[str, list[str]]:
        """Return the choices of the menus that change: the names of the functions."""
        return {"functions": list(self.workbench.functions.names)}

    def page(self, query: Mapping[str, Any], number: int) -> dict[str, Any]:
        """Return a page of a bucket; the first one looks at the workbench again.

        Args:
            query: `function` (a name, `None` = all), `vote`, `gold` and `model` (a label's code,
                -1 = none, -2 = any, `None` = no condition).
            number: of the page, from 0.

        Returns:
            `title`, `sentences`, `number`, `pages`, `headings`, and `rows` of cells, each of which
            is a list of pieces of text and whether they are marked.

        Raises:
            DataError: the query or the number is something else.
            LabelingFunctionError: there is no such function.
        """
        if not is_whole_number(number) or number < 0:
            raise DataError(f"A page must be a whole number from 0. Got {quoted(number)}.")
        if self._rows is None or number == 0 or query != self._query:
            self._rows, self._query = self._bucket(query), dict(query)
        rows = self._rows
        pages = -(-len(rows) // SIZE)
        number = min(int(number), max(pages - 1, 0))
        part = dataclasses.replace(rows, at=rows.at[number * SIZE : (number + 1) * SIZE])
        tables = tables_of(part, SIZE)
        return {
            "title": cleaned(rows.title),
            "sentences": [cleaned(sentence) for sentence in rows.sentences],
            "number": number,
            "pages": pages,
            "headings": [cleaned(heading) for heading in tables[0].headings] if tables else [],
            "rows": [[_pieces(cell) for cell in row] for row in tables[0].rows] if tables else [],
        }

    def _bucket(self, query: Mapping[str, Any]) -> SampleRows:
        if not isinstance(query, Mapping) or set(query) != {"function", *AXES}:
            raise DataError(f"A query must have function, {', '.join(AXES)}. Got {quoted(query)}.")
        name = query["function"]
        if not isinstance(name, (str, type(None))):
            raise DataError(f"A function must be a name or none. Got {quoted(name)}.")
        vote, gold, model = (self._value(query[axis]) for axis in AXES)
        return self.workbench.bucket(name, vote=vote, gold=gold, model=model)

    def _value(self, code: Any) -> Value:
        labels = self.workbench.schema.labels
        if code is None:
            return None
        if not is_whole_number(code) or not ANY <= code < len(labels):
            raise DataError(f"A condition must be a label's code, -1 or -2. Got {quoted(code)}.")
        if code == ANY:
            return list(labels)
        return ABSTAIN if code == ABSTAIN else labels[int(code)]


def _pieces(cell: Any) -> Pieces:
    if isinstance(cell, Excerpt):
        return list(pieces_of(cell.text, cell.marks, LONGEST))
    return [(cleaned(clipped(scalar(cell), LONGEST_CELL)), False)]
