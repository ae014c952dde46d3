"""Agreement: textbooks' tables, other packages, and plain definitions counted one by one."""

import itertools
import warnings
from fractions import Fraction

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

import labeling as lb
from labeling.analysis import (
    agreement_by_label,
    agreement_by_pair,
    agreement_by_stratum,
    confused_labels,
    label_coincidences,
    low_agreement,
    pair_matrix,
    proportion,
)

NONE = "."
# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), sections A, B and C; the
# tables are also in "Content Analysis" (2004), chapter 11. One text an observer, one sign a unit.
TEXTBOOK = [
    (("0100000010", "1110010000"), 0.095),
    (("aabbdcccedda", "babbbccceddd"), 0.692),
    (("123321412...", "1233224125.3", ".3332342251.", "12332441251."), 0.743),
]


def alpha(array, labels):
    schema = lb.LabelSchema([f"label {name}" for name in labels])
    return lb.agreement(lb.Votes.from_array(np.array(array), schema=schema)).alpha.value


def by_definition(array):
    """1 - D_o / D_e, pair by pair; `None` where all votes that can be paired are equal."""
    units = [[one for one in row if one != -1] for row in array]
    units = [row for row in units if len(row) >= 2]
    every = [one for row in units for one in row]
    by_chance = sum(a != b for a, b in itertools.permutations(every, 2))
    if not by_chance:
        return None
    observed = sum(
        Fraction(sum(a != b for a, b in itertools.permutations(row, 2)), len(row) - 1)
        for row in units
    )
    return 1 - (observed / len(every)) / Fraction(by_chance, len(every) * (len(every) - 1))


@pytest.mark.parametrize(("observers", "expected"), TEXTBOOK)
def test_the_tables_of_the_textbook(observers, expected):
    names = sorted({one for row in observers for one in row} - {NONE})
    array = np.array(
        [[names.index(one) if one != NONE else -1 for one in row] for row in observers]
    ).T

    np.testing.assert_allclose(alpha(array, names), expected, atol=5e-4)
    np.testing.assert_allclose(alpha(array, names), float(by_definition(array)), rtol=1e-12)


