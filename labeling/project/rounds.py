"""Where the loop stands after each round of questions."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.end_model import EndModel
from labeling.label_models import VoteModel
from labeling.records import Annotation, Batch, GoldLabel, SoftLabels, Verdict


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Where the loop stands after people were asked; round 0 is before.

    Attributes:
        number: 0, 1, 2, ...
        batch: the samples chosen in this round; `None` in round 0.
        verdict: what all annotations so far come to.
        annotations: all annotations so far.
        label_model: fitted on the votes and the gold labels so far.
        end_model: fitted on its soft labels and the gold labels so far.
        soft: the label model's soft labels of the project's samples.
        posterior: the end model's, which cover every sample.
    """

    number: int
    batch: Batch | None
    verdict: Verdict
    annotations: tuple[Annotation, ...]
    label_model: VoteModel
    end_model: EndModel
    soft: SoftLabels
    posterior: SoftLabels

    @property
    def gold(self) -> tuple[GoldLabel, ...]:
        """The labels that people settled so far."""
        return self.verdict.gold

    @property
    def human_votes(self) -> int:
        """How many votes annotators gave so far; a reviewer's decisions are counted apart."""
        return sum(not one.reviewer for one in self.annotations)

    @property
    def reviews(self) -> int:
        """How many samples the reviewer was heard on so far."""
        return sum(one.reviewer for one in self.annotations)
