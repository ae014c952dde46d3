"""What people say is used as far as their held-out labels show that it helps."""

import numpy as np
import pandas as pd

import labeling as lb

SCHEMA = lb.LabelSchema(["bad", "good"])
WORDS = [["awful", "boring", "slow", "dull"], ["lovely", "funny", "great", "sweet"]]


def texts(rng, n=600):
    truth = rng.integers(2, size=n)
    data = pd.DataFrame(
        {"text": [" ".join(rng.choice(WORDS[t], 2)) + f" film {rng.integers(40)}" for t in truth]}
    )
    return data, truth


def votes_on(rng, truth, accuracy):
    array = np.where(rng.random((len(truth), 3)) < accuracy, truth[:, None], 1 - truth[:, None])
    return lb.Votes.from_array(array, schema=SCHEMA)


def accuracies(data, truth, votes, gold):
    """The accuracy on samples without gold labels, without and with these."""
    soft = lb.LabelModel().fit(votes).predict_proba(votes)
    rest = ~data.index.isin(gold.index)
    found = []
    for known in (None, gold):
        model = lb.EndModel().fit(data, soft, votes=votes, gold=known)
        codes = model.predict_proba(data, soft=soft, votes=votes).to_array().argmax(axis=1)
        found.append((codes == truth)[rest].mean())
    return found


def gold_of(rng, data, truth, n, errors):
    rows = rng.permutation(len(data))[:n]
    codes = np.where(rng.random(n) < errors, 1 - truth[rows], truth[rows])
    return pd.Series([SCHEMA.labels[code] for code in codes], index=data.index[rows])


def test_labels_at_random_do_no_harm_where_the_votes_are_right():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        data, truth = texts(rng)
        gold = gold_of(rng, data, truth, 60, errors=0.5)
        before, after = accuracies(data, truth, votes_on(rng, truth, 0.9), gold)
        assert after >= before - 0.02, seed


def test_right_labels_count_where_the_votes_are_hardly_better_than_chance():
    for seed in range(3):
        rng = np.random.default_rng(seed)
        data, truth = texts(rng)
        gold = gold_of(rng, data, truth, 60, errors=0.0)
        before, after = accuracies(data, truth, votes_on(rng, truth, 0.45), gold)
        assert after >= before + 0.2, seed
