"""Probabilities of labels by people's votes, with or without a model as one more voter."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError, listed
from labeling.label_models.annotators.annotator_model import AnnotatorModel
from labeling.label_models.patterns import softmax_rows
from labeling.records import SoftLabels, Votes, expect, label_order

LEAST = 1e-4
"""Probability that a model gives each label at least, so that no vote is overruled for ever."""


def people_posterior(votes: Votes, soft: SoftLabels | None = None) -> SoftLabels:
    """Return the probability of each label by people's votes; samples without one are uncovered.

    People are weighed by `AnnotatorModel`. A model is one more voter who says how sure it is: if it
    and people err independently given the label, the posterior is proportional to P(y | votes)
    P(y | text) / P(y) (the product of experts; CROWDLAB of Goh, Tkachenko and Mueller, 2022,
    combines the same two by a weighted mean). P(y) is the mean of the model over these samples.
    People's skills are estimated without the model: estimated with it, the posterior was over-sure
    by 7 to 10 points instead of -4 to 5 where samples have one to two votes, and no more accurate.

    Args:
        votes: those of people.
        soft: a model's probabilities, which must not have learned the votes of the samples that
            they are about. Samples that it lacks or does not cover have people's votes only.

    Raises:
        LabelingError: `soft` has other labels.

    >>> import pandas as pd
    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0], [1, 1], [0, 1]], schema=LabelSchema(["a", "b"]))
    >>> soft = SoftLabels(
    ...     [[0.8, 0.2], [0.3, 0.7], [0.1, 0.9]], votes.sample_ids, votes.schema, [True] * 3
    ... )
    >>> people_posterior(votes).to_labels().tolist(), people_posterior(votes, soft).to_labels()[2]
    (['a', 'b', None], 'b')
    """
    if not expect(votes, Votes, "`votes`").covered.any():
        k = len(votes.schema)
        even = np.full((len(votes), k), 1 / k)
        return SoftLabels(even, votes.sample_ids, votes.schema, votes.covered)
    by_votes = AnnotatorModel().fit(votes).predict_proba(votes)
    if soft is None:
        return by_votes
    if set(expect(soft, SoftLabels, "`soft`").schema.labels) != set(votes.schema.labels):
        raise LabelingError(
            f"`soft` must have the labels of the votes: {listed(votes.schema.labels)}. Got"
            f" {listed(soft.schema.labels)}."
        )
    rows, heard = _model_votes(by_votes, soft)
    if not heard.any():
        return by_votes
    columns = [soft.schema.labels.index(label) for label in votes.schema.labels]
    model = np.maximum(soft.to_array()[rows[heard]][:, columns], LEAST)
    balance = np.sort(model, axis=0).mean(axis=0)  # sorted: no result depends on the order of rows
    order = label_order(votes.schema)
    people = np.maximum(by_votes.to_array()[heard], 1e-300)
    logits = np.log(people) + np.log(model) - np.log(balance)
    posterior = by_votes.to_array().copy()
    posterior[np.ix_(heard, order)] = softmax_rows(logits[:, order])
    return SoftLabels(posterior, by_votes.sample_ids, votes.schema, by_votes.covered)


def samples_of_model_voter(posterior: SoftLabels, soft: SoftLabels | None) -> frozenset[Hashable]:
    """Return the samples of a `people_posterior` on which the model was one more voter.

    Args:
        posterior: what `people_posterior` returned.
        soft: the model's probabilities that it was given.
    """
    if soft is None or not posterior.covered.any():
        return frozenset()
    return frozenset(posterior.sample_ids[_model_votes(posterior, soft)[1]].tolist())


def _model_votes(
    by_votes: SoftLabels, soft: SoftLabels
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.bool_]]:
    """Return the row of each sample in `soft`, and on which samples people and model both vote."""
    rows = soft.sample_ids.get_indexer(by_votes.sample_ids)
    both = (rows >= 0) & by_votes.covered
    both[both] = soft.covered[rows[both]]
    return rows, both
