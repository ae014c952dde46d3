"""Asking all models about votes, and keeping who failed and how long each took."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np

from labeling import Votes
from tests.benchmarks.quality.ours import Panel, title
from tests.benchmarks.quality.peers import Answer
from tests.benchmarks.quality.scores import Codes, Floats, Score, accuracy, f1


def progress(text: str) -> None:
    """Say on the error stream what is being done."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


def scored(shares: Floats, gold: Codes, positive: int | None) -> Score:
    """Return F1 of the positive label, or accuracy where there is none."""
    return accuracy(shares, gold) if positive is None else f1(shares, gold, positive)


@dataclass(slots=True)
class Asked:
    """The answers of all models for sets of one kind.

    Attributes:
        models: their names.
        failed: why a model has no answer for a set, by title and set.
        ratios: the CPU times of each model, in times of counting the votes.
    """

    panel: Panel
    people: bool
    models: list[str] = field(init=False)
    failed: dict[tuple[str, str], str] = field(default_factory=dict)
    ratios: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.models = self.panel.names(self.people)

    def answers(self, name: str, votes: Votes) -> dict[str, Answer]:
        """Return the answers of the models that have one for votes that cover every row."""
        found = {}
        for model in self.models:
            progress(f"{name}: {title(model)}")
            answer = self.panel.answer(model, votes)
            if answer.error:
                self.failed[title(model), name] = answer.error
            else:
                found[model] = answer
                self.ratios.setdefault(model, []).append(answer.ratio)
        return found

    @property
    def titles(self) -> list[str]:
        """The headings of the models' columns."""
        return [title(model) for model in self.models]

    def time_line(self, width: int) -> list[str]:
        """Return a line with each model's CPU time: the geometric mean of its ratios."""
        line = ["CPU time, x counting the votes", *[""] * (width - 1)]
        for model in self.models:
            ratios = self.ratios.get(model)
            line.append(f"{np.exp(np.mean(np.log(ratios))):,.0f}" if ratios else "-")
        return line
