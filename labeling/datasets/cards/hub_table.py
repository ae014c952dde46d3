"""The rows of a training set as the Hugging Face hub reads them: an Arrow table for each split."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.canonical import rows_table
from labeling.datasets.cards.pseudonyms import SEPARATOR
from labeling.datasets.features import described, yaml_feature
from labeling.records import person_key

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

SPLITS = {"train": "train", "dev": "validation", "test": "test"}
"""The name of each split on the hub."""
NO_SPLIT = "unassigned"
"""The split on the hub of rows that are in none, where others are."""


def hub_tables(
    train: TrainingSet, names: Mapping[str, str], voters: Collection[str] = ()
) -> dict[str, pa.Table]:
    """Return the rows of each split by its name on the hub, without names of people.

    Labels are codes, which the hub shows by the names in the card. The rows keep their order.

    Args:
        train: the training set.
        names: the pseudonym of each person, by `person_key`.
        voters: names of labeling functions that are people.

    Raises:
        DataError: a value cannot be written.
    """
    table = rows_table(train)
    own_name = train.own_columns
    label = train.form.hub_labels(train.columns["label"], train.schema)
    table = _with(table, own_name["label"], label)
    for name, affected in (("annotators", None), ("lf_votes", voters)):
        if affected is None or affected:
            table = _with(table, own_name[name], _renamed(train.columns[name], names, affected))
    table = _with(table, own_name["reviewer"], _reviewers(train.columns["reviewer"], names))
    table = _with_plain_types(table)
    if "split" not in train.columns:
        return {"train": described(table, train)}
    splits = train.columns["split"].fill_null(NO_SPLIT)
    table = described(table.drop_columns([own_name["split"]]), train)
    wanted = [*SPLITS, NO_SPLIT]
    parts = {name: table.filter(pc.equal(splits, name)) for name in wanted}
    found = {SPLITS.get(name, name): part for name, part in parts.items() if len(part)}
    return found or {"train": table}


def features_of(train: TrainingSet, schema: pa.Schema) -> list[dict[str, Any]]:
    """Return the features of a table as the header of a card lists them."""
    label = train.own_columns["label"]
    of_label = train.form.label_feature_in_yaml(train.schema)
    return [
        {"name": field.name, **of_label}
        if field.name == label and of_label is not None
        else {"name": field.name, **yaml_feature(field.type)}
        for field in schema
    ]


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    position = table.column_names.index(name)
    return table.set_column(position, name, column)


def _renamed(
    column: pa.ListArray, names: Mapping[str, str], affected: Collection[str] | None
) -> pa.ListArray:
    """Return votes with the pseudonyms of people, sorted: no order tells who is who."""
    renamed = [
        sorted(
            (_renamed_vote(vote, names, affected) for vote in votes or ()),
            key=lambda vote: next(iter(vote.values())),
        )
        for votes in column.to_pylist()
    ]
    return pa.array(renamed, column.type)


def _renamed_vote(
    vote: dict[str, str | None], names: Mapping[str, str], affected: Collection[str] | None
) -> dict[str, Any]:
    key = next(iter(vote))
    person = str(vote[key])
    is_person = affected is None or person in affected
    return {**vote, key: names[person_key(person)] if is_person else person}


def _reviewers(column: pa.Array, names: Mapping[str, str]) -> pa.Array:
    rows = [
        None
        if reviewers is None
        else SEPARATOR.join(sorted(names[person_key(name)] for name in reviewers.split(SEPARATOR)))
        for reviewers in column.to_pylist()
    ]
    return pa.array(rows, pa.string())


def _with_plain_types(table: pa.Table) -> pa.Table:
    """Return a table without dictionaries and wide offsets, which not all readers expect."""
    for field in table.schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
            kind = pa.string()
        if kind != field.type:
            table = _with(table, field.name, table[field.name].cast(kind))
    return table
