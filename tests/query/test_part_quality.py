"""F1 of the labels of all samples from the random strata, weighted as accuracy is."""

import numpy as np
import pandas as pd
import pytest

from labeling.query import label_accuracy, part_quality
from labeling.query.audit import AUDIT_STRATA, design_weights
from labeling.records import Batch, LabelSchema, SoftLabels


def drawn_batches(ids, rng, rounds=3, n=20):
    """Return batches half drawn at random, half of the lowest ids left, which are the worst."""
    left, batches = list(ids), []
    for _ in range(rounds):
        at_random = sorted(rng.choice(left, n, replace=False).tolist())
        others = [key for key in left if key not in at_random][:n]
        frame = pd.DataFrame(
            {
                "stratum": ["random"] * n + ["entropy"] * n,
                "propensity": [n / len(left)] * n + [np.nan] * n,
            },
            index=at_random + others,
        )
        batches.append(Batch(frame))
        left = [key for key in left if key not in frame.index]
    return batches


def world(rng, n=400):
    """Return gold and answers as sets; those of low ids are worse."""
    gold, answers = {}, {}
    for key in range(n):
        gold[key] = {part for part in "abcde" if rng.random() < 0.4}
        right = 0.5 + 0.5 * key / n
        answers[key] = {part for part in "abcde" if (part in gold[key]) == (rng.random() < right)}
    return gold, answers


def f1_of(answers, gold):
    right = sum(len(answers[key] & gold[key]) for key in gold)
    return 2 * right / sum(len(answers[key]) + len(gold[key]) for key in gold)


def test_the_weights_are_those_of_accuracy():
    rng = np.random.default_rng(0)
    ids = pd.RangeIndex(100)
    batches = drawn_batches(ids, rng, rounds=2, n=10)
    known = {key: "a" if key % 3 else "b" for batch in batches for key in batch.sample_ids}
    soft = SoftLabels([[1.0, 0.0]] * 100, ids, LabelSchema(["a", "b"]), [True] * 100)
    weights, n = design_weights(batches, pd.Index(list(known)), ids, AUDIT_STRATA)
    right = pd.Series({key: float(label == "a") for key, label in known.items()})

    assert 1 == pytest.approx(weights.sum())
    accuracy = label_accuracy(soft, known, batches)
    assert accuracy.n == n
    assert accuracy.value == pytest.approx((weights * right[weights.index]).sum())


def test_f1_of_all_samples_is_estimated_without_bias_and_its_interval_holds_it():
    """The samples asked about are worse than the others: counted alike, they would mislead."""
    held, errors, naive = 0, [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        gold, answers = world(rng)
        batches = drawn_batches(list(gold), rng)
        settled = {key: gold[key] for batch in batches for key in batch.sample_ids}
        found = part_quality(answers, settled, batches, pd.Index(list(gold))).f1
        truth = f1_of(answers, gold)
        held += found.low <= truth <= found.high
        errors.append(found.value - truth)
        naive.append(f1_of(answers, settled) - truth)
    assert abs(np.mean(errors)) < 0.015 < abs(np.mean(naive))
    assert held >= 54


def test_the_order_of_samples_does_not_matter():
    rng = np.random.default_rng(1)
    gold, answers = world(rng)
    batches = drawn_batches(list(gold), rng)
    settled = {key: gold[key] for batch in batches for key in batch.sample_ids}
    backwards = dict(reversed(settled.items()))
    ids = pd.Index(list(gold))

    assert part_quality(answers, settled, batches, ids) == part_quality(
        answers, backwards, batches, ids[::-1]
    )


def test_few_samples_have_a_wide_interval_and_none_are_undefined():
    drawn = Batch(pd.DataFrame({"stratum": "random", "propensity": 0.5}, index=[0, 1, 2]))
    ids = pd.RangeIndex(6)
    sure = part_quality({0: {"a"}}, {0: {"a"}, 1: set(), 2: set()}, [drawn], ids)
    assert (1.0, 1.0) == (sure.f1.value, sure.f1.high)
    assert sure.f1.low < 0.6
    assert 0 == part_quality({}, {}, [drawn], ids).f1.n
    assert 0 == part_quality({}, {0: set()}, [drawn], ids).f1.n
