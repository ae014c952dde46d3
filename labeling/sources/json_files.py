"""Reads JSON files: JSON Lines, or one array of objects."""

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
    """Return the objects of a file with one object per line."""
    objects: list[dict[str, Any]] = []
    with file.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                objects.append(_object(line, f"{file.name!r}, line {number}"))
    return _frame(objects)


def read_json(file: Path, id: str | None) -> pd.DataFrame:
    """Return the objects of a file with one array of objects."""
    objects = _parsed(file.read_text(encoding="utf-8-sig"), repr(file.name))
    if not isinstance(objects, list):
        raise DataError(
            f"{file.name!r} must hold a JSON array of objects. Got {_cut(json.dumps(objects))}. A"
            " file with an object on each line ends in .jsonl."
        )
    for number, value in enumerate(objects, start=1):
        if not isinstance(value, dict):
            got = _cut(json.dumps(value))
            raise DataError(f"{file.name!r}, element {number} must be a JSON object. Got {got}.")
    return _frame(objects)


def _frame(objects: list[dict[str, Any]]) -> pd.DataFrame:
    names = dict.fromkeys(name for row in objects for name in row)
    refuse_unsafe(names, "The names of columns")
    return frame_of_objects(objects)


def _object(line: str, location: str) -> dict[str, Any]:
    value = _parsed(line, location)
    if not isinstance(value, dict):
        raise DataError(f"{location} must be a JSON object. Got {_cut(line)}.")
    return value


def _parsed(text: str, location: str) -> Any:
    try:
        check_depth(text)
        return json.loads(text, object_pairs_hook=_with_unique_keys)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{location} is not JSON: {error}") from error


def _with_unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    by_key = dict(pairs)
    if len(by_key) < len(pairs):
        raise ValueError("a key is given twice")
    return by_key


def _cut(text: str) -> str:
    return text.strip()[:60]