@given(
    st.integers(2, 5).flatmap(
        lambda voters: st.lists(
            st.lists(st.integers(-1, 3), min_size=voters, max_size=voters), min_size=2, max_size=12
        )
    )
)
def test_alpha_is_what_its_definition_says(array):
    expected = by_definition(array)
    assume(expected is not None)

    np.testing.assert_allclose(alpha(array, range(4)), float(expected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("voters", [2, 3, 7])
def test_perfect_agreement_is_exactly_one(voters):
    """Not 1.0000000000000002: a number above 1 would be no alpha."""
    array = np.repeat(np.random.default_rng(0).integers(0, 3, (997, 1)), voters, axis=1)

    assert 1.0 == alpha(array, range(3))


def random_votes(seed, *, ordered, n=200, voters=6, n_labels=4, share=0.6):
    """Votes of people who agree somewhat, each on a part of the samples."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, n_labels, n)
    noise = rng.integers(-1, 2, (n, voters)) * (rng.random((n, voters)) < 0.5)
    codes = np.clip(truth[:, None] + noise, 0, n_labels - 1)
    codes = np.where(rng.random((n, voters)) < share, codes, -1)
    schema = lb.LabelSchema([f"grade {label}" for label in range(n_labels)], ordered=ordered)
    return lb.Votes.from_array(codes, schema=schema)


def reliability_data(votes):
    """Return votes as the krippendorff package takes them: voters by samples, NaN = none."""
    codes = votes.to_array().T.astype(float)
    codes[codes < 0] = np.nan
    return codes


@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_alpha_is_that_of_the_krippendorff_package(seed, ordered):
    votes = random_votes(seed, ordered=ordered)
    level = "ordinal" if ordered else "nominal"
    expected = krippendorff.alpha(reliability_data(votes), level_of_measurement=level)
    found = lb.agreement(votes)

    np.testing.assert_allclose(found.alpha.value, expected, rtol=1e-10)
    assert found.alpha.low < expected < found.alpha.high
    assert found.ordered is ordered


def test_the_interval_of_alpha_covers_what_other_draws_give():
    """95 % of intervals of small draws hold the alpha of a very large draw."""
    truth = lb.agreement(random_votes(99, ordered=True, n=20_000)).alpha.value
    parts = [lb.agreement(random_votes(seed, ordered=True, n=120)).alpha for seed in range(150)]
    held = sum(part.low <= truth <= part.high for part in parts)

    assert 0.88 * 150 <= held <= 0.99 * 150


# Gwet's example of four raters, twelve units and five categories ("Handbook of Inter-Rater
# Reliability", table of the chapter on agreement coefficients; the data set `raw4raters` of his
# package irrCAC). It is Krippendorff's table C, with a unit that one rater alone rated.
def test_ac1_of_the_four_raters_of_the_handbook():
    rows = [[int(one) - 1 if one != NONE else -1 for one in row] for row in TEXTBOOK[2][0]]
    array = np.array(rows).T
    schema = lb.LabelSchema([f"label {name}" for name in "12345"])
    found = lb.agreement(lb.Votes.from_array(array, schema=schema))

    np.testing.assert_allclose(found.gwet.value, 0.77544, atol=5e-6)
    np.testing.assert_allclose(found.percent.value, 0.81818, atol=5e-6)
    assert "AC1" == found.gwet_name


# Gwet (2008), the paradox: 125 units, two raters, 118 times both +, 5 and 2 times one of them.
def test_where_one_label_has_nearly_all_votes_the_kappa_paradox_is_named():
    array = np.repeat([[0, 0], [0, 1], [1, 0]], [118, 5, 2], axis=0)
    votes = lb.Votes.from_array(array, schema=lb.LabelSchema(["+", "none"]))
    found = lb.agreement(votes)

    np.testing.assert_allclose(found.percent.value, 0.944)
    np.testing.assert_allclose(agreement_by_pair(votes)["kappa"], [-0.0234], atol=5e-5)
    np.testing.assert_allclose(found.gwet.value, 0.9408, atol=5e-5)
    assert -0.03 < found.alpha.value < 0
    assert found.is_skewed
    assert "97% of the 250 votes are '+'" in found.notes[0]
    assert "kappa paradox" in found.notes[0]
    assert "Gwet's AC1 0.941" in str(found)


def test_without_a_frequent_label_no_paradox_is_named():
    found = lb.agreement(random_votes(0, ordered=False))

    assert not found.is_skewed
    assert "paradox" not in " ".join(found.notes)
    assert "Gwet" not in str(found)


def test_ac2_is_what_its_definition_says():
    votes = random_votes(3, ordered=True)
    k, codes = 4, votes.to_array()
    weight = 1 - np.subtract.outer(range(k), range(k)) ** 2 / (k - 1) ** 2
    units = [[one for one in row if one >= 0] for row in codes.tolist()]
    agreements = [
        np.mean([weight[a, b] for a, b in itertools.permutations(unit, 2)])
        for unit in units
        if len(unit) >= 2
    ]
    shares = np.mean([np.bincount(unit, minlength=k) / len(unit) for unit in units if unit], axis=0)
    by_chance = weight.sum() / (k * (k - 1)) * (shares * (1 - shares)).sum()
    found = lb.agreement(votes)

    expected = (np.mean(agreements) - by_chance) / (1 - by_chance)
    np.testing.assert_allclose(found.gwet.value, expected, rtol=1e-12)
    assert "AC2" == found.gwet_name


@pytest.mark.parametrize("ordered", [False, True])
def test_kappa_of_a_pair_is_that_of_scikit_learn(ordered):
    votes = random_votes(1, ordered=ordered)
    table = agreement_by_pair(votes)
    assert 15 == len(table)
    for row in table.itertuples():
        both = votes[[row.first, row.second]].to_array()
        both = both[(both >= 0).all(axis=1)]
        expected = cohen_kappa_score(
            *both.T, labels=range(4), weights="quadratic" if ordered else None
        )
        same = int((both[:, 0] == both[:, 1]).sum())
        exact = proportion(same, len(both))

        np.testing.assert_allclose(row.kappa, expected, rtol=1e-10)
        assert (row.n, row.same) == (len(both), same)
        np.testing.assert_allclose((row.low, row.high), (exact.low, exact.high), rtol=1e-12)


def test_pairs_are_the_same_of_long_votes_and_in_any_order():
    votes = random_votes(2, ordered=True)
    order = np.random.default_rng(0).permutation(len(votes))
    triples = votes.of_samples(votes.sample_ids[order]).to_triples()
    long = lb.Votes.from_triples(triples.iloc[::-1], schema=votes.schema)

    pd.testing.assert_frame_equal(agreement_by_pair(votes), agreement_by_pair(long))
    assert lb.agreement(votes) == lb.agreement(long)
    pd.testing.assert_frame_equal(agreement_by_label(votes), agreement_by_label(long))
    pd.testing.assert_frame_equal(low_agreement(votes), low_agreement(long))


def test_two_people_of_one_label_have_no_kappa():
    votes = lb.Votes.from_array([[0, 0, -1], [0, 0, 1]], schema=lb.LabelSchema(["a", "b"]))
    table = agreement_by_pair(votes).set_index(["first", "second"])
    matrix = pair_matrix(table.reset_index())

    assert "both gave one label only" == table.loc[("voter_0", "voter_1"), "note"]
    assert np.isnan(table.loc[("voter_0", "voter_1"), "kappa"])
    assert 0 == table.loc[("voter_0", "voter_2"), "kappa"]
    assert matrix.index.tolist() == ["voter_0", "voter_1", "voter_2"]
    pd.testing.assert_frame_equal(matrix, matrix.T.rename_axis("voter"), check_names=False)
    with pytest.raises(lb.LabelingError, match="Did you mean 'kappa'"):
        pair_matrix(table.reset_index(), "kapa")


def test_alpha_of_a_label_is_that_of_the_label_against_the_rest():
    votes = random_votes(4, ordered=False)
    data = reliability_data(votes)
    table = agreement_by_label(votes)
    for code, label in enumerate(votes.schema):
        one_against_rest = np.where(np.isnan(data), np.nan, data == code)
        expected = krippendorff.alpha(one_against_rest, level_of_measurement="nominal")
        np.testing.assert_allclose(table.loc[label, "alpha"], expected, rtol=1e-10)
        assert table.loc[label, "low"] < expected < table.loc[label, "high"]


def test_labels_that_nobody_gave_say_so():
    votes = lb.Votes.from_array([[0, 0], [0, 0]], schema=lb.LabelSchema(["a", "b"]))
    table = agreement_by_label(votes)

    assert ["nobody gave another label", "nobody gave this label"] == table["note"].tolist()
    assert table["alpha"].isna().all()
    assert 1.0 == table.loc["a", "specific"]


def test_degenerate_votes_say_why_agreement_is_undefined():
    schema = lb.LabelSchema(["a", "b"], ordered=True)
    single = lb.agreement(lb.Votes.from_array([[0, -1], [-1, 1]], schema=schema))
    equal = lb.agreement(lb.Votes.from_array([[0, 0], [0, 0]], schema=schema))

    assert "no sample has two votes" == single.alpha.note == single.gwet.note
    assert ("Agreement is undefined: no sample has two votes.",) == single.notes
    assert "all votes are equal, so chance agreement cannot be estimated" == equal.alpha.note
    assert 1.0 == equal.gwet.value == equal.percent.value
    assert equal.is_skewed
    for frame in (single.to_frame(), equal.to_frame()):
        assert ["percent", "alpha", "gwet"] == frame.index.tolist()
        assert ["value", "low", "high", "n", "note"] == frame.columns.tolist()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for function in (agreement_by_pair, confused_labels, low_agreement, agreement_by_label):
            function(lb.Votes.from_array(np.empty((0, 2), dtype=int), schema=schema))


def test_perfect_agreement_of_few_samples_claims_no_certainty():
    schema = lb.LabelSchema(["a", "b"])
    for n in (4, 40):
        votes = lb.Votes.from_array([[0, 0], [1, 1]] * (n // 2), schema=schema)
        found = lb.agreement(votes)
        pair = agreement_by_pair(votes).iloc[0]
        label = agreement_by_label(votes).iloc[0]

        assert 1 == found.alpha.value == found.gwet.value == pair["kappa"] == label["specific"]
        for low in (found.alpha.low, found.gwet.low, pair["kappa_low"], label["low"]):
            assert np.isnan(low)
        assert "no interval" in found.alpha.note
        assert any("Alpha has no interval by" in note for note in found.notes)
        wilson = proportion(n // 2, n // 2)
        assert (wilson.low, 1.0) == (label["specific_low"], label["specific_high"])
        assert found.percent.low < 1


@pytest.mark.parametrize("ordered", [False, True])
def test_the_interval_of_kappa_is_that_of_resampled_samples(ordered):
    """Drawn sample by sample and measured by another package: no shortcut is in it."""
    votes = random_votes(1, ordered=ordered)
    row = agreement_by_pair(votes).iloc[0]
    both = votes[[row["first"], row["second"]]].to_array()
    both = both[(both >= 0).all(axis=1)]
    rng = np.random.default_rng(3)
    weights = "quadratic" if ordered else None
    drawn = [
        cohen_kappa_score(
            *both[rng.integers(0, len(both), len(both))].T, labels=range(4), weights=weights
        )
        for _ in range(600)
    ]

    expected = np.quantile(drawn, [0.025, 0.975])
    np.testing.assert_allclose([row["kappa_low"], row["kappa_high"]], expected, atol=0.05)


def test_every_number_of_labels_and_confusions_is_inside_its_interval():
    votes = random_votes(4, ordered=False)
    labels, confused = agreement_by_label(votes), confused_labels(votes)
    for table, names in ((labels, ["specific"]), (confused, ["share", "lift"])):
        for name in names:
            assert (table[f"{name}_low"] < table[name]).all()
            assert (table[name] < table[f"{name}_high"]).all()
    conflicts = (votes.label_counts() > 0).sum(axis=1) >= 2
    assert {int(conflicts.sum())} == set(confused["n"])


def test_no_interval_depends_on_the_order_of_labels_samples_or_voters():
    votes = random_votes(4, ordered=False)
    order = np.random.default_rng(1).permutation(len(votes))
    names = votes.schema.labels
    turned = lb.Votes.from_triples(
        votes.of_samples(votes.sample_ids[order]).to_triples(), schema=lb.LabelSchema(names[::-1])
    )

    pd.testing.assert_frame_equal(agreement_by_pair(votes), agreement_by_pair(turned), rtol=1e-9)
    for label in names:
        pd.testing.assert_series_equal(
            agreement_by_label(votes).loc[label], agreement_by_label(turned).loc[label]
        )
    lifts = ["share_low", "share_high", "lift_low", "lift_high"]
    both = [
        {frozenset((row["first"], row["second"])): [row[name] for name in lifts] for row in rows}
        for rows in (
            confused_labels(votes).to_dict("records"),
            confused_labels(turned).to_dict("records"),
        )
    ]
    assert both[0].keys() == both[1].keys()
    for pair, values in both[0].items():
        np.testing.assert_allclose(values, both[1][pair], rtol=1e-9)


def test_two_labels_are_always_confused_as_often_as_chance_says():
    votes = lb.Votes.from_array([[0, 0], [0, 1]] * 10, schema=lb.LabelSchema(["a", "b"]))
    row = confused_labels(votes).iloc[0]

    assert (1.0, 1.0) == (row["share"], row["lift"])
    assert np.isnan(row["lift_low"])
    assert "always 1" in row["note"]
    wilson = proportion(10, 10)
    assert (wilson.low, 1.0) == (row["share_low"], row["share_high"])


def test_confusions_are_counted_pair_by_pair():
    votes = random_votes(5, ordered=True)
    table = confused_labels(votes)
    coincidences = label_coincidences(votes)
    expected, samples = {}, {}
    for row in votes.to_array().tolist():
        unit = sorted(one for one in row if one >= 0)
        for a, b in itertools.combinations(unit, 2):
            expected[a, b] = expected.get((a, b), 0) + 1
        for a, b in itertools.combinations(sorted(set(unit)), 2):
            samples[a, b] = samples.get((a, b), 0) + 1
    names = votes.schema.labels
    for (a, b), pairs in expected.items():
        assert coincidences.loc[names[a], names[b]] == pairs * (2 if a == b else 1)
    unequal = {pair: count for pair, count in expected.items() if pair[0] != pair[1]}
    found = table.set_index(["first", "second"])
    assert len(unequal) == len(found)
    for (a, b), pairs in unequal.items():
        row = found.loc[(names[a], names[b])]
        assert (pairs, samples[a, b], b - a) == (row["pairs"], row["samples"], row["distance"])
        np.testing.assert_allclose(row["share"], pairs / sum(unequal.values()))
    assert table["pairs"].is_monotonic_decreasing
    # Neighbouring grades are confused more often than their frequencies alone would give.
    assert (found[found["distance"] == 1]["lift"] > 1).all()
    assert (found[found["distance"] == 3]["lift"] < 1).all()


@pytest.mark.parametrize("ordered", [False, True])
def test_distance_of_a_sample_is_the_mean_over_its_pairs(ordered):
    votes = random_votes(6, ordered=ordered)
    table = low_agreement(votes)
    names, schema = votes.schema.labels, votes.schema
    split = 0
    for sample, row in zip(votes.sample_ids, votes.to_array().tolist(), strict=True):
        unit = [names[one] for one in row if one >= 0]
        if len(set(unit)) < 2:
            assert sample not in table.index
            continue
        split += 1
        pairs = list(itertools.combinations(unit, 2))
        of_sample = table.loc[sample]
        assert len(unit) == of_sample["votes"]
        np.testing.assert_allclose(
            of_sample["distance"], np.mean([schema.distance(a, b) for a, b in pairs])
        )
        np.testing.assert_allclose(of_sample["agreement"], np.mean([a == b for a, b in pairs]))
    assert split == len(table)
    assert table["distance"].is_monotonic_decreasing


def test_a_stratum_has_the_agreement_of_its_samples():
    votes = random_votes(7, ordered=False)
    strata = {sample: ("random", "margin", None)[sample % 3] for sample in votes.sample_ids}
    found = agreement_by_stratum(votes, strata)

    assert ["margin", "random"] == list(found)
    drawn = [sample for sample in votes.sample_ids if sample % 3 == 0]
    assert found["random"] == lb.agreement(votes.of_samples(drawn))
    assert found == agreement_by_stratum(votes, pd.Series(strata, dtype=object))
