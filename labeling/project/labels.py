"""Labels of a new project: from a comma-separated text, a file, or a column of the data."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from labeling.config import UniqueKeyLoader, class_balance_by_label, names_and_descriptions
from labeling.errors import DataError, listed, near
from labeling.records import LabelKind, LabelSchema
from labeling.sources import READERS, read_table

NAMES = ("name", "label")
DESCRIPTION = "description"


@dataclass(frozen=True, slots=True)
class GivenLabels:
    """Labels of a new project, with descriptions.

    Attributes:
        names: the labels, in order.
        descriptions: from labels to what they mean.
        source: a sentence on the column or file they are from; empty where they were typed.
        ordered: whether they are grades from the lowest to the highest.
        kind: what a sample's label is.
    """

    names: tuple[str, ...]
    descriptions: Mapping[str, str | None] = field(default_factory=dict)
    source: str = ""
    ordered: bool = False
    kind: LabelKind = LabelKind.ONE


def parse_labels(text: str, kind: LabelKind = LabelKind.ONE) -> GivenLabels:
    """Return the labels of a comma-separated text, quoted as in CSV.

    Args:
        text: the names.
        kind: what a sample's label is.

    Raises:
        DataError: a quotation mark is not closed, or within a label.
        LabelingError: the labels are invalid.

    >>> parse_labels('ham, "spam, maybe"').names
    ('ham', 'spam, maybe')
    """
    return _checked(GivenLabels(_cells(text), kind=kind))


def _cells(text: str) -> tuple[str, ...]:
    try:
        rows = list(csv.reader([text], skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise DataError(
            "Labels must have commas between them, and quotation marks around those that have a"
            f' comma themselves, such as: ham,"spam, maybe". Got {text!r}: {error}.'
        ) from error
    return tuple(cell.strip() for row in rows for cell in row)


def parse_class_balance(text: str, labels: Sequence[str]) -> dict[str, float]:
    """Return the class balance of a text: numbers in the order of the labels, or label=number.

    Raises:
        DataError: the text cannot be parsed.
        LabelingError: the class balance is not of these labels, or does not sum to 1.

    >>> parse_class_balance("0.9, 0.1", ["ham", "spam"])
    {'ham': 0.9, 'spam': 0.1}
    >>> parse_class_balance("spam=0.1,ham=0.9", ["ham", "spam"])
    {'ham': 0.9, 'spam': 0.1}
    """
    cells = [cell.rpartition("=") for cell in _cells(text)]
    try:
        values = [float(value) for _, _, value in cells]
    except ValueError:
        values = []
    if not values or len({bool(sign) for _, sign, _ in cells}) > 1:
        raise DataError(
            "The class balance must be numbers in the order of the labels, such as 0.9,0.1, or"
            f" label=number, such as {labels[0]}=0.9. Got {text!r}."
        )
    if not cells[0][1]:
        return class_balance_by_label(values, labels)
    names = [name.strip() for name, _, _ in cells]
    if len(set(names)) < len(names):
        raise DataError(f"Each label must be named once. Got {text!r}.")
    return class_balance_by_label(dict(zip(names, values, strict=True)), labels)


def labels_from(
    source: str,
    data: str | os.PathLike[str],
    *,
    ordered: bool = False,
    kind: LabelKind = LabelKind.ONE,
) -> GivenLabels:
    """Return the labels of a column of the data, or else of a file.

    A column gives its distinct labels, the most frequent first, or numbers by value if `ordered`;
    its cells are read as gold labels are: several have semicolons between, spans are JSON. A text
    file has one label per line; JSON and YAML a list of names, a mapping from name to
    description, or a list of objects with `name` and `description`; any table these columns.

    Args:
        source: the name of a column, or the path of a file.
        data: the file of the samples.
        ordered: whether the labels are grades; a file has them from the lowest to the highest.
        kind: what a sample's label is.

    Raises:
        DataError: there is no such column or file, it holds no labels, or the order of ordered
            labels of a column is unknown.
        LabelingError: the labels are invalid.
    """
    table = read_table(data)
    if source in table.columns:
        return _checked(_from_column(source, table[source], ordered=ordered, kind=kind))
    file = Path(source)
    read = FILES.get(file.suffix.lower())
    if read is None or not file.is_file():
        raise DataError(
            f"Labels must come from a column of {os.path.basename(data)!r} or from a file of one of"
            f" the kinds {', '.join(FILES)}. There is no {source!r}; columns are"
            f" {listed(table.columns, 20)}.{near(source, table.columns)}"
        )
    try:
        given = read(file)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError, yaml.YAMLError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"The labels in {source!r} cannot be read: {error}") from error
    sentence = f"Labels from {source}."
    return _checked(GivenLabels(given.names, given.descriptions, sentence, ordered, kind))


def _checked(given: GivenLabels) -> GivenLabels:
    LabelSchema(given.names, given.descriptions, kind=given.kind)
    return given


def _from_column(name: str, column: pd.Series, *, ordered: bool, kind: LabelKind) -> GivenLabels:
    cells = column[column.notna()].tolist()
    values = [value for cell in cells for value in NAMES_IN_CELL[kind](cell)]
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    if len(counts) == len(column) > 2:
        raise DataError(
            f"Column {name!r} cannot be that of the labels: each of its {len(column)} rows holds"
            f" another value, such as {listed(counts, 2)}."
        )
    names = _by_value(counts, name) if ordered else _by_frequency(counts)
    label_counts = ", ".join(f"{value!r} {counts[value]}" for value in names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    gaps = f"; {len(column) - len(cells)} rows hold none" if len(cells) < len(column) else ""
    sentence = f"Labels from column {name!r}: {label_counts}{more}{gaps}."
    return GivenLabels(tuple(names), source=sentence, ordered=ordered, kind=kind)


def _by_frequency(counts: Mapping[str, int]) -> list[str]:
    return sorted(counts, key=lambda value: (-counts[value], value))


def _by_value(counts: Mapping[str, int], column: str) -> list[str]:
    """Return labels that are numbers from the lowest to the highest."""
    try:
        return sorted(counts, key=float)
    except ValueError:
        raise DataError(
            f"The labels of column {column!r} must be numbers to be ordered by value. Got"
            f" {listed(_by_frequency(counts), 10)}: give them from the lowest to the highest, as"
            " --labels or in a file."
        ) from None


def _name(value: Any) -> str:
    """Return a value of a column as text; 1 and 1.0 are "1"."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value).strip()


