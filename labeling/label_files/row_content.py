"""What people see of a sample, and of what others said of it."""

from __future__ import annotations

import collections
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from labeling.errors import shown
from labeling.label_files.columns import ASK, Columns
from labeling.label_files.row_key import is_unchanged, parse_row_key, plain_id
from labeling.label_files.sheets import Row
from labeling.records import (
    Annotation,
    Message,
    MissingText,
    Problem,
    identified,
    live_annotations,
    require_column,
    texts,
    with_texts,
)

SampleContent = Mapping[str | int, Mapping[str, object]]
"""What is shown of each sample: values by column."""


def content_from_samples(
    samples: pd.DataFrame,
    sample_ids: Sequence[Hashable],
    columns: Columns,
    missing_text: MissingText = "drop",
) -> dict[str | int, dict[str, object]]:
    """Return what is to be shown of some samples, by their ids; of those that can be shown.

    Raises:
        DataError: a column is missing, or a text is none.
    """
    ids = [plain_id(one) for one in sample_ids]
    if not ids:
        return {}
    require_columns(samples, columns)
    where = samples.index.get_indexer(pd.Index(ids, dtype=object))
    ids = [one for one, place in zip(ids, where.tolist(), strict=True) if place >= 0]
    rows, there = with_texts(samples.iloc[where[where >= 0]], columns.text, missing_text)
    ids = [one for one, has_text in zip(ids, there.tolist(), strict=True) if has_text]
    values: dict[str, Sequence[object]] = {columns.sample_columns[0]: texts(rows, columns.text)}
    for name in columns.show:
        values[columns.inside(name)] = [_plain(value) for value in rows[name].tolist()]
    return {
        sample_id: {name: column[place] for name, column in values.items()}
        for place, sample_id in enumerate(ids)
    }


def require_columns(samples: pd.DataFrame, columns: Columns) -> None:
    """Raise a DataError that names the near columns unless samples have what people are to see."""
    require_column(identified(samples), columns.text, "text")
    for name in columns.show:
        require_column(samples, name, "a column to show")


def content_from_files(rows: Iterable[Row], columns: Columns) -> dict[str | int, dict[str, object]]:
    """Return what rows show of their samples, where it is as it was sent."""
    names = columns.sample_columns
    found: dict[str | int, dict[str, object]] = {}
    for row in rows:
        ask = parse_row_key(row[ASK])
        if ask is not None and ask.sample_id not in found and is_unchanged(row[ASK], row[names[0]]):
            found[ask.sample_id] = {name: row[name] for name in names}
    return found


def missing_content(
    messages: Iterable[Message], content: SampleContent, place: str, where: str
) -> tuple[Problem, ...]:
    """Return the problem with messages whose samples nothing can be shown of, if there are any."""
    lost = [one.sample_id for one in messages if plain_id(one.sample_id) not in content]
    what = (
        f"Samples must be among {where}, with a text, to be shown to people. {len(lost)} are not, and"
        f" nobody is asked about them: {shown(lost)}. Put them back as they were."
    )
    return (Problem(place, what),) if lost else ()


def vote_counts(annotations: Iterable[Annotation]) -> str:
    """Return how many people said what, the most first, by nobody's name.

    >>> import datetime
    >>> now = datetime.datetime.now(datetime.UTC)
    >>> said = zip("abcd", ["ham", "spam", "spam", None])
    >>> counted([Annotation("s", person, label, now, now) for person, label in said])
    '2 x spam, 1 x ham, 1 skipped'
    """
    said = [one for one in live_annotations(annotations) if not one.reviewer]
    counts = collections.Counter(one.label for one in said if one.label is not None)
    most_first = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    parts = [f"{count} x {label}" for label, count in most_first]
    skipped = sum(one.label is None for one in said)
    return ", ".join([*parts, *([f"{skipped} skipped"] if skipped else [])]) or "none"


def _plain(value: Any) -> object:
    """Return a value of a sample as a cell can hold it."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, (str, bool, int)):
        return value
    number = value.item() if hasattr(value, "item") else value
    is_finite = isinstance(number, (int, float)) and abs(number) < float("inf")
    return number if is_finite else str(value)
