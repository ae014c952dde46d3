"""The rows of a training set as the Hugging Face hub reads them: an Arrow table for each split."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from labeling.datasets.canonical import rows_table
from labeling.datasets.cards.pseudonyms import SEPARATOR
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
    table = _with(table, own_name["label"], _codes(train))
    for name, affected in (("annotators", None), ("lf_votes", voters)):
        if affected is None or affected:
            table = _with(table, own_name[name], _renamed(train.columns[name], names, affected))
    table = _with(table, own_name["reviewer"], _reviewers(train.columns["reviewer"], names))
    table = _with_plain_types(table)
    if "split" not in train.columns:
        return {"train": _described(table, train)}
    splits = train.columns["split"].fill_null(NO_SPLIT)
    table = _described(table.drop_columns([own_name["split"]]), train)
    wanted = [*SPLITS, NO_SPLIT]
    parts = {name: table.filter(pc.equal(splits, name)) for name in wanted}
    found = {SPLITS.get(name, name): part for name, part in parts.items() if len(part)}
    return found or {"train": table}


def features_of(schema: pa.Schema, label: str, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the features of a table as the header of a card lists them.

    >>> schema = pa.schema([("text", pa.string()), ("label", pa.int64())])
    >>> features_of(schema, "label", ("ham", "spam"))[1]
    {'name': 'label', 'dtype': {'class_label': {'names': {'0': 'ham', '1': 'spam'}}}}
    """
    names = {str(code): name for code, name in enumerate(labels)}
    return [
        {"name": field.name, "dtype": {"class_label": {"names": names}}}
        if field.name == label
        else {"name": field.name, **_feature(field.type)}
        for field in schema
    ]


def _with(table: pa.Table, name: str, column: pa.Array) -> pa.Table:
    position = table.column_names.index(name)
    return table.set_column(position, name, column)


def _codes(train: TrainingSet) -> pa.Array:
    codes = train.codes
    return pa.array(codes, pa.int64(), mask=codes < 0)


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


def _described(table: pa.Table, train: TrainingSet) -> pa.Table:
    """Return a table whose metadata hold its features, for who reads a file without the card."""
    label = train.own_columns["label"]
    features = {
        field.name: {"names": list(train.schema.labels), "_type": "ClassLabel"}
        if field.name == label
        else _dtype(field.type)
        for field in table.schema
    }
    about = {"info": {"features": features}}
    return table.replace_schema_metadata({b"huggingface": json.dumps(about).encode()})


def _dtype(kind: pa.DataType) -> Any:
    """Return the feature of a type in JSON."""
    if pa.types.is_large_list(kind):
        return {"feature": _dtype(kind.value_type), "_type": "LargeList"}
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return {"feature": _dtype(kind.value_type), "_type": "List"}
    if pa.types.is_struct(kind):
        return {field.name: _dtype(field.type) for field in kind}
    return {"dtype": _name(kind), "_type": "Value"}


def _feature(kind: pa.DataType) -> dict[str, Any]:
    """Return the feature of a type in YAML."""
    if pa.types.is_struct(kind):
        return {"struct": [{"name": field.name, **_feature(field.type)} for field in kind]}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = _feature(kind.value_type)
        key = "large_list" if pa.types.is_large_list(kind) else "list"
        return {key: inner.get("dtype") or inner.get("struct") or inner}
    return {"dtype": _name(kind)}


def _name(kind: pa.DataType) -> str:
    """Return the name of a type in `datasets`, whose names differ from Arrow's here and there."""
    if pa.types.is_floating(kind):
        return f"float{kind.bit_width}"
    if pa.types.is_date(kind):
        return f"date{kind.bit_width}"
    return str(kind)
