"""Labels, their descriptions and the class balance, as written in YAML."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from labeling.records import LabelSchema, class_balance_array


def class_balance_by_label(given: Any, labels: Collection[str]) -> dict[str, float]:
    """Return a class balance as a mapping from label to share, in the order of the labels.

    Raises:
        LabelingError: it is not a class balance of these labels.

    >>> class_balance_by_label({1: 0.25, 2: 0.75}, ["1", "2"])
    {'1': 0.25, '2': 0.75}
    """
    schema = LabelSchema(tuple(labels))
    if isinstance(given, dict):  # YAML reads the name 1 as a number
        given = {key if isinstance(key, bool) else str(key): share for key, share in given.items()}
    class_balance = class_balance_array(given, schema)
    values = [] if class_balance is None else class_balance.tolist()
    return dict(zip(schema.labels, values, strict=True))


def names_and_descriptions(labels: Any) -> tuple[Any, dict[Any, Any]]:
    """Return the names of labels and their descriptions; values of other types are unchanged."""
    if isinstance(labels, dict):
        return list(labels), labels
    if not isinstance(labels, list):
        return labels, {}
    names, descriptions = [], {}
    for label in labels:
        if isinstance(label, dict) and len(label) == 1:
            descriptions.update(label)
            (label,) = label
        names.append(label)
    return names, descriptions
