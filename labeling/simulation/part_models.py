"""The models of simulated projects of sets of labels and of spans."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Collection, Hashable
from typing import Any, NamedTuple

from labeling.end_model import EndModel, SpanTagger
from labeling.label_models import SetModel, SpanModel
from labeling.records import GoldLabel, SetVotes, SoftSets, SoftSpans, SpanVotes
from labeling.simulation.models import ModelSettings
from labeling.simulation.recorded_votes import Split


class FittedSpans(NamedTuple):
    """Models of spans, fitted with the same labels of people."""

    label_model: SpanModel
    tagger: SpanTagger


class SpanModels:
    """Label model and tagger on the samples of one seed; see `SimulatedModels`.

    As in a project, the label model learns from labels that people settled on samples drawn at
    random, and the tagger from all of them.
    """

    def __init__(self, split: Split, lf_votes: SpanVotes, settings: ModelSettings) -> None:
        self.split = split
        self.settings = settings
        self.votes = lf_votes.of_samples(split.pool.index)
        self.votes_aside = lf_votes.of_samples(split.aside.index)

    @functools.cached_property
    def soft(self) -> SoftSpans:
        """The label model's spans of the samples that may be asked about, without gold."""
        return SpanModel().fit(self.votes).predict(self.votes)

    def fitted(
        self, gold: Collection[GoldLabel] = (), drawn: Collection[Hashable] = ()
    ) -> FittedSpans:
        """Return the models, fitted with labels of people.

        Args:
            gold: settled labels.
            drawn: the samples that were drawn at random.
        """
        at_random = [label for label in gold if label.sample_id in set(drawn)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the same in each round; a project shows them
            label_model = SpanModel().fit(self.votes, gold=at_random or None)
            soft = label_model.predict(self.votes)
            tagger = SpanTagger(self.settings.text or "text")
            tagger.fit(self.split.pool, soft, gold=list(gold) or None)
        return FittedSpans(label_model, tagger)

    def posterior(self, end: FittedSpans) -> SoftSpans:
        """Return the final spans of the samples that may be asked about."""
        return self._final(end, self.split.pool, self.votes)

    def posterior_aside(self, end: FittedSpans) -> SoftSpans:
        """Return the final spans of the samples that are kept aside."""
        return self._final(end, self.split.aside, self.votes_aside)

    @staticmethod
    def _final(end: FittedSpans, samples: Any, votes: SpanVotes) -> SoftSpans:
        return end.tagger.predict(samples, soft=end.label_model.predict(votes), votes=votes)


class FittedSets(NamedTuple):
    """Models of sets, fitted with the same labels of people."""

    label_model: SetModel
    end_model: EndModel


class SetModels:
    """Label model and end model on the samples of one seed; see `SpanModels`."""

    def __init__(self, split: Split, lf_votes: SetVotes, settings: ModelSettings) -> None:
        self.split = split
        self.settings = settings
        self.votes = lf_votes.of_samples(split.pool.index)
        self.votes_aside = lf_votes.of_samples(split.aside.index)

    @functools.cached_property
    def soft(self) -> SoftSets:
        """The label model's sets of the samples that may be asked about, without gold."""
        return self._label_model(()).predict(self.votes)

    def _label_model(self, gold: Collection[GoldLabel]) -> SetModel:
        settings = self.settings
        model = SetModel(exclusive=settings.exclusive, implies=dict(settings.implies))
        return model.fit(self.votes, gold=list(gold) or None)

    def fitted(
        self, gold: Collection[GoldLabel] = (), drawn: Collection[Hashable] = ()
    ) -> FittedSets:
        """Return the models, fitted with labels of people; the arguments are `SpanModels`'s."""
        at_random = [label for label in gold if label.sample_id in set(drawn)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            label_model = self._label_model(at_random)
            end = EndModel(self.settings.text, embeddings=self.settings.embeddings)
            end.fit(self.split.pool, label_model.predict(self.votes), gold=list(gold) or None)
        return FittedSets(label_model, end)

    def posterior(self, end: FittedSets) -> SoftSets:
        """Return the final sets of the samples that may be asked about."""
        return self._final(end, self.split.pool, self.votes)

    def posterior_aside(self, end: FittedSets) -> SoftSets:
        """Return the final sets of the samples that are kept aside."""
        return self._final(end, self.split.aside, self.votes_aside)

    @staticmethod
    def _final(end: FittedSets, samples: Any, votes: SetVotes) -> SoftSets:
        return end.end_model.predict(samples, soft=end.label_model.predict(votes))
