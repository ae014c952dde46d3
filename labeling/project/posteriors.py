"""The fitted models of a project, and their soft labels."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labeling.records import SoftLabels
from labeling.rendering import Displayed

if TYPE_CHECKING:
    from labeling.end_model import EndModel
    from labeling.label_models import VoteModel
    from labeling.project.gold import HumanLabels
    from labeling.project.models import Learner


class FittedModels:
    """Label model and end model, each loaded from the cache or fitted on first use."""

    def __init__(self, learner: Learner, people: HumanLabels) -> None:
        self._learner = learner
        self._people = people

    @functools.cached_property
    def label_model(self) -> VoteModel:
        """The label model."""
        cached = self._learner.cached_label_model(self._people.settled)
        return self._fitted[0] if cached is None else cached

    @functools.cached_property
    def soft(self) -> SoftLabels:
        """The label model's soft labels."""
        cached = self._learner.cached("soft_labels", self._people)
        return self._fitted[1] if cached is None else cached

    @functools.cached_property
    def end_model(self) -> EndModel:
        """The end model."""
        return self._learner.end_model(self.soft, self._people)

    @functools.cached_property
    def _fitted(self) -> tuple[VoteModel, SoftLabels]:
        return self._learner.label_model(self._people.settled)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Posteriors(Displayed):
    """Soft labels of a learner's models.

    Attributes:
        soft: the label model's.
        posterior: the end model's.
        measured: cross-fitted ones of the samples with a given gold label; `None` without such.
        models: both models, loaded or fitted on first use.
    """

    soft: SoftLabels
    posterior: SoftLabels
    measured: SoftLabels | None
    models: FittedModels = field(repr=False)
