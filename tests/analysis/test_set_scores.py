"""Scores of sets of labels against gold sets."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, precision_score, recall_score

import labeling as lb
from labeling.errors import DataError

LABELS = ["a", "b", "c", "d"]
SCHEMA = lb.LabelSchema(LABELS, kind="several")


def drawn_sets(n=200, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 4)) < [0.5, 0.3, 0.1, 0.02]
    chosen = truth ^ (rng.random((n, 4)) < 0.1)
    return truth, chosen, as_series(truth), as_series(chosen)


def as_series(table):
    sets = [frozenset(np.array(LABELS)[row].tolist()) for row in table]
    return pd.Series(sets, index=[f"s{row}" for row in range(len(table))], dtype=object)


def test_scores_are_those_of_scikit_learn():
    truth, chosen, gold, predicted = drawn_sets()
    scores = lb.set_scores(predicted, gold, SCHEMA)
    assert scores.micro.value == pytest.approx(f1_score(truth, chosen, average="micro"))
    assert scores.macro.value == pytest.approx(f1_score(truth, chosen, average="macro"))
    assert scores.exact.value == (truth == chosen).all(axis=1).mean()
    table = scores.by_label
    np.testing.assert_allclose(table["f1"], f1_score(truth, chosen, average=None))
    np.testing.assert_allclose(table["precision"], precision_score(truth, chosen, average=None))
    np.testing.assert_allclose(table["recall"], recall_score(truth, chosen, average=None))
    assert scores.micro.low < scores.micro.value < scores.micro.high
    assert (table["low"] <= table["f1"]).all()
    assert (table["f1"] <= table["high"]).all()


def test_intervals_hold_the_score_of_all_samples():
    truth, chosen, gold, predicted = drawn_sets(4000)
    score = f1_score(truth, chosen, average="micro")
    hits = 0
    for part in range(40):
        rows = slice(100 * part, 100 * (part + 1))
        micro = lb.set_scores(predicted, gold[rows], SCHEMA).micro
        hits += micro.low <= score <= micro.high
    assert hits >= 34


def test_the_order_of_samples_changes_nothing():
    _, _, gold, predicted = drawn_sets()
    scores = lb.set_scores(predicted, gold, SCHEMA)
    again = lb.set_scores(predicted[::-1], gold.sample(frac=1, random_state=0), SCHEMA)
    assert again.micro == scores.micro
    assert again.macro == scores.macro
    pd.testing.assert_frame_equal(again.by_label, scores.by_label)


def test_what_was_not_predicted_counts_as_without_labels():
    predicted = {"x": ["a"], "y": None}
    scores = lb.set_scores(predicted, {"x": ["a"], "y": ["b"], "z": []}, SCHEMA)
    assert scores.n_uncovered == 2
    assert scores.micro.value == pytest.approx(2 / 3)
    assert scores.macro.value == 0.5  # of a and b; c and d are nowhere
    assert scores.exact.value == pytest.approx(2 / 3)
    assert "no interval" in scores.micro.note


def test_soft_sets_are_scored_by_their_decisions():
    soft = lb.SoftSets(
        [[0.9, 0.2, 0, 0]],
        pd.Index(["x"]),
        SCHEMA,
        covered=[[True] * 4],
        chosen=[[True, False, False, False]],
    )
    assert lb.set_scores(soft, {"x": ["a"]}, SCHEMA).micro.value == 1
    page = lb.set_scores(soft, {"x": ["a"]}, SCHEMA)._repr_html_()
    assert "macro F1" in page


def test_gold_that_cannot_be_used_is_refused():
    with pytest.raises(DataError, match="must be gold labels"):
        lb.set_scores({"x": ["a"]}, {}, SCHEMA)
    with pytest.raises(DataError, match="None of them is"):
        lb.set_scores({"x": ["a"]}, {"y": ["a"]}, SCHEMA)
    with pytest.raises(lb.LabelingError, match="Gold of sample 'x' must be a set"):
        lb.set_scores({"x": ["a"]}, {"x": "a"}, SCHEMA)
