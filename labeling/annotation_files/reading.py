"""Reads exported files, and detects which tool wrote them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from labeling.annotation_files import doccano, entities, label_studio, prodigy
from labeling.annotation_files.conll import SUFFIXES, conll_annotations
from labeling.annotation_files.parsing import MALFORMED
from labeling.annotation_files.table import table_annotations
from labeling.errors import DataError, near
from labeling.records import SourceAnnotations
from labeling.records.size_limits import check_depth

EXPORT = "export/"
"""Prefix of the keys of annotations in files: on a server the same numbers may mean others."""

TABLE = "table"
CONLL = "conll"

Rows = list[dict[str, Any]]
Format = tuple[Callable[[Mapping[str, Any]], bool], Callable[[Rows, str], SourceAnnotations]]

FORMATS: dict[str, Format] = {
    "label-studio": (
        label_studio.is_task,
        lambda rows, source: label_studio.label_studio_annotations(
            rows, source=source, prefix=EXPORT
        ),
    ),
    "prodigy": (prodigy.is_row, prodigy.prodigy_annotations),
    "doccano": (doccano.is_row, doccano.doccano_annotations),
    "entities": (entities.is_row, entities.entity_annotations),
}
"""For each format, in the order of detection: a test of an object, and a parser of all objects."""


def read_annotations(
    path: str | os.PathLike[str],
    format: str | None = None,
    *,
    labels: Sequence[str] = (),
    delimiter: str | None = None,
) -> SourceAnnotations:
    """Return the annotations of a file: JSON lines, one JSON array, a CSV table, or CoNLL.

    Args:
        path: the file.
        format: `"label-studio"`, `"doccano"`, `"prodigy"`, `"entities"` (JSON lines of a text and
            its spans), `"table"` (see `table_annotations`) or `"conll"`; `None` detects it by the
            first object, and takes a `.csv` file for a table and a `.conll` or `.bio` file for
            CoNLL.
        labels: the labels that a table may have columns of.
        delimiter: what separates the labels in a cell of a table; `None` for nothing.

    Raises:
        DataError: the file cannot be read, has none of these formats, or there is a delimiter for
            another format than a table.
    """
    formats = (*FORMATS, TABLE, CONLL)
    if format is not None and format not in formats:
        raise DataError(
            f"`format` must be one of {', '.join(formats)}. Got {format!r}.{near(format, formats)}"
        )
    suffix = Path(path).suffix.lower()
    if format == TABLE or (format is None and suffix == ".csv"):
        return table_annotations(Path(path), labels, delimiter)
    if delimiter is not None:
        raise DataError(
            f"A `delimiter` must be of the labels in a CSV table. Got {delimiter!r} for"
            f" {Path(path).name!r}."
        )
    if format == CONLL or (format is None and suffix in SUFFIXES):
        return conll_annotations(Path(path))
    rows = _rows(Path(path))
    name = format or _detect_format(rows, Path(path).name)
    annotations = FORMATS[name][1](rows, f"{name} file {Path(path).name!r}")
    malformed = next((kind for kind in annotations.left_out if kind.startswith(MALFORMED)), None)
    if malformed and not annotations.annotations:
        raise DataError(
            f"{Path(path).name!r} must be an export of {name}. It has something else in it:"
            f" {malformed}."
        )
    return annotations


def _detect_format(rows: Rows, name: str) -> str:
    for format, (matches, _) in FORMATS.items():
        if matches(rows[0]):
            return format
    keys = ", ".join(map(repr, list(rows[0])[:10])) or "none"
    raise DataError(
        f"{name!r} must be an export of Label Studio (JSON), doccano (JSONL) or Prodigy (db-out),"
        " or JSON lines with `text` and `entities` or `spans`."
        f" Its first object has the keys {keys}. If it is one of these, give its `format`."
    )


def _rows(path: Path) -> Rows:
    """Return the objects of a file."""
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise DataError(f"{str(path)!r} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        hint = " Unpack it first." if path.suffix == ".zip" else ""
        raise DataError(f"{path.name!r} must be text in UTF-8, and is not.{hint}") from error
    values = _array(text, path.name) if text.lstrip()[:1] == "[" else _lines(text, path.name)
    values = [_as_object(value) for value in values]
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            raise DataError(
                f"{path.name!r} must hold JSON objects. Number {number} is {str(value)[:80]!r}."
            )
    if not values:
        raise DataError(f"{path.name!r} must hold annotations. It is empty.")
    return values


def _as_object(value: Any) -> Any:
    """Return a pair of a text and its annotations, as spaCy 2 was trained on, as one object."""
    if isinstance(value, list) and [type(part) for part in value] == [str, dict]:
        return {"text": value[0], **value[1]}
    return value


def _array(text: str, name: str) -> Rows:
    rows: Rows = _parsed(text, name)
    return rows


def _lines(text: str, name: str) -> Rows:
    numbered = enumerate(text.split("\n"), start=1)
    return [_parsed(line, f"{name}, line {number}") for number, line in numbered if line.strip()]


def _parsed(text: str, location: str) -> Any:
    try:
        check_depth(text)
        return json.loads(text)
    except DataError as error:
        raise DataError(f"{location} must be JSON. {error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{location} must be JSON. It begins with {text.strip()[:80]!r}: {error}."
        ) from error
