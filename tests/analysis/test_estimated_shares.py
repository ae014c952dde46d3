"""Accuracy and class balance of all samples from few human labels and all soft labels."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb

SCHEMA = lb.LabelSchema(["ham", "spam"])


def made(n=2000, seed=0):
    """Return calibrated soft labels and the true labels of all samples."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.6, 0.4, n)
    ids = pd.Index([f"s{number}" for number in range(n)])
    truth = pd.Series(np.where(rng.random(n) < p, "spam", "ham"), ids)
    return lb.SoftLabels(np.stack([1 - p, p], 1), ids, SCHEMA, [True] * n), truth


def test_the_estimates_hold_and_are_narrower_than_human_labels_alone():
    soft, truth = made()
    true_accuracy = (soft.to_labels() == truth).mean()
    rng = np.random.default_rng(1)
    held, widths = np.zeros(2), []
    for _ in range(100):
        gold = truth.iloc[rng.choice(len(truth), 100, replace=False)]
        accuracy = lb.estimated_accuracy(soft, gold)
        spam = lb.estimated_class_balance(soft, gold)["spam"]
        alone = lb.label_quality(soft, gold).labels[1].prevalence
        held += [
            accuracy.low <= true_accuracy <= accuracy.high,
            spam.low <= (truth == "spam").mean() <= spam.high,
        ]
        widths.append((spam.high - spam.low) / (alone.high - alone.low))

    assert (held >= 90).all()
    assert np.mean(widths) < 0.8


def test_labels_other_than_the_most_probable_are_measured():
    soft, truth = made()
    gold = truth[:200]
    labels = pd.Series("spam", soft.sample_ids)

    share = lb.estimated_class_balance(soft, gold)["spam"]
    accuracy = lb.estimated_accuracy(soft, gold, labels=labels)
    assert accuracy.value == pytest.approx(share.value)
    labels[:] = None
    assert lb.estimated_accuracy(soft, gold, labels=labels).value == 0


def test_the_order_of_samples_changes_nothing():
    soft, truth = made(300)
    turned = soft.of_samples(soft.sample_ids[::-1])

    assert lb.estimated_accuracy(soft, truth[:80]) == lb.estimated_accuracy(turned, truth[79::-1])


def test_a_gold_label_without_a_propensity_is_an_error():
    soft, truth = made(100)
    with pytest.raises(lb.LabelingError, match="must have a propensity"):
        lb.estimated_accuracy(soft, truth[:9], propensity=pd.Series({"s0": 0.5}))
    with pytest.raises(lb.LabelingError, match="pandas Series"):
        lb.estimated_accuracy(soft, truth[:9], propensity=[0.5] * 9)
    with pytest.raises(lb.LabelingError, match="each sample"):
        lb.estimated_accuracy(soft, truth[:9], labels=truth[:9])


def test_equal_propensities_change_nothing():
    soft, truth = made(500)
    gold = truth[:100]
    equal = pd.Series(0.2, gold.index)

    plain, weighed = (
        lb.estimated_accuracy(soft, gold),
        lb.estimated_accuracy(soft, gold, propensity=equal),
    )
    assert plain.value == pytest.approx(weighed.value)
    assert plain.low == pytest.approx(weighed.low)
