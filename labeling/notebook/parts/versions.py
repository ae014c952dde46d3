"""Versions, exports and checks of functions that mark spans or name several labels."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.engine.engine_report import HowRun
from labeling.errors import LabelingFunctionError
from labeling.notebook.commit_votes import KeptVotes
from labeling.notebook.function_set import VotedLF
from labeling.notebook.lint_findings import Lint
from labeling.notebook.parts.dev_set import PartDevSet
from labeling.notebook.parts.joined_votes import PartVotes
from labeling.notebook.parts.linting import lint_parts
from labeling.notebook.vote_cells import id_texts
from labeling.records import Fault
from labeling.records.estimates import Estimate, undefined


class PartVersions(PartDevSet):
    """Keeps versions of the labeling functions of a workbench whose labels have parts."""

    @abstractmethod
    def _f1(self, predicted: Any) -> Estimate:
        """Return the F1 of predicted parts, or of none (`{}`), on the dev set."""

    @abstractmethod
    def _votes_again(self, kept: KeptVotes) -> PartVotes:
        """Return the votes that are kept of a function of another process."""

    def lint(self) -> Lint:
        """Look for labeling functions that are likely mistakes; each finding says what to do.

        Besides what is checked for one label a sample, except chance where labels are spans: what
        adds more wrong than right parts to the label model's answer, so that F1 falls; of spans,
        wrong edges, punctuation and cut words at them, spans that are dropped, or nearly always
        lie in longer ones of others; of several labels, those that exclude each other.

        >>> import pandas as pd
        >>> from labeling import LabelSchema, Workbench
        >>> from labeling.functions import span_regex
        >>> notes = pd.DataFrame({"text": [f"Ann came at {hour}." for hour in range(10, 20)]})
        >>> workbench = Workbench(notes, LabelSchema(["PER"], kind="spans"))
        >>> lf = workbench.add(span_regex("PER", r"cam", name="cut"))
        >>> workbench.lint().findings[0].what
        "10 of its 10 spans begin or end within a word, such as 'cam' in 'came'"
        """
        moment = self._part_moment()
        self._looked_at_dev()
        return lint_parts(moment, self._timeout)

    def _dev_accuracy(self, covered: npt.NDArray[np.bool_]) -> Estimate:
        """Return the F1 of the label model on the dev set."""
        if not self.gold:
            return undefined(0, "no dev set")
        return self._f1(self.soft_labels() if covered.any() else {})

    def _restored(self, kept: KeptVotes) -> VotedLF:
        """Return a function of another process by what is kept of it."""
        votes = self._votes_again(kept)
        return self._with_votes(kept.lf, votes, HowRun(kept.lf.name), kept.fingerprint)


def kept_faults(kept: KeptVotes, sample_ids: pd.Index) -> list[Fault]:
    """Return the faults of a function of another process; exceptions are known by their text."""
    given = kept.notes.get("faults", [])
    if not given:
        return []
    ids = dict(zip(id_texts(sample_ids), sample_ids.tolist(), strict=True))
    name = kept.lf.name
    return [Fault(name, ids[text], LabelingFunctionError(raised)) for text, raised in given]
