"""The fitted models of a project, and their soft labels."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labeling.records import AnySoft
from labeling.rendering import Displayed

if TYPE_CHECKING:
    from labeling.project.base_learner import BaseLearner
    from labeling.project.gold import HumanLabels


class FittedModels:
    """Label model and end model, each loaded from the cache or fitted on first use."""

    def __init__(self, learner: BaseLearner[Any, Any], people: HumanLabels) -> None:
        self._learner = learner
        self._people = people

    @functools.cached_property
    def label_model(self) -> Any:
        """The label model: `VoteModel`, `SpanModel` or `SetModel`."""
        cached = self._learner.cached_label_model(self._people.settled)
        return self._fitted[0] if cached is None else cached

    @functools.cached_property
    def soft(self) -> Any:
        """The label model's soft labels, of the kind of the votes."""
        cached = self._learner.cached("soft_labels", self._people)
        return self._fitted[1] if cached is None else cached

    @functools.cached_property
    def end_model(self) -> Any:
        """The end model of this kind of labels; `None` where it has none."""
        return self._learner.end_model(self.soft, self._people)

    @functools.cached_property
    def _fitted(self) -> tuple[Any, Any]:
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

    soft: AnySoft
    posterior: AnySoft
    measured: AnySoft | None
    models: FittedModels = field(repr=False)
