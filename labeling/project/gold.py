"""Gold labels of a project, which train the models and measure them by cross-fitting."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import counted
from labeling.records import Annotation, GoldLabel, Verdict, uniform_by_id
from labeling.rendering import Displayed

FOLDS = 3
"""Folds of the dev labels; each is measured by models fitted on the others."""

FOR_LABEL_MODEL = {
    "one": "from 100 of samples drawn at random on, for the label model",
    "several": "those of samples drawn at random for the label model",
    "spans": "once 50 samples, drawn at random or given, have gold, for the label model",
}
"""Which of the labels that people settled teach the label model, by the task of the config."""
TAUGHT_BY_OPEN_VOTES = ("one",)
"""The tasks whose end model learns from votes on samples that are not settled."""

FOLD_SALT = (
    20_261_129  # differs from that of the locked test split, so that the two draws are independent
)


def teaching_gold(dev: pd.Series, settled: Collection[GoldLabel]) -> tuple[GoldLabel, ...]:
    """Return all gold labels that models may learn from; given ones win over settled ones.

    Args:
        dev: gold labels that were given and are not locked, index = sample ids.
        settled: gold labels that people settled.

    >>> teaching_gold(pd.Series({"a": "ham"}), [GoldLabel("a", "spam"), GoldLabel("b", "spam")])[1]
    GoldLabel('b', 'spam', 'given')
    """
    given = [GoldLabel(sample_id, label) for sample_id, label in dev.items()]
    given_ids = set(dev.index)
    return (*given, *(gold for gold in settled if gold.sample_id not in given_ids))


def folds_of(sample_ids: pd.Index) -> npt.NDArray[np.intp]:
    """Return the fold of each sample, 0 to `FOLDS` - 1, by a hash of its id: shape (n_samples,)."""
    return (uniform_by_id(sample_ids, FOLD_SALT) * FOLDS).astype(np.intp)


@dataclass(frozen=True, slots=True)
class HumanLabels:
    """What people said that the models of a project learn from.

    Attributes:
        settled: gold labels that people settled.
        open_votes: the annotators' votes on samples that are not settled, without skips. They teach
            the end model, each as one term.
    """

    settled: tuple[GoldLabel, ...] = ()
    open_votes: tuple[Annotation, ...] = ()

    @classmethod
    def of(cls, verdict: Verdict, annotations: Iterable[Annotation]) -> HumanLabels:
        """Return what people said.

        Args:
            verdict: the outcome of adjudicating the annotations.
            annotations: everyone's current annotations that count.
        """
        settled = {gold.sample_id for gold in verdict.gold}
        is_open = (
            one
            for one in annotations
            if not one.reviewer and one.label is not None and one.sample_id not in settled
        )
        return cls(verdict.gold, tuple(is_open))


@dataclass(frozen=True, slots=True)
class GoldCounts(Displayed):
    """How many gold labels, and votes on samples without one, there are, by their use.

    Attributes:
        given: those that were given and are not locked: they teach, and measure by cross-fitting.
        locked: those in the locked test split, which teach nothing.
        people: those that people settled on other samples: they teach the end model, and the label
            model as far as `for_label_model` says.
        open_votes: people's votes on samples without a gold label: they teach the end model.
        for_label_model: which of those that people settled teach the label model, in words.
    """

    given: int
    locked: int
    people: int
    open_votes: int = 0
    for_label_model: str = FOR_LABEL_MODEL["one"]

    def sentence(self) -> str:
        """Return a sentence on their use; the label model reports itself which ones it learns from.

        >>> GoldCounts(150, 150, 0).sentence()
        'Gold labels: 150 were given: all of them teach the end model, and the label model as it
        says itself; they measure both by cross-fitting (no model is measured on what it learned
        from); 150 are locked in the test split.'
        """
        parts = []
        if self.given:
            parts.append(
                f"{counted(self.given, 'was', 'were')} given:"
                f" {'it teaches' if self.given == 1 else 'all of them teach'} the end model, and"
                " the label model as it says itself;"
                f" {'it measures' if self.given == 1 else 'they measure'} both by cross-fitting (no"
                " model is measured on what it learned from)"
            )
        if self.locked:
            parts.append(f"{counted(self.locked, 'is', 'are')} locked in the test split")
        if self.people:
            parts.append(
                f"{counted(self.people, 'was', 'were')} settled by people, for the end model, and"
                f" {self.for_label_model}"
            )
        sentence = f"Gold labels: {'; '.join(parts)}." if parts else "Gold labels: none."
        if self.open_votes:
            sentence += (
                f" {counted(self.open_votes, 'vote', 'votes')} of people on samples without one"
                f" {'teaches' if self.open_votes == 1 else 'teach'} the end model, too."
            )
        return sentence
