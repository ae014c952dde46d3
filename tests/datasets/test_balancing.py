"""Weights of labels, and class balancing: whatever the order of rows, and only where one trains."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingError

SCHEMA = lb.LabelSchema(["ham", "spam", "eggs"])
COUNTS = {"ham": 12, "spam": 5, "eggs": 0}
IDS = pd.Index([f"s{i}" for i in range(17)])
HOW = ["weights", "undersample", "oversample"]


def training_set(order=range(17), split=None):
    """Twelve ham, five spam, no eggs; the last one is gold."""
    ids = IDS[list(order)]
    rng = np.random.default_rng(1)
    p = pd.Series(rng.uniform(0.6, 1.0, 17), IDS)
    is_ham = pd.Series(np.arange(17) < 12, IDS)
    array = [[p[i], 1 - p[i], 0] if is_ham[i] else [1 - p[i], p[i], 0] for i in ids]
    train = lb.build_training_set(
        pd.DataFrame({"text": ids.to_numpy()}, index=ids),
        lb.SoftLabels(array, ids, SCHEMA, np.ones(17, bool)),
        gold=pd.Series({"s16": "spam"}),
    )
    return train if split is None else train.with_columns(split=[split(i) for i in ids])


def labels_of(train, split=None):
    label = train.added_column("label")
    if split is not None:
        label = label[(train.added_column("split") == split).to_numpy()]
    return {name: int((label == name).sum()) for name in SCHEMA}


def weights_of(train):
    return pd.Series(train.added_column("weight").to_numpy(), train.sample_ids)


def test_weights_give_every_label_the_same_total():
    before, after = training_set(), training_set().balanced("weights")
    label = after.added_column("label")
    total = weights_of(after).groupby(label.to_numpy()).sum()

    np.testing.assert_allclose(total["ham"], total["spam"])
    np.testing.assert_allclose(weights_of(before).sum(), weights_of(after).sum())
    ratio = weights_of(after) / weights_of(before)
    np.testing.assert_allclose(ratio[:12], ratio.iloc[0])


def test_undersampling_leaves_rows_out_and_lists_them():
    train = training_set().balanced("undersample")

    assert {"ham": 5, "spam": 5, "eggs": 0} == labels_of(train)
    assert ["left out by undersampling"] * 7 == train.dropped["reason"].tolist()
    assert set(IDS) == {*train.sample_ids, *train.dropped.index}
    assert 7 == train.manifest()["left_out"]["left out by undersampling"]
    assert ["ham"] * 7 == train.left_out["label"].to_pylist()


def test_oversampling_repeats_rows_as_evenly_as_possible():
    train = training_set().balanced("oversample")
    times = train.sample_ids.value_counts()

    assert {"ham": 12, "spam": 12, "eggs": 0} == labels_of(train)
    assert {1} == set(times[IDS[:12]])
    assert {2, 3} == set(times[IDS[12:]])
    assert 24 == len(train.to_sklearn("text")[0])


@pytest.mark.parametrize("how", HOW)
def test_the_order_of_rows_decides_nothing(how):
    one = training_set().balanced(how, rng=3)
    other = training_set(np.random.default_rng(5).permutation(17)).balanced(how, rng=3)

    assert sorted(one.sample_ids) == sorted(other.sample_ids)
    np.testing.assert_allclose(
        weights_of(one).groupby(level=0).sum(), weights_of(other).groupby(level=0).sum(), rtol=1e-12
    )


def test_another_seed_draws_other_rows():
    drawn = {tuple(training_set().balanced("undersample", rng=seed).sample_ids) for seed in (0, 1)}

    assert 2 == len(drawn)


@pytest.mark.parametrize("how", HOW)
def test_rows_of_dev_and_test_stay_as_they_are(how):
    splits = {"s0": "test", "s1": "dev", "s12": "test", "s16": "dev"}
    before = training_set(split=lambda one: splits.get(one, "train"))
    after = before.balanced(how)
    wanted = {"undersample": 3, "oversample": 10}.get(how)

    for name in ("dev", "test"):
        assert labels_of(before, name) == labels_of(after, name)
    for sample in splits:
        assert weights_of(before)[sample] == weights_of(after)[sample]
    if wanted:
        assert {"ham": wanted, "spam": wanted, "eggs": 0} == labels_of(after, "train")


def test_effective_numbers_are_reported():
    about = {how: training_set().weighted("none").balanced(how).origin["balance"] for how in HOW}

    assert {"before": 12, "after": 5, "effective": 5.0} == about["undersample"]["labels"]["ham"]
    assert {"before": 0, "after": 0, "effective": 0.0} == about["undersample"]["labels"]["eggs"]
    assert 10.0 == about["undersample"]["effective"]
    # Twelve of weight w and five of weight 12 w / 5: (24 w)² / (12 w² + 144 w² / 5).
    assert pytest.approx(24**2 / (12 + 144 / 5)) == about["weights"]["effective"]
    # Copies are no new samples: five spam, of which two are there three times.
    assert (
        pytest.approx(12**2 / (3 * 4 + 2 * 9))
        == (about["oversample"]["labels"]["spam"]["effective"])
    )
    assert 12 == about["oversample"]["labels"]["spam"]["after"]
    assert training_set().balanced("weights").manifest()["origin"]["balance"]["how"] == "weights"


def test_weights_by_confidence_by_the_expected_loss_and_none():
    train = training_set()
    confidence = train.added_column("confidence")

    np.testing.assert_allclose(weights_of(train), weights_of(train.weighted("confidence")))
    np.testing.assert_allclose(
        np.where(IDS == "s16", 1.0, (3 * confidence - 1) / 2),
        weights_of(train.weighted("expected")),
    )
    assert {1.0} == set(weights_of(train.weighted("none")))


def test_a_hard_label_of_expected_weight_has_the_gradient_of_the_soft_label():
    """For two labels and a symmetric loss (here the absolute error), up to a constant."""
    p = np.array([0.5, 0.7, 0.9, 1.0])
    ids = pd.Index(list("abcd"))
    soft = lb.SoftLabels(
        np.column_stack([1 - p, p]), ids, lb.LabelSchema(["no", "yes"]), np.ones(4, bool)
    )
    train = lb.build_training_set(pd.DataFrame({"x": p}, index=ids), soft).weighted("expected")
    weight = weights_of(train).to_numpy()
    q = np.linspace(0, 1, 11)[:, None]  # what a model might predict for "yes"
    p = p[1:]  # a tie is left out
    expected = p * np.abs(1 - q) + (1 - p) * np.abs(0 - q)
    hard = weight * np.abs(1 - q)

    np.testing.assert_allclose(np.diff(expected, axis=0), np.diff(hard, axis=0))


def test_nothing_to_balance():
    for how in HOW:
        assert 0 == len(training_set().take(np.arange(0)).balanced(how))
        assert 1 == len(training_set().take(np.arange(1)).balanced(how))


def test_wrong_arguments_are_named():
    with pytest.raises(LabelingError, match=r"'weights', 'undersample' or 'oversample'.*mean"):
        training_set().balanced("undersampled")
    with pytest.raises(LabelingError, match="`weights` must be"):
        training_set().weighted("expecting")
    with pytest.raises(LabelingError, match="`rng` must be"):
        training_set().balanced("undersample", rng=None)
