"""Families of like voters, the label shares of the default model, and a declared class balance."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

import labeling as lb
from labeling.errors import LabelSharesWarning
from labeling.label_models import LabelModel, MajorityVote
from labeling.label_models.default.share_matching import (
    covered_balance,
    matching_offsets,
    silent_balance,
)
from labeling.label_models.patterns import patterns_of
from labeling.records import find_families
from tests.benchmarks.quality.data import data_folder, read_set
from tests.support.synthetic_votes import hits, schema_of, voters


def family_votes(balance, seed, n=4000, size=8):
    """Return gold codes and votes of as many voters for each label, who share a hidden cause."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(balance), n, p=balance)
    columns = []
    for label in range(len(balance)):
        cause = rng.normal(size=(n, 1)) * np.sqrt(0.6)
        noise = cause + rng.normal(size=(n, size)) * np.sqrt(0.4)
        threshold = np.where((truth == label)[:, None], rng.uniform(-0.4, 0.2, size), -1.0)
        columns.append(np.where(noise < threshold, label, lb.ABSTAIN))
    votes = lb.Votes.from_array(np.hstack(columns), schema=schema_of(len(balance)))
    return truth, votes


def plain_families(votes):
    """Return the mean correlation and weights by plain loops over samples that are covered."""
    array = votes.to_array()[votes.covered]
    k, n = len(votes.schema), len(array)
    counts = np.stack([(array == label).sum(axis=1) for label in range(k)], axis=1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    weights = np.ones(array.shape[1])
    for label in range(k):
        mine = [
            j for j in range(array.shape[1]) if set(array[:, j].tolist()) - {lb.ABSTAIN} == {label}
        ]
        if len(mine) < 2:
            continue
        fires = [(array[:, j] == label).astype(float) for j in mine]

        def covariance(a, b):
            explained = sum(
                (a * shares[:, y]).mean() * (b * shares[:, y]).mean() / shares[:, y].mean()
                for y in range(k)
                if shares[:, y].any()
            )
            return (a * b).mean() - explained

        r = np.zeros((len(mine), len(mine)))
        for i, a in enumerate(fires):
            for j, b in enumerate(fires):
                sizes = [max(covariance(f, f), 1e-12) for f in (a, b)]
                r[i, j] = 0.0 if i == j else covariance(a, b) / np.sqrt(sizes[0] * sizes[1])
        mean = r.sum() / (len(mine) * (len(mine) - 1))
        strength = min(max(mean / 0.05, 0.0), 1.0)
        excess = np.maximum(r - 2 / np.sqrt(n), 0).sum(axis=1)
        weights[mine] = 1 / (1 + strength * excess)
    return weights


def found_families(votes):
    patterns = patterns_of(votes, sorted(votes.voters))
    return find_families(patterns.one_hot, patterns.counts, patterns.n_labels)


@pytest.mark.parametrize("seed", range(6))
def test_the_weights_are_those_of_plain_loops(seed):
    rng = np.random.default_rng(seed)
    _, votes = family_votes([0.5, 0.3, 0.2], seed, n=300, size=3)
    array = votes.to_array().copy()
    array[rng.random(array.shape) < 0.1] = lb.ABSTAIN
    array[0, 0] = 1  # the first voter votes for two labels: it is in no family
    votes = lb.Votes.from_array(array, schema=votes.schema)
    order = np.argsort(votes.voters)
    np.testing.assert_allclose(
        found_families(votes).weights, plain_families(votes)[order], rtol=0, atol=1e-12
    )


def test_finding_families_leaves_the_votes_as_they_are():
    _, votes = family_votes([0.5, 0.5], 0, n=200)
    patterns = patterns_of(votes, sorted(votes.voters))
    before = patterns.one_hot.toarray()
    find_families(patterns.one_hot, patterns.counts, patterns.n_labels)
    np.testing.assert_array_equal(patterns.one_hot.toarray(), before)


def test_independent_voters_for_one_label_are_no_family():
    _, votes, _ = voters(np.linspace(0.6, 0.9, 10), n=5000, one_label=True)
    found = found_families(votes)
    assert found.families == ()
    assert found.weights.tolist() == [1.0] * 10


@pytest.mark.parametrize("n_rows", [0, 1, 3])
def test_hardly_any_votes_are_no_family(n_rows):
    found = find_families(csr_matrix((n_rows, 6)), np.ones(n_rows), 2)
    assert (found.families, found.mean_weight) == ((), 1.0)


@pytest.mark.parametrize("balance", [(0.5, 0.5), (0.85, 0.15), (0.95, 0.05), (0.5, 0.3, 0.2)])
def test_families_do_not_carry_the_model_below_majority_vote(balance):
    truth, votes = family_votes(balance, seed=3)
    covered = votes.covered
    model = LabelModel().fit(votes)
    ours = hits(model.predict_proba(votes).to_array()[covered], truth[covered]).mean()
    majority = MajorityVote().fit(votes).predict_proba(votes).to_array()[covered]
    assert model.method_ == "naive Bayes"
    assert model.weights_.max() < 0.8
    assert ours >= hits(majority, truth[covered]).mean() - 0.02, model.report_
    n = len(votes.voters)
    assert sum(line.startswith(f"{n} voters count as") for line in model.report_) == 1


def test_the_prediction_stays_a_sum_over_votes():
    _, votes = family_votes((0.7, 0.3), seed=1)
    model = LabelModel().fit(votes)
    scores = np.log(model.predict_proba(votes).to_array())
    odds = scores[:, 1] - scores[:, 0]
    design = (votes.to_array() >= 0).astype(float)
    design = np.column_stack([np.ones(len(design)), design])[votes.covered]
    fitted = design @ np.linalg.lstsq(design, odds[votes.covered], rcond=None)[0]
    np.testing.assert_allclose(fitted, odds[votes.covered], rtol=0, atol=1e-8)


BALANCES = [(0.5, 0.5), (0.97, 0.03), (0.001, 0.999)]


@pytest.mark.filterwarnings("ignore::labeling.errors.LabelSharesWarning")
@pytest.mark.parametrize("balance", BALANCES)
@pytest.mark.parametrize("n_gold", [0, 60])
@pytest.mark.parametrize(
    "how",
    [
        dict(accuracies=np.linspace(0.6, 0.9, 10)),
        dict(accuracies=np.linspace(0.6, 0.9, 10), one_label=True),
        dict(accuracies=[0.7, 0.8]),
        dict(accuracies=np.linspace(0.6, 0.9, 8), coverage=0.1),
    ],
)
def test_the_mean_posterior_is_the_declared_balance(how, balance, n_gold):
    truth, votes, _ = voters(n=3000, **how)
    gold = {int(row): int(truth[row]) for row in np.flatnonzero(votes.covered)[:n_gold]}
    for some in (votes, votes.of_samples(votes.sample_ids[votes.covered])):
        soft = LabelModel().fit(some, gold=gold, class_balance=balance).predict_proba(some)
        np.testing.assert_allclose(soft.to_array().mean(axis=0), balance, rtol=0, atol=1e-6)
        assert soft.covered.tolist() == some.covered.tolist()


@pytest.mark.filterwarnings("ignore::labeling.errors.LabelSharesWarning")
@pytest.mark.parametrize("n_gold", [0, 60])
def test_the_mean_posterior_of_all_samples_is_the_declared_balance_of_a_subset(n_gold, monkeypatch):
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 2000)
    truth, votes, _ = voters(np.linspace(0.55, 0.9, 30), n=6000, coverage=0.6)
    array = np.concatenate([votes.to_array(), np.full((1000, 30), lb.ABSTAIN)])
    votes = lb.Votes.from_array(array, schema=votes.schema)
    gold = {int(row): int(truth[row]) for row in np.flatnonzero(votes.covered)[:n_gold]}
    model = LabelModel().fit(votes, gold=gold, class_balance=(0.8, 0.2))
    assert model.is_subset_
    mean = model.predict_proba(votes).to_array().mean(axis=0)
    np.testing.assert_allclose(mean, (0.8, 0.2), rtol=0, atol=1e-6)


