"""The annotator model: skills, intervals, verdicts, and the effect of gold labels."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingError, NotFittedError
from labeling.label_models import AnnotatorModel, OneCoin
from tests.support.crowds import accuracy, coins, crowd, real_crowd

# Crowds with gold labels for nearly all their samples.
REAL = ("bluebird", "dog", "music_ms", "product", "rte", "sentiment_d")


def test_intervals_hold_at_least_95_percent_of_the_true_skills():
    inside, widths = [], []
    for seed in range(8):
        skills = np.random.default_rng(seed).uniform(0.55, 0.95, 25)
        _, votes = crowd(coins(skills, 2), n=400, per_sample=4, seed=seed)
        low, high = AnnotatorModel().fit(votes).skill_interval_.T
        inside.append((low <= skills) & (skills <= high))
        widths.append(high - low)
    assert np.mean(inside) >= 0.95
    assert (
        np.mean(widths) < 0.35
    )  # 64 votes on known truths: 0.2; with errors that may be shared: 0.3


def test_the_interval_is_the_binomial_one_where_gold_tells_the_truth():
    truth, votes = crowd(coins([0.8, 0.6], 2), n=200, per_sample=2)
    model = AnnotatorModel().fit(votes, gold=pd.Series(truth))
    right = (votes.to_array() == truth[:, None]).mean(axis=0)
    error = 1.96 * np.sqrt(right * (1 - right) / 200)
    np.testing.assert_allclose(model.skill_, right, atol=0.01)
    expected = np.stack([right - error, right + error], axis=1)
    np.testing.assert_allclose(model.skill_interval_, expected, atol=0.012)


def test_intervals_narrow_with_votes_and_a_mute_annotator_is_unsure():
    _, votes = crowd(coins([0.8] * 6, 2), n=600, per_sample=3)
    array = votes.to_array().copy()
    array[100:, 0] = lb.ABSTAIN
    array[:, 1] = lb.ABSTAIN
    votes = lb.Votes.from_array(array, schema=votes.schema, voters=votes.voters)
    skills = AnnotatorModel().fit(votes).skills()
    width = skills["high"] - skills["low"]
    assert width["a01"] > 0.7 > 0.45 > width["a00"] > 1.2 * width["a02"] > 0.2
    assert skills.loc["a01", ["n_votes", "verdict"]].tolist() == [0, "unsure"]
    assert (skills["n_votes"] == (array >= 0).sum(axis=0)).all()


def test_who_clicks_at_random_among_ten_labels_is_no_adversary_and_never_fine():
    """Of ten labels, being wrong nearly always is chance, and no sign of ill will."""
    words = []
    for seed in range(6):
        matrices = coins([0.7] * 12 + [0.1] * 2, 10)
        _, votes = crowd(matrices, n=600, per_sample=5, balance=[0.1] * 10, seed=seed)
        verdicts = AnnotatorModel().fit(votes).verdict_
        assert verdicts[:12] == ("fine",) * 12
        words += verdicts[12:]
    assert set(words) <= {"spammer", "unsure"}
    assert words.count("spammer") >= len(words) / 2


@pytest.mark.parametrize("k", [2, 4])
def test_spammers_and_adversaries_are_found_and_the_honest_left_alone(k):
    found, alarms = [], []
    for seed in range(4):
        honest = np.random.default_rng(seed).uniform(0.65, 0.95, 16)
        matrices = coins([*honest, 1 / k, 1 / k, 0.02, 0.1 / k], k)
        matrices[17] = np.eye(k)[0]  # always the same label
        _, votes = crowd(matrices, n=600, per_sample=5, balance=[1 / k] * k, seed=seed)
        verdicts = AnnotatorModel().fit(votes).verdict_
        found += [
            word == want
            for word, want in zip(verdicts[16:], ["spammer"] * 2 + ["adversary"] * 2, strict=True)
        ]
        alarms += [word in {"spammer", "adversary"} for word in verdicts[:16]]
    assert np.mean(found) >= 0.9
    assert np.mean(alarms) <= 0.03


@pytest.mark.parametrize("seed", range(3))
def test_somebody_weak_or_biased_but_informative_is_no_spammer(seed):
    """One is right in 60 %, another says the rare label only when sure: both tell something."""
    matrices = coins([0.85] * 10 + [0.6, 0.5], 2)
    matrices[11] = [[1.0, 0.0], [0.7, 0.3]]
    _, votes = crowd(matrices, n=3000, per_sample=5, seed=seed)
    assert AnnotatorModel().fit(votes).verdict_[10:] == ("fine", "fine")


def test_few_votes_give_no_verdict_and_the_report_says_so():
    _, votes = crowd(coins([0.9] * 30 + [0.5] * 5, 2), n=60, per_sample=3)
    model = AnnotatorModel().fit(votes)
    assert not {"spammer", "adversary"} & set(model.verdict_[:30])
    assert model.verdict_.count("unsure") >= 5
    assert any("read the intervals, not the skills" in line for line in model.report_)


def test_the_report_names_spammers_and_adversaries_and_the_weights():
    _, votes = crowd(coins([0.85] * 10 + [0.5, 0.05], 2), n=800, per_sample=4)
    report = "\n".join(AnnotatorModel().fit(votes).report_)
    assert "Component 'one coin': weight 0." in report
    assert "Verdict 'spammer' on 1 of 12: 'a10'" in report
    assert "Verdict 'adversary' on 1 of 12: 'a11'" in report
    assert "12 annotators with" in report
    assert "converged after" in report


def test_the_report_warns_of_a_label_that_vanishes():
    """Nobody ever says "b" of what eleven others call "a": these votes look like slips."""
    array = np.kron([[0] * 12] * 2 + [*np.eye(12, dtype=int)], np.ones((40, 1), dtype=int))
    votes = lb.Votes.from_array(array, schema=lb.LabelSchema(["a", "b"]))
    lines = [line for line in AnnotatorModel().fit(votes).report_ if "'b' has 7.1%" in line]
    assert len(lines) == 1
    assert "gold labels" in lines[0]


def test_skills_are_a_table_of_the_annotators_and_survive_saving(tmp_path):
    _, votes = crowd(coins([0.8] * 5, 2), n=100, per_sample=3)
    model = AnnotatorModel().fit(votes)
    model.save(tmp_path / "model")
    table = model.skills()
    pd.testing.assert_frame_equal(AnnotatorModel.load(tmp_path / "model").skills(), table)
    assert table.index.tolist() == list(model.voters_)
    assert (table["low"] <= table["skill"]).all()
    assert (table["skill"] <= table["high"]).all()
    with pytest.raises(NotFittedError, match="call fit"):
        AnnotatorModel().skills()


def test_verdicts_do_not_depend_on_the_order_of_anything():
    _, votes = crowd(coins([0.8] * 8 + [0.5, 0.1], 3), n=300, per_sample=4, balance=[0.6, 0.3, 0.1])
    rng = np.random.default_rng(0)
    labels = votes.schema.labels[::-1]
    moved = votes.of_samples(rng.permutation(300).tolist()).of_voters(
        rng.permutation(votes.voters).tolist()
    )
    array = moved.to_array()
    turned = lb.Votes.from_array(
        np.where(array >= 0, 2 - array, lb.ABSTAIN),
        schema=lb.LabelSchema(labels),
        sample_ids=moved.sample_ids,
        voters=moved.voters,
    )
    expected, actual = (AnnotatorModel().fit(table).skills() for table in (votes, turned))
    pd.testing.assert_frame_equal(actual, expected, rtol=0, atol=1e-9)


def test_one_annotator_alone_gets_no_verdict():
    """Nobody else speaks, so nothing is known of how right they are."""
    _, votes = crowd(coins([0.9], 2), n=200, per_sample=1)
    model = AnnotatorModel().fit(votes)
    assert model.verdict_ == ("unsure",)
    assert model.skill_interval_[0, 0] < 0.6


def test_a_class_balance_replaces_the_shares_of_the_votes():
    matrices = coins([0.7] * 10, 2)
    truth, votes = crowd(matrices, n=1500, per_sample=3, balance=[0.95, 0.05])
    plain = AnnotatorModel().fit(votes)
    shares = (votes.to_array() == 1).sum() / (3 * 1500)  # each sample has three votes
    np.testing.assert_allclose(plain.class_balance_, [[0.5, 0.5], [1 - shares, shares]], atol=1e-3)
    given = AnnotatorModel().fit(votes, class_balance=[0.95, 0.05])
    assert given.class_balance_.tolist() == [[0.95, 0.05]] * 2
    assert "the class balance that was given" in given.report_[0]
    assert accuracy(given.predict_proba(votes), truth) >= 0.94  # Bayes: 0.95


def test_one_coin_finds_each_skill_and_the_class_balance():
    skills = [0.9, 0.8, 0.7, 0.6, 0.3]
    truth, votes = crowd(coins(skills, 3), n=3000, per_sample=4, balance=[0.6, 0.3, 0.1])
    model = OneCoin().fit(votes)
    np.testing.assert_allclose(model.skill_, skills, atol=0.03)
    np.testing.assert_allclose(model.class_balance_, [0.6, 0.3, 0.1], atol=0.03)
    assert model.converged_
    assert accuracy(model.predict_proba(votes), truth) > 0.85


def test_one_coin_warns_when_it_stops_too_early():
    _, votes = crowd(coins([0.8, 0.7, 0.6], 2), n=200, per_sample=2)
    with pytest.warns(UserWarning, match="OneCoin did not converge in 1 steps") as warned:
        model = OneCoin(steps=1).fit(votes)
    assert warned[0].filename == __file__
    assert (model.converged_, model.report_[0]) == (False, "EM stopped after 1 steps.")


def test_one_coin_takes_the_balance_that_it_is_told():
    _, votes = crowd(coins([0.7] * 4, 2), n=500, per_sample=2, balance=[0.9, 0.1])
    assert OneCoin(balance="uniform").fit(votes).class_balance_.tolist() == [0.5, 0.5]
    given = OneCoin(balance="uniform").fit(votes, class_balance=[0.8, 0.2])
    assert given.class_balance_.tolist() == [0.8, 0.2]
    assert given.report_[1] == "The class balance was given."
    with pytest.raises(LabelingError, match="`balance` of OneCoin must be one of"):
        OneCoin(balance="even").fit(votes)
    with pytest.raises(LabelingError, match=r"`wrong` of OneCoin must be a number above 0\. Got 0"):
        OneCoin(wrong=0).fit(votes)


def test_the_skill_of_one_coin_follows_its_formula():
    """With gold for all, s = (right + 4) / (votes + 4 + (k - 1))."""
    array = [[0, 1], [1, 1], [2, 0], [0, lb.ABSTAIN]]
    votes = lb.Votes.from_array(array, schema=lb.LabelSchema(["a", "b", "c"]), voters=["p", "q"])
    model = OneCoin().fit(votes, gold={0: "a", 1: "b", 2: "a", 3: "a"})
    np.testing.assert_allclose(model.skill_, [(3 + 4) / (4 + 6), (2 + 4) / (3 + 6)])


def test_gold_labels_show_that_people_err_together():
    """On a quarter of the samples nearly everyone is wrong: 12 votes agree, and prove little."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 800)
    seems = np.where(rng.random(800) < 0.25, 1 - truth, truth)
    array = np.where(rng.random((800, 12)) < 0.85, seems[:, None], 1 - seems[:, None])
    votes = lb.Votes.from_array(array, schema=lb.LabelSchema(["a", "b"]))
    gold = pd.Series(truth[:100])
    plain, told = AnnotatorModel().fit(votes), AnnotatorModel().fit(votes, gold=gold)
    sure, modest = (fit.predict_proba(votes).to_array().max(axis=1)[100:] for fit in (plain, told))
    assert sure.mean() > 0.98
    assert abs(modest.mean() - 0.75) < 0.08
    assert (plain.sharpness_, told.sharpness_ < 0.5) == (1, True)
    assert any("over-confident" in line for line in told.report_)
    assert not any("over-confident" in line for line in plain.report_)


