"""Split-half reliability of votes, and what it does to the weight of the text."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

import labeling as lb
from labeling.end_model.class_balance import Calibration
from labeling.end_model.vote_reliability import vote_reliability


def one_hot(codes, n_labels):
    marks = np.zeros((*codes.shape, n_labels))
    rows, voters = np.nonzero(codes >= 0)
    marks[rows, voters, codes[rows, voters]] = 1
    return csr_matrix(marks.reshape(len(codes), -1))


def votes_of(accuracy, coverage, n=3000, n_voters=10, n_labels=3, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_labels, (n, 1))
    wrong = (truth + rng.integers(1, n_labels, (n, n_voters))) % n_labels
    codes = np.where(rng.random((n, n_voters)) < accuracy, truth, wrong)
    return np.where(rng.random((n, n_voters)) < coverage, codes, -1)


def test_reliability_is_the_squared_correlation_of_all_votes_with_the_label():
    """Of independent voters who all vote: what Spearman and Brown derived."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, (20_000, 1))
    codes = np.where(rng.random((20_000, 8)) < 0.7, truth, 1 - truth)
    expected = np.corrcoef(codes.mean(axis=1), truth[:, 0])[0, 1] ** 2
    assert vote_reliability(one_hot(codes, 2), 2) == pytest.approx(expected, abs=0.01)


def test_better_votes_are_more_reliable():
    found = [vote_reliability(one_hot(votes_of(a, 0.9), 3), 3) for a in (0.34, 0.5, 0.7, 0.9)]
    assert found == sorted(found)
    assert found[0] < 0.1
    assert found[-1] > 0.95


@pytest.mark.parametrize("coverage", [0.0, 0.02])
def test_where_halves_can_hardly_be_compared_nothing_is_known(coverage):
    assert vote_reliability(one_hot(votes_of(0.95, coverage), 3), 3) == 0.0


@pytest.mark.parametrize("shape", [(0, 4), (5, 4), (100, 0), (100, 2)])
def test_few_samples_or_voters_say_nothing(shape):
    assert vote_reliability(csr_matrix(np.ones(shape)), 2) == 0.0


def test_a_voter_who_never_votes_changes_nothing():
    codes = votes_of(0.8, 0.6)
    more = np.column_stack([codes[:, :4], np.full(len(codes), -1), codes[:, 4:]])
    assert vote_reliability(one_hot(more, 3), 3) == vote_reliability(one_hot(codes, 3), 3)


def test_the_text_corrects_reliable_votes_less():
    rng = np.random.default_rng(0)
    log_odds = rng.normal(size=(500, 2))
    log_odds -= log_odds.mean(axis=1, keepdims=True)
    targets = np.where(log_odds > 0.4, 0.9, 0.1)
    targets /= targets.sum(axis=1, keepdims=True)
    covered = np.ones(500, dtype=bool)
    unknown, reliable = (
        Calibration.of(log_odds, targets, covered, None, reliability) for reliability in (0, 0.9)
    )
    assert reliable.scale < unknown.scale
    np.testing.assert_allclose(reliable.shift, 0.1 * unknown.shift, rtol=0, atol=1e-9)


def test_the_report_says_how_reliable_the_votes_are():
    codes = votes_of(0.9, 0.8, n=300)
    schema = lb.LabelSchema(["a", "b", "c"])
    votes = lb.Votes.from_array(codes, schema=schema)
    data = pd.DataFrame({"text": [f"word{code} and" for code in codes.max(axis=1)]})
    soft = lb.LabelModel().fit(votes).predict_proba(votes)
    report = lb.EndModel().fit(data, soft, votes=votes).report_
    assert sum(line.startswith("Halves of the voters agree") for line in report) == 1
    report = lb.EndModel().fit(data, soft).report_
    assert not any(line.startswith("Halves of the voters agree") for line in report)