def test_of_many_labels_a_declared_balance_is_the_prior_of_a_model_that_passed_its_check():
    truth, votes, _ = voters([0.8] * 12, n=3000, coverage=0.5, shares=[1 / 60] * 60)
    model = LabelModel().fit(votes, class_balance=[1 / 60] * 60)
    assert model.method_ == "confusion"
    covered = votes.covered
    found = hits(model.predict_proba(votes).to_array()[covered], truth[covered]).mean()
    assert found > 0.97  # to match the shares of few samples exactly would change sure labels
    assert any("is the prior of the model" in line for line in model.report_)


def test_offsets_match_shares_at_any_temperature():
    rng = np.random.default_rng(0)
    for k in (2, 3, 40):
        scores = rng.normal(size=(300, k)) * 3
        weights = rng.integers(0, 4, 300).astype(float)
        shares = rng.dirichlet(np.ones(k))
        for scale in (0.05, 1.0, 20.0):
            logits = (scores + matching_offsets(scores, weights, shares, scale)) / scale
            posterior = np.exp(logits - logits.max(axis=1, keepdims=True))
            posterior /= posterior.sum(axis=1, keepdims=True)
            mean = weights @ posterior / weights.sum()
            np.testing.assert_allclose(mean, shares, rtol=0, atol=1e-6)


