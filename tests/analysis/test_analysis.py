"""Statistics that can be counted along by hand, and agreement as the literature has it."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.analysis import accuracy, agreement, confusion, mean_change, mean_of, proportion

SCHEMA = lb.LabelSchema(["ham", "spam"])
# Rows are samples, columns voters a, b, c.
ARRAY = [
    [0, 0, -1],
    [0, 1, -1],
    [-1, 1, -1],
    [-1, -1, -1],
    [1, 1, -1],
]
VOTES = lb.Votes.from_array(ARRAY, schema=SCHEMA, voters=["a", "b", "c"])
GOLD = pd.Series({0: "ham", 1: "ham", 2: "spam", 3: "ham"})


def test_lf_summary_counts():
    table = lb.lf_summary(VOTES)

    assert ["a", "b", "c"] == table.index.tolist()
    assert ["ham, spam", "ham, spam", ""] == table["polarity"].tolist()
    assert [3, 4, 0] == table["votes"].tolist()
    np.testing.assert_allclose([3 / 5, 4 / 5, 0], table["coverage"])
    np.testing.assert_allclose([3 / 5, 3 / 5, 0], table["overlaps"])
    np.testing.assert_allclose([1 / 5, 1 / 5, 0], table["conflicts"])


def test_lf_summary_with_gold_counts_only_where_both_spoke():
    table = lb.lf_summary(VOTES, GOLD)

    assert [2, 2, 0] == table["correct"].tolist()
    assert [0, 1, 0] == table["incorrect"].tolist()
    np.testing.assert_allclose([1, 2 / 3, np.nan], table["accuracy"])
    assert table.loc["b", "accuracy_low"] < 2 / 3 < table.loc["b", "accuracy_high"]


def test_lf_summary_counts_faults():
    @lb.labeling_function
    def fragile(x):
        return 1 // x.number

    data = pd.DataFrame({"number": [0, 1]})
    votes = lb.apply(fragile, data, SCHEMA, on_error="record")

    assert [1] == lb.lf_summary(votes)["faults"].tolist()


def test_lf_summary_of_people():
    """The same table describes annotators: they are voters."""
    frame = VOTES.to_triples()

    assert ["a", "b"] == lb.lf_summary(lb.Votes.from_triples(frame, schema=SCHEMA)).index.tolist()


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    # Wilson's interval, as tabled in R: prop.test(..., correct = FALSE).
    [(3, 3, 0.4385, 1.0), (0, 10, 0.0, 0.2775), (81, 263, 0.2553, 0.3662)],
)
def test_a_proportion_has_wilsons_interval(right, n, low, high):
    found = proportion(right, n)

    assert (right / n, n) == (found.value, found.n)
    np.testing.assert_allclose([low, high], [found.low, found.high], atol=1e-4)


def test_nothing_measured_says_so():
    assert "undefined: no samples (n = 0)" == str(proportion(0, 0))


def test_accuracy_of_a_tie_is_its_chance():
    soft = lb.SoftLabels(
        [[1, 0], [0.5, 0.5], [0.5, 0.5]], pd.RangeIndex(3), SCHEMA, [True, True, False]
    )
    gold = pd.Series({0: "ham", 1: "spam", 2: "ham"})

    np.testing.assert_allclose(2 / 3, accuracy(soft, gold).value)
    np.testing.assert_allclose(3 / 4, accuracy(soft, gold, covered_only=True).value)


def test_confusion_shares_ties_out():
    soft = lb.SoftLabels([[1, 0], [0.5, 0.5]], pd.RangeIndex(2), SCHEMA, [True, True])

    table = confusion(soft, pd.Series({0: "ham", 1: "spam"}))
    np.testing.assert_allclose([[1, 0], [0.5, 0.5]], table)


def test_mean_of_scores_is_inside_its_interval():
    found = mean_of(np.array([0, 0.5, 1, 1, 1, 0.5, 1]))

    assert found.low <= found.value <= found.high


def test_few_or_equal_scores_have_the_wider_interval_of_a_proportion():
    for scores in ([0, 0.5, 1], [0.5] * 4, [0.5] * 40):
        found = mean_of(np.array(scores))
        wilson = proportion(len(scores), 2 * len(scores))

        assert found.low < 0.5 < found.high
        assert found.high - found.low > wilson.high - wilson.low


def test_a_change_of_few_samples_or_without_a_difference_has_no_interval():
    few = mean_change(np.zeros(7), np.array([0.1, 0.2, 0, 0, 0, 0, 0]))
    equal = mean_change(np.zeros(40), np.full(40, 0.5))

    assert np.isnan([few.low, few.high, equal.low, equal.high]).all()
    assert ("fewer than 8 samples" in few.note, "same value" in equal.note) == (True, True)
    assert (7, 40) == (few.n, equal.n)


def test_an_interval_does_not_depend_on_the_order_of_samples():
    scores = np.array([0, 0.5, 1, 1, 1, 0.5, 1, 0, 0])

    assert mean_of(scores) == mean_of(scores[::-1])
    assert mean_change(scores, scores[::-1]) == mean_change(scores[::-1], scores)


def test_resamples_without_alpha_are_counted():
    """With one dissent in nine samples many resamples have equal votes only."""
    votes = lb.Votes.from_array([[1, 1]] * 8 + [[0, 1]], schema=SCHEMA)

    assert "of 999 resamples had equal votes only" in agreement(votes).alpha.note


def test_a_change_is_paired():
    """A small change of every sample is certain, however much samples differ."""
    before = np.linspace(0, 0.9, 50)
    found = mean_change(before, before + 0.01)

    assert found.low > 0
    np.testing.assert_allclose(0.01, found.value)


def test_alpha_of_the_textbook():
    """Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability": nominal alpha = .743."""
    none = -1
    array = np.array(
        [
            [1, 2, 3, 3, 2, 1, 4, 1, 2, none, none, none],
            [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, none, 3],
            [none, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, none],
            [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, none],
        ]
    ).T
    five = lb.LabelSchema([f"label {i}" for i in range(1, 6)])
    votes = lb.Votes.from_array(np.where(array > 0, array - 1, -1), schema=five)
    found = agreement(votes)

    np.testing.assert_allclose(0.743, found.alpha.value, atol=5e-4)
    assert found.alpha.low < found.alpha.value < found.alpha.high
    assert (11, 40) == (found.n_samples, found.n_votes)


@pytest.mark.parametrize(
    ("array", "why"),
    [
        ([[0, -1], [-1, 1]], "no sample has two votes"),
        ([[1, 1], [1, 1]], "all votes are equal"),
        (np.empty((0, 2), dtype=int), "no sample has two votes"),
    ],
)
def test_undefined_agreement_says_why(array, why):
    found = agreement(lb.Votes.from_array(array, schema=SCHEMA))

    assert np.isnan(found.alpha.value)
    assert why in found.alpha.note


def test_agreement_does_not_depend_on_any_order():
    votes = lb.Votes.from_array([[0, 1, 1], [1, 1, -1], [0, 0, 0], [1, 0, 0]], schema=SCHEMA)
    turned = votes.of_voters(votes.voters[::-1]).of_samples(votes.sample_ids[::-1])
    other = lb.Votes.from_triples(turned.to_triples(), schema=lb.LabelSchema(["spam", "ham"]))

    assert agreement(votes) == agreement(turned) == agreement(other)


def test_chance_agreement_has_alpha_near_zero():
    rng = np.random.default_rng(0)
    votes = lb.Votes.from_array(rng.integers(0, 2, (2000, 2)), schema=SCHEMA)
    found = agreement(votes)

    assert found.alpha.low < 0 < found.alpha.high
