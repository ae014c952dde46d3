"""The cut statistic finds labels that differ from their neighbours', whatever the order of rows."""

import sys
import time

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.records import checked_select, cut_statistic, least_cut


def clusters(n, n_labels, noise, seed=0):
    """Return points around a centre for each label, true labels, noisy ones, and ids."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(n_labels, size=n)
    points = np.eye(n_labels)[truth] * 3 + rng.normal(size=(n, n_labels))
    is_wrong = rng.random(n) < noise
    codes = np.where(is_wrong, (truth + rng.integers(1, n_labels, size=n)) % n_labels, truth)
    return points, truth, codes, pd.Index([f"s{row}" for row in range(n)])


def by_hand(points, codes, k):
    """Return the statistic by the formulas of Muhlenbach et al., a sample at a time."""
    statistic = []
    for row, code in enumerate(codes):
        distance = np.sqrt(((points - points[row]) ** 2).sum(axis=1))
        nearest = [other for other in np.argsort(distance) if other != row][:k]
        weights = [1 / (1 + distance[other]) for other in nearest]
        cut = sum(w for w, other in zip(weights, nearest, strict=True) if codes[other] != code)
        share = np.mean(codes == code)
        mean = (1 - share) * sum(weights)
        variance = share * (1 - share) * sum(w**2 for w in weights)
        statistic.append((cut - mean) / np.sqrt(variance))
    return statistic


def test_it_is_the_statistic_of_the_paper():
    points, _, codes, ids = clusters(60, 3, 0.2)

    statistic = cut_statistic(points, codes, ids, n_neighbours=7)

    np.testing.assert_allclose(by_hand(points, codes, 7), statistic, atol=1e-6)


def test_planted_errors_have_the_highest_statistics():
    points, truth, codes, ids = clusters(600, 3, 0.15)

    statistic = cut_statistic(points, codes, ids)

    is_wrong = codes != truth
    assert np.median(statistic[is_wrong]) > 0 > np.median(statistic[~is_wrong])
    assert (truth == codes)[least_cut(statistic, ids, 0.8)].mean() > 0.97


def test_labels_that_say_nothing_of_their_neighbours_have_mean_0_and_deviation_1():
    """So that the threshold of "auto" is a test at five per cent."""
    points, _, codes, ids = clusters(4_000, 2, 0.0)
    codes = np.random.default_rng(1).integers(2, size=len(codes))

    statistic = cut_statistic(points, codes, ids)

    assert abs(statistic.mean()) < 0.1
    assert 0.9 < statistic.std() < 1.1
    assert 0.03 < (~least_cut(statistic, ids, "auto")).mean() < 0.07


def test_nothing_depends_on_the_order_of_rows_or_the_codes_of_labels():
    points, _, codes, ids = clusters(300, 3, 0.2)
    points = np.round(points, 1)  # with ties of distances
    statistic = cut_statistic(points, codes, ids)
    order = np.random.default_rng(3).permutation(len(codes))

    permuted = cut_statistic(points[order], 7 - 2 * codes[order], ids[order])

    assert statistic[order].tolist() == permuted.tolist()
    for select in ("auto", 0.3):
        kept = least_cut(statistic, ids, select)
        assert kept[order].tolist() == least_cut(permuted, ids[order], select).tolist()


def test_sparse_points_give_the_same():
    from scipy.sparse import csr_matrix

    points, _, codes, ids = clusters(200, 3, 0.2)

    dense, sparse = (cut_statistic(p, codes, ids) for p in (points, csr_matrix(points)))

    np.testing.assert_allclose(dense, sparse, atol=1e-6)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_fewer_samples_than_neighbours(n):
    points, _, _, ids = clusters(n, 2, 0.0)

    statistic = cut_statistic(points, np.arange(n) % 2, ids)

    assert (n,) == statistic.shape
    assert np.isfinite(statistic).all()


def test_of_a_single_label_nothing_is_cut_off():
    points, _, codes, ids = clusters(50, 2, 0.0)

    statistic = cut_statistic(points, np.zeros_like(codes), ids)

    assert [0.0] == np.unique(statistic).tolist()
    assert least_cut(statistic, ids, "auto").all()
    assert 25 == least_cut(statistic, ids, 0.5).sum()


def test_duplicates_are_neighbours_at_distance_zero():
    """Also more of them than neighbours: a sample is not its own neighbour then."""
    points = np.repeat([[0.0, 1.0], [1.0, 0.0]], 40, axis=0)
    codes = np.repeat([0, 1], 40)
    codes[3] = 1
    ids = pd.RangeIndex(80)

    statistic = cut_statistic(points, codes, ids)

    assert 3 == statistic.argmax()
    assert statistic[3] > 3
    assert (np.delete(statistic, 3) < -2).all()


def test_of_many_samples_neighbours_are_sought_among_some(monkeypatch):
    points, truth, codes, ids = clusters(1_000, 3, 0.15)
    monkeypatch.setattr(sys.modules[cut_statistic.__module__], "MOST_REFERENCES", 200)

    statistic = cut_statistic(points, codes, ids)

    is_wrong = codes != truth
    assert np.median(statistic[is_wrong]) > 0 > np.median(statistic[~is_wrong])
    order = np.random.default_rng(3).permutation(len(codes))
    assert (
        statistic[order].tolist() == cut_statistic(points[order], codes[order], ids[order]).tolist()
    )


@pytest.mark.slow
def test_a_hundred_thousand_samples_take_seconds():
    points, _, codes, ids = clusters(100_000, 64, 0.2)

    begin = time.process_time()
    cut_statistic(points, codes, ids)

    assert time.process_time() - begin < 60


def test_shares_are_rounded_up_and_ties_are_decided_by_a_hash_of_the_id():
    ids = pd.Index([f"s{row}" for row in range(10)])
    same = np.zeros(10)

    kept = least_cut(same, ids, 0.25)

    assert 3 == kept.sum()
    assert sorted(ids[kept]) == sorted(ids[::-1][least_cut(same, ids[::-1], 0.25)])
    assert 7 == least_cut(same, ids, 0.7).sum()
    assert least_cut(same, ids, None).all()


@pytest.mark.parametrize("select", [0, -0.1, 1.1, "all", True, [0.5], float("nan")])
def test_other_ways_to_select_are_refused(select):
    with pytest.raises(lb.LabelingError, match="`select` must be"):
        checked_select(select)
