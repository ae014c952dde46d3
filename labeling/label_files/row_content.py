"""Content of the rows: what people see of a sample, and of the votes on it."""

from __future__ import annotations

import collections
import itertools
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from labeling.errors import listed
from labeling.label_files.columns import ASK, Columns
from labeling.label_files.row_key import is_unchanged, parse_row_key, plain_id
from labeling.label_files.sheets import Row
from labeling.records import (
    Annotation,
    Message,
    MissingText,
    Problem,
    label_in_words,
    live_annotations,
    require_column,
    texts,
    with_id_index,
    with_texts,
)

SampleContent = Mapping[str | int, Mapping[str, object]]
"""What people see of each sample: values by column."""


def content_from_samples(
    samples: pd.DataFrame,
    sample_ids: Sequence[Hashable],
    columns: Columns,
    missing_text: MissingText = "drop",
) -> dict[str | int, dict[str, object]]:
    """Return what people see of some samples, by their ids, without those that have no text.

    Raises:
        DataError: a column is missing, or a value is no text.
    """
    ids = [plain_id(sample_id) for sample_id in sample_ids]
    if not ids:
        return {}
    require_columns(samples, columns)
    positions = samples.index.get_indexer(pd.Index(ids, dtype=object))
    is_present = positions >= 0
    rows, has_text = with_texts(samples.iloc[positions[is_present]], columns.text, missing_text)
    ids = list(itertools.compress(itertools.compress(ids, is_present), has_text))
    values: dict[str, Sequence[object]] = {columns.sample_columns[0]: texts(rows, columns.text)}
    for name in columns.show:
        values[columns.internal_name(name)] = [_plain(value) for value in rows[name].tolist()]
    return {
        sample_id: {name: column[index] for name, column in values.items()}
        for index, sample_id in enumerate(ids)
    }


def require_columns(samples: pd.DataFrame, columns: Columns) -> None:
    """Raise a DataError with similar names unless samples have the columns that people see."""
    require_column(with_id_index(samples), columns.text, "text")
    for name in columns.show:
        require_column(samples, name, "a column to show")


def content_from_files(rows: Iterable[Row], columns: Columns) -> dict[str | int, dict[str, object]]:
    """Return what rows show of their samples, if it is unchanged."""
    names = columns.sample_columns
    content: dict[str | int, dict[str, object]] = {}
    for row in rows:
        key = parse_row_key(row[ASK])
        if key is None or key.sample_id in content:
            continue
        if is_unchanged(row[ASK], columns.signed(row[names[0]])):
            content[key.sample_id] = {name: row[name] for name in names}
    return content


def missing_content(
    messages: Iterable[Message], content: SampleContent, folder: str, where: str
) -> tuple[Problem, ...]:
    """Return a problem if there are messages whose samples have nothing to show."""
    missing = [
        message.sample_id for message in messages if plain_id(message.sample_id) not in content
    ]
    what = (
        f"Samples must be among {where}, with a text, to be shown to people. {len(missing)} are"
        f" not, and nobody is asked about them: {listed(missing)}. Put them back as they were."
    )
    return (Problem(folder, what),) if missing else ()


def vote_counts(annotations: Iterable[Annotation], text: str | None = None) -> str:
    """Return how many people gave each label, the most frequent first, without names.

    Args:
        annotations: the votes.
        text: the sample's text, if known, from which spans are quoted.

    >>> import datetime
    >>> now = datetime.datetime.now(datetime.UTC)
    >>> votes = zip("abcd", ["ham", "spam", "spam", None])
    >>> vote_counts([Annotation("s", person, label, now, now) for person, label in votes])
    '2 x spam, 1 x ham, 1 skipped'
    """
    labels = [vote.label for vote in live_annotations(annotations) if not vote.reviewer]
    counts = collections.Counter(
        label_in_words(label, text) for label in labels if label is not None
    )
    most_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{count} x {label}" for label, count in most_first]
    skipped = labels.count(None)
    if skipped:
        parts.append(f"{skipped} skipped")
    return ", ".join(parts) or "none"


def _plain(value: Any) -> object:
    """Return a value of a sample in a type that cells can hold."""
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if isinstance(value, (str, bool, int)):
        return value
    number = value.item() if hasattr(value, "item") else value
    is_finite = isinstance(number, (int, float)) and abs(number) < float("inf")
    return number if is_finite else str(value)