def test_the_shares_of_covered_and_silent_samples_make_up_the_balance():
    rng = np.random.default_rng(1)
    for _ in range(200):
        k = int(rng.integers(2, 6))
        expected, balance = rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))
        silent = float(rng.uniform(0, 0.99))
        covered = covered_balance(expected, balance, silent)
        rest = silent_balance(covered, balance, silent)
        assert (rest >= 0.499 * balance).all()
        total = (1 - silent) * covered + silent * rest
        np.testing.assert_allclose(total, balance, rtol=0, atol=1e-9)
    np.testing.assert_allclose(covered_balance(balance, balance, 0.5), balance, atol=1e-9)


def test_the_model_warns_where_its_shares_differ_from_those_of_majority_vote():
    truth, votes, _ = voters(np.linspace(0.55, 0.9, 10), n=4000, shares=(0.95, 0.05))
    with pytest.warns(LabelSharesWarning, match="by majority vote for") as warned:
        model = LabelModel().fit(votes)
    assert warned[0].filename == __file__
    assert str(warned[0].message) in model.report_
    gold = {row: int(truth[row]) for row in range(200)}
    LabelModel().fit(votes, gold=gold, class_balance=(0.95, 0.05))  # no warning is left


def test_the_model_warns_where_its_shares_differ_from_those_of_gold_labels():
    truth, votes, _ = voters([0.7, 0.8, 0.9], n=1000, coverage=0.8)
    zeros = np.flatnonzero(votes.covered & (truth == 0))[:24]
    with pytest.warns(LabelSharesWarning, match="24 samples with a gold label, of which"):
        LabelModel().fit(votes, gold=dict.fromkeys(zeros.tolist(), "label 1"))


@pytest.mark.parametrize(
    ("name", "least"),
    [("prompts_youtube", 83.5), ("prompts_youtube_rules", 87.5), ("prompts_spouse", 45.0)],
)
def test_votes_of_real_prompts_are_combined_as_well_as_by_majority_vote(name, least):
    folder = data_folder()
    if not (folder / name / "votes.npz").exists():
        pytest.skip(f"{name} is not in {folder}: set LABELING_DATA")
    data = read_set(folder, name)
    covered = data.votes.covered & (data.gold >= 0)
    soft = LabelModel().fit(data.votes).predict_proba(data.votes)
    assert 100 * hits(soft.to_array()[covered], data.gold[covered]).mean() >= least
