"""Training sets as scikit-learn's arrays: hard and soft labels, of one split."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

import labeling as lb
from labeling.errors import DataError, LabelingError
from tests.support.nasty_training_set import IDS, SCHEMA, TEXTS, N, nasty


def test_hard_labels_are_a_row_a_sample():
    train = nasty()
    features, label, weight = train.to_sklearn()

    assert ["text", "label", "split", "size", "score", "day", "kind", "tags"] == list(
        features.columns
    )
    assert train.sample_ids.equals(features.index)
    assert [SCHEMA.labels[i % 3] if i != 2 else "ham" for i in range(N - 1)] == label.tolist()
    np.testing.assert_allclose([0.8, 0.8, 1.0, *[0.8] * (N - 4)], weight)


def test_soft_labels_are_a_row_for_each_possible_label():
    train = nasty().weighted("none")
    texts, label, weight = train.to_sklearn("text", labels="soft")
    given = IDS["text"][2]

    assert 3 * (N - 2) + 1 == len(texts) == len(label) == len(weight)
    assert ["ham"] == label[texts.index == given].tolist()
    np.testing.assert_allclose([1.0], weight[texts.index == given])
    first = texts.index == IDS["text"][0]
    assert [TEXTS[0]] * 3 == texts[first].tolist()
    assert list(SCHEMA) == label[first].tolist()
    np.testing.assert_allclose([0.8, 0.1, 0.1], weight[first])
    by_sample = pd.Series(weight).groupby(texts.index.to_numpy()).sum()
    np.testing.assert_allclose(1.0, by_sample)


def test_soft_rows_are_weighed_by_the_sample_too():
    *_, hard = nasty().to_sklearn("text")
    texts, _, soft = nasty().to_sklearn("text", labels="soft")
    summed = pd.Series(soft).groupby(texts.index.to_numpy()).sum()

    np.testing.assert_allclose(hard, summed.loc[nasty().sample_ids])


def test_weighted_rows_are_the_expected_loss():
    """Logistic regression on weighted rows has the minimum of the loss expected under p."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"s{i}" for i in range(60)])
    x = rng.normal(size=60)
    p = 1 / (1 + np.exp(-2 * x))
    soft = lb.SoftLabels(
        np.column_stack([1 - p, p]), ids, lb.LabelSchema(["no", "yes"]), np.ones(60, bool)
    )
    train = lb.build_training_set(pd.DataFrame({"x": x}, index=ids), soft).weighted("none")
    features, label, weight = train.to_sklearn(["x"], labels="soft")
    model = LogisticRegression(C=1e6, tol=1e-10).fit(features, label, sample_weight=weight)

    np.testing.assert_allclose([[2.0]], model.coef_, atol=1e-3)
    np.testing.assert_allclose([0.0], model.intercept_, atol=1e-3)


@pytest.mark.parametrize("labels", ["hard", "soft"])
def test_a_pipeline_is_fitted(labels):
    texts, label, weight = nasty().to_sklearn("text", labels=labels)
    model = make_pipeline(TfidfVectorizer(analyzer="char"), LogisticRegression())
    model.fit(texts, label, logisticregression__sample_weight=weight)

    assert set(SCHEMA) == set(model.classes_)


def test_only_the_rows_of_train_are_given_where_a_split_was_made():
    train = nasty(split=True)

    assert N - 3 == len(train.to_sklearn("text")[0])
    assert IDS["text"][2] == train.to_sklearn("text")[0].index[0]
    assert [IDS["text"][0]] == train.to_sklearn("text", split="test")[0].index.tolist()
    assert [IDS["text"][1]] == train.to_sklearn("text", split="dev")[0].index.tolist()
    assert N - 1 == len(train.to_sklearn("text", split="all")[0])


def test_wrong_arguments_are_named():
    with pytest.raises(DataError, match=r"no rows of 'dev'.*lb\.split"):
        nasty().to_sklearn(split="dev")
    with pytest.raises(LabelingError, match=r"`split` must be one of .*Did you mean 'train'"):
        nasty().to_sklearn(split="trian")
    with pytest.raises(DataError, match=r"Got 'txet'\. Did you mean 'text'"):
        nasty().to_sklearn("txet")
    with pytest.raises(LabelingError, match="'hard' or 'soft'"):
        nasty().to_sklearn(labels="fuzzy")


@pytest.mark.parametrize("n", [0, 1])
def test_none_and_one(n):
    train = nasty().take(np.arange(n))

    assert [n] * 3 == [len(part) for part in train.to_sklearn("text")]
    assert [3 * n] * 3 == [len(part) for part in train.to_sklearn("text", labels="soft")]
