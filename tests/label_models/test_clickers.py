"""Verdicts on annotators that are read after every round, the evidence, and a second reference."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

import labeling as lb
from labeling.errors import LabelingError
from labeling.label_models import AnnotatorModel
from tests.support.crowds import coins, crowd, real_crowd

LOOKS = (10, 20, 30, 50, 80, 130, 210)  # votes of each person
TEAM = 12
BAD = ("spammer", "adversary")


def rounds(matrices, k, seed, balance=None):
    """The truth of all samples, and the votes at each look: three a sample, as many by each."""
    n = LOOKS[-1] * TEAM // 3
    truth, votes = crowd(
        matrices, n=n, per_sample=3, balance=[1 / k] * k if balance is None else balance, seed=seed
    )
    ids = [range(look * TEAM // 3) for look in LOOKS]
    return truth, [votes.of_samples(list(some)) for some in ids]


def follow(matrices, k, seed):
    """At which look each person was first flagged (infinite: never), and who was ever fine."""
    first, fine = np.full(TEAM, np.inf), np.zeros(TEAM, dtype=bool)
    for look, votes in zip(LOOKS, rounds(matrices, k, seed)[1], strict=True):
        verdicts = np.array(AnnotatorModel().fit(votes).verdict_)
        first[np.isin(verdicts, BAD) & np.isinf(first)] = look
        fine |= verdicts == "fine"
    return first, fine


@pytest.mark.parametrize(("k", "most"), [(2, 50), (4, 30)])
def test_whatever_round_is_looked_at_the_honest_are_left_alone_and_clickers_found(k, most):
    """Ten of 0.55 to 0.9 of the way from chance to always right, and two who click at random."""
    first, fine = [], []
    for seed in range(8):
        competence = np.random.default_rng([seed, k]).uniform(0.55, 0.9, TEAM - 2)
        skills = [*(1 / k + competence * (1 - 1 / k)), 1 / k, 1 / k]
        one, two = follow(coins(skills, k), k, seed)
        first.append(one)
        fine.append(two)
    first, fine = np.array(first), np.array(fine)
    assert np.isfinite(first[:, :-2]).mean() <= 0.05
    assert np.median(first[:, -2:]) <= most
    assert fine[:, -2:].mean() <= 0.13  # 5 % by the bound; 2 of 16 at most
    assert fine[:, :-2].mean() >= 0.95


def test_where_some_are_weak_more_evidence_is_asked_for():
    """The same votes of somebody right in 0.5 of them: among the able, and among weak and able."""
    evidence = {}
    for name, others in (("able", [0.9] * 11), ("mixed", [*[0.65] * 6, *[0.9] * 5])):
        found = []
        for seed in range(6):
            _, votes = crowd(coins([*others, 0.5], 2), n=240, per_sample=4, seed=seed)
            found.append(np.log(AnnotatorModel().fit(votes).skills().loc["a11", "e_guessing"]))
        evidence[name] = np.mean(found)
    assert evidence["able"] > evidence["mixed"] + np.log(3)


def evidence_among(able, n=400):
    """`e_guessing` of who is right in half of n votes, among people right in 0.95, all on gold."""
    truth, number = np.arange(n) % 2, np.arange(n) // 2
    array = np.empty((n, able + 1), dtype=int)
    for person in range(able):
        is_wrong = (number * 7 + person * 13) % 20 == 0
        array[:, person] = np.where(is_wrong, 1 - truth, truth)
    array[:, able] = np.where(number % 2 == 0, truth, 1 - truth)
    names = [*(f"a{person:02d}" for person in range(able)), "clicks"]
    votes = lb.Votes.from_array(array, schema=lb.LabelSchema(["a", "b"]), voters=names)
    table = AnnotatorModel().fit(votes, gold=pd.Series(truth)).skills()
    return table.loc["clicks", "e_guessing"]


def test_the_fewer_people_are_known_the_more_evidence_is_asked_for():
    """One unlike all is expected with 1 / (people + 10): that is what guessing competes with.

    No distribution that fits so able people explains these votes.
    """
    few, more, many = (evidence_among(able) for able in (4, 14, 34))
    assert many / more == pytest.approx(45 / 25, rel=0.01)
    assert few < more / 1.5


def test_the_verdict_follows_from_the_evidence_shown():
    _, votes = crowd(coins([0.85] * 9 + [0.5, 0.5, 0.05], 2), n=600, per_sample=4)
    table = AnnotatorModel().fit(votes).skills()
    for _, row in table.iterrows():
        assert (row["verdict"] == "fine") == (row["e_guessing"] <= 0.05)
        assert (row["verdict"] == "spammer") == (
            row["e_guessing"] >= 20 and row["e_inverting"] < 0.5
        )
        assert (row["verdict"] == "adversary") == (row["e_inverting"] >= 20)
    assert set(table["verdict"]) == {"fine", "spammer", "adversary"}


def test_somebody_with_no_vote_has_evidence_of_nothing():
    _, votes = crowd(coins([0.8] * 5, 2), n=100, per_sample=3)
    array = votes.to_array().copy()
    array[:, 0] = lb.ABSTAIN
    votes = lb.Votes.from_array(array, schema=votes.schema, voters=votes.voters)
    row = AnnotatorModel().fit(votes).skills().loc["a00"]
    np.testing.assert_allclose([row["e_guessing"], row["e_inverting"]], 1)
    assert (row["n_gold"], row["verdict"]) == (0, "unsure")
    assert np.isnan(row[["gold_skill", "gold_low", "gold_high"]].astype(float)).all()


def test_skill_on_gold_labels_has_wilsons_interval():
    truth, votes = crowd(coins([0.9, 0.7, 0.5], 2), n=200, per_sample=2)
    gold = pd.Series(truth[:80])
    table = AnnotatorModel().fit(votes, gold=gold).skills()
    array = votes.to_array()[:80]
    for column, name in enumerate(votes.voters):
        cast = array[:, column] >= 0
        right = int((array[cast, column] == truth[:80][cast]).sum())
        interval = binomtest(right, int(cast.sum())).proportion_ci(method="wilson")
        row = table.loc[name, ["n_gold", "gold_skill", "gold_low", "gold_high"]].tolist()
        expected = [cast.sum(), right / cast.sum(), interval.low, interval.high]
        np.testing.assert_allclose(row, expected, atol=1e-9)


def test_hidden_gold_finds_a_clicker_whom_nobody_else_can_judge():
    """Alone on their samples; 40 of them have gold labels."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 400)
    clicks = rng.integers(0, 2, 400)
    careful = np.where(rng.random(400) < 0.9, truth, 1 - truth)
    array = np.full((400, 2), lb.ABSTAIN)
    array[:200, 0], array[200:, 1] = careful[:200], clicks[200:]
    schema = lb.LabelSchema(["a", "b"])
    votes = lb.Votes.from_array(array, schema=schema, voters=["careful", "clicks"])
    gold = pd.Series({row: truth[row] for row in [*range(40), *range(200, 240)]})
    assert AnnotatorModel().fit(votes).verdict_ == ("unsure", "unsure")
    assert AnnotatorModel().fit(votes, gold=gold).verdict_ == ("fine", "spammer")


