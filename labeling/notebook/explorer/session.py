"""`LabelSession`: samples that a person labels one by one, and the answers so far."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from labeling.errors import DataError, GoldError, counted, quoted
from labeling.notebook.dev_labels import DevLabel
from labeling.notebook.dev_set import DevSet
from labeling.notebook.moment import RowNumbers
from labeling.records import ABSTAIN, is_number, is_whole_number
from labeling.rendering.formatting import cleaned, clipped

LONGEST_TEXT = 20_000
LONGEST_VALUE = 300
MOST_COLUMNS = 8


class LabelSession:
    """Answers of a person on some samples, in the dev set and the file of the workbench.

    Args:
        workbench: whose dev set it is.
        rows: positions of the samples, in the order in which they are offered.
        which: how they were chosen.
    """

    def __init__(self, workbench: DevSet, rows: RowNumbers, which: str) -> None:
        self.workbench = workbench
        self.rows: list[int] = rows.tolist()
        self.which = which

    @property
    def answers(self) -> list[int | None]:
        """The code of each sample's label, -1 where it was skipped, `None` where it is open."""
        return [None if answer is None else answer.code for answer in self._answers()]

    @property
    def order(self) -> list[int]:
        """The answered samples, the last answer last."""
        places = {row: place for place, row in enumerate(self.rows)}
        return [places[row] for row in self.workbench._dev_labels.answers if row in places]

    def _answers(self) -> list[DevLabel | None]:
        known = self.workbench._dev_labels.answers
        return [known.get(row) for row in self.rows]

    def answer(self, at: object, code: object, seconds: object = math.nan) -> None:
        """Label or skip a sample; an earlier answer of a person is replaced.

        Args:
            at: which of the offered samples, from 0.
            code: the label, -1 = skip.
            seconds: for which it was looked at.

        Raises:
            DataError: there is no such sample or label, or the file cannot be written.
            GoldError: the sample has a gold label that was given.
        """
        row, labels = self._row(at), self.workbench.schema.labels
        if not is_whole_number(code) or not ABSTAIN <= code < len(labels):
            raise DataError(
                f"A label must be a whole number from -1 to {len(labels) - 1}. Got {quoted(code)}."
            )
        is_time = is_number(seconds) and seconds >= 0 and not math.isinf(seconds)
        time = float(seconds) if is_time else math.nan  # type: ignore[arg-type]
        with self.workbench._dev_labels.lock:
            self._check_not_given(row)
            self.workbench._keep(row, DevLabel(int(code), time, self.which))

    def undo(self, at: object) -> None:
        """Take the answer on a sample back; without an answer nothing happens.

        Raises:
            DataError: there is no such sample, or the file cannot be written.
        """
        row = self._row(at)
        with self.workbench._dev_labels.lock:
            if row in self.workbench._dev_labels.answers:
                self._check_not_given(row)
                self.workbench._keep(row, None)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each sample that is offered, the ids as index.

        Returns:
            A frame with the columns `label` (`None` where there is none), `skipped` and `seconds`
            (NaN where there is no answer).
        """
        answers, labels = self._answers(), self.workbench.schema.labels
        names = [None if one is None or one.code < 0 else labels[one.code] for one in answers]
        index = self.workbench.samples.index[np.array(self.rows, dtype=np.intp)]
        return pd.DataFrame(
            {
                "label": pd.Series(names, index, dtype=object),
                "skipped": [one is not None and one.code == ABSTAIN for one in answers],
                "seconds": [math.nan if one is None else one.seconds for one in answers],
            },
            index=index,
        )

    def progress(self) -> str:
        """Return how far it is, such as "12 of 40 labelled, 3 skipped"."""
        codes = [code for code in self.answers if code is not None]
        skipped = codes.count(ABSTAIN)
        return f"{len(codes) - skipped} of {len(self.rows)} labelled, {skipped} skipped"

    def sentences(self) -> tuple[str, ...]:
        """Return what of the answers in the file does not count."""
        n = self.workbench._n_differing
        differing = (
            f"{counted(n, 'label')} in the file {'differs' if n == 1 else 'differ'} from given"
            " gold, which counts."
        )
        return (*self.workbench._dev_labels.sentences(), *([differing] if n else []))

    def queue(self) -> list[dict[str, Any]]:
        """Return the samples as they are sent to the page: without votes and gold labels."""
        moment = self.workbench._moment()
        samples = moment.samples
        others = [name for name in samples.columns if name != moment.text][:MOST_COLUMNS]
        at = np.array(self.rows, dtype=np.intp)
        texts = moment.texts_of(at) if moment.text is not None else [""] * len(at)
        columns: Sequence[Any] = [samples[name].iloc[at].tolist() for name in others]
        return [
            {
                "id": cleaned(clipped(samples.index[row], LONGEST_VALUE)),
                "text": cleaned(text[:LONGEST_TEXT]),
                "left_out": max(len(text) - LONGEST_TEXT, 0),
                "columns": [
                    [cleaned(clipped(text, LONGEST_VALUE)) for text in (name, values[place])]
                    for name, values in zip(others, columns, strict=True)
                ],
            }
            for place, (row, text) in enumerate(zip(self.rows, texts, strict=True))
        ]

    def _row(self, at: object) -> int:
        if not is_whole_number(at) or not 0 <= at < len(self.rows):
            raise DataError(
                f"There must be such a sample among the {len(self.rows)} that are offered. Got"
                f" {quoted(at)}."
            )
        return self.rows[int(at)]

    def _check_not_given(self, row: int) -> None:
        workbench = self.workbench
        if workbench._given()[row]:
            current = workbench.schema.labels[workbench.gold_codes[row]]
            raise GoldError(
                f"Sample {quoted(workbench.samples.index[row])} must keep its gold label"
                f" {quoted(current)}, which was given. Got another"
                " answer; workbench.set_gold(..., replace=True) replaces it."
            )
