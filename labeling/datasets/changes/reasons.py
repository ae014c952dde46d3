"""Sentences on why a row changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from labeling.datasets.changes.causes import Cause, CauseFinder
from labeling.datasets.changes.settings import BELOW, EXPORT, REVIEW, TESTED
from labeling.datasets.changes.sides import ANY_COLUMN, Side
from labeling.errors import counted, listed

FunctionState = str
MOST_NAMES = 5


class Reasons:
    """Words for the causes of rows that a finder has found."""

    def __init__(self, finder: CauseFinder) -> None:
        self.finder = finder
        self.base = finder.base
        self.head = finder.head
        self.functions = function_states(finder.base, finder.head)
        self.elsewhere = _elsewhere(finder, self.functions)

    def because(self, row: int, cause: Cause) -> str:
        """Return why a row changed, by the cause that is decisive for it."""
        words = {
            "data": self._data,
            "person": self._person,
            "rule": self._rule,
            "config": self._config,
            "model": self._model,
        }
        return words[cause](row)

    def functions_of(self, row: int) -> list[str]:
        """Return the functions that vote otherwise on a row."""
        differ = self.finder.votes_differ[row]
        return [name for name, differs in zip(self.base.voters, differ, strict=True) if differs]

    def people_of(self, row: int) -> list[str]:
        """Return who answers otherwise on a row, or decided it otherwise; sorted."""
        before, after = self.base.answers[row], self.head.answers[row]
        absent = object()
        names = {
            name
            for name in {*before, *after}
            if before.get(name, absent) != after.get(name, absent)
        }
        reviewers = [side.reviewers[row] if side.is_human[row] else "" for side in self._sides]
        if reviewers[0] != reviewers[1]:
            names |= {name for each in reviewers for name in each.split(", ") if name}
        if not names:
            names = {side.sources[row] for side in self._sides if side.is_human[row]}
            return sorted(f"({name})" for name in names)
        return sorted(names)

    @property
    def _sides(self) -> tuple[Side, Side]:
        return self.base, self.head

    def _label(self, code: int) -> str:
        return "none" if code < 0 else self.base.labels[code]

    def _data(self, row: int) -> str:
        if self.base.places.is_absent[row]:
            return "new in the data"
        if self.head.places.is_absent[row]:
            return "no longer in the data"
        names = self.finder.columns[row]
        if names == (ANY_COLUMN,):
            return "its columns changed"
        return f"{listed(names, MOST_NAMES)} changed"

    def _person(self, row: int) -> str:
        parts = []
        for name in self.people_of(row):
            if name.startswith("("):
                continue
            answers = [_said(side.answers[row], name) for side in self._sides]
            if answers[0] != answers[1]:
                parts.append(f"{name}: {answers[0]} → {answers[1]}")
        decided = [self._decision(side, row) for side in self._sides]
        if decided[0] != decided[1]:
            parts.append(f"decided by {decided[0]} → {decided[1]}")
        return "; ".join(parts) or "people decided otherwise by the same answers"

    def _decision(self, side: Side, row: int) -> str:
        """Return what decided a row, in words."""
        reviewer = side.reviewers[row] if side.is_human[row] else ""
        words = side.decided_by[row] or side.reasons[row] or "nobody"
        return f"{words} ({reviewer})" if reviewer else words

    def _rule(self, row: int) -> str:
        parts = []
        for name in self.functions_of(row)[:MOST_NAMES]:
            column = self.base.voters.index(name)
            votes = [self._label(int(side.votes[row, column])) for side in self._sides]
            parts.append(f"{name} ({self.functions[name]}): {votes[0]} → {votes[1]}")
        more = len(self.functions_of(row)) - len(parts)
        return "; ".join(parts) + (f"; {more} more" if more > 0 else "")

    def _config(self, row: int) -> str:
        finder = self.finder
        if finder.has_no_such_label[row]:
            return f"the schema has no label {self._label(int(self.base.codes[row]))} any more"
        if finder.is_by_review_settings[row]:
            return self._settings(REVIEW)
        if finder.is_undone_by_settings[row]:
            words = self._settings(EXPORT)
            reasons = (self.base.reasons[row], self.head.reasons[row])
            if any(reason.startswith(BELOW) for reason in reasons):
                words = self._settings(EXPORT, "min_confidence")
                words += f" (confidence {self.head.confidence[row]:.3g})"
            return words
        return self._settings(("",), without=TESTED)

    def _settings(
        self, prefixes: tuple[str, ...], ending: str = "", without: tuple[str, ...] = ()
    ) -> str:
        """Return the settings that differ, with their values before and after."""
        chosen: dict[str, Any] = {}
        for name, values in self.finder.settings.items():
            is_meant = name.startswith(prefixes) and name.endswith(ending)
            if is_meant and not (without and name.endswith(without)):
                chosen.setdefault(name.rsplit(".", 1)[-1], values)
        changes = [f"{name} {_short(old)} → {_short(new)}" for name, (old, new) in chosen.items()]
        return "; ".join(changes[:MOST_NAMES])

    def _model(self, row: int) -> str:
        code = int(self.head.codes[row]) if self.head.is_kept[row] else int(self.base.codes[row])
        parts = [
            words + side.reasons[row]
            for words, side in (("was left out: ", self.base), ("left out: ", self.head))
            if side.reasons[row]
        ]
        if code >= 0:
            values = [side.probability(row, code) for side in self._sides]
            if not np.isnan(values).any():
                parts.append(f"P({self._label(code)}) {values[0]:.3g} → {values[1]:.3g}")
        parts += self._left_out(row)
        parts.append("votes and answers here are the same")
        return "; ".join([*parts, self.elsewhere])

    def _left_out(self, row: int) -> list[str]:
        """Return why a row is, or was, left out; nothing if both sides keep it, or neither."""
        was_kept, is_kept = (bool(side.is_kept[row]) for side in self._sides)
        if was_kept == is_kept:
            return []
        verb, side = ("left out", self.head) if was_kept else ("was left out", self.base)
        return [f"{verb}: {side.reasons[row]}"] if side.reasons[row] else []


def function_states(base: Side, head: Side) -> dict[str, FunctionState]:
    """Return of each function whether it is new, dropped, edited, the same, or of unknown code."""
    before, after = (side.train.origin.get("functions", {}) for side in (base, head))
    states = {}
    for name in base.voters:
        if name not in base.train.voters:
            states[name] = "new"
        elif name not in head.train.voters:
            states[name] = "dropped"
        elif name not in before or name not in after:
            states[name] = "code not recorded"
        else:
            states[name] = "same code" if before[name] == after[name] else "edited"
    return states


def _elsewhere(finder: CauseFinder, functions: Mapping[str, FunctionState]) -> str:
    """Return what differs between the sets as wholes, which the models have learned from."""
    parts = []
    for state in ("new", "dropped", "edited"):
        names = [name for name, state_of in functions.items() if state_of == state]
        if names:
            parts.append(f"{counted(len(names), 'function')} {state} ({listed(names, MOST_NAMES)})")
    before, after = finder.base.train.origin, finder.head.train.origin
    for key, words in INPUTS.items():
        if key in before and key in after and before[key] != after[key]:
            parts.append(words)
    what = ", ".join(parts) or "votes, answers or samples"
    return f"elsewhere: {what}"


INPUTS = {
    "data": "other data",
    "people": "other answers of people",
    "votes": "other votes",
    "code": "another version of the models",
}
"""Entries of `TrainingSet.origin` that are digests, and what it means that they differ."""


def _said(answers: Mapping[str, str | None], name: str) -> str:
    if name not in answers:
        return "no answer"
    return answers[name] or "skipped"


def _short(value: object) -> str:
    text = "not set" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:40]} ..."
