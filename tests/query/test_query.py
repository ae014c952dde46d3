"""Which samples are chosen: the right number, for the stated reason, whatever their order."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import DataError
from labeling.query import SCORES, STRATEGIES

SCHEMA = lb.LabelSchema(["ham", "spam", "eggs"])


def pool(n=200, seed=0):
    rng = np.random.default_rng(seed)
    ids = pd.Index([f"s{i}" for i in range(n)])
    words = [f"word{i}" for i in range(30)]
    data = pd.DataFrame({"text": [" ".join(rng.choice(words, 6)) for _ in range(n)]}, index=ids)
    votes = lb.Votes.from_array(rng.integers(-1, 3, (n, 4)), schema=SCHEMA, sample_ids=ids)
    soft = lb.LabelModel().fit(votes).predict_proba(votes)
    return data, votes, soft


DATA, VOTES, SOFT = pool()


def chosen(strategy="mixture", n=20, rng=0, data=DATA, **more):
    given = {"votes": VOTES, "soft": SOFT} | more
    return lb.select(data, n=n, strategy=strategy, rng=rng, **given)


@pytest.mark.parametrize("strategy", STRATEGIES)
@given(n=st.integers(1, 250), taken=st.sets(st.sampled_from(DATA.index.tolist())))
def test_exactly_n_different_eligible_samples_come_back(strategy, n, taken):
    frame = chosen(strategy, n, exclude=taken).to_frame()

    assert min(n, len(DATA) - len(taken)) == len(frame)
    assert frame.index.is_unique
    assert not taken & set(frame.index)
    assert ["stratum", "score", "reason", "propensity"] == frame.columns.tolist()


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("with_end", [False, True])
def test_the_order_of_rows_does_not_matter(strategy, with_end):
    more = {"end": SOFT} if with_end else {}
    turned = DATA.iloc[::-1]
    other = {
        "votes": VOTES.of_samples(turned.index),
        "soft": SOFT.of_samples(turned.index),
        **({"end": SOFT.of_samples(turned.index)} if with_end else {}),
    }

    expected = chosen(strategy, **more).to_frame()
    pd.testing.assert_frame_equal(expected, chosen(strategy, data=turned, **other).to_frame())


def test_the_same_seed_chooses_the_same_and_another_others():
    assert chosen(rng=1).sample_ids.equals(chosen(rng=1).sample_ids)
    assert not chosen(rng=1).sample_ids.equals(chosen(rng=2).sample_ids)


def test_no_global_random_state_is_touched():
    before = np.random.get_state()[1].copy()  # noqa: NPY002  # that it stays is the point
    chosen(end=SOFT)

    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_the_mixture_is_half_random_with_its_propensity():
    frame = chosen(n=21).to_frame()
    audit = frame[frame["stratum"] == "random"]

    assert [11, 10] == frame["stratum"].value_counts()[["random", "margin"]].tolist()
    np.testing.assert_allclose(audit["propensity"], 11 / 200)
    assert frame.loc[frame["stratum"] == "margin", "propensity"].isna().all()


def test_the_random_half_is_fair():
    """Over many seeds each sample is drawn about as often as its propensity says."""
    drawn = pd.Series(0, index=DATA.index)
    for seed in range(400):
        frame = chosen(n=40, rng=seed).to_frame()
        drawn[frame.index[frame["stratum"] == "random"]] += 1

    assert abs(drawn.mean() / 400 - 0.1) < 1e-9
    assert drawn.between(15, 70).all()  # 40 expected, standard deviation 6


def test_margin_asks_about_the_least_sure():
    frame = chosen("margin", n=10).to_frame()
    ranked = np.sort(SOFT.to_array(), axis=1)
    expected = np.sort(1 - (ranked[:, -1] - ranked[:, -2]))[-10:]

    np.testing.assert_allclose(np.sort(frame["score"]), expected)


def test_entropy_is_1_where_nothing_is_known():
    soft = lb.SoftLabels(np.full((2, 3), 1 / 3), pd.Index([0, 1]), SCHEMA, [True, True])
    batch = lb.select(pd.DataFrame({"t": [1, 2]}), soft=soft, n=1, strategy="entropy", rng=0)

    np.testing.assert_allclose(batch.to_frame()["score"], 1)


def test_lf_conflict_prefers_evenly_split_votes():
    votes = lb.Votes.from_array([[0, 0, 0], [0, 0, 1], [0, 1, 2], [-1, -1, -1]], schema=SCHEMA)
    batch = lb.select(pd.DataFrame(index=range(4)), votes=votes, n=2, strategy="lf_conflict", rng=0)

    assert [2, 1] == batch.sample_ids.tolist()


def test_uncovered_prefers_samples_without_votes():
    votes = lb.Votes.from_array([[0], [-1], [1]], schema=SCHEMA)
    batch = lb.select(pd.DataFrame(index=range(3)), votes=votes, n=1, strategy="uncovered", rng=0)

    assert [1] == batch.sample_ids.tolist()


def test_ties_are_broken_by_chance_not_by_position():
    """All samples are equal, so over many seeds every one is chosen first some time."""
    soft = lb.SoftLabels(np.full((8, 3), 1 / 3), pd.RangeIndex(8), SCHEMA, [True] * 8)
    data = pd.DataFrame(index=range(8))
    first = {
        lb.select(data, soft=soft, n=1, strategy="margin", rng=seed).sample_ids[0]
        for seed in range(100)
    }

    assert set(range(8)) == first


@pytest.mark.parametrize("strategy", ["lf_conflict", "entropy"])
def test_rounding_breaks_no_tie(strategy):
    """Mirrored votes and posteriors are equally uncertain: both kinds are asked about."""
    array = np.array([[0, 0, 0, 1, 1, 2]] * 100 + [[2, 2, 2, 1, 1, 0]] * 100)
    votes = lb.Votes.from_array(array, schema=SCHEMA)
    shares = np.repeat([[3 / 6, 2 / 6, 1 / 6], [1 / 6, 2 / 6, 3 / 6]], 100, axis=0)
    soft = lb.SoftLabels(shares, votes.sample_ids, SCHEMA, [True] * 200)
    data = pd.DataFrame(index=range(200))
    ids = lb.select(data, votes=votes, soft=soft, n=60, strategy=strategy, rng=0).sample_ids

    assert 15 < (ids < 100).sum() < 45


def test_the_reason_says_when_a_strategy_has_nothing_left():
    votes = lb.Votes.from_array([[0], [-1], [1]], schema=SCHEMA)
    data = pd.DataFrame(index=range(3))
    frame = lb.select(data, votes=votes, n=2, strategy="uncovered", rng=0).to_frame()

    assert ["no labeling function votes on it", "no sample left scores above 0"] == (
        frame["reason"].tolist()
    )


def test_the_margin_half_spreads_over_vote_patterns():
    """Fifty samples of one pattern and one of another, equally unsure: both patterns are asked."""
    array = np.array([[0, 1]] * 50 + [[1, 2]])
    votes = lb.Votes.from_array(array, schema=SCHEMA)
    shares = np.where(np.arange(51)[:, None] < 50, [[0.5, 0.5, 0.0]], [[0.0, 0.5, 0.5]])
    soft = lb.SoftLabels(shares, votes.sample_ids, SCHEMA, [True] * 51)
    data = pd.DataFrame(index=range(51))
    hits = sum(
        50 in lb.select(data, votes=votes, soft=soft, n=6, rng=seed).sample_ids
        for seed in range(20)
    )

    # Its place among the 5n candidates is a matter of chance; once there, it is always taken.
    assert hits >= 5


def test_the_margin_half_spreads_over_texts():
    """Of near-copies of one text and other texts, all equally unsure, few copies are asked."""
    texts = ["the very same words again and again"] * 30 + [f"topic{i} word{i}" for i in range(10)]
    data = pd.DataFrame({"text": texts})
    soft = lb.SoftLabels([[0.5, 0.5, 0.0]] * 40, data.index, SCHEMA, [True] * 40)
    frame = lb.select(data, soft=soft, end=soft, n=16, rng=0).to_frame()
    margin = frame.index[frame["stratum"] == "margin"]

    assert (margin < 30).sum() <= 2


@pytest.mark.parametrize(
    "texts", [["", " ", "!!", "?"], ["a"] * 4, ["\x00", "\U0001f600", "é", "b"]]
)
def test_hostile_texts_can_be_spread(texts):
    data = pd.DataFrame({"text": texts * 10})
    soft = lb.SoftLabels([[0.5, 0.5, 0.0]] * 40, data.index, SCHEMA, [True] * 40)

    assert 10 == len(lb.select(data, soft=soft, end=soft, n=10, rng=0))


def test_gold_samples_are_not_asked_about():
    gold = pd.Series("ham", index=DATA.index[:150])

    assert not set(chosen(n=100, gold=gold).sample_ids) & set(gold.index)


def test_an_end_model_may_stand_for_its_posterior():
    end = lb.EndModel().fit(DATA, SOFT, votes=VOTES)
    posterior = end.predict_proba(DATA, soft=SOFT, votes=VOTES)

    assert chosen(end=posterior).sample_ids.equals(chosen(end=end).sample_ids)


def test_without_soft_labels_the_mixture_is_random():
    batch = lb.select(DATA, n=5, rng=0)

    assert ["random"] * 5 == batch.to_frame()["stratum"].tolist()


def test_nothing_eligible_is_an_empty_batch():
    assert 0 == len(chosen(exclude=DATA.index))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"strategy": "margni"}, "must be one of.*Did you mean 'margin'"),
        ({"n": 0}, "whole number from 1"),
        ({"n": 2.5}, "whole number from 1"),
        ({"strategy": "entropy", "soft": None}, "needs soft labels"),
        ({"strategy": "uncovered", "votes": None}, "needs votes"),
        ({"rng": "x"}, "`rng` must be a whole number from 0"),
        ({"rng": -1}, "`rng` must be a whole number from 0"),
        ({"soft": SOFT.to_array()}, "must be of type SoftLabels"),
        ({"exclude": ["nobody"]}, "`exclude` are not among the samples: 'nobody'"),
        ({"gold": pd.Series({"nobody": "ham"})}, "gold labels are not among the samples"),
    ],
)
def test_what_cannot_be_asked_is_an_error(how, message):
    with pytest.raises(lb.LabelingError, match=message):
        chosen(**how)


def test_each_score_is_documented():
    assert all(score.__doc__ for score in SCORES.values())


def test_a_column_of_texts_that_is_named_must_exist():
    with pytest.raises(DataError, match="tekst"):
        chosen(text="tekst")
    assert 20 == len(chosen(data=DATA.drop(columns="text")))


def test_an_empty_batch_is_shown_as_such():
    assert "Batch(0 samples)" == repr(chosen(exclude=DATA.index))
