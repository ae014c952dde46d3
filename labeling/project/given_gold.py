"""Gold labels that a config gives: in a column of the samples, or in a file of their own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from labeling.annotation_files.wide_table import UNCLEAR, label_columns, marked_labels
from labeling.errors import DataError, UnknownLabelError
from labeling.records import (
    LabelKind,
    LabelSchema,
    checked_ids,
    gold_codes,
    positions,
    read_label,
    require_column,
)
from labeling.sources import read_table

ZEROS = "Some are zeros, others empty, and no label is marked: write zeros where it has none."


def given_gold(
    source: str,
    file: Path | str | None,
    id: str,
    samples: pd.DataFrame,
    schema: LabelSchema,
    text: str,
) -> pd.Series:
    """Return gold labels as the schema stores them, index = ids in the samples' order.

    Args:
        source: the column of the samples, or the file, as the config names it.
        file: the path of that file; `None` for a column.
        id: the file's column of ids; `id` will do as well.
        samples: the samples, index = ids.
        schema: the labels. Cells with several labels, or spans, are read by `read_label`.
        text: the column of the text that spans are in.

    Raises:
        DataError: a file or column is missing, there is no gold label, one of no sample, or one of
            another form than the schema's.
        UnknownLabelError: a gold label that the schema does not have.
    """
    if file is not None:
        table = read_table(file, id)
        if id not in table.columns and "id" in table.columns:
            table = read_table(file, "id").rename(columns={"id": id})
        require_column(table, id, f"gold labels in {source}")
        table = _with_labels(table, source, schema)
        require_column(table, "label", f"gold labels in {source}")
        table = table[table["label"].notna()]
        ids = checked_ids(pd.Index(table[id]), f"The ids of gold labels in {source}")
        positions(samples.index, ids, f"the gold labels in {source}", "the samples")
        labels = pd.Series(table["label"].tolist(), index=ids, dtype=object)
    else:
        require_column(samples, source, "gold labels (`gold` of `data`)")
        labels = samples[source].astype(object).dropna()
    if not len(labels):
        raise DataError(f"There must be at least one gold label. {source!r} of `data` holds none.")
    if schema.kind != LabelKind.ONE:
        return _gold_of_parts(labels, samples, schema, text)
    names = [schema.recorded(label) for label in labels.tolist()]
    named = pd.Series(names, index=labels.index, dtype=object)
    codes = gold_codes(named, samples.index, schema)
    has_gold = codes >= 0
    return pd.Series(
        [schema.labels[code] for code in codes[has_gold]],
        index=samples.index[has_gold],
        dtype=object,
    )


def _gold_of_parts(
    labels: pd.Series, samples: pd.DataFrame, schema: LabelSchema, text: str
) -> pd.Series:
    """Return gold labels that are sets or spans, in the samples' order."""
    rows = np.sort(positions(samples.index, labels.index, "the gold labels", "the samples"))
    ids = samples.index[rows]
    texts = samples[text].to_numpy(dtype=object)[rows]
    read = np.empty(len(ids), dtype=object)
    for number, (sample_id, content) in enumerate(zip(ids, texts, strict=True)):
        try:
            known = content if isinstance(content, str) else None
            read[number] = read_label(labels[sample_id], schema, known)
        except (DataError, UnknownLabelError) as error:
            raise type(error)(f"In the gold label of sample {sample_id!r}: {error}") from None
    return pd.Series(read, index=ids, dtype=object)


def _with_labels(table: pd.DataFrame, source: str, schema: LabelSchema) -> pd.DataFrame:
    """Return a table with the column `label`, made of a column for each label if it has these.

    A row that leaves the cells of all labels empty has no gold label.
    """
    if schema.kind != LabelKind.SEVERAL or "label" in table.columns:
        return table
    columns = label_columns(list(map(str, table.columns)), schema.labels, source)
    if not columns:
        return table
    cells = {
        name: ["" if is_empty else str(cell) for cell, is_empty in zip(values, empty, strict=True)]
        for name in columns.values()
        for values, empty in [(table[name].tolist(), table[name].isna().tolist())]
    }
    labels = []
    for row in range(len(table)):
        where = f"{source!r}, row {row + 1} below the header"
        answer = marked_labels(
            columns, {name: values[row] for name, values in cells.items()}, where
        )
        if answer == UNCLEAR:
            raise DataError(f"{where}: the cells of labels must all be filled, or none. {ZEROS}")
        labels.append(None if isinstance(answer, str) else list(answer))
    return table.assign(label=pd.Series(labels, index=table.index, dtype=object))