def _names_of_set(cell: Any) -> list[str]:
    """Return the labels in a cell with several: a list, or a text with semicolons between."""
    parts = _parsed(cell)
    if isinstance(parts, str):
        parts = [part for part in parts.split(";") if part.strip()]
    return [_name(part) for part in (parts if isinstance(parts, (list, tuple)) else [parts])]


def _names_of_spans(cell: Any) -> list[str]:
    """Return the labels of the spans in a cell, in which each is a list or an object."""
    spans = _parsed(cell)
    try:
        if isinstance(spans, str):
            raise TypeError("a text is no list of spans")
        return [_name(span["label"] if isinstance(span, Mapping) else span[2]) for span in spans]
    except (TypeError, LookupError):
        raise DataError(
            'A cell with spans must be JSON such as [[0,5,"PER"]]: start, end and label of each.'
            f" Got {str(cell)[:100]!r}; --labels names labels without such a column."
        ) from None


def _parsed(cell: Any) -> Any:
    """Return what a JSON text holds, and anything else as it is."""
    if hasattr(cell, "tolist"):
        return cell.tolist()  # of Parquet
    try:
        return json.loads(cell) if isinstance(cell, str) and cell.strip()[:1] == "[" else cell
    except ValueError:
        return cell


NAMES_IN_CELL: dict[LabelKind, Callable[[Any], list[str]]] = {
    LabelKind.ONE: lambda cell: [_name(cell)],
    LabelKind.SEVERAL: _names_of_set,
    LabelKind.SPANS: _names_of_spans,
}
"""The labels in a cell of a column of gold labels, by kind."""


def _from_lines(file: Path) -> GivenLabels:
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    return GivenLabels(tuple(line.strip() for line in lines if line.strip()))


def _from_json(file: Path) -> GivenLabels:
    return _from_parsed(json.loads(file.read_text(encoding="utf-8-sig")), file)


def _from_yaml(file: Path) -> GivenLabels:
    return _from_parsed(yaml.load(file.read_text(encoding="utf-8-sig"), UniqueKeyLoader), file)


def _from_parsed(content: Any, file: Path) -> GivenLabels:
    if isinstance(content, list):
        content = [_pair(item) if isinstance(item, dict) else item for item in content]
    names, descriptions = names_and_descriptions(content)
    if not isinstance(names, list):
        raise DataError(
            f"{file.name!r} must hold a list of labels, or a mapping from label to description. Got"
            f" a {type(content).__name__}."
        )
    return GivenLabels(tuple(names), descriptions)


def _pair(item: dict[Any, Any]) -> dict[Any, Any]:
    """Return an object with `name` and `description` as a mapping from name to description."""
    name = next((item[key] for key in NAMES if key in item), None)
    has_only_these = set(item) <= {*NAMES, DESCRIPTION}
    return {name: item.get(DESCRIPTION)} if has_only_these and isinstance(name, str) else item


def _from_table(file: Path) -> GivenLabels:
    columns = read_table(file).columns
    name = next((name for name in NAMES if name in columns), None)
    if name is None:
        raise DataError(
            f"{file.name!r} must have a column 'name' with the labels, and may have one"
            f" 'description'. It has {listed(columns, 20)}."
        )
    table = read_table(file, name)  # an id column keeps its text: `007` and `1.0` are names
    names = tuple(map(_name, table[name].tolist()))
    if DESCRIPTION not in columns:
        return GivenLabels(names)
    texts = [None if pd.isna(text) else str(text) for text in table[DESCRIPTION].tolist()]
    return GivenLabels(names, dict(zip(names, texts, strict=True)))


FILES: dict[str, Callable[[Path], GivenLabels]] = {
    **dict.fromkeys(READERS, _from_table),
    ".txt": _from_lines,
    ".json": _from_json,
    ".yaml": _from_yaml,
    ".yml": _from_yaml,
}
