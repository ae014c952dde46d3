"""Quality of whole answers of spans and sets, from gold of some samples and soft labels of all."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.analysis.whole_answers import whole_confidence

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")


def made_sets(n=2000, seed=0):
    """Return calibrated soft sets and the true sets of all samples."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.4, 0.4, (n, 2))
    ids = pd.Index([f"s{number}" for number in range(n)])
    labels = np.array(SETS.labels)
    truth = [frozenset(labels[row].tolist()) for row in rng.random((n, 2)) < p]
    covered = np.ones((n, 2), dtype=bool)
    return lb.SoftSets(p, ids, SETS, covered, p > 0.5), pd.Series(truth, ids, dtype=object)


def made_spans(n=1000, seed=0):
    """Return calibrated soft spans, of two candidates a sample, and the true spans."""
    rng = np.random.default_rng(seed)
    p = rng.beta(0.5, 0.5, 2 * n)
    sample, start = np.repeat(np.arange(n), 2), np.tile([0, 10], n)
    array = np.stack([p, np.zeros(2 * n), 1 - p], axis=1)
    ids = pd.Index([f"s{number}" for number in range(n)])
    soft = lb.SoftSpans(array, sample, start, start + 5, p > 0.5, ids, SPANS, [True] * n)
    is_true = rng.random((n, 2)) < p.reshape(n, 2)
    truth = [[(10 * k, 10 * k + 5, "PER") for k in np.flatnonzero(row).tolist()] for row in is_true]
    return soft, pd.Series(truth, ids, dtype=object)


@pytest.mark.parametrize("made", [made_sets, made_spans])
def test_the_accuracy_of_all_answers_holds_and_is_narrower_than_of_gold_alone(made):
    soft, truth = made()
    answers = soft.to_labels()
    exact = np.array(
        [
            lb.records.read_label(given, soft.schema) == lb.records.read_label(true, soft.schema)
            for given, true in zip(answers, truth, strict=True)
        ]
    )
    rng, held, widths = np.random.default_rng(1), 0, []
    for _ in range(60):
        rows = rng.choice(len(truth), 100, replace=False)
        estimate = lb.estimated_accuracy(soft, truth.iloc[rows])
        alone = lb.analysis.proportion(int(exact[rows].sum()), 100)
        held += estimate.low <= exact.mean() <= estimate.high
        widths.append((estimate.high - estimate.low) / (alone.high - alone.low))

    assert held >= 53
    assert np.mean(widths) < 0.93


def test_shares_of_labels_in_sets_hold():
    soft, truth = made_sets()
    share = np.mean(["joy" in labels for labels in truth])
    rng, held = np.random.default_rng(1), 0
    for _ in range(60):
        gold = truth.iloc[rng.choice(len(truth), 100, replace=False)]
        estimate = lb.estimated_class_balance(soft, gold)["joy"]
        held += estimate.low <= share <= estimate.high
    assert held >= 53


def test_a_whole_answer_is_as_sure_as_all_of_its_parts():
    array = [[0.8, 0.0, 0.2], [0.6, 0.0, 0.4], [0.1, 0.0, 0.9]]
    soft = lb.SoftSpans(
        array, np.zeros(3), [0, 0, 10], [7, 3, 12], [True, False, False],
        pd.Index(["a", "b", "c"]), SPANS, [True, True, False],
    )  # fmt: skip
    # "0 to 3" lies within the chosen span: whether it is one is decided with that.
    assert [0.72, 1.0, 0.0] == whole_confidence(soft).round(9).tolist()
    sets = lb.SoftSets(
        [[0.9, 0.2], [0.7, 0.5]], pd.Index(["a", "b"]), SETS,
        [[True, True], [False, False]], [[True, False], [False, False]],
    )  # fmt: skip
    assert [0.72, 0.0] == whole_confidence(sets).round(9).tolist()


def test_answers_other_than_those_of_the_model_can_be_measured():
    soft, truth = made_spans(200)
    nothing = pd.Series([()] * 200, soft.sample_ids, dtype=object)
    gold = truth.iloc[:100]
    estimate = lb.estimated_accuracy(soft, gold, labels=nothing)

    assert abs(estimate.value - np.mean([not spans for spans in truth])) < 0.1
    with pytest.raises(lb.LabelingError, match="each sample"):
        lb.estimated_accuracy(soft, gold, labels=nothing.iloc[1:])
    with pytest.raises(lb.LabelingError, match="None has"):
        lb.estimated_accuracy(soft, {})


def test_the_quality_of_spans_and_sets_is_their_f1():
    soft, truth = made_spans(50)
    sets, true_sets = made_sets(50)

    assert lb.label_quality(soft, truth).f1 == lb.span_scores(soft, truth, SPANS).f1
    assert lb.label_quality(sets, true_sets).micro == lb.set_scores(sets, true_sets, SETS).micro
