"""A declared class balance where it is hard to obey: large log-odds, ties, votes that cancel."""

import numpy as np
import pytest
from scipy.special import softmax

import labeling as lb
from labeling.errors import LabelSharesWarning
from labeling.label_models import LabelModel
from labeling.label_models.default.share_matching import matching_offsets
from tests.support.synthetic_votes import schema_of, voters


@pytest.mark.parametrize("k", [2, 3, 20])
@pytest.mark.parametrize("n", [1, 5, 400])
@pytest.mark.parametrize("size", [30.0, 1000.0])
def test_offsets_match_shares_however_large_log_odds_are(k, n, size):
    rng = np.random.default_rng([k, n])
    scores = rng.normal(size=(n, k)) * size
    weights = rng.integers(1, 50, n).astype(float)
    rare = np.append(np.full(k - 1, 1e-6), 1 - 1e-6 * (k - 1))
    for shares in (rare, rng.dirichlet(np.ones(k))):
        offsets = matching_offsets(scores, weights, shares, 1.0)
        mean = weights @ softmax(scores + offsets, axis=1) / weights.sum()
        np.testing.assert_allclose(mean, shares, rtol=0, atol=1e-8)


@pytest.mark.parametrize("n_gold", [0, 60])
@pytest.mark.parametrize("is_subset", [False, True])
def test_samples_of_which_only_copies_speak_that_tie_have_what_the_balance_leaves(
    n_gold, is_subset, monkeypatch
):
    if is_subset:
        monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
        monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 2000)
    n = 8000 if is_subset else 2000
    truth, votes, _ = voters(np.linspace(0.6, 0.9, 20), n=n, coverage=0.7)
    array = votes.to_array()
    array = np.hstack([array, array[:, :1]])  # a copy of the first voter
    array[:60] = lb.ABSTAIN
    array[:60, 0], array[:60, -1] = 0, 1
    votes = lb.Votes.from_array(array, schema=votes.schema)
    gold = {row: int(truth[row]) for row in range(100, 100 + n_gold)}
    model = LabelModel().fit(votes, gold=gold, class_balance=(0.45, 0.55))
    assert len(set(model.group_.tolist())) == 20
    assert model.is_subset_ == is_subset
    soft = model.predict_proba(votes)
    assert soft.covered[:60].all()
    np.testing.assert_array_equal(soft.to_array()[:60], np.tile(model.silent_, (60, 1)))
    np.testing.assert_allclose(soft.to_array().mean(axis=0), (0.45, 0.55), rtol=0, atol=1e-8)


def test_evidence_that_cancels_out_but_for_rounding_tells_nothing():
    array = np.array([[0, 0, 0, 1, 1, 0, 1, 1]])
    votes = lb.Votes.from_array(array, schema=schema_of(2))
    for balance in ((0.6, 0.4), None):
        soft = LabelModel().fit(votes, class_balance=balance).predict_proba(votes)
        np.testing.assert_allclose(soft.to_array()[0], balance or (0.5, 0.5), rtol=0, atol=1e-8)


def test_a_subset_of_samples_on_which_all_are_certain_obeys_a_balance_as_exactly(monkeypatch):
    monkeypatch.setattr("labeling.label_models.default.subsampling.LARGE", 1000)
    monkeypatch.setattr("labeling.label_models.default.subsampling.DRAWN", 500)
    monkeypatch.setattr("labeling.label_models.default.subsampling.VOTES_EACH", 100)
    _, votes, _ = voters(np.linspace(0.7, 0.8, 60), n=8000, coverage=1.0)
    model = LabelModel().fit(votes, class_balance=(0.52, 0.48))
    assert model.is_subset_
    mean = model.predict_proba(votes).to_array().mean(axis=0)
    np.testing.assert_allclose(mean, (0.52, 0.48), rtol=0, atol=1e-8)


def test_what_is_said_of_a_declared_balance_blames_neither_the_votes_alone_nor_a_scale():
    truth, votes, _ = voters([0.7, 0.8, 0.9], n=1000)
    gold = {row: int(truth[row]) for row in range(200)}
    with pytest.warns(LabelSharesWarning, match="`class_balance` or the votes mislead"):
        model = LabelModel().fit(votes, gold=gold, class_balance=(0.9, 0.1))
    report = " ".join(model.report_)
    assert "mean size of one" not in report
    assert "votes alone" not in report
