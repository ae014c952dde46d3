"""`PartMoment`: what a workbench of spans, or of several labels, held when it was asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labeling.notebook.fits import Fit
from labeling.notebook.function_set import FunctionSet, VotedLF
from labeling.notebook.moment import BaseMoment, RowNumbers
from labeling.notebook.parts.joined_votes import PartVotes, part_votes
from labeling.notebook.parts.part_table import GoldParts, PartTable, part_table
from labeling.records import ABSTAIN, SoftSets, SoftSpans
from labeling.records.label_texts import label_in_words

PartSoft = SoftSpans | SoftSets


@dataclass(frozen=True, eq=False)
class PartMoment(BaseMoment):
    """Samples, dev set and labeling functions at one time, where labels have parts.

    Attributes:
        gold: the dev set: sample id -> spans, or set of labels.
        silent: votes that say nothing, which stand for a function that is not there.
        fit_of: returns the label model fitted to the votes of a set of functions.
    """

    gold: GoldParts
    silent: PartVotes
    fit_of: Callable[[FunctionSet], Fit[PartSoft]]

    @property
    def n_gold(self) -> int:
        """The number of samples in the dev set."""
        return len(self.gold)

    def texts_of(self, at: RowNumbers) -> list[str]:
        """Return the texts of some samples, each read once: a long text has thousands of parts."""
        rows, places = np.unique(at, return_inverse=True)
        texts = super().texts_of(rows)
        return [texts[place] for place in places.tolist()]

    def gold_names(self, at: RowNumbers) -> list[str | None]:
        """Return the gold of some samples in words, `None` where one is not in the dev set."""
        ids, texts = self.samples.index[at].tolist(), self.texts_of(at)
        return [
            label_in_words(self.gold[sample_id], text) if sample_id in self.gold else None
            for sample_id, text in zip(ids, texts, strict=True)
        ]

    def table(self, *functions: VotedLF | None) -> PartTable:
        """Return the parts that functions, or the dev set, speak of; a column for each function.

        Args:
            functions: with their votes, also several versions of one; `None` says nothing.
        """
        votes = [self.silent if voted is None else part_votes(voted) for voted in functions]
        if not votes:
            table = part_table([self.silent], self.gold)
            return dataclasses.replace(table, codes=table.codes[:, :0])
        return part_table(votes, self.gold)

    def soft(self, functions: FunctionSet | None = None) -> PartSoft | None:
        """Return the label model's posteriors; `None` where no function said anything.

        Args:
            functions: those whose votes are used; `None` is the current ones.
        """
        fit = self._fit(functions)
        return None if fit is None else fit.soft

    def model_warnings(self, functions: FunctionSet | None = None) -> tuple[str, ...]:
        """Return what the label model warns of, as sentences."""
        fit = self._fit(functions)
        return () if fit is None else tuple(f"Label model: {one}" for one in fit.warnings)

    def covered(
        self, functions: FunctionSet | None = None
    ) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Return of which samples any function says anything: shape (n_samples,)."""
        wanted = self.functions if functions is None else functions
        covered: np.ndarray[tuple[int], np.dtype[np.bool_]] = (
            wanted.array(len(self)) != ABSTAIN
        ).any(axis=1)
        return covered

    def _fit(self, functions: FunctionSet | None) -> Fit[PartSoft] | None:
        wanted = self.functions if functions is None else functions
        has_votes = any((voted.codes != ABSTAIN).any() for voted in wanted)
        return self.fit_of(wanted) if has_votes else None