def reference_of(votes, truth, right_share, seed=0):
    """Soft labels that are right in a share of the samples, and say 0.8 of each label they name."""
    rng = np.random.default_rng(seed)
    k = len(votes.schema)
    label = np.where(rng.random(len(truth)) < right_share, truth, rng.integers(0, k, len(truth)))
    soft = np.full((len(truth), k), 0.2 / (k - 1))
    soft[np.arange(len(truth)), label] = 0.8
    return lb.SoftLabels(soft, votes.sample_ids, votes.schema, np.ones(len(truth), dtype=bool))


def test_a_weak_model_adds_evidence_where_few_vote():
    """Two votes a sample, 40 of each person, and a model that is right in 0.8 of the samples."""
    gains = []
    for seed in range(8):
        truth, votes = crowd(coins([0.9] * 5 + [0.5], 2), n=120, per_sample=2, seed=seed)
        reference = reference_of(votes, truth, 0.6, seed=seed)
        alone = np.log(AnnotatorModel().fit(votes).skills()["e_guessing"])
        both = np.log(AnnotatorModel().fit(votes, reference=reference).skills()["e_guessing"])
        gains.append(both - alone)
    gain = pd.concat(gains, axis=1).mean(axis=1)
    assert gain["a05"] > np.log(1.5)
    assert (gain.drop("a05") < -np.log(5)).all()


