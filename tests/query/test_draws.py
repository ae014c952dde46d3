"""Random draws have the propensities that they state, and what they measure is unbiased."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import LabelingError
from labeling.query import AUDIT_STRATA, batches_of, label_accuracy, lf_accuracy, rare_labels
from labeling.query.random_draws import draw_rows

SCHEMA = lb.LabelSchema(["ham", "spam"])


def drawn(weights, groups, n, seed):
    rng = np.random.default_rng(seed)
    return draw_rows(weights, groups, n, rng.permutation(len(weights)), rng)


@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(0, 6)), min_size=1, max_size=30),
    st.integers(1, 12),
    st.integers(0, 2**31),
)
def test_at_most_one_of_a_group_is_drawn_and_as_many_as_wanted(rows, n, seed):
    weights = np.array([weight for weight, _ in rows])
    groups = np.array([group for _, group in rows])
    draw = drawn(weights, groups, n, seed)
    drawable = len(np.unique(groups[weights > 1e-9 * weights.max()]))

    assert min(n, drawable) == len(draw.rows)
    assert len(np.unique(groups[draw.rows])) == len(draw.rows)
    assert (draw.propensity > 0).all()
    assert (draw.propensity <= 1 + 1e-12).all()


def test_each_row_is_drawn_as_often_as_its_propensity_says():
    rng = np.random.default_rng(0)
    weights = rng.uniform(0.1, 4, 40)
    groups = np.concatenate([np.zeros(6, int), np.ones(3, int), np.arange(2, 33)])
    often, stated = np.zeros(40), np.full(40, np.nan)
    for seed in range(8_000):
        draw = drawn(weights, groups, 9, seed)
        often[draw.rows] += 1
        stated[draw.rows] = draw.propensity

    error = np.abs(often / 8_000 - stated) / np.sqrt(stated * (1 - stated) / 8_000)
    assert 9 == pytest.approx(stated.sum())
    assert error.max() < 4.5  # the largest of 40 standard normal numbers is above it once in 3,600


def test_samples_with_near_duplicates_are_as_likely_as_others():
    groups = np.concatenate([np.zeros(3, int), np.arange(1, 18)])
    draw = drawn(np.ones(20), groups, 5, 0)

    np.testing.assert_allclose(draw.propensity, 5 / 20)


def rare_pool(n=600, seed=0):
    """Return a pool with 8 % spam, of which the posterior misses some, and some near-duplicates."""
    rng = np.random.default_rng(seed)
    spam = rng.random(n) < 0.08
    texts = [f"text {i if i % 5 else i // 10}" for i in range(n)]
    probability = np.clip(np.where(spam, 0.6, 0.12) + rng.normal(0, 0.2, n), 0.02, 0.98)
    data = pd.DataFrame({"text": texts}, index=[f"s{i}" for i in range(n)])
    array = np.stack([1 - probability, probability], axis=1)
    soft = lb.SoftLabels(array, data.index, SCHEMA, [True] * n)
    gold = pd.Series(np.where(spam, "spam", "ham"), data.index)
    # Near-duplicates have one label, as nobody reads a second one.
    gold = gold.groupby(data["text"]).transform("first")
    votes = np.stack(
        [np.where(rng.random(n) < 0.5, spam, -1), np.where(rng.random(n) < 0.1, 1, -1)]
    )
    return data, soft, gold, lb.Votes.from_array(votes.T, schema=SCHEMA, sample_ids=data.index)


def test_the_accuracy_of_labels_is_unbiased_over_rounds_of_thirds():
    """Of many projects the mean is the truth, and 95 % of the intervals hold it."""
    data, soft, gold, _ = rare_pool()
    truth = (soft.to_labels() == gold).mean()
    values, hits = [], 0
    for seed in range(300):
        batches, asked = [], []
        for number in range(3):
            batch = lb.select(
                data, soft=soft, gold=gold[asked], n=45, rng=np.random.default_rng([seed, number])
            )
            batches.append(batch)
            asked += batch.sample_ids.tolist()
        found = label_accuracy(soft, gold[asked], batches)
        values.append(found.value)
        hits += found.low <= truth <= found.high
        assert 45 == found.n
    error = np.std(values) / np.sqrt(len(values))

    assert abs(np.mean(values) - truth) < 3.5 * error + 0.002  # known parts hold no near-duplicates
    assert hits >= 0.93 * 300


def test_a_third_has_equal_shares_of_predicted_labels_and_a_third_is_random():
    data, soft, *_ = rare_pool()
    data = data.drop(columns="text")  # near-duplicates would shift the shares a little
    frame = lb.select(data, soft=soft, n=60, rng=0).to_frame()
    counts = frame["stratum"].value_counts()
    by_label = frame[frame["stratum"] == "margin by label"]
    predicted = soft.of_samples(by_label.index).to_labels().value_counts()

    assert {"random": 20, "margin by label": 20, "margin": 20} == counts.to_dict()
    assert abs(predicted["ham"] - predicted["spam"]) <= 2
    assert by_label["propensity"].between(0, 1, inclusive="right").all()
    np.testing.assert_allclose(frame["propensity"][frame["stratum"] == "random"], 20 / 600)


@pytest.mark.parametrize(
    ("share", "n_gold", "n_other", "is_rare"),
    [
        (0.24, 0, 0, True),
        (0.24, 100, 100, True),
        (0.26, 0, 0, False),
        (0.26, 9, 30, False),
        (0.26, 9, 31, True),
        (0.26, 10, 400, False),
    ],
)
def test_when_a_label_is_rare(share, n_gold, n_other, is_rare):
    n = 100
    spam = round(share * n)
    array = np.array([[0.0, 1.0]] * spam + [[1.0, 0.0]] * (n - spam))
    posterior = lb.SoftLabels(array, pd.RangeIndex(n), SCHEMA, [True] * n)

    assert is_rare == bool(rare_labels(posterior, np.array([n_other, n_gold])))


def test_a_label_that_nothing_predicts_does_not_count():
    schema = lb.LabelSchema(["ham", "spam", "eggs"])
    ids = pd.RangeIndex(4)
    posterior = lb.SoftLabels([[0.5, 0.4, 0.1], [0.4, 0.5, 0.1]] * 2, ids, schema, [True] * 4)

    assert () == rare_labels(posterior)


def test_gold_labels_show_that_a_label_is_rare():
    """The posterior finds 40 % spam, and of 40 labels that people gave 5 are spam."""
    n = 200
    array = np.array([[0.1, 0.9]] * 80 + [[0.9, 0.1]] * 120)
    data = pd.DataFrame(index=range(n))
    posterior = lb.SoftLabels(array, data.index, SCHEMA, [True] * n)
    gold = pd.Series(["spam"] * 5 + ["ham"] * 35)
    strata = [
        set(lb.select(data, soft=posterior, gold=known, n=9, rng=0).to_frame()["stratum"])
        for known in (None, gold[:39], gold)
    ]

    assert {"random", "margin"} == strata[0] == strata[1]
    assert "margin by label" in strata[2]


def test_labeling_functions_are_measured_without_bias():
    data, soft, gold, votes = rare_pool(300)
    truth = [
        (votes.to_frame()[name].dropna() == gold[votes.to_frame()[name].dropna().index]).mean()
        for name in votes.voters
    ]
    found = []
    for seed in range(300):
        batch = lb.select(data, votes=votes, soft=soft, n=40, strategy="lf_audit", rng=seed)
        table = lf_accuracy(votes, gold[batch.sample_ids], [batch])
        found.append(table["accuracy"].to_numpy())
    error = np.nanstd(found, axis=0) / np.sqrt(300)

    np.testing.assert_array_less(np.abs(np.nanmean(found, axis=0) - truth), 3.5 * error + 0.01)


def test_samples_without_votes_are_in_no_audit_of_labeling_functions():
    data, soft, _, votes = rare_pool(300)
    batch = lb.select(data, votes=votes, soft=soft, n=40, strategy="lf_audit", rng=0)

    assert votes.of_samples(batch.sample_ids).covered.all()
    assert 40 == len(batch)


def test_more_is_asked_about_an_unsure_labeling_function():
    n = 1000
    array = np.full((n, 2), -1)
    array[:500, 0], array[500:, 1] = 1, 1
    votes = lb.Votes.from_array(array, schema=SCHEMA)
    shares = np.array([[0.05, 0.95]] * 500 + [[0.5, 0.5]] * 500)
    soft = lb.SoftLabels(shares, votes.sample_ids, SCHEMA, [True] * n)
    ids = lb.select(
        pd.DataFrame(index=range(n)), votes=votes, soft=soft, n=60, strategy="lf_audit", rng=0
    ).sample_ids
    expected = 60 * 0.5 / (0.5 + np.sqrt(0.05 * 0.95))  # Neyman's share of the second one

    assert abs((ids >= 500).sum() - expected) < 9


def test_without_an_audit_sample_the_accuracy_is_undefined():
    _, soft, gold, _ = rare_pool(50)
    found = label_accuracy(soft, gold, [lb.Batch(pd.DataFrame(index=gold.index[:5]))])

    assert 0 == found.n
    assert "no sample drawn at random" in str(found)


def simple_sample(soft, gold, n, of=None):
    """Return the accuracy by the first n samples of all, or of the first `of`, drawn at random."""
    ids = gold.index[:n]
    propensity = n / (of or len(gold))
    batch = lb.Batch(pd.DataFrame({"stratum": AUDIT_STRATA[0], "propensity": propensity}, ids))
    return label_accuracy(soft, gold[ids], [batch])


def test_one_simple_random_sample_of_many_has_the_interval_of_wilson():
    from labeling.records.estimates import proportion

    _, soft, gold, _ = rare_pool(20_000)
    right = int((soft.of_samples(gold.index[:20]).to_labels() == gold[:20]).sum())
    found, expected = simple_sample(soft, gold, 20), proportion(right, 20)

    np.testing.assert_allclose(
        (found.value, found.low, found.high),
        (expected.value, expected.low, expected.high),
        rtol=1e-3,
    )


def test_half_of_all_samples_have_the_interval_of_twice_as_many():
    from labeling.query.audit import wilson

    _, soft, gold, _ = rare_pool(200)
    found = simple_sample(soft, gold, 100)

    np.testing.assert_allclose((found.low, found.high), wilson(found.value, 200))


def test_the_accuracy_is_known_exactly_where_all_samples_have_a_gold_label():
    _, soft, gold, _ = rare_pool(100)
    truth = (soft.to_labels() == gold).mean()
    found = simple_sample(soft, gold, 100)

    assert 0 < truth < 1
    np.testing.assert_allclose((found.value, found.low, found.high), truth, atol=1e-9)
    assert 100 == found.n


def test_a_census_in_two_batches_is_exact_too():
    """The second batch is drawn from the rest with certainty."""
    _, soft, gold, _ = rare_pool(100)
    ids = gold.index
    batches = [
        lb.Batch(pd.DataFrame({"stratum": AUDIT_STRATA[0], "propensity": p}, index=part))
        for p, part in ((0.4, ids[:40]), (1.0, ids[40:]))
    ]
    truth = (soft.to_labels() == gold).mean()
    found = label_accuracy(soft, gold, batches)
    np.testing.assert_allclose((found.value, found.low, found.high), truth, atol=1e-9)

    unsettled = label_accuracy(soft, gold[10:], batches)
    assert unsettled.low < unsettled.value < unsettled.high
    late = label_accuracy(soft, gold[:90], batches)
    assert late.low < late.value < late.high


def test_samples_that_no_batch_could_draw_are_not_known():
    """A census of what there was, and as many samples were added since."""
    _, soft, gold, _ = rare_pool(200)
    found, half = simple_sample(soft, gold, 100, of=100), simple_sample(soft, gold, 100)

    np.testing.assert_allclose((found.low, found.high), (half.low, half.high))


@pytest.mark.parametrize("seed", range(2))
def test_the_interval_of_most_samples_is_narrow_and_holds_the_truth(seed):
    """By batches of halves until 80 % were asked."""
    data, soft, gold, _ = rare_pool(150, seed)
    data = data.drop(columns="text")
    truth = (soft.to_labels() == gold).mean()
    hits, widths = 0, []
    for draw in range(150):
        batches, asked = [], []
        for number in range(3):
            rng = np.random.default_rng([draw, number])
            batches.append(lb.select(data, soft=soft, gold=gold[asked], n=40, rng=rng))
            asked += batches[-1].sample_ids.tolist()
        found = label_accuracy(soft, gold[asked], batches)
        hits += found.low <= truth <= found.high
        widths.append(found.high - found.low)

    assert hits >= 0.93 * 150
    assert np.mean(widths) < 0.08  # 0.09 and 0.12 without it


def test_batches_are_made_of_a_table_of_choices():
    table = pd.DataFrame({"batch": [2, 1, 2], "stratum": "random", "propensity": 0.5}, list("abc"))

    assert [["b"], ["a", "c"]] == [batch.sample_ids.tolist() for batch in batches_of(table)]


def test_a_batch_that_is_given_twice_counts_once():
    ids = pd.RangeIndex(100)
    soft = lb.SoftLabels([[0.8, 0.2]] * 100, ids, lb.LabelSchema(["ham", "spam"]), [True] * 100)
    batch = lb.select(pd.DataFrame(index=ids), n=20, strategy="random", rng=0)
    gold = dict.fromkeys(batch.sample_ids[:12], "ham") | dict.fromkeys(
        batch.sample_ids[12:], "spam"
    )
    once, twice = (label_accuracy(soft, gold, [batch] * times) for times in (1, 2))

    assert once.n == 20
    assert once == twice


@pytest.mark.parametrize("as_given", [lambda batch: batch, lambda batch: batch.to_frame()])
def test_one_batch_must_be_in_a_list(as_given):
    soft = lb.SoftLabels([[0.8, 0.2]] * 4, range(4), lb.LabelSchema(["ham", "spam"]), [True] * 4)
    batch = lb.select(pd.DataFrame(index=range(4)), n=2, strategy="random", rng=0)
    for batches in (as_given(batch), [batch.to_frame()]):
        with pytest.raises(LabelingError, match="batches"):
            label_accuracy(soft, {}, batches)
