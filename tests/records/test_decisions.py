"""From probabilities to labels: accuracy, F1, costs."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.records import SoftLabels

SCHEMA = lb.LabelSchema(["ham", "spam"])


def soft_of(spam, covered=None):
    p = np.asarray(spam, dtype=float)
    known = np.ones(len(p), dtype=bool) if covered is None else covered
    return SoftLabels(np.stack([1 - p, p], axis=1), pd.RangeIndex(len(p)), SCHEMA, known)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=9))
def test_no_other_threshold_has_a_higher_expected_f1(twentieths):
    """Held against every set of the most probable samples; equal ones are decided alike."""
    p = np.array(twentieths) / 20
    chosen = soft_of(p).codes("f1") == 1

    def expected(called):
        return 2 * p[called].sum() / (called.sum() + p.sum()) if called.any() else 0.0

    best = max(expected(p >= least) for least in p)
    assert expected(chosen) == pytest.approx(best)
    assert all(
        p[a] > p[b] for a, b in itertools.product(np.flatnonzero(chosen), np.flatnonzero(~chosen))
    )


def test_f1_names_a_rare_label_below_one_half_and_leaves_uncovered_samples_alone():
    soft = soft_of([0.05, 0.4, 0.5, 0.05], np.array([True, True, False, True]))
    assert soft.to_labels("f1").tolist() == ["ham", "spam", None, "ham"]
    assert soft.to_labels().tolist() == ["ham", "ham", None, "ham"]
    assert soft.to_labels("f1", positive="ham").tolist() == ["ham", "ham", None, "ham"]


@pytest.mark.parametrize(
    "costs",
    [
        {"spam": {"ham": 5.0}, "ham": {"spam": 1.0}},
        [[0, 1], [5, 0]],
        pd.DataFrame([[0, 1], [5, 0]], index=["ham", "spam"], columns=["ham", "spam"]),
        pd.DataFrame([[0, 5], [1, 0]], index=["spam", "ham"], columns=["spam", "ham"]),
    ],
)
def test_the_lowest_expected_cost_decides_and_equal_costs_are_a_tie(costs):
    soft = soft_of([0.1, 1 / 6, 0.2])
    assert soft.to_labels(costs).tolist() == ["ham", None, "spam"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("acuracy", "Did you mean 'accuracy'"),
        ([[0, 1]], "a 2 x 2 table"),
        ([[0, "much"], [1, 0]], "a 2 x 2 table"),
        ([[0, np.inf], [1, 0]], "finite costs"),
        ({"spam": 3}, "finite costs"),
        ({"spma": {"ham": 1}}, "Did you mean 'spam'"),
        (None, "must be 'accuracy', 'f1', 'median', or finite costs"),
    ],
)
def test_what_is_no_decision_rule_is_refused(how, message):
    with pytest.raises(lb.LabelingError, match=message):
        soft_of([0.3]).to_labels(how)


def test_f1_needs_two_labels():
    three = SoftLabels([[0.2, 0.3, 0.5]], pd.RangeIndex(1), lb.LabelSchema([*"abc"]), [True])
    with pytest.raises(lb.LabelingError, match="must have two labels"):
        three.to_labels("f1")
    assert three.to_labels().tolist() == ["c"]


def test_no_samples_are_no_trouble():
    assert soft_of([]).to_labels("f1").tolist() == []
    assert soft_of([]).to_labels([[0, 1], [1, 0]]).tolist() == []


def test_nothing_is_called_positive_where_nothing_can_be():
    assert soft_of([0.0, 0.0]).to_labels("f1").tolist() == ["ham", "ham"]


@pytest.mark.parametrize("unit", [1e-12, 1.0, 1e12])
def test_the_unit_of_costs_does_not_matter(unit):
    costs = {"spam": {"ham": 3 * unit}, "ham": {"spam": unit}}
    assert soft_of([0.2, 0.25, 0.3]).to_labels(costs).tolist() == ["ham", None, "spam"]
