"""`DevLabels`: what people answer in a workbench, kept in a file from one kernel to the next."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import json
import math
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import DataError, UnknownLabelError, counted
from labeling.notebook.vote_cells import id_texts
from labeling.records import ABSTAIN, LabelSchema
from labeling.records.private_files import private_file, private_folder

FILE = "dev-labels.jsonl"
FORMAT = 1
BY_HAND = "by hand"
RANDOM = "random"

Codes = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class DevLabel:
    """A person's answer on one sample.

    Attributes:
        code: the label, -1 = skipped.
        seconds: for which the sample was looked at; NaN where that is not known.
        which: how the sample was chosen: "random", "uncovered", "conflicts" or "by hand".
    """

    code: int
    seconds: float = math.nan
    which: str = BY_HAND


class DevLabels:
    """The answers of people on the samples of a workbench, the last one of each sample.

    Each answer is appended to the file as a line of JSON before it counts. A line states a hash of
    the sample's content: the same id in other data is another sample.

    Args:
        folder: where the file is; `None` keeps answers in memory.
        samples: index = ids.
        text: returns the column that tells what a sample says; `None` is all columns.
        schema: the labels.

    Attributes:
        answers: by the sample's position; the last answer comes last.
        lock: held while an answer is kept.
        n_unreadable: lines that were cut off, or are no answers.
        n_elsewhere: samples with an answer in the file that are not here, or read differently.
        n_other_labels: samples with an answer that is none of the labels.

    Raises:
        DataError: the file cannot be read.
    """

    def __init__(
        self,
        folder: Path | None,
        samples: pd.DataFrame,
        text: Callable[[], str | None],
        schema: LabelSchema,
    ) -> None:
        self.path = None if folder is None else folder / FILE
        self.answers: dict[int, DevLabel] = {}
        self.lock = threading.RLock()
        self.n_unreadable = self.n_elsewhere = self.n_other_labels = 0
        self._samples, self._text, self._schema = samples, text, schema
        if self.path is not None and self.path.is_file():
            self._read(self.path)

    def keep(self, row: int, answer: DevLabel | None) -> None:
        """Keep an answer, in the file first; `None` takes the last one back.

        Raises:
            DataError: the file cannot be written; then the answer does not count.
        """
        if self.path is not None:
            self._append(self.path, self._line(row, answer))
        # A new dict: a notebook may answer in one thread while a cell reads them in another.
        others = {other: kept for other, kept in self.answers.items() if other != row}
        self.answers = others if answer is None else {**others, row: answer}

    def merged(self, given: Codes) -> tuple[Codes, int]:
        """Return given gold with the labels of people, and on how many samples they differ.

        Where they differ, given gold counts.

        Args:
            given: label codes, shape (n_samples,), -1 = none.
        """
        codes, n_differing = given.copy(), 0
        for row, answer in self.answers.items():
            if answer.code == ABSTAIN:
                continue
            if given[row] == ABSTAIN:
                codes[row] = answer.code
            else:
                n_differing += int(given[row] != answer.code)
        return codes, n_differing

    def chosen(self) -> list[int]:
        """Return the labelled samples that were chosen by what functions did, not at random."""
        return [
            row
            for row, answer in self.answers.items()
            if answer.code != ABSTAIN and answer.which not in (RANDOM, BY_HAND)
        ]

    def sentences(self) -> tuple[str, ...]:
        """Return what of the file does not count here."""
        reasons = (
            (self.n_unreadable, "line", "that cannot be read"),
            (self.n_elsewhere, "sample", "that this workbench does not have, or that has changed"),
            (self.n_other_labels, "sample", "with a label that the schema lacks"),
        )
        return tuple(
            f"The file of labels has {counted(n, noun)} {why}; left out."
            for n, noun, why in reasons
            if n
        )

    def _line(self, row: int, answer: DevLabel | None) -> dict[str, Any]:
        text = self._text()
        columns = [str(name) for name in self._samples] if text is None else [text]
        line: dict[str, Any] = {
            "format": FORMAT,
            "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
            "sample": id_texts(self._samples.index[[row]])[0],
            "columns": columns,
            "content": self._digest(row, columns),
        }
        if answer is None:
            return line | {"action": "undo"}
        if answer.code == ABSTAIN:
            line["action"] = "skip"
        else:
            line |= {"action": "label", "label": self._label_text(answer)}
        seconds = None if math.isnan(answer.seconds) else answer.seconds
        return line | {"seconds": seconds, "which": answer.which}

    def _digest(self, row: int, columns: Sequence[str]) -> str:
        """Return a hash of what a sample says in some columns; empty where one is missing."""
        places = {str(name): place for place, name in enumerate(self._samples)}
        if not places.keys() >= set(columns):
            return ""
        values = [str(self._samples.iat[row, places[name]]) for name in columns]
        return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]

    @staticmethod
    def _append(path: Path, line: dict[str, Any]) -> None:
        """Append a line by one write, on the disk when this returns; a cut-off line is ended."""
        try:
            private_folder(path.parent)
            private_file(path)
            with path.open("ab+") as file:
                ends = b""
                if file.seek(0, os.SEEK_END):
                    file.seek(-1, os.SEEK_END)
                    ends = b"" if file.read(1) == b"\n" else b"\n"
                file.write(ends + json.dumps(line).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DataError(
                f"The file of labels must be writable. Got {str(path)!r}: {error}. Give the answer"
                " again once it is."
            ) from error

    def _read(self, path: Path) -> None:
        try:
            lines = path.read_bytes().split(b"\n")
        except OSError as error:
            raise DataError(f"The file of labels must be readable: {error}") from error
        latest: dict[str, dict[str, Any]] = {}
        for line in filter(None, lines):
            parsed = _parsed(line)
            if parsed is None:
                self.n_unreadable += 1
            else:  # the last one comes last
                latest.pop(parsed["sample"], None)
                latest[parsed["sample"]] = parsed
        rows = {text: row for row, text in enumerate(id_texts(self._samples.index))}
        for sample, about in latest.items():
            self._restore(rows.get(sample), about)

    def _restore(self, row: int | None, about: dict[str, Any]) -> None:
        if about["action"] == "undo":
            return
        if row is None or self._digest(row, about["columns"]) != about["content"]:
            self.n_elsewhere += 1
            return
        seconds = math.nan if about["seconds"] is None else float(about["seconds"])
        answer = DevLabel(ABSTAIN, seconds, about["which"])
        try:
            if about["action"] == "label":
                answer = self._labelled(answer, about["label"], row)
        except UnknownLabelError:
            self.n_other_labels += 1
        except DataError:
            self.n_unreadable += 1
        else:
            self.answers[row] = answer

    def _label_text(self, answer: DevLabel) -> str:
        """Return the label of an answer as it is kept."""
        return self._schema.labels[answer.code]

    def _labelled(self, answer: DevLabel, label: str, row: int) -> DevLabel:
        """Return an answer with the label that is kept in a file.

        Raises:
            UnknownLabelError: the schema lacks it.
            DataError: it is no label of this schema's kind.
        """
        if label not in self._schema.labels:
            raise UnknownLabelError(f"There must be a label {label!r}.")
        return dataclasses.replace(answer, code=self._schema.labels.index(label))


def _parsed(line: bytes) -> dict[str, Any] | None:
    """Return a line's content; `None` where it is not a whole answer."""
    try:
        about = json.loads(line)
        texts = [about["sample"], about["content"], about["action"], *about["columns"]]
        if about["format"] != FORMAT or about["action"] not in ("label", "skip", "undo"):
            return None
        if about["action"] != "undo":
            texts.append(about["which"])
            math.isnan(about["seconds"] or 0.0)
        if about["action"] == "label":
            texts.append(about["label"])
    except (ValueError, KeyError, TypeError):
        return None
    return about if all(isinstance(text, str) for text in texts) else None