def test_a_reference_that_knows_nothing_changes_little_and_never_the_labels():
    truth, votes = crowd(coins([0.9] * 5 + [0.5], 2), n=900, per_sample=3)
    plain = AnnotatorModel().fit(votes)
    told = AnnotatorModel().fit(votes, reference=reference_of(votes, truth, 0.0))
    assert told.verdict_ == plain.verdict_
    np.testing.assert_allclose(told.skill_, plain.skill_, atol=0.02)
    np.testing.assert_array_equal(
        told.predict_proba(votes).to_array(), plain.predict_proba(votes).to_array()
    )


def test_a_reference_of_other_order_and_more_samples_gives_the_same_skills():
    truth, votes = crowd(coins([0.9] * 5 + [0.5], 3), n=300, per_sample=3, balance=[1 / 3] * 3)
    reference = reference_of(votes, truth, 0.7)
    expected = AnnotatorModel().fit(votes, reference=reference).skills()
    order = np.random.default_rng(0).permutation(300)
    labels = votes.schema.labels[::-1]
    more = lb.SoftLabels(
        np.concatenate([reference.array[order][:, ::-1], [[1.0, 0.0, 0.0]]]),
        pd.Index([*votes.sample_ids[order], 10_000]),
        lb.LabelSchema(labels),
        np.ones(301, dtype=bool),
    )
    actual = AnnotatorModel().fit(votes, reference=more).skills()
    pd.testing.assert_frame_equal(actual, expected, rtol=1e-9, atol=1e-9)


def test_a_reference_that_covers_nothing_or_is_undecided_changes_nothing():
    _, votes = crowd(coins([0.9] * 5, 2), n=100, per_sample=3)
    expected = AnnotatorModel().fit(votes).skills()
    for soft, covered in (([0.5, 0.5], True), ([0.9, 0.1], False)):
        reference = lb.SoftLabels(
            np.tile(soft, (100, 1)), votes.sample_ids, votes.schema, np.full(100, covered)
        )
        actual = AnnotatorModel().fit(votes, reference=reference).skills()
        pd.testing.assert_frame_equal(actual, expected)


def test_a_reference_of_other_labels_or_kind_is_refused():
    _, votes = crowd(coins([0.9] * 3, 2), n=20, per_sample=2)
    other = lb.SoftLabels(
        np.full((20, 2), 0.5), votes.sample_ids, lb.LabelSchema(["x", "y"]), [True] * 20
    )
    with pytest.raises(LabelingError, match="must have the labels of the votes: 'label 0'"):
        AnnotatorModel().fit(votes, reference=other)
    with pytest.raises(LabelingError, match="`reference` must be"):
        AnnotatorModel().fit(votes, reference=[0.5])


def test_a_model_of_an_earlier_version_shows_no_evidence(tmp_path):
    _, votes = crowd(coins([0.8, 0.7, 0.6], 2), n=100, per_sample=2)
    model = AnnotatorModel().fit(votes)
    verdicts = model.verdict_
    del model.evidence_, model.on_gold_
    model.save(tmp_path / "old.npz")
    table = AnnotatorModel.load(tmp_path / "old.npz").skills()
    assert table["e_guessing"].isna().all()
    assert table["n_gold"].tolist() == [0, 0, 0]
    assert tuple(table["verdict"]) == verdicts


def test_a_fit_with_a_reference_can_be_saved(tmp_path):
    truth, votes = crowd(coins([0.8, 0.7, 0.6], 2), n=100, per_sample=2)
    model = AnnotatorModel().fit(votes, reference=reference_of(votes, truth, 0.7))
    model.save(tmp_path / "model.npz")
    loaded = AnnotatorModel.load(tmp_path / "model.npz")
    pd.testing.assert_frame_equal(loaded.skills(), model.skills())


@pytest.mark.parametrize("name", ["rte", "sentiment_d", "dog"])
def test_nobody_among_real_people_is_called_what_gold_labels_contradict(real_data, name):
    truth, votes = real_crowd(real_data, name)
    table = AnnotatorModel().fit(votes).skills()
    array = votes.to_array()
    cast = (array >= 0) & (truth >= 0)[:, None]
    right = ((array == truth[:, None]) & cast).sum(axis=0) / np.maximum(cast.sum(axis=0), 1)
    table["right"] = right[[votes.voters.index(who) for who in table.index]]
    table = table[table["n_votes"] >= 30]  # the share right of 20 votes is off by 0.2 at times
    competence = (table["right"] - table["chance"]) / (1 - table["chance"])
    assert (competence[table["verdict"] == "spammer"].abs() < 0.35).all()
    assert (competence[table["verdict"] == "fine"] > 0).all()