@pytest.fixture(scope="module")
def fits(real_data):
    found = {}
    for name in REAL:
        truth, votes = real_crowd(real_data, name)
        found[name] = truth, votes, AnnotatorModel().fit(votes)
    return found


def test_on_real_crowds_it_is_as_good_as_the_best_known_single_aggregator(fits):
    """The mean of crowd-kit 1.4's Dawid-Skene, the best of its four, is 0.8879 on these."""
    scores = {n: accuracy(m.predict_proba(v), truth) for n, (truth, v, m) in fits.items()}
    assert np.mean(list(scores.values())) >= 0.8879 - 0.003, scores


def test_real_annotators_are_judged_as_gold_labels_judge_them(fits):
    spammers, adversaries, errors = [], [], []
    for truth, votes, model in fits.values():
        array, known = votes.to_array(), truth >= 0
        cast = (array >= 0) & known[:, None]
        right = ((array == truth[:, None]) & cast).sum(axis=0) / np.maximum(cast.sum(axis=0), 1)
        order = [votes.voters.index(name) for name in model.voters_]
        table = model.skills().assign(right=right[order])
        many = table[table["n_votes"] >= 30]
        errors += (many["skill"] - many["right"]).abs().tolist()
        excess = (table["right"] - table["chance"]) / (1 - table["chance"])
        spammers += excess[table["verdict"] == "spammer"].tolist()
        adversaries += excess[table["verdict"] == "adversary"].tolist()
    assert np.mean(errors) < 0.08
    assert len(spammers) >= 20
    assert max(np.abs(np.median(spammers)), np.quantile(np.abs(spammers), 0.8)) < 0.2
    assert len(adversaries) >= 1
    assert max(adversaries) < 0


def test_more_gold_labels_do_not_hurt_on_real_crowds(fits):
    means = []
    for n_gold in (0, 50, 200):
        scores = []
        for name in ("dog", "music_ms", "rte", "sentiment_d"):
            truth, votes, _ = fits[name]
            ids = np.random.default_rng(0).permutation(np.flatnonzero(truth >= 0))
            gold = pd.Series(truth[ids[:n_gold]], index=ids[:n_gold])
            soft = AnnotatorModel().fit(votes, gold=gold).predict_proba(votes)
            rest = ~np.isin(np.arange(len(truth)), ids[:200])
            scores.append(accuracy(soft, truth, rest))
        means.append(np.mean(scores))
    assert means[1] >= means[0] - 0.003
    assert means[2] >= means[0] + 0.003
