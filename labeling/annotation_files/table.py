"""Parses tables in CSV: a row for each label or span, for all labels, or a column per label."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from labeling.annotation_files.parsing import content_digest
from labeling.annotation_files.wide_table import label_columns, wide_annotations
from labeling.errors import DataError, listed, near
from labeling.records import SourceAnnotation, SourceAnnotations, SourceSpan
from labeling.records.cell_marks import MARKED
from labeling.records.size_limits import any_length, check_depth

SAMPLE = ("sample", "sample_id", "id")
ANSWERS = ("label", "labels", "spans")
OFFSETS = ("start", "end")
TEXT = "text"
OURS = (*SAMPLE, "annotator", "ground_truth", *ANSWERS, *OFFSETS)
SPAN = (*OFFSETS, "label")

Line = tuple[int, Mapping[str, str]]


class Table(NamedTuple):
    """A table and how its cells are read.

    Attributes:
        file: its name.
        sample: the column that tells samples apart.
        answer: the column of labels or spans.
        has_offsets: whether a row is a span with its offsets in columns of their own.
        labels: the labels that are asked for.
        delimiter: what separates labels in a cell; `None` for nothing.
    """

    file: str
    sample: str
    answer: str
    has_offsets: bool
    labels: Sequence[str]
    delimiter: str | None


class Answer(NamedTuple):
    """The labels and spans of one row; `is_list`: whether they were written as a list."""

    labels: tuple[str, ...] = ()
    spans: tuple[SourceSpan, ...] = ()
    is_list: bool = False


def table_annotations(
    path: Path, labels: Sequence[str] = (), delimiter: str | None = None
) -> SourceAnnotations:
    """Return the annotations of a CSV file in UTF-8.

    It has a column `sample` (or `sample_id`, `id`; or `text`, the sample's text) and perhaps
    `annotator`, and one of these forms:

    - `label`, and of spans `start`, `end` and perhaps `text`, the text in the span, which decides
      where it is: the rows of one person and sample are one annotation;
    - `label`, `labels` or `spans` with all labels of a sample: a JSON list of labels, of spans
      (`[start, end, label]`, or objects that may have `text` too), or labels with a delimiter
      between them;
    - a column for each label, named like it or `label_<name>`, with 1, x, yes or 0, no.

    A row without a label says that the person was asked, and gave none: the sample has none of the
    labels, or no span. With a column per label zeros say so; rows that leave cells empty beside
    zeros, or all cells, are left out and counted. A mark in a column `ground_truth` makes an
    annotation the true one.

    Args:
        path: the file.
        labels: the labels whose columns are looked for.
        delimiter: what separates the labels in a cell; `None` for nothing.

    Raises:
        DataError: a column is missing, or a row is not of this form; rows are named by their
            number.
    """
    header, lines = _read(path)
    has_offsets = set(OFFSETS) <= set(header)
    ids = SAMPLE if has_offsets else (*SAMPLE, TEXT)
    sample = next((name for name in ids if name in header), None)
    answers = [name for name in ANSWERS if name in header]
    columns = {} if answers else label_columns(header, labels, path.name)
    is_half = len({*OFFSETS} & {*header}) == 1
    if sample is None or len(answers) > 1 or not (answers or columns) or is_half:
        raise DataError(
            f"{path.name!r} must have the columns 'sample', 'annotator' and 'label', and of spans"
            f" 'start' and 'end'; or instead of 'label' one for each label. It has"
            f" {listed(header, 20)}.{near('sample', header)}"
        )
    table = Table(path.name, sample, (answers or [""])[0], has_offsets, labels, delimiter)
    groups = _groups(table, lines)
    source = f"table {path.name!r}"
    if columns:
        return wide_annotations(source, columns, _drafts(table, groups))
    drafts = _drafts(table, groups)
    return SourceAnnotations(source, tuple(_answered(table, *draft) for draft in drafts))


def _groups(table: Table, lines: Sequence[Line]) -> list[list[Line]]:
    """Return the rows of each sample and person, in the order of their first one."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for number, cells in lines:
        if not cells[table.sample]:
            raise DataError(
                f"{table.file!r}, row {number}: column {table.sample!r} must hold a sample."
            )
        key = cells[table.sample], cells.get("annotator", "")
        groups.setdefault(key, []).append((number, cells))
    return list(groups.values())


def _drafts(
    table: Table, groups: Sequence[Sequence[Line]]
) -> list[tuple[SourceAnnotation, Sequence[Line]]]:
    """Return for each sample and person an annotation that says nothing yet, and its rows."""
    ours = {*OURS, *([TEXT] if table.has_offsets else [])}
    drafts = []
    for lines in groups:
        cells = lines[0][1]
        data: dict[str, Any] = {name: value for name, value in cells.items() if name not in ours}
        identity = cells[table.sample]
        if table.sample == TEXT:
            identity = content_digest(identity)
        else:
            data |= dict.fromkeys((*SAMPLE, "ext_id"), identity)
        draft = SourceAnnotation(
            key=f"table/{identity}/",
            where=f"{table.file}, row {listed([number for number, _ in lines], 3)}",
            data=data,
            annotator=cells.get("annotator", ""),
            choices={},
            ground_truth=any(
                cells.get("ground_truth", "").strip().casefold() in MARKED for _, cells in lines
            ),
        )
        drafts.append((draft, lines))
    return drafts


def _answered(table: Table, draft: SourceAnnotation, lines: Sequence[Line]) -> SourceAnnotation:
    """Return an annotation with what its rows say."""
    answers = [_answer(table, number, cells) for number, cells in lines]
    labels = tuple(dict.fromkeys(label for answer in answers for label in answer.labels))
    spans = tuple(span for answer in answers for span in answer.spans)
    may_be_spans = table.answer == "spans" or any(answer.is_list for answer in answers)
    is_spans = table.has_offsets or bool(spans) or (may_be_spans and not labels)
    is_labels = not table.has_offsets and not spans
    return SourceAnnotation(
        key=draft.key,
        where=draft.where,
        data=draft.data,
        annotator=draft.annotator,
        choices={"": labels} if is_labels else {},
        spans={"": spans} if is_spans else {},
        ground_truth=draft.ground_truth,
    )


def _answer(table: Table, number: int, cells: Mapping[str, str]) -> Answer:
    if table.has_offsets:
        span = _span(table, number, cells)
        return Answer(spans=() if span is None else (span,))
    cell = cells[table.answer].strip()
    if cell in table.labels:
        return Answer((cell,))
    if cell.startswith("["):
        return _listed(cell, f"{table.file!r}, row {number}")
    if table.delimiter:
        parts = [part.strip() for part in cells[table.answer].split(table.delimiter)]
        return Answer(tuple(part for part in parts if part))
    return Answer((cell,) if cell else ())


def _listed(cell: str, where: str) -> Answer:
    """Return the labels or spans of a JSON list."""
    try:
        check_depth(cell)
        items = json.loads(cell)
        if all(isinstance(item, str) for item in items):
            return Answer(tuple(items), is_list=True)
        return Answer(spans=tuple(map(_span_of_json, items)), is_list=True)
    except (ValueError, TypeError, KeyError, DataError) as error:
        raise DataError(
            f"{where}: a list must be JSON, of labels such as"
            ' ["joy", "anger"], or of spans such as [[0, 5, "PER"]] or [{"start": 0, "end": 5,'
            f' "label": "PER", "text": "Alice"}}]. Got {cell[:80]!r}.'
        ) from error


def _span_of_json(item: Any) -> SourceSpan:
    words = item.get(TEXT) if isinstance(item, Mapping) else None
    start, end, label = (item[key] for key in SPAN) if isinstance(item, Mapping) else item
    if isinstance(item, str) or not isinstance(label, str):
        raise TypeError(label)
    return SourceSpan(start, end, label, words)


def _span(table: Table, number: int, cells: Mapping[str, str]) -> SourceSpan | None:
    """Return the span of a row; `None` for a row that has none."""
    start, end = (cells.get(name, "") for name in OFFSETS)
    label = cells[table.answer]
    if not (start or end):
        if label:
            raise DataError(f"{table.file!r}, row {number}: a span must have a start and an end.")
        return None
    if not (_is_offset(start) and _is_offset(end) and label):
        raise DataError(
            f"{table.file!r}, row {number}: a span must have a start and an end, which are whole"
            f" numbers, and a label. Got {start!r:.40}, {end!r:.40} and {label!r:.40}."
        )
    return SourceSpan(int(start), int(end), label, cells.get(TEXT) or None)


def _is_offset(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < 19


def _read(path: Path) -> tuple[list[str], list[Line]]:
    """Return the header, and the rows with their numbers as people see them."""
    try:
        with any_length(), path.open(encoding="utf-8-sig", newline="") as file:
            rows = [row for row in enumerate(csv.reader(file, strict=True), 1) if any(row[1])]
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name!r} must be CSV in UTF-8. {error}.") from error
    if len(rows) < 2:
        raise DataError(f"{path.name!r} must hold annotations. It has no row below its header.")
    header = [name.strip() for name in rows[0][1]]
    if len(set(header)) < len(header):
        raise DataError(f"{path.name!r} must have each column once. Got {listed(header, 20)}.")
    wrong = [number for number, row in rows[1:] if len(row) != len(header)]
    if wrong:
        raise DataError(
            f"{path.name!r} must have {len(header)} cells in each row. Not so in the rows"
            f" {listed(wrong)}."
        )
    return header, [(number, dict(zip(header, row, strict=True))) for number, row in rows[1:]]
