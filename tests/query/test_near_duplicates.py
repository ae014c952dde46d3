"""Texts that differ only by case, signs and white space are asked about once."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.query import MODAL_STRATEGIES, STRATEGIES
from labeling.query.near_duplicates import text_key

SCHEMA = lb.LabelSchema(["ham", "spam"])
FORMS = ("check out my channel {}", "CHECK out my channel {}!!!", "Check out, my channel {} :)")


def copies(n=60, seed=0):
    """Return three forms of each text, with votes and soft labels that differ a little."""
    rng = np.random.default_rng(seed)
    texts = [form.format(i) for i in range(n) for form in FORMS]
    data = pd.DataFrame({"text": texts}, index=[f"s{i}" for i in range(len(texts))])
    votes = lb.Votes.from_array(
        rng.integers(-1, 2, (len(data), 4)), schema=SCHEMA, sample_ids=data.index
    )
    array = rng.dirichlet([1, 1], len(data))
    return data, votes, lb.SoftLabels(array, data.index, SCHEMA, [True] * len(data))


DATA, VOTES, SOFT = copies()


def keys(batch):
    return [text_key(text) for text in DATA.loc[batch.sample_ids, "text"]]


@pytest.mark.parametrize("strategy", [*STRATEGIES, *MODAL_STRATEGIES])
def test_no_strategy_asks_twice(strategy):
    if strategy.startswith("modal"):
        pytest.importorskip("modAL")
    asked = DATA.index[:30]
    batch = lb.select(
        DATA, votes=VOTES, soft=SOFT, end=SOFT, n=40, strategy=strategy, exclude=asked, rng=0
    )

    assert 40 == len(set(keys(batch)))
    assert not set(keys(batch)) & {text_key(text) for text in DATA.loc[asked, "text"]}


def test_texts_of_gold_labels_are_not_asked_about_again():
    gold = pd.Series("ham", index=DATA.index[::3][:50])
    batch = lb.select(DATA, soft=SOFT, gold=gold, n=10, rng=0)

    assert 10 == len(batch)
    assert not set(keys(batch)) & {text_key(text) for text in DATA.loc[gold.index, "text"]}


def test_near_duplicates_come_last_and_say_so():
    batch = lb.select(DATA, soft=SOFT, n=100, rng=0)
    frame = batch.to_frame()
    last = frame[frame["stratum"] == "near-duplicate"]

    assert 60 == len(set(keys(batch)))
    assert 40 == len(last)
    assert frame.index[-40:].equals(last.index)
    assert last["reason"].str.contains("differs only by case or signs").all()
    assert last["propensity"].isna().all()


def test_a_project_can_still_label_every_sample():
    assert len(DATA) == len(lb.select(DATA, n=1000, rng=0))
    rest = lb.select(DATA, n=1000, rng=0, exclude=DATA.index[::3])
    assert set(DATA.index) - set(DATA.index[::3]) == set(rest.sample_ids)


def test_propensities_are_honest():
    """Each sample is drawn as often as stated, however many near-duplicates it has."""
    data = pd.DataFrame({"text": ["a", "A", "a!", *[f"b{i}" for i in range(17)]]})
    often = pd.Series(0, index=data.index)
    for seed in range(1500):
        frame = lb.select(data, n=4, strategy="random", rng=seed).to_frame()
        np.testing.assert_allclose(frame["propensity"], 4 / 20)
        often[frame.index] += 1

    assert (abs(often / 1500 - 0.2) < 4.5 * np.sqrt(0.2 * 0.8 / 1500)).all()


@pytest.mark.parametrize(
    ("first", "second", "are_near"),
    [
        ("Free!!! Cash", "free cash", True),
        ("free  cash\n", "FREE cash \U0001f600", True),
        ("\uff46\uff52\uff45\uff45", "free", True),
        ("4 stars", "5 stars", False),
        (":)", ":(", False),
        ("", "   ", True),
        ("\U0001f600", "\U0001f622", False),
        ("कि", "का", False),
        ("straße", "STRASSE", True),
    ],
)
def test_what_a_near_duplicate_is(first, second, are_near):
    assert are_near == (text_key(first) == text_key(second))
