"""JSON files: an object a line, or one array of objects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.errors import DataError
from labeling.records import refuse_unsafe
from labeling.records.frames import frame_of_objects
from labeling.records.size_limits import check_depth


def read_json_lines(file: Path, id: str | None) -> pd.DataFrame:
    """Return the objects of a file with one on each line."""
    objects: list[dict[str, Any]] = []
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                objects.append(_object(line, f"{file.name!r}, line {number}"))
    return _frame(objects)


def read_json(file: Path, id: str | None) -> pd.DataFrame:
    """Return the objects of a file that holds one array of them."""
    found = _parsed(file.read_text(encoding="utf-8-sig"), repr(file.name))
    if not isinstance(found, list):
        raise DataError(
            f"{file.name!r} must hold a JSON array of objects. Got {_cut(json.dumps(found))}. A file"
            " with an object on each line ends in .jsonl."
        )
    for number, value in enumerate(found, start=1):
        if not isinstance(value, dict):
            raise DataError(
                f"{file.name!r}, element {number} must be a JSON object. Got {_cut(json.dumps(value))}."
            )
    return _frame(found)


def _frame(objects: list[dict[str, Any]]) -> pd.DataFrame:
    refuse_unsafe(
        dict.fromkeys(name for found in objects for name in found), "The names of columns"
    )
    return frame_of_objects(objects)


def _object(line: str, place: str) -> dict[str, Any]:
    found = _parsed(line, place)
    if not isinstance(found, dict):
        raise DataError(f"{place} must be a JSON object. Got {_cut(line)}.")
    return found


def _parsed(text: str, place: str) -> Any:
    try:
        check_depth(text)
        return json.loads(text, object_pairs_hook=_one_of_each_key)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place} is not JSON: {error}") from error


def _one_of_each_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _cut(text: str) -> str:
    return text.strip()[:60]
