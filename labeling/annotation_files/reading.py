"""Reading an exported file, and telling which tool wrote it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from labeling.annotation_files import doccano, label_studio, prodigy
from labeling.annotation_files.malformed import MALFORMED
from labeling.errors import DataError, near
from labeling.records import SourceAnnotations
from labeling.records.size_limits import check_depth

EXPORT = "export/"
"""What keys of annotations in files begin with: the same numbers may be others' on a server."""

Rows = list[dict[str, Any]]
Format = tuple[Callable[[Mapping[str, Any]], bool], Callable[[Rows, str], SourceAnnotations]]

FORMATS: dict[str, Format] = {
    "label-studio": (
        label_studio.is_task,
        lambda rows, source: label_studio.label_studio_annotations(
            rows, source=source, prefix=EXPORT
        ),
    ),
    "prodigy": (prodigy.is_line, prodigy.prodigy_annotations),
    "doccano": (doccano.is_line, doccano.doccano_annotations),
}
"""Name of a format -> whether an object is of it, and what reads all of them; tried in this order."""


def read_annotations(path: str | os.PathLike[str], format: str | None = None) -> SourceAnnotations:
    """Return the annotations of a file: JSON lines, or one JSON array.

    Args:
        path: the file.
        format: `"label-studio"`, `"doccano"` or `"prodigy"`; `None` tells it by the first object.

    Raises:
        DataError: the file cannot be read, or is of none of these formats.
    """
    if format is not None and format not in FORMATS:
        raise DataError(
            f"`format` must be one of {', '.join(FORMATS)}. Got {format!r}.{near(format, FORMATS)}"
        )
    rows = _rows(Path(path))
    name = format or _format_of(rows, Path(path).name)
    found = FORMATS[name][1](rows, f"{name} file {Path(path).name!r}")
    malformed = next((what for what in found.left_out if what.startswith(MALFORMED)), None)
    if malformed and not found.annotations:
        raise DataError(
            f"{Path(path).name!r} must be an export of {name}. It has something else in it:"
            f" {malformed}."
        )
    return found


def _format_of(rows: Rows, name: str) -> str:
    for format, (is_of_it, _) in FORMATS.items():
        if is_of_it(rows[0]):
            return format
    keys = ", ".join(map(repr, list(rows[0])[:10])) or "none"
    raise DataError(
        f"{name!r} must be an export of Label Studio (JSON), doccano (JSONL) or Prodigy (db-out)."
        f" Its first object has the keys {keys}. If it is one of these, say which: `format`."
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
    for number, value in enumerate(values, start=1):
        if not isinstance(value, dict):
            raise DataError(
                f"{path.name!r} must hold JSON objects. Number {number} is {str(value)[:80]!r}."
            )
    if not values:
        raise DataError(f"{path.name!r} must hold annotations. It is empty.")
    return values


def _array(text: str, name: str) -> Rows:
    found: Rows = _parsed(text, name)
    return found


def _lines(text: str, name: str) -> Rows:
    numbered = enumerate(text.split("\n"), start=1)
    return [_parsed(line, f"{name}, line {number}") for number, line in numbered if line.strip()]


def _parsed(text: str, where: str) -> Any:
    try:
        check_depth(text)
        return json.loads(text)
    except DataError as error:
        raise DataError(f"{where} must be JSON. {error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{where} must be JSON. It begins with {text.strip()[:80]!r}: {error}."
        ) from error
