"""Parses long tables: CSV with a row for each label or span that a person gave a sample."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from labeling.errors import DataError, listed, near
from labeling.records import SourceAnnotation, SourceAnnotations, SourceSpan
from labeling.records.size_limits import any_length

SAMPLE = ("sample", "sample_id", "id")
OFFSETS = ("start", "end")
OURS = (*SAMPLE, "annotator", "label", *OFFSETS, "text")

Line = tuple[int, Mapping[str, str]]


def table_annotations(path: Path) -> SourceAnnotations:
    """Return the annotations of a CSV file in UTF-8.

    Its columns are `sample` (or `sample_id`, `id`), `annotator`, `label`, and of spans `start`,
    `end` and perhaps `text`, the text in the span, which decides where it is. The rows of one
    person and sample are one annotation. A row without a label says that the person was asked, and
    gave none: the sample has none of the labels, or no span.

    Raises:
        DataError: a column is missing, or a row is not of this form; rows are named by their
            number.
    """
    header, lines = _read(path)
    sample = next((name for name in SAMPLE if name in header), None)
    if sample is None or "label" not in header or len({*OFFSETS} & {*header}) == 1:
        raise DataError(
            f"{path.name!r} must have the columns 'sample', 'annotator' and 'label', and of spans"
            f" 'start' and 'end'. It has {listed(header, 20)}.{near('sample', header)}"
        )
    has_spans = OFFSETS[0] in header
    groups: dict[tuple[str, str], list[Line]] = {}
    for number, cells in lines:
        if not cells[sample]:
            raise DataError(f"{path.name!r}, row {number}: column {sample!r} must hold a sample.")
        groups.setdefault((cells[sample], cells.get("annotator", "")), []).append((number, cells))
    annotations = tuple(
        _annotation(path.name, key, rows, has_spans) for key, rows in groups.items()
    )
    return SourceAnnotations(f"table {path.name!r}", annotations)


def _annotation(
    file: str, key: tuple[str, str], lines: Sequence[Line], has_spans: bool
) -> SourceAnnotation:
    sample_id, annotator = key
    others = {name: value for name, value in lines[0][1].items() if name not in OURS}
    spans = tuple(
        span for number, cells in lines if (span := _span(file, number, cells)) is not None
    )
    labels = tuple(dict.fromkeys(cells["label"] for _, cells in lines if cells["label"]))
    return SourceAnnotation(
        key=f"table/{sample_id}/",
        where=f"{file}, row {listed([number for number, _ in lines], 3)}",
        data={**others, **dict.fromkeys((*SAMPLE, "ext_id"), sample_id)},
        annotator=annotator,
        choices={} if has_spans else {"": labels},
        spans={"": spans} if has_spans else {},
    )


def _span(file: str, number: int, cells: Mapping[str, str]) -> SourceSpan | None:
    """Return the span of a row; `None` for a row that has none."""
    start, end = (cells.get(name, "") for name in OFFSETS)
    if not (start or end):
        if cells["label"] and OFFSETS[0] in cells:
            raise DataError(f"{file!r}, row {number}: a span must have a start and an end.")
        return None
    if not (_is_offset(start) and _is_offset(end) and cells["label"]):
        raise DataError(
            f"{file!r}, row {number}: a span must have a start and an end, which are whole numbers,"
            f" and a label. Got {start!r:.40}, {end!r:.40} and {cells['label']!r:.40}."
        )
    return SourceSpan(int(start), int(end), cells["label"], cells.get("text") or None)


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
