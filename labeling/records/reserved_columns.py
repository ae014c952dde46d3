"""Columns that we add to those of the samples: where a name is taken, ours steps aside."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from labeling.errors import shown

PREFIX = "labeling_"


def free_name(name: str, taken: Collection[object]) -> str:
    """Return a name that is not taken: the name itself, or with `labeling_` before it.

    >>> free_name("score", ["text"]), free_name("score", ["text", "score"])
    ('score', 'labeling_score')
    """
    while name in taken:
        name = PREFIX + name
    return name


def free_names(names: Iterable[str], taken: Collection[object]) -> dict[str, str]:
    """Return for each name one that is not taken, as `free_name` does.

    >>> free_names(["label", "weight"], ["text", "weight"])
    {'label': 'label', 'weight': 'labeling_weight'}
    """
    return {name: free_name(name, taken) for name in names}


def renamed_sentence(names: dict[str, str], where: str) -> str:
    """Return in a sentence what our columns are called that stepped aside; empty where none did.

    >>> renamed_sentence({"label": "label", "weight": "labeling_weight"}, "the training set")
    "The samples have the columns 'weight': in the training set ours are called 'labeling_weight'."
    """
    moved = {name: own for name, own in names.items() if name != own}
    if not moved:
        return ""
    return (
        f"The samples have the columns {shown(moved, 20)}: in {where} ours are called"
        f" {shown(moved.values(), 20)}."
    )
