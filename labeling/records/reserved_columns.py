"""Names of the columns that we add to those of the samples, with a prefix where a name is taken."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from labeling.errors import listed

PREFIX = "labeling_"


def free_name(name: str, taken: Collection[object]) -> str:
    """Return a name that is not taken: the name itself, or with the prefix `labeling_`.

    >>> free_name("score", ["text"]), free_name("score", ["text", "score"])
    ('score', 'labeling_score')
    """
    while name in taken:
        name = PREFIX + name
    return name


def free_names(names: Iterable[str], taken: Collection[object]) -> dict[str, str]:
    """Return the `free_name` of each name.

    >>> free_names(["label", "weight"], ["text", "weight"])
    {'label': 'label', 'weight': 'labeling_weight'}
    """
    return {name: free_name(name, taken) for name in names}


def renamed_sentence(names: dict[str, str], where: str) -> str:
    """Return a sentence on our columns that were renamed; empty if none were.

    >>> renamed_sentence({"label": "label", "weight": "labeling_weight"}, "the training set")
    "The samples have the columns 'weight': in the training set ours are called 'labeling_weight'."
    """
    renamed = {name: new_name for name, new_name in names.items() if name != new_name}
    if not renamed:
        return ""
    return (
        f"The samples have the columns {listed(renamed, 20)}: in {where} ours are called"
        f" {listed(renamed.values(), 20)}."
    )
