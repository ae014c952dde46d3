"""Label efficiency: the score on texts kept aside, by how many labels people gave, and to which.

An *arm* is a predictor with a query strategy. `run_arm` replays one arm on one set with one seed:
a person gives one label to each sample that is selected, batch by batch, until the last rung of
the ladder. Predictor and selection are those of the package; the two baselines are what a careful
team would do first.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from labeling import EndModel, LabelModel, SoftLabels, select
from tests.benchmarks.human_cost.sets import TextSet
from tests.benchmarks.human_cost.text_baselines import TextClassifier, clamped, product
from tests.benchmarks.quality.scores import Floats, accuracy, f1, shares_of

LADDER = (0, 25, 50, 100, 200, 400)
POOL, TEST = 1000, 2500
BASELINES = ("clamped", "clamped_text")
ARMS = ("mixture", "random", "margin", *BASELINES)


@dataclass(frozen=True, slots=True)
class Rung:
    """The score of an arm after so many labels, and the CPU seconds of the round before it."""

    labels: int
    score: float
    seconds: float


class Predictor(Protocol):
    """What is fitted in each round: returns the answers for the pool and for the test samples."""

    def __call__(self, gold: dict[object, str]) -> tuple[SoftLabels, Floats]:
        """Fit with the labels so far."""
        ...


def score_of(data: TextSet, probabilities: Floats) -> float:
    """Return the accuracy on all samples, or F1 of the rare label; ties are split."""
    shares = shares_of(probabilities)
    if data.positive is None:
        return accuracy(shares, data.gold).value
    return f1(shares, data.gold, data.positive).value


def package_predictor(pool: TextSet, test: TextSet) -> Predictor:
    """Return label model and end model as the package fits them."""
    model = LabelModel().fit(pool.votes)
    soft, test_soft = model.predict_proba(pool.votes), model.predict_proba(test.votes)

    def fitted(gold: dict[object, str]) -> tuple[SoftLabels, Floats]:
        end = EndModel().fit(pool.samples, soft, gold=gold or None, votes=pool.votes)
        answer = end.predict_proba(test.samples, soft=test_soft, votes=test.votes)
        return end.predict_proba(pool.samples, soft=soft, votes=pool.votes), answer.to_array()

    return fitted


def clamped_predictor(pool: TextSet, test: TextSet, with_votes: bool) -> Predictor:
    """Return a text classifier of soft labels with gold clamped in, times the label model or not.

    Args:
        pool: what it learns from.
        test: what it is scored on.
        with_votes: whether its answer is the product with the label model's.
    """
    model = LabelModel().fit(pool.votes)
    soft, test_soft = model.predict_proba(pool.votes), model.predict_proba(test.votes)
    classifier = TextClassifier.on(pool.samples["text"])

    def fitted(gold: dict[object, str]) -> tuple[SoftLabels, Floats]:
        targets = clamped(soft, gold)
        has_label = soft.covered | pool.samples.index.isin(list(gold))
        here, there = classifier.predictions(
            targets, np.flatnonzero(has_label), test.samples["text"]
        )
        if with_votes:
            here, there = product(here, targets), product(there, test_soft.to_array())
        every = np.ones(len(here), dtype=bool)
        return SoftLabels(here, soft.sample_ids, soft.schema, every), there

    return fitted


def predictor_of(arm: str, pool: TextSet, test: TextSet) -> Predictor:
    """Return the predictor of an arm."""
    if arm in BASELINES:
        return clamped_predictor(pool, test, with_votes=arm == "clamped")
    return package_predictor(pool, test)


def run_arm(
    data: TextSet,
    arm: str,
    seed: int,
    ladder: Sequence[int] = LADDER,
    pool_size: int = POOL,
    make: Callable[[str, TextSet, TextSet], Predictor] = predictor_of,
) -> list[Rung]:
    """Return the scores of an arm on one set, a rung each.

    Args:
        data: the set.
        arm: one of `ARMS`, or any strategy of `select`.
        seed: of halves, answers and selection.
        ladder: numbers of labels, ascending from 0.
        pool_size: samples that may be asked about, at most.
        make: returns the predictor; to measure another one in the same way.
    """
    pool, test = data.halves(seed, pool_size, TEST)
    answers, gold = pool.answers(seed), dict[object, str]()
    strategy = "margin" if arm in BASELINES else arm
    rungs = []
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        fit = make(arm, pool, test)
        posterior: SoftLabels | None = None
        for number, labels in enumerate(ladder):
            begin = time.process_time()
            if labels > len(gold):
                batch = select(
                    pool.samples,
                    votes=pool.votes,
                    end=posterior,
                    gold=gold or None,
                    n=labels - len(gold),
                    strategy=strategy,
                    rng=np.random.default_rng([seed, number]),
                )
                gold |= {sample_id: answers[sample_id] for sample_id in batch.sample_ids}
            posterior, answer = fit(gold)
            spent = time.process_time() - begin
            rungs.append(Rung(labels, score_of(test, answer), spent))
    return rungs


def full_supervision(data: TextSet, seed: int, pool_size: int = POOL) -> float:
    """Return the score of the package's predictor with the gold label of every pool sample."""
    pool, test = data.halves(seed, pool_size, TEST)
    labels = [pool.schema.labels[code] for code in pool.gold]
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        _, answer = package_predictor(pool, test)(
            dict(zip(pool.samples.index, labels, strict=True))
        )
    return score_of(test, answer)
