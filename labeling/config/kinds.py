"""Settings of a config that depend on what a sample's label is (`task`)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from labeling.errors import LabelingError, listed, near
from labeling.records import SetConstraints

BY_NAME = "its votes are aggregated by the model of the kind of labels"
NO_CLASSES = "its samples are not in one class each"
REFUSED: Mapping[str, Mapping[str, tuple[object, str]]] = MappingProxyType(
    {
        "one": {
            "exclusive": ((), "a sample has one label anyway"),
            "implies": ({}, "a sample has one label anyway"),
        },
        "several": {
            "ordered_labels": (False, "grades exclude each other"),
            "class_balance": (None, NO_CLASSES),
            "label_model": ("label_model", BY_NAME),
            "review.rule": ("majority", "each label is settled by counting votes"),
            "review.model_voter": (False, "each label is settled by counting votes"),
            "export.balance": ("none", NO_CLASSES),
            "export.select": (None, "weak labels are compared with those of one class"),
        },
        "spans": {
            "ordered_labels": (False, "labels of spans are no grades"),
            "class_balance": (None, NO_CLASSES),
            "label_model": ("label_model", BY_NAME),
            "embeddings": (None, "spans are found by words, not by vectors of whole texts"),
            "exclusive": ((), "spans do not overlap anyway"),
            "implies": ({}, "each span has one label"),
            "review.rule": ("majority", "spans are settled by counting votes"),
            "review.model_voter": (False, "spans are settled by counting votes"),
            "export.balance": ("none", NO_CLASSES),
            "export.select": (None, "weak labels are compared with those of one class"),
        },
    }
)
"""By task the keys that it does not have: their default, and why."""

LEAST_LABELS: Mapping[str, int] = MappingProxyType({"one": 2, "several": 1, "spans": 1})


def refused_settings(task: str, values: Mapping[str, Any]) -> list[str]:
    """Return a sentence, without a full stop, for each setting that a task does not have.

    Args:
        task: of the config.
        values: the values of the config, sections as mappings.

    >>> refused_settings("spans", {"ordered_labels": True})
    ["key 'ordered_labels' must be left out with `task: spans`: labels of spans are no grades"]
    """
    return [
        f"key {key!r} must be left out with `task: {task}`: {reason}"
        for key, (default, reason) in REFUSED[task].items()
        if _value(values, key, default) != default
    ]


def _value(values: Mapping[str, Any], key: str, default: object) -> object:
    value: Any = values
    for step in key.split("."):
        value = value.get(step, default) if isinstance(value, Mapping) else default
    return value


def check_label_rules(
    labels: Collection[str],
    exclusive: Sequence[Sequence[str]],
    implies: Mapping[str, str | Sequence[str]],
) -> None:
    """Check which labels exclude or imply each other.

    Raises:
        LabelingError: an unknown label, a group of fewer than two labels or with one twice, a label
            that implies itself, at once or by others, or one that no sample could have.
    """
    for position, group in enumerate(exclusive):
        key = f"exclusive.{position}"
        _check_known(key, group, labels)
        if len(set(group)) < max(len(group), 2):
            raise LabelingError(
                f"key {key!r} must have two different labels or more. Got {listed(group)}"
            )
    for label, implied in implies.items():
        names = [implied] if isinstance(implied, str) else implied
        _check_known(f"implies.{label}", [label, *names], labels)
    try:
        SetConstraints.declared(exclusive, implies)
    except LabelingError as error:
        raise LabelingError(f"keys 'exclusive' and 'implies': {str(error).rstrip('.')}") from None


def _check_known(key: str, given: Collection[str], labels: Collection[str]) -> None:
    unknown = [label for label in given if label not in labels]
    if unknown:
        raise LabelingError(
            f"key {key!r} must name labels of `labels`. Got {unknown[0]!r}; labels are"
            f" {listed(labels, 20)}.{near(unknown[0], labels)}".rstrip(".")
        )
