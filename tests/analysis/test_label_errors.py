"""Likely label errors: planted errors come first, better than by the margin; no label changes."""

import functools

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from tests.benchmarks.quality.data import data_folder, read_set, read_texts

pytest.importorskip("cleanlab", reason="it comes with [quality]")


def planted(rng, name, onto):
    """Return labels with errors, out-of-sample probabilities, and which labels are wrong."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold

    texts, gold, k = texts_of(name)
    is_wrong = rng.random(len(gold)) < 0.15
    given = gold.copy()
    if onto:  # labels are lost among the most frequent one, as weak labels are
        frequent = np.bincount(gold).argmax()
        is_wrong &= gold != frequent
        given[is_wrong] = frequent
    else:
        given[is_wrong] = (gold[is_wrong] + rng.integers(1, k, is_wrong.sum())) % k
    features = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)
    array = np.zeros((len(gold), k))
    for train, test in StratifiedKFold(5, shuffle=True, random_state=0).split(features, given):
        model = LogisticRegression(C=10, max_iter=300).fit(features[train], given[train])
        array[np.ix_(test, model.classes_)] = model.predict_proba(features[test])
    schema = lb.LabelSchema([f"label {code}" for code in range(k)])
    ids = pd.Index([f"s{number}" for number in range(len(gold))])
    soft = lb.SoftLabels(array, ids, schema, [True] * len(ids))
    labels = pd.Series([schema.labels[code] for code in given], ids)
    return labels, soft, pd.Series(is_wrong, ids)


@functools.cache
def texts_of(name):
    folder = data_folder()
    data, samples = read_set(folder, name), read_texts(folder, name)
    gold = np.asarray(data.gold[samples.index])
    rows = np.flatnonzero(gold >= 0)[:1500]
    return samples["text"].to_numpy()[rows], gold[rows], int(gold.max()) + 1


def simple(n=200, seed=0):
    rng = np.random.default_rng(seed)
    schema = lb.LabelSchema(["spam", "ham", "news"])
    ids = pd.Index([f"s{number}" for number in range(n)])
    array = rng.dirichlet([0.4, 0.4, 0.4], n)
    labels = pd.Series([schema.labels[code] for code in array.argmax(axis=1)], ids)
    labels.iloc[: n // 10] = "news"
    return labels, lb.SoftLabels(array, ids, schema, [True] * n)


@pytest.mark.slow
@pytest.mark.parametrize("onto", [False, True])
@pytest.mark.parametrize("name", ["youtube", "sms", "trec"])
def test_planted_errors_come_first(name, onto):
    """Of as many as were planted, the top has at least those that the margin alone finds."""
    if data_folder() is None:
        pytest.skip("set LABELING_DATA to a folder of votes with gold labels")
    labels, soft, is_wrong = planted(np.random.default_rng(0), name, onto)
    found = lb.label_errors(labels, soft)
    n = int(is_wrong.sum())
    code = labels.map({label: code for code, label in enumerate(soft.schema)}).to_numpy()
    array, rows = soft.to_array(), np.arange(len(labels))
    others = np.where(np.eye(array.shape[1], dtype=bool)[code], -1, array).max(axis=1)
    by_margin = labels.index[np.argsort(array[rows, code] - others, kind="stable")]

    of_top = is_wrong[found.ranked.index[:n]].mean()
    assert of_top >= is_wrong[by_margin[:n]].mean() - 0.02
    assert of_top > 3 * is_wrong.mean()
    if onto:
        assert of_top > is_wrong[by_margin[:n]].mean() + 0.05
    assert 0.4 * n < found.errors.value < 2.5 * n


def test_no_label_is_changed_and_each_is_ranked():
    labels, soft = simple()
    before = labels.copy()
    found = lb.label_errors(labels, soft)

    assert labels.equals(before)
    assert sorted(found.ranked.index) == sorted(labels.index)
    assert (found.ranked["label"].sort_index() == labels.sort_index()).all()
    assert found.ranked["quality"].is_monotonic_increasing
    assert found.ranked["quality"].between(0, 1).all()
    assert [one.label for one in found.labels] == list(soft.schema)
    assert found.errors.value == sum(one.errors.value for one in found.labels)
    assert found.errors.low <= found.errors.value <= found.errors.high


def test_the_order_of_samples_and_labels_changes_nothing():
    labels, soft = simple()
    found = lb.label_errors(labels, soft)
    order = np.random.default_rng(1).permutation(len(labels))
    other = lb.LabelSchema(["ham", "news", "spam"])
    array = soft.to_frame()[list(other)].to_numpy()[order]
    turned = lb.SoftLabels(array, soft.sample_ids[order], other, [True] * len(order))
    again = lb.label_errors(labels[::-1], turned)

    pd.testing.assert_frame_equal(found.ranked, again.ranked, atol=1e-9, rtol=0)
    assert found.errors == again.errors


def test_a_training_set_is_taken_and_samples_without_a_label_are_left_out():
    labels, soft = simple()
    train = lb.build_training_set(pd.DataFrame({"text": "x"}, index=labels.index), soft)

    assert len(lb.label_errors(train, soft)) == len(train)
    labels.iloc[3] = None
    assert len(lb.label_errors(labels, soft)) == len(labels) - 1


def test_one_label_alone_has_no_errors_that_could_be_seen():
    _, soft = simple()
    labels = pd.Series("ham", soft.sample_ids)
    found = lb.label_errors(labels, soft)

    assert found.errors.value == 0
    assert found.labels[0].errors.note == "no sample has this label"


def test_what_cannot_be_compared_is_refused():
    labels, soft = simple()
    with pytest.raises(lb.LabelingError, match="`train` must be"):
        lb.label_errors(list(labels), soft)
    with pytest.raises(lb.LabelingError, match="None of 2 has"):
        lb.label_errors(pd.Series([None, None], soft.sample_ids[:2]), soft)
    with pytest.raises(lb.LabelingError, match="are not among"):
        lb.label_errors(pd.Series({"nobody": "ham"}), soft)
