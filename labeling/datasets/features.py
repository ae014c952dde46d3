"""Types of columns as features of Hugging Face's `datasets`, in JSON and in YAML."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet


def described(table: pa.Table, train: TrainingSet, more: dict[str, Any] | None = None) -> pa.Table:
    """Return a table whose metadata hold its features, for who reads a file without the card.

    Args:
        table: rows of the training set.
        train: the training set.
        more: the features of further columns, by name.
    """
    of_label = train.form.label_feature(train.schema)
    known = {} if of_label is None else {train.own_columns["label"]: of_label}
    known |= more or {}
    features = {
        field.name: known.get(field.name) or json_feature(field.type) for field in table.schema
    }
    about = {"info": {"features": features}}
    return table.replace_schema_metadata({b"huggingface": json.dumps(about).encode()})


def class_label(names: list[str]) -> dict[str, Any]:
    """Return the feature of codes of names."""
    return {"names": names, "_type": "ClassLabel"}


def json_feature(kind: pa.DataType) -> Any:
    """Return the feature of a type in JSON."""
    if pa.types.is_large_list(kind):
        return {"feature": json_feature(kind.value_type), "_type": "LargeList"}
    if pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind):
        return {"feature": json_feature(kind.value_type), "_type": "List"}
    if pa.types.is_struct(kind):
        return {field.name: json_feature(field.type) for field in kind}
    return {"dtype": _name(kind), "_type": "Value"}


def yaml_feature(kind: pa.DataType) -> dict[str, Any]:
    """Return the feature of a type in YAML."""
    if pa.types.is_struct(kind):
        return {"struct": [{"name": field.name, **yaml_feature(field.type)} for field in kind]}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = yaml_feature(kind.value_type)
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
