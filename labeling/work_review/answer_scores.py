"""How far an answer is right, from 0 to 1, by what a sample's label is."""

from __future__ import annotations

import functools
from collections.abc import Collection

from labeling.records import Label


@functools.singledispatch
def answer_score(gold: Label, answer: Label) -> float:
    """Return how far an answer is right: 1 or 0 for one label, else F1 of the answer.

    Of several labels, and of spans with their ends and labels, it is 2 right / (answered + gold);
    1 where both have none.

    Args:
        gold: the true label.
        answer: what somebody said.

    >>> answer_score("ham", "spam"), answer_score(frozenset({"joy", "fear"}), frozenset({"joy"}))
    (0.0, 0.6666666666666666)
    """
    return float(answer == gold)


@answer_score.register(frozenset)
@answer_score.register(tuple)
def _(gold: Collection[object], answer: Collection[object]) -> float:
    parts, true_parts = set(answer), set(gold)
    total = len(parts) + len(true_parts)
    return 2 * len(parts & true_parts) / total if total else 1.0
