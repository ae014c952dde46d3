"""Chooses rules: the most precise of each label, and of like ones those that cover most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from labeling.notebook.suggestions.evidence import Floats
from labeling.notebook.suggestions.rules import Rule
from labeling.notebook.suggestions.words import Mask

ALIKE = 0.05
"""Lower bounds this close are taken for equal; then new coverage decides."""
MOST_SHARED = 0.5
"""Of the samples of the smaller of two rules with a word in common, or else of their union: more
makes them variants of one. That a rule lies within another of other words confirms both."""


def ranked(
    rules: Sequence[Rule],
    fires: Any,
    low: Floats,
    admissible: Mask,
    labels: Sequence[str],
    covered: Mask,
    most: int,
    there: Sequence[int],
) -> list[tuple[int, int]]:
    """Return the rules to offer with their labels: (number of the rule, number of the label).

    Each label gets its share of most / (number of labels + 1) places first, then the best of all
    follow. Within `ALIKE` of the best lower bound, the rule that covers most samples that nothing
    as precise covers yet is taken, and no variant of one taken before.

    Args:
        rules: without labels.
        fires: sparse by columns, shape (n_samples, n_rules).
        low: lower bounds, shape (n_rules, n_labels).
        admissible: which of them may be offered.
        labels: the names of the labels, which decide between equals.
        covered: the samples that are covered already, shape (n_samples,).
        most: how many rules to offer.
        there: how many labeling functions vote for each label already: labels with few come first.
    """
    choice = _Choice(rules, fires, low, covered)
    left = {
        label: {int(rule) for rule in np.flatnonzero(admissible[:, label])}
        for label in sorted(range(len(labels)), key=labels.__getitem__)
    }
    reserved = max(1, most // (len(labels) + 1))
    while len(choice.taken) < most and any(left.values()):
        live = [label for label in left if left[label]]
        short = [label for label in live if choice.count(label) < reserved]
        label = (
            min(short, key=lambda each: choice.count(each) + there[each])
            if short
            else max(live, key=lambda each: max(low[rule, each] for rule in left[each]))
        )
        gone = choice.take(label, left[label])
        for others in left.values():
            others -= gone if others is left[label] else gone & choice.rules_taken
    return choice.taken


class _Choice:
    """The rules taken so far."""

    def __init__(self, rules: Sequence[Rule], fires: Any, low: Floats, covered: Mask) -> None:
        self.rules, self.low, self.fires = rules, low, fires.tocsc()
        # How precise at least what covers a sample is: functions that are there count as certain.
        self.bounds = np.where(covered, np.inf, -np.inf)
        self.taken: list[tuple[int, int]] = []
        self.words = [frozenset(re.findall(r"\w+", rule.words.lower())) for rule in rules]

    @property
    def rules_taken(self) -> set[int]:
        return {rule for rule, _ in self.taken}

    def count(self, label: int) -> int:
        return sum(each == label for _, each in self.taken)

    def rows(self, rule: int) -> Any:
        start, end = self.fires.indptr[rule : rule + 2]
        return self.fires.indices[start:end]

    def take(self, label: int, left: set[int]) -> set[int]:
        """Take one of the best rules for a label; return those that are out of question now."""
        best = max(self.low[rule, label] for rule in left)
        pool = {rule for rule in left if self.low[rule, label] >= best - ALIKE}
        gains = {
            rule: gain
            for rule in pool
            if (gain := self._gain(rule, self.low[rule, label])) > 0
            and not any(self._is_variant(rule, other) for other in self.rules_taken)
        }
        if not gains:
            return pool
        rule = min(gains, key=lambda each: (-gains[each], -self.low[each, label], self._key(each)))
        self.taken.append((rule, label))
        rows = self.rows(rule)
        self.bounds[rows] = np.maximum(self.bounds[rows], self.low[rule, label])
        return {rule} | (pool - set(gains))

    def _gain(self, rule: int, low: float) -> int:
        """Return on how many samples nothing votes that is about as precise."""
        return int((self.bounds[self.rows(rule)] < low - ALIKE).sum())

    def _key(self, rule: int) -> tuple[str, str]:
        return self.rules[rule].kind, self.rules[rule].words

    def _is_variant(self, rule: int, other: int) -> bool:
        first, second = self.rows(rule), self.rows(other)
        shared = len(np.intersect1d(first, second, assume_unique=True))
        has_common = not self.words[rule].isdisjoint(self.words[other])
        size = min(len(first), len(second)) if has_common else len(first) + len(second) - shared
        return shared > MOST_SHARED * size
