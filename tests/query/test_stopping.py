"""When more labels are not worth asking for."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingError
from labeling.query import StoppingRule, label_kappa, labels_needed
from labeling.records.estimates import Estimate, proportion

SCHEMA = lb.LabelSchema(["ham", "spam"])


def soft(codes, ids=None):
    array = np.eye(2)[codes]
    ids = pd.RangeIndex(len(codes)) if ids is None else ids
    return lb.SoftLabels(array, ids, SCHEMA, [True] * len(codes))


@pytest.mark.parametrize("half_width", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("share", [0.5, 0.8, 0.95])
def test_so_many_more_labels_reach_the_target(half_width, share):
    n = 60
    before = proportion(round(share * n), n)
    total = n + labels_needed(before, half_width)
    after = proportion(round(share * total), total)

    reached = (after.high - after.low) / 2
    if total > n:
        assert reached == pytest.approx(half_width, rel=0.15)
    else:
        assert reached <= half_width


def test_a_narrow_interval_needs_nothing():
    assert 0 == labels_needed(Estimate(0.9, 0.89, 0.91, 900), 0.02)


def test_without_a_label_the_worst_case_is_planned_for():
    assert 2401 == labels_needed(Estimate(np.nan, np.nan, np.nan, 0), 0.02)


@pytest.mark.parametrize(("n", "left"), [(40, 60), (40, 400), (200, 60), (10, 1)])
def test_of_a_small_pool_fewer_samples_reach_the_target(n, left):
    """After them the interval is that of a sample without an end of the right size."""
    size = n + left
    before = proportion(round(0.8 * n), n)
    wilson_size = n / (1 - n / size)
    narrow = Estimate(before.value, before.low, before.high, n)
    more = labels_needed(narrow, 0.03, left)
    ratio = (before.high - before.low) / 2 / 0.03

    assert more <= min(left, labels_needed(before, 0.03))
    assert (n + more) / (1 - (n + more - 1e-9) / size) >= wilson_size * ratio**2 * (1 - 1e-9)
    if more:
        assert (n + more - 1) / (1 - (n + more - 1) / size) < wilson_size * ratio**2


def test_no_more_than_are_left_are_asked_for():
    wide = proportion(8, 10)

    assert 0 == labels_needed(wide, 0.01, 0)
    assert 5 == labels_needed(wide, 0.01, 5)
    assert labels_needed(wide, 0.01, 10**9) == labels_needed(wide, 0.01)
    nothing = Estimate(np.nan, np.nan, np.nan, 0)
    assert 96 == labels_needed(nothing, 0.02, 100)
    assert 1 == labels_needed(nothing, 0.02, 1)
    for wrong in (-1, 2.5, "9"):
        with pytest.raises(LabelingError, match="`left`"):
            labels_needed(wide, 0.01, wrong)


@pytest.mark.parametrize("half_width", [0, 0.5, -1, 2])
def test_a_target_must_be_a_half_width(half_width):
    with pytest.raises(lb.LabelingError, match=r"above 0 and below 0\.5"):
        labels_needed(Estimate(0.9, 0.8, 1, 5), half_width)


def test_no_rule_never_stops():
    assert () == StoppingRule().reasons(Estimate(1, 1, 1, 10_000), [1.0] * 9, 10**9)


def test_each_reason_is_a_sentence_of_its_own():
    rule = StoppingRule(half_width=0.03, stable_rounds=2, kappa=0.98, budget=100)
    wide, narrow = Estimate(0.8, 0.7, 0.9, 60), Estimate(0.8, 0.78, 0.82, 900)

    assert () == rule.reasons(wide, [0.99, 0.97], 99)
    assert () == rule.reasons(None, [0.99], 99)
    reasons = rule.reasons(narrow, [0.5, 0.99, 0.985], 100)
    assert 3 == len(reasons)
    assert "to within 3 points: 0.800 [0.780, 0.820], n = 900" in reasons[0]
    assert "hardly changed in 2 rounds: kappa 0.985" in reasons[1]
    assert "budget of 100 votes is spent: people gave 100" in reasons[2]


@pytest.mark.parametrize(
    "wrong",
    [{"half_width": 0}, {"half_width": 0.5}, {"kappa": 0}, {"kappa": 2}, {"budget": 0}],
)
def test_wrong_rules_are_an_error(wrong):
    with pytest.raises(lb.LabelingError, match=f"`{next(iter(wrong))}` must be"):
        StoppingRule(**wrong)


def test_kappa_is_that_of_scikit_learn():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 2, 200), rng.integers(0, 2, 200)
    second[:120] = first[:120]

    assert label_kappa(soft(first), soft(second)) == pytest.approx(cohen_kappa_score(first, second))


def test_kappa_is_of_the_samples_of_both_rounds():
    before = soft([0, 1, 0], pd.Index(["a", "b", "c"]))
    after = soft([1, 0, 1], pd.Index(["b", "a", "new"]))

    assert 1 == label_kappa(before, after)
    assert np.isnan(label_kappa(before, soft([0], pd.Index(["x"]))))
    assert 1 == label_kappa(soft([0, 0]), soft([0, 0]))


def test_kappa_compares_labels_by_name():
    before = soft([0, 0, 1, 1, 1])
    turned = lb.SoftLabels(
        before.to_array()[:, ::-1],
        before.sample_ids,
        lb.LabelSchema(["spam", "ham"]),
        [True] * 5,
    )

    assert 1.0 == label_kappa(before, turned) == label_kappa(turned, before)
    assert label_kappa(soft([0, 1, 1, 1, 1]), turned) == label_kappa(soft([0, 1, 1, 1, 1]), before)


def test_rounds_of_other_labels_are_not_compared():
    other = lb.SoftLabels(np.eye(2), pd.RangeIndex(2), lb.LabelSchema(["a", "b"]), [True] * 2)
    with pytest.raises(LabelingError, match="the same labels"):
        label_kappa(soft([0, 1]), other)


@pytest.mark.parametrize(
    "target",
    [
        {"half_width": "0.02"},
        {"kappa": "high"},
        {"kappa": True},
        {"stable_rounds": 1.5},
        {"budget": "5"},
        {"budget": 2.5},
    ],
)
def test_a_target_of_another_type_is_refused(target):
    with pytest.raises(LabelingError, match=next(iter(target))):
        StoppingRule(**target)


@pytest.mark.parametrize("half_width", ["0.02", None, True])
def test_labels_needed_refuses_what_is_no_number(half_width):
    with pytest.raises(LabelingError, match="half_width"):
        labels_needed(Estimate(0.9, 0.86, 0.94, 200), half_width)
