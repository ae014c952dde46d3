"""The end model as one more voter in reviews: cross-fitted to people's first votes, and cached."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Collection, Hashable
from functools import partial

import pandas as pd

from labeling.adjudication import ReviewPolicy, WeakLabel
from labeling.errors import LabelingError
from labeling.project.fingerprints import digest_of_code
from labeling.project.gold import HumanLabels
from labeling.project.kind_learners import AnyLearner
from labeling.project.kinds import not_yet, of_one_label
from labeling.project.models import Learner
from labeling.project.parquet import read_soft, write_soft
from labeling.records import (
    Annotation,
    GoldLabel,
    LabelSchema,
    LabelSource,
    SoftLabels,
    person_key,
    single_label_votes,
)
from labeling.store import Store, now

logger = logging.getLogger(__name__)

KIND = "model_voter"
MODEL_VOTES = "A model that votes"


class ModelVoter:
    """The probabilities that the end model gives the samples which people annotated.

    Of a sample it has not learned what people said of it: it learned their first votes on other
    samples, and the gold labels that were given.

    Args:
        learner: returns the learner of the project's models; called only to fit.
        schema: the labels.
        store: caches the result.
    """

    def __init__(
        self, learner: Callable[[], AnyLearner], schema: LabelSchema, store: Store
    ) -> None:
        self._learner = learner
        self._schema = schema
        self._store = store

    def posterior(
        self,
        annotations: Collection[Annotation],
        policy: ReviewPolicy,
        *,
        fits: bool,
        saves: bool,
    ) -> tuple[SoftLabels | None, frozenset[Hashable]]:
        """Return the probability of each label by people's votes, and the model's where it votes.

        It is `None` where the policy only counts votes. With it come the samples on which the model
        votes.

        Args:
            annotations: everyone's current annotations.
            policy: says whether the model votes.
            fits: whether it learns from the annotations first; else the one of the last review
                votes, and none before the first.
            saves: whether a fitted one is cached.
        """
        if policy.rule != "posterior":
            return None, frozenset()
        from labeling.label_models import people_posterior, samples_of_model_voter

        soft = None
        if policy.model_voter:
            soft = self.fit(annotations, saves=saves) if fits else self.latest()
        posterior = people_posterior(single_label_votes(annotations, self._schema), soft)
        return posterior, samples_of_model_voter(posterior, soft)

    def latest(self) -> SoftLabels | None:
        """Return the probabilities of the last review; `None` before the first."""
        if not self._store.ready():
            return None
        artifact = self._store.artifacts.latest(KIND)
        path = None if artifact is None else self._store.artifacts.verified_path(artifact)
        if path is None or artifact is None or artifact.about["labels"] != list(self._schema):
            return None
        return of_one_label(read_soft(path, self._schema), SoftLabels, MODEL_VOTES)

    def fit(self, annotations: Collection[Annotation], *, saves: bool = True) -> SoftLabels | None:
        """Return the probabilities with these annotations, from the cache if they are there.

        `None` if nothing can be learned: no labeling function votes, and nobody else.

        Args:
            annotations: everyone's current annotations.
            saves: whether the result is cached.
        """
        firsts = first_votes(annotations)
        if not firsts:
            return None
        learner = self._learner()
        if not isinstance(learner, Learner):
            raise not_yet(self._schema, MODEL_VOTES)
        inputs = _fingerprint(learner, firsts)
        path = self._store.artifacts.find(KIND, inputs) if self._store.ready() else None
        if path is not None:
            if saves:
                self._store.artifacts.renew(KIND, inputs)
            return of_one_label(read_soft(path, self._schema), SoftLabels, MODEL_VOTES)
        try:
            soft = _cross_fitted(learner, firsts)
        except LabelingError as error:
            logger.warning("The end model is no voter in this review: %s", error)
            return None
        if saves:
            about = {"labels": list(self._schema), "samples": len(soft)}
            self._store.artifacts.save(
                KIND, partial(write_soft, soft), inputs=inputs, about=about, made_at=now()
            )
        return soft


def weak_labels(store: Store, sample_ids: Collection[Hashable]) -> dict[Hashable, WeakLabel]:
    """Return the model's label of samples at their selection, before people annotated them."""
    labels = store.batches.model_labels(sample_ids)
    confidence = store.batches.model_confidence(sample_ids)
    return {
        sample_id: WeakLabel(label, probability)
        for sample_id, label in labels.items()
        if label is not None and (probability := confidence[sample_id]) is not None
    }


def first_votes(annotations: Collection[Annotation]) -> tuple[GoldLabel, ...]:
    """Return the first vote on each sample, in the order of the samples' names.

    First is what was created first; at equal times, what the person with the first name said. Later
    votes are asked for where a model is unsure, and would be no fair sample of people.
    """
    firsts: dict[Hashable, Annotation] = {}
    for annotation in annotations:
        if annotation.reviewer or annotation.label is None:
            continue
        before = firsts.get(annotation.sample_id)
        if before is None or _time(annotation) < _time(before):
            firsts[annotation.sample_id] = annotation
    votes = (
        GoldLabel(vote.sample_id, str(vote.label), LabelSource.AGREEMENT.value)
        for vote in firsts.values()
    )
    return tuple(sorted(votes, key=lambda vote: repr(vote.sample_id)))


def _time(annotation: Annotation) -> tuple[object, str]:
    return annotation.created_at, person_key(annotation.annotator)


def _cross_fitted(learner: Learner, firsts: tuple[GoldLabel, ...]) -> SoftLabels:
    given = tuple(GoldLabel(sample_id, label) for sample_id, label in learner.data.dev.items())
    soft = learner.cached("soft_labels", HumanLabels())
    if soft is None:
        soft = learner.fit_label_model(given).soft
    known = set(learner.samples.index)
    firsts = tuple(vote for vote in firsts if vote.sample_id in known)
    ids = pd.Index(pd.Series([vote.sample_id for vote in firsts], dtype=object).infer_objects())
    taught = set(learner.data.dev.index)
    others = tuple(vote for vote in firsts if vote.sample_id not in taught)
    return learner.cross_fitted(ids, soft, (*given, *others))


def _fingerprint(learner: Learner, firsts: tuple[GoldLabel, ...]) -> str:
    config = learner.config
    inputs = [
        learner.inputs,
        config.label_model,
        config.data.text,
        config.class_balance,
        config.embeddings,
        sorted((repr(sample_id), label) for sample_id, label in learner.data.dev.items()),
        [(repr(vote.sample_id), vote.label) for vote in firsts],
        digest_of_code(),
    ]
    return hashlib.sha256(json.dumps(inputs).encode()).hexdigest()
