"""The end model on real texts, without gold labels and without a declared class balance."""

import functools
import warnings

import numpy as np
import pytest

import labeling as lb
from labeling.analysis import accuracy
from tests.benchmarks.quality.data import data_folder, read_set, read_texts
from tests.benchmarks.quality.plain_text import plain_by_label, plain_by_weight
from tests.benchmarks.quality.scores import f1, shares_of

SETS = ("imdb", "sms", "youtube", "topics_hausa", "trec")


@functools.cache
def answers(name):
    """Return the truth, soft labels, and what end model and plain classifiers make of them."""
    if not (data_folder() / name / "texts.jsonl.gz").exists():
        pytest.skip(f"LABELING_DATA names no folder with the texts of {name}")
    data, samples = read_set(data_folder(), name), read_texts(data_folder(), name)
    votes = data.votes.of_samples(samples.index)
    texts = samples["text"].astype(str).tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the label model, about its shares
        soft = lb.LabelModel().fit(votes).predict_proba(votes)
        model = lb.EndModel().fit(samples, soft, votes=votes)
    end = model.predict_proba(samples, soft=soft, votes=votes)
    plain = [call(texts, soft).probabilities for call in (plain_by_label, plain_by_weight)]
    return data.gold[samples.index], soft, end, plain


def points(truth, probabilities, name):
    """Return F1 of spam, or the accuracy, in percent."""
    known = truth >= 0
    shares = shares_of(np.asarray(probabilities))[known]
    if name == "sms":
        return 100 * f1(shares, truth[known], 1).value
    return 100 * float(shares[np.arange(known.sum()), truth[known]].mean())


def gain(name):
    truth, _, end, plain = answers(name)
    best = max(points(truth, one, name) for one in plain)
    return points(truth, end.to_array(), name) - best


@pytest.mark.parametrize("name", SETS)
def test_it_is_no_worse_than_plain_text_classification_on_the_same_labels(name):
    assert gain(name) >= -0.5


def test_it_is_better_on_average():
    assert np.mean([gain(name) for name in SETS]) >= 6


@pytest.mark.parametrize("name", SETS)
def test_predicted_shares_are_no_further_from_the_truth_than_those_of_plain_classification(name):
    """Of one that learns from probabilities: one that learns labels takes the first of equal ones.

    On imdb that happens to make its shares better.
    """
    truth, _, end, plain = answers(name)
    known = truth >= 0
    true = np.bincount(truth[known], minlength=len(end.schema)) / known.sum()

    def off(probabilities):
        predicted = shares_of(np.asarray(probabilities))[known].mean(axis=0)
        return np.abs(predicted - true).sum() / 2

    assert off(end.to_array()) <= off(plain[1]) + 0.01


@pytest.mark.parametrize("name", ["imdb", "sms", "youtube"])
def test_confidence_is_not_far_from_accuracy(name):
    truth, _, end, _ = answers(name)
    gold = end.schema.labels
    named = {key: gold[code] for key, code in zip(end.sample_ids, truth, strict=True) if code >= 0}
    right = accuracy(end, named).value

    assert abs(float(end.confidence().mean()) - right) < 0.12
