"""Measures of predicted labels: equal to scikit-learn's, honest on imbalance, order-free."""

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics

import labeling as lb
from labeling.analysis.average_precision import average_precision
from labeling.analysis.calibration import calibration

SCHEMA = lb.LabelSchema(["c", "a", "b"])


def drawn(n=300, seed=0, noise=1.0):
    """Return soft labels and gold labels of samples, a rare label among them."""
    rng = np.random.default_rng(seed)
    gold = rng.choice(3, n, p=[0.7, 0.25, 0.05])
    scores = rng.normal(0, noise, (n, 3))
    scores[np.arange(n), gold] += 1.5
    array = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    ids = pd.Index([f"s{number}" for number in range(n)])
    soft = lb.SoftLabels(array, ids, SCHEMA, [True] * n)
    return soft, pd.Series([SCHEMA.labels[code] for code in gold], ids)


def test_measures_are_those_of_scikit_learn():
    soft, gold = drawn()
    found = lb.label_quality(soft, gold)
    predicted = soft.to_labels()
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        gold, predicted, labels=list(SCHEMA)
    )

    assert found.accuracy.value == pytest.approx(metrics.accuracy_score(gold, predicted))
    assert found.balanced_accuracy.value == pytest.approx(
        metrics.balanced_accuracy_score(gold, predicted)
    )
    assert found.macro_f1.value == pytest.approx(f1.mean())
    assert found.mcc.value == pytest.approx(metrics.matthews_corrcoef(gold, predicted))
    assert [one.precision.value for one in found.labels] == pytest.approx(precision)
    assert [one.recall.value for one in found.labels] == pytest.approx(recall)
    assert [one.f1.value for one in found.labels] == pytest.approx(f1)
    for code, one in enumerate(found.labels):
        truth = gold.to_numpy() == SCHEMA.labels[code]
        expected = metrics.average_precision_score(truth, soft.to_array()[:, code])
        assert one.average_precision.value == pytest.approx(expected)
        assert one.prevalence.value == pytest.approx(truth.mean())


def test_each_value_lies_in_its_interval_and_has_its_n():
    soft, gold = drawn(80)
    frame = lb.label_quality(soft, gold).to_frame()
    known = frame[frame["low"].notna()]

    assert (known["low"] <= known["value"] + 1e-12).all()
    assert (known["value"] <= known["high"] + 1e-12).all()
    assert (known["n"] > 0).all()
    assert set(known["measure"]) >= {"accuracy", "macro_f1", "mcc", "f1", "calibration_error"}


def test_the_order_of_samples_and_labels_changes_nothing():
    soft, gold = drawn(120)
    before = lb.label_quality(soft, gold).to_frame().set_index(["measure", "label"])
    order = np.random.default_rng(1).permutation(len(soft))
    other = lb.LabelSchema(["a", "b", "c"])
    array = soft.to_frame()[["a", "b", "c"]].to_numpy()[order]
    turned = lb.SoftLabels(array, soft.sample_ids[order], other, [True] * len(order))
    after = lb.label_quality(turned, gold[::-1]).to_frame().set_index(["measure", "label"])

    after = after.reindex(before.index)
    for column in ("value", "low", "high", "n"):
        assert np.allclose(before[column], after[column], atol=1e-9, rtol=0, equal_nan=True)


def test_a_model_that_never_predicts_a_rare_label_is_seen_through():
    gold = pd.Series(["ham"] * 95 + ["spam"] * 5)
    labels = pd.Series(["ham"] * 100)
    found = lb.label_quality(labels, gold, schema=lb.LabelSchema(["ham", "spam"]))

    assert found.accuracy.value == 0.95
    assert found.balanced_accuracy.value == 0.5
    assert found.mcc.value == 0
    assert found.labels[1].precision.note == "never predicted"
    assert found.calibration is None


def test_no_error_seen_is_not_no_error():
    labels = pd.Series(["ham", "spam"] * 25)
    found = lb.label_quality(labels, labels, schema=lb.LabelSchema(["ham", "spam"]))

    for estimate in (found.accuracy, found.balanced_accuracy, found.macro_f1, found.mcc):
        assert estimate.value == 1
        assert 0.8 < estimate.low < 0.99


def test_a_missing_prediction_is_wrong_and_costs_recall_alone():
    gold = pd.Series(["ham", "ham", "spam", "spam"])
    labels = pd.Series(["ham", None, "spam", "spam"])
    found = lb.label_quality(labels, gold, schema=lb.LabelSchema(["ham", "spam"]))

    assert found.accuracy.value == 0.75
    assert found.labels[0].recall.value == 0.5
    assert found.labels[0].precision.value == 1


def test_ids_that_do_not_meet_are_an_error():
    with pytest.raises(lb.LabelingError, match="ids of the same kind"):
        lb.label_quality(pd.Series({"1": "a"}), pd.Series({1: "a"}), schema=SCHEMA)
    with pytest.raises(lb.LabelingError, match="schema="):
        lb.label_quality(pd.Series({"1": "a"}), pd.Series({"1": "a"}))


def test_the_intervals_of_macro_f1_and_mcc_hold():
    """Of 95 % intervals nine in ten hold at least, with 100 gold labels and few errors."""
    rng = np.random.default_rng(0)
    truth = np.array([[0.69, 0.01], [0.02, 0.28]])
    schema, names = lb.LabelSchema(["ham", "spam"]), np.array(["ham", "spam"])
    right = np.diagonal(truth)
    f1 = (2 * right / (truth.sum(axis=0) + truth.sum(axis=1))).mean()
    held = 0
    for _ in range(60):
        cells = rng.choice(4, 100, p=truth.ravel())
        gold, labels = pd.Series(names[cells // 2]), pd.Series(names[cells % 2])
        found = lb.label_quality(labels, gold, schema=schema).macro_f1
        held += found.low <= f1 <= found.high

    assert held >= 54


def test_average_precision_takes_ties_together():
    p = np.array([0.5] * 20)
    is_label = np.array([True, False] * 10)

    assert average_precision(p, is_label).value == pytest.approx(0.5)
    turned = average_precision(p[::-1], is_label[::-1])
    assert turned == average_precision(p, is_label)


@pytest.mark.parametrize(("bias", "expected"), [(0.0, 0.0), (0.2, 0.2)])
def test_the_calibration_error_is_without_the_bias_of_few_samples(bias, expected):
    """A calibrated model has an error near zero, not that of noise; 200 samples in 6 bins."""
    rng = np.random.default_rng(0)
    found = []
    for _ in range(40):
        confidence = rng.uniform(0.5, 1, 200)
        right = (rng.random(200) < confidence - bias).astype(float)
        found.append(calibration(confidence, right).error)

    assert np.mean([error.value for error in found]) == pytest.approx(expected, abs=0.03)
    assert (
        np.mean([error.low <= expected + 1e-9 and expected <= error.high for error in found]) > 0.9
    )
