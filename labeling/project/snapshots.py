"""Where the loop stands after each round of questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labeling.adjudication import reviews_that_count
from labeling.records import Annotation, Batch, GoldLabel, SoftLabels, Verdict

if TYPE_CHECKING:
    from labeling.end_model import EndModel
    from labeling.label_models import VoteModel


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """Where the loop stands after people were asked; round 0 is before.

    Attributes:
        number: 0, 1, 2, ...
        batch: the samples chosen in this round; `None` in round 0.
        verdict: what all annotations so far come to.
        annotations: what each person last said of each sample so far.
        soft: the label model's soft labels of the project's samples.
        posterior: the end model's, which cover every sample.
        measured: what models that did not learn a sample's given gold label say of it, for those
            samples; `None` where none is given.
        models: gives the label model and the end model behind them, fitted when first called where
            the soft labels were remembered.
    """

    number: int
    batch: Batch | None
    verdict: Verdict
    annotations: tuple[Annotation, ...]
    soft: SoftLabels
    posterior: SoftLabels
    models: Callable[[], tuple[VoteModel, EndModel]] = field(repr=False)
    measured: SoftLabels | None = None

    @property
    def label_model(self) -> VoteModel:
        """Fitted on the votes and the gold labels so far."""
        return self.models()[0]

    @property
    def end_model(self) -> EndModel:
        """Fitted on the label model's soft labels and the gold labels so far."""
        return self.models()[1]

    def believed(self) -> SoftLabels:
        """Return the label model's soft labels."""
        return self.soft

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
        return len(reviews_that_count(self.annotations))
