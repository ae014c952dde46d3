"""What a workbench of spans, or of several labels, holds: votes on parts, and gold of parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable
from typing import Any

import numpy as np

from labeling.engine.engine_report import HowRun
from labeling.notebook.base import BaseWorkbench
from labeling.notebook.fits import ModelFits
from labeling.notebook.function_set import FunctionSet, VotedLF, VotedParts
from labeling.notebook.parts.joined_votes import PartVotes, votes_of
from labeling.notebook.parts.part_moment import PartMoment, PartSoft
from labeling.records import ABSTAIN, AnyVotes, Gold, Label, LabelingFunction


class PartState(BaseWorkbench):
    """The state of a workbench of spans or of several labels.

    Attributes:
        gold: the dev set: sample id -> spans, or set of labels.
        gold_codes: which samples are in the dev set: 0, -1 = not in it; shape (n_samples,).
    """

    gold: dict[Hashable, Label]

    @abstractmethod
    def _checked_gold(self, gold: Gold | None) -> dict[Hashable, Any]:
        """Return gold by sample id, in the form that is stored."""

    @abstractmethod
    def _posteriors(self, votes: Any) -> PartSoft:
        """Return the posteriors of the label model, fitted to votes."""

    @abstractmethod
    def _of_one(self, votes: AnyVotes) -> PartVotes:
        """Return votes of a function, which must be of this kind."""

    @property
    @abstractmethod
    def _silent(self) -> PartVotes:
        """Votes that say nothing."""

    def _take_gold(self, gold: Gold | None) -> None:
        self._part_fits: ModelFits[PartSoft] = ModelFits(votes_of, self._posteriors)
        self._set_gold(self._checked_gold(gold))

    def _set_gold(self, gold: dict[Hashable, Label]) -> None:
        """Take a dev set; results that were made before keep theirs."""
        self.gold = gold
        in_dev = self.samples.index.isin(list(gold))
        self.gold_codes = np.where(in_dev, 0, ABSTAIN).astype(np.intp)

    def _with_votes(
        self, lf: LabelingFunction, votes: AnyVotes, run: HowRun, fingerprint: str
    ) -> VotedLF:
        of_function = self._of_one(votes)
        spoke = of_function.covered.reshape(len(of_function), -1).any(axis=1)
        codes = np.where(spoke, 0, ABSTAIN).astype(np.int8)
        codes.flags.writeable = False
        return VotedParts(lf, codes, of_function.faults, run, fingerprint, of_function)

    def votes(self) -> PartVotes:  # type: ignore[override]  # parts have votes of their own
        """Return the votes of the current labeling functions.

        Raises:
            LabelingFunctionError: there is none.
        """
        self.refresh()
        return votes_of(self.functions)

    def soft_labels(self, functions: FunctionSet | None = None) -> PartSoft:  # type: ignore[override]
        """Return the posteriors of the label model, fitted to the votes without the dev set.

        Args:
            functions: those whose votes are used; `None` is the current ones.
        """
        wanted = self.functions if functions is None else functions
        fit = self._part_fits.of(wanted)
        fit.warn()
        return fit.soft

    def _part_moment(self) -> PartMoment:
        """Return what the workbench holds now; functions of which something changed vote again."""
        self.refresh()
        return PartMoment(
            self.samples,
            self.schema,
            self.functions,
            self._text_or_none(),
            self.gold,
            self._silent,
            self._part_fits.of,
        )
