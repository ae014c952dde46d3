"""The models of a simulated project: fitted as a project fits them, on the samples of one seed."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from labeling.end_model import EndModel
from labeling.end_model.embeddings import Embedding
from labeling.label_models import MODELS
from labeling.records import (
    ClassBalance,
    GoldLabel,
    SoftLabels,
    Votes,
)
from labeling.rendering import Displayed
from labeling.simulation.recorded_votes import Split


@dataclass(frozen=True, slots=True)
class ModelSettings(Displayed):
    """How models are fitted.

    Attributes:
        label_model: its name in `MODELS`.
        text: the column of the texts; `None` where samples have none.
        embeddings: vectors of texts, see `EndModel`.
        class_balance: the declared share of each label.
        exclusive: of several labels per sample, those that exclude each other, see `SetModel`.
        implies: of several labels per sample, what follows from a label, see `SetModel`.
    """

    label_model: str = "label_model"
    text: str | None = "text"
    embeddings: Embedding | str | None = None
    class_balance: ClassBalance | None = None
    exclusive: Sequence[Collection[str]] = ()
    implies: Mapping[str, str | Collection[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # In one order, whatever the hash seed: finished runs are known by their settings.
        exclusive = sorted(tuple(sorted(labels)) for labels in self.exclusive)
        implied = {
            label: (follows,) if isinstance(follows, str) else tuple(sorted(follows))
            for label, follows in sorted(self.implies.items())
        }
        object.__setattr__(self, "exclusive", tuple(exclusive))
        object.__setattr__(self, "implies", implied)


class SimulatedModels:
    """Label model and end model on the samples of one seed.

    Args:
        split: the samples.
        lf_votes: the votes of labeling functions, on all of these samples.
        settings: how the models are fitted.
    """

    def __init__(self, split: Split, lf_votes: Votes, settings: ModelSettings) -> None:
        self.split = split
        self.settings = settings
        self.votes = lf_votes.of_samples(split.pool.index)
        self.votes_aside = lf_votes.of_samples(split.aside.index)

    @functools.cached_property
    def _soft_labels(self) -> tuple[SoftLabels, SoftLabels]:
        model = MODELS[self.settings.label_model]()
        model.fit(self.votes, class_balance=self.settings.class_balance)
        return model.predict_proba(self.votes), model.predict_proba(self.votes_aside)

    @property
    def soft(self) -> SoftLabels:
        """The label model's soft labels of the samples that may be asked about."""
        return self._soft_labels[0]

    @functools.cached_property
    def _end_model(self) -> EndModel:
        """The end model; fitted again, it computes again only what has changed."""
        return EndModel(self.settings.text, embeddings=self.settings.embeddings)

    def fitted(self, gold: Collection[GoldLabel] = ()) -> EndModel:
        """Return the end model, fitted with labels of people; valid until the next fit."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same in each round; a project shows them
            return self._end_model.fit(
                self.split.pool,
                self.soft,
                gold=gold or None,
                votes=self.votes,
                class_balance=self.settings.class_balance,
            )

    def posterior(self, end: EndModel) -> SoftLabels:
        """Return the final posterior of the samples that may be asked about."""
        return end.predict_proba(self.split.pool, soft=self.soft, votes=self.votes)

    def posterior_aside(self, end: EndModel) -> SoftLabels:
        """Return the final posterior of the samples that are kept aside."""
        return end.predict_proba(
            self.split.aside, soft=self._soft_labels[1], votes=self.votes_aside
        )
