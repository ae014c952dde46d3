"""The default label model: model selection, near-duplicates, gold labels, and its report."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelSharesWarning
from labeling.label_models import LabelModel, MajorityVote
from labeling.label_models.default.duplicate_voters import duplicate_groups, plurality_vote
from labeling.label_models.patterns import patterns_of
from tests.support.synthetic_votes import calibration_error, f1, gap, hits, schema_of, voters

TEN = np.linspace(0.55, 0.9, 10)
CASES = {  # name → voters, method, distance from the ceiling
    "independent": (dict(accuracies=TEN), "confusion", 0.003),
    "dense": (dict(accuracies=TEN, coverage=0.9), "confusion", 0.003),
    "sparse": (dict(accuracies=TEN, coverage=0.05, n=20_000), "confusion", 0.012),
    "one copy": (dict(accuracies=[0.7, *TEN[1:]], copies=[0]), "confusion", 0.006),
    "five copies": (dict(accuracies=TEN, copies=[0] * 5), "confusion", 0.015),
    "19 to 1": (dict(accuracies=TEN, shares=(0.95, 0.05), n=20_000), "confusion", 0.006),
    "one label each": (dict(accuracies=TEN, one_label=True, n=20_000), "abstaining", 0.01),
    "one label, 9 to 1": (
        dict(accuracies=TEN, one_label=True, n=20_000, shares=(0.9, 0.1)),
        *("abstaining", 0.015),
    ),
    "four labels": (
        dict(accuracies=np.linspace(0.45, 0.85, 20), shares=[0.25] * 4),
        *("confusion", 0.004),
    ),
    "many dense": (
        dict(accuracies=np.linspace(0.6, 0.8, 150), coverage=1.0, n=2000),
        *("confusion", 0.001),
    ),
    "few samples": (dict(accuracies=TEN, n=300), "confusion", 0.02),
}


@pytest.mark.filterwarnings("ignore::labeling.errors.LabelSharesWarning")  # one label is rare
@pytest.mark.parametrize("case", CASES)
def test_the_model_comes_near_the_ceiling(case):
    how, method, most = CASES[case]
    truth, votes, posterior = voters(**how)
    model = LabelModel().fit(votes)
    soft = model.predict_proba(votes)
    assert model.method_ == method, model.report_
    assert gap(truth, votes, posterior, soft) <= most
    if case != "few samples":
        assert calibration_error(truth, votes, soft) < 0.03


@pytest.mark.filterwarnings("ignore::labeling.errors.LabelSharesWarning")  # one label is rare
@pytest.mark.parametrize("one_label", [False, True])
def test_a_rare_label_is_found_nearly_as_well_as_by_who_knows_all_accuracies(one_label):
    truth, votes, posterior = voters(TEN, n=20_000, shares=(0.93, 0.07), one_label=one_label)
    soft = LabelModel().fit(votes).predict_proba(votes)
    covered = votes.covered
    best = f1(truth[covered], posterior[covered].argmax(axis=1), 1)
    assert f1(truth[covered], soft.codes()[covered], 1) > best - 0.03


@pytest.mark.filterwarnings("ignore::labeling.errors.LabelSharesWarning")  # one label is rare
@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.9, 0.1)])
def test_samples_that_nobody_voted_on_may_be_left_out_beforehand(shares):
    truth, votes, posterior = voters(TEN, n=20_000, shares=shares, one_label=True)
    seen = np.flatnonzero(votes.covered)
    kept = votes.of_samples(seen)
    model = LabelModel().fit(kept)
    assert model.method_ == "abstaining"
    line = next(line for line in model.report_ if "estimated to have been left out" in line)
    told = float(line.split("About ")[1].split(" samples")[0].replace(",", ""))
    assert told == pytest.approx(20_000 - len(seen), rel=0.1)
    assert gap(truth[seen], kept, posterior[seen], model.predict_proba(kept)) < 0.01


def test_copies_count_as_one_voter_and_are_named():
    _, votes, _ = voters([0.7, *TEN[1:]], copies=[0, 0])
    model = LabelModel().fit(votes)
    same = {votes.voters[0], votes.voters[10], votes.voters[11]}
    groups = pd.Series(model.voters_).groupby(model.group_).agg(set)
    assert [group for group in groups if len(group) > 1] == [same]
    line = next(line for line in model.report_ if "near-duplicate" in line)
    assert all(repr(name) in line for name in same)
    assert "which leaves 10" in line


@pytest.mark.parametrize("coverage", [0.3, 1.0])
def test_good_voters_who_agree_because_they_are_right_are_no_copies(coverage):
    _, votes, _ = voters([0.97] * 6 + [0.9] * 4, coverage=coverage)
    groups = duplicate_groups(patterns_of(votes, tuple(sorted(votes.voters))))
    assert len(set(groups.tolist())) == 10


def test_copies_are_not_merged_where_too_few_voters_would_be_left_to_tell():
    _, votes, _ = voters([0.9, 0.8, 0.7], copies=[2, 2, 2])
    model = LabelModel().fit(votes)
    alike = [line for line in model.report_ if "so none are merged" in line]
    assert model.group_.tolist() == list(range(6))
    assert len(alike) == 1


def test_voters_for_one_label_who_fire_together_are_copies():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 3000)
    array = np.full((3000, 8), lb.ABSTAIN)
    for j in range(8):
        fires = rng.random(3000) < np.where(truth == j % 2, 0.3, 0.05)
        array[fires, j] = j % 2
    array = np.column_stack([array, np.where(rng.random(3000) < 0.97, array[:, 0], lb.ABSTAIN)])
    votes = lb.Votes.from_array(array, schema=schema_of(2), voters=[*"abcdefgh", "a again"])
    model = LabelModel().fit(votes)
    groups = pd.Series(model.voters_).groupby(model.group_).agg(list)
    assert [group for group in groups if len(group) > 1] == [["a", "a again"]]


def test_copies_who_tie_are_silent_together_and_their_sample_stays_covered():
    assert plurality_vote(np.array([[0, 1], [0, -1], [1, 1], [-1, -1]]), 2).tolist() == [
        -1,
        0,
        1,
        -1,
    ]
    _truth, votes, _ = voters(TEN, copies=[3], n=3000)
    model = LabelModel().fit(votes)
    array = np.full((1, 11), lb.ABSTAIN)
    array[0, [3, 10]] = [0, 1]
    tied = lb.Votes.from_array(array, schema=votes.schema)
    soft = model.predict_proba(tied)
    assert soft.covered.tolist() == [True]
    np.testing.assert_allclose(soft.to_array()[0], model.balance_, atol=1e-12)


def topics(seed=0, n=6000):
    """Voters for one label each who speak on topics of their own: nothing like independent."""
    rng = np.random.default_rng(seed)
    topic, label_of = rng.integers(0, 20, n), rng.integers(0, 2, 20)
    rate = np.where(label_of == 1, 0.8, 0.2)
    truth = (rng.random(n) < rate[topic]).astype(int)
    array = np.full((n, 20), lb.ABSTAIN)
    for j in range(20):
        array[(topic == j) & (rng.random(n) < 0.6) | (rng.random(n) < 0.05), j] = label_of[j]
    return truth, lb.Votes.from_array(array, schema=schema_of(2))


def test_votes_that_do_not_bear_independence_out_get_naive_bayes_and_the_report_says_why():
    truth, votes = topics()
    model = LabelModel().fit(votes)
    assert model.method_ == "naive Bayes"
    tried = [line for line in model.report_ if line.startswith("Tried")]
    assert len(tried) == 1
    assert all("Split-half check failed" in line for line in tried)
    assert any("20 of 20 voters never vote for some label" in line for line in model.report_)
    assert any("rough" in line for line in model.report_)
    by_votes = hits(MajorityVote().fit(votes).predict_proba(votes).to_array(), truth)[votes.covered]
    ours = hits(model.predict_proba(votes).to_array(), truth)[votes.covered]
    assert ours.mean() > by_votes.mean() - 0.02


def test_with_three_voters_it_is_majority_vote_and_says_so():
    _, votes, _ = voters([0.9, 0.6, 0.6])
    model = LabelModel().fit(votes)
    expected = MajorityVote().fit(votes).predict_proba(votes)
    soft = model.predict_proba(votes)
    assert soft.codes().tolist() == expected.codes().tolist()
    alone = (votes.to_array() >= 0).sum(axis=1) == 1
    assert soft.confidence()[alone].max() < 0.9  # one vote is no certainty
    assert any(line.startswith("Majority vote: there are 3 voters") for line in model.report_)


@pytest.mark.parametrize("number", [4, 5])
def test_few_voters_who_use_every_label_need_a_class_balance_to_beat_the_majority(number):
    truth, votes, _ = voters([0.6, 0.9, 0.75, 0.8, 0.7][:number], n=8000, shares=(0.95, 0.05))
    model = LabelModel().fit(votes)
    assert model.method_ == "majority vote"
    assert any("too few to estimate the class balance" in line for line in model.report_)
    told = LabelModel().fit(votes, class_balance=[0.95, 0.05])
    assert told.method_ == "confusion"
    without, by_balance = (
        hits(fit.predict_proba(votes).to_array(), truth)[votes.covered].mean()
        for fit in (model, told)
    )
    assert by_balance > without + 0.1


def test_a_class_balance_that_the_votes_bear_out_is_used_without_a_warning():
    truth, votes, posterior = voters(TEN, shares=(0.9, 0.1), n=4000)
    model = LabelModel().fit(votes, class_balance=[0.9, 0.1])
    assert model.balance_.tolist() == [0.9, 0.1]
    assert any("class balance given: label 0 0.900" in line for line in model.report_)
    assert gap(truth, votes, posterior, model.predict_proba(votes)) < 0.006


def test_a_class_balance_that_the_votes_contradict_is_obeyed_with_one_warning():
    _, votes, _ = voters(TEN, n=4000)
    with pytest.warns(LabelSharesWarning, match="The class balance is obeyed: check it") as warned:
        model = LabelModel().fit(votes, class_balance=[0.99, 0.01])
    assert len(warned) == 1
    assert sum("is obeyed: check it" in line for line in model.report_) == 1
    mean = model.predict_proba(votes).to_array().mean(axis=0)
    np.testing.assert_allclose(mean, [0.99, 0.01], rtol=0, atol=1e-6)


def test_fewer_than_25_gold_labels_are_not_used_and_the_report_says_so():
    truth, votes, _ = voters(TEN, n=1000)
    plain = LabelModel().fit(votes).predict_proba(votes).to_array()
    covered = np.flatnonzero(votes.covered)[:24]
    model = LabelModel().fit(votes, gold={int(row): int(truth[row]) for row in covered})
    assert model.predict_proba(votes).to_array().tobytes() == plain.tobytes()
    assert any(
        line.startswith("24 gold labels on covered samples are fewer") for line in model.report_
    )


def test_gold_labels_teach_what_votes_cannot_tell_and_calibrate():
    """Half of the voters share an error that no comparison of voters can show."""
    rng = np.random.default_rng(0)
    truth, votes, _ = voters([0.7] * 8, n=4000, coverage=0.6)
    array = votes.to_array().copy()
    fooled = rng.random(4000) < 0.35
    array[:, :5] = np.where(fooled[:, None] & (array[:, :5] >= 0), 1 - truth[:, None], array[:, :5])
    votes = lb.Votes.from_array(array, schema=votes.schema)
    gold = {int(row): int(truth[row]) for row in rng.permutation(4000)[:300]}
    rest = votes.covered & ~np.isin(np.arange(4000), list(gold))
    model = LabelModel().fit(votes, gold=gold)
    soft = model.predict_proba(votes)
    without = LabelModel().fit(votes).predict_proba(votes)
    assert (
        hits(soft.to_array(), truth)[rest].mean()
        > hits(without.to_array(), truth)[rest].mean() + 0.05
    )
    kept = votes.of_samples(np.flatnonzero(rest))
    assert calibration_error(truth[rest], kept, soft.of_samples(kept.sample_ids)) < 0.05
    line = next(line for line in model.report_ if "cross-validated" in line)
    assert f"{sum(votes.covered[row] for row in gold)} gold labels on covered samples" in line


def test_voters_nobody_can_be_compared_with_are_named():
    _truth, votes, _ = voters(TEN, n=600)
    lonely = np.full((20, 11), lb.ABSTAIN)
    lonely[:, 10] = 1
    array = np.concatenate([np.column_stack([votes.to_array(), np.full(600, lb.ABSTAIN)]), lonely])
    more = lb.Votes.from_array(array, schema=votes.schema, voters=[*votes.voters, "lonely"])
    report = LabelModel().fit(more).report_
    assert any("'lonely'" in line and "assumed, not estimated" in line for line in report)


def test_very_many_samples_are_learned_from_by_a_draw_that_depends_on_their_votes(monkeypatch):
    truth, votes, posterior = voters(np.linspace(0.55, 0.9, 30), n=12_000)
    whole = LabelModel().fit(votes).predict_proba(votes)
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 3000)
    model = LabelModel().fit(votes)
    soft = model.predict_proba(votes)
    assert "drawn by their votes" in model.report_[0]
    assert gap(truth, votes, posterior, soft) < 0.005
    assert abs(soft.to_array() - whole.to_array()).mean() < 0.02

    order = np.random.default_rng(0).permutation(12_000)
    labels = votes.schema.labels[::-1]
    code = np.array([1, 0, lb.ABSTAIN])
    turned = lb.Votes.from_array(
        code[votes.to_array()[order][:, ::-1]],
        schema=lb.LabelSchema(labels),
        sample_ids=order.tolist(),
        voters=votes.voters[::-1],
    )
    again = LabelModel().fit(turned).predict_proba(turned).to_frame()
    expected = soft.to_frame()
    np.testing.assert_allclose(
        again.loc[expected.index, expected.columns], expected, rtol=0, atol=1e-9
    )


def test_a_draw_keeps_all_gold_labels_and_many_equal_rows_are_all_learned_from(monkeypatch):
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 2000)
    truth, votes, _ = voters(np.linspace(0.55, 0.9, 30), n=6000, coverage=0.6)
    model = LabelModel().fit(votes, gold={row: int(truth[row]) for row in range(400)})
    assert any(line.startswith("400 gold labels") for line in model.report_)
    assert "drawn" in model.report_[0]
    _, few, _ = voters(TEN[:5], n=6000)
    assert "drawn" not in LabelModel().fit(few).report_[0]
