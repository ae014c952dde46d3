"""Samples with spans or sets of labels: half at random, and those with the most to be learned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import LabelingError
from labeling.query import SET_STRATEGIES, SPAN_STRATEGIES

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger", "love"], kind="several")
N = 60


def texts(n: int = N) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    words = [f"word{number}" for number in range(30)]
    rows = [" ".join(rng.choice(words, rng.integers(4, 20))) for _ in range(n)]
    return pd.DataFrame({"text": rows}, index=[f"s{number}" for number in range(n)])


DATA = texts()


def soft_spans(data: pd.DataFrame = DATA, swap: bool = False) -> lb.SoftSpans:
    """Return candidates of three samples of four; the i-th has i % 4 of them."""
    rng = np.random.default_rng(2)
    array, sample = [], []
    for row in range(len(DATA)):
        p = rng.dirichlet([1, 1, 1], size=row % 4)
        if DATA.index[row] in data.index:
            array.append(p[:, [1, 0, 2]] if swap else p)
            sample += [data.index.get_loc(DATA.index[row])] * len(p)
    stacked, order = np.concatenate(array), np.argsort(sample, kind="stable")
    start = np.arange(len(sample)) * 3
    is_covered = np.zeros(len(data), dtype=bool)
    is_covered[sample] = True
    schema = lb.LabelSchema(["ORG", "PER"], kind="spans") if swap else SPANS
    rows = np.array(sample)[order]
    chosen = np.zeros(len(rows), dtype=bool)
    return lb.SoftSpans(
        stacked[order], rows, start, start + 2, chosen, data.index, schema, is_covered
    )


def soft_sets(data: pd.DataFrame = DATA) -> lb.SoftSets:
    rng = np.random.default_rng(3)
    p = pd.DataFrame(rng.beta(1, [1, 3, 9], size=(N, 3)), index=DATA.index).loc[data.index]
    is_covered = np.repeat([[int(name[1:]) % 3 > 0] for name in data.index], 3, axis=1)
    return lb.SoftSets(p.to_numpy(), data.index, SETS, is_covered, p.to_numpy() > 0.5)


GIVEN = {"spans": soft_spans, "sets": soft_sets}
CASES = [("spans", name) for name in SPAN_STRATEGIES] + [("sets", name) for name in SET_STRATEGIES]


@pytest.mark.parametrize(("kind", "strategy"), CASES)
@settings(max_examples=15)
@given(n=st.integers(1, 80), taken=st.sets(st.sampled_from(DATA.index.tolist())))
def test_exactly_n_different_eligible_samples_come_back(kind, strategy, n, taken):
    soft = GIVEN[kind]()
    batch = lb.select(DATA, soft=soft, n=n, strategy=strategy, rng=0, exclude=taken)
    frame = batch.to_frame()
    assert len(frame) == min(n, N - len(taken))
    assert frame.index.is_unique
    assert not taken & set(frame.index)
    assert frame["score"].dropna().between(0, 1).all()


@pytest.mark.parametrize(("kind", "strategy"), CASES)
@pytest.mark.parametrize("with_end", [False, True])
def test_the_order_of_rows_does_not_matter(kind, strategy, with_end):
    turned = DATA.iloc[::-1]

    def chosen(data: pd.DataFrame) -> pd.DataFrame:
        soft = GIVEN[kind](data)
        given = {"soft": soft, **({"end": soft} if with_end else {})}
        return lb.select(data, n=20, strategy=strategy, rng=5, **given).to_frame()

    pd.testing.assert_frame_equal(chosen(DATA), chosen(turned))


def test_half_is_random_and_a_share_is_of_samples_nobody_voted_on():
    """A quarter has no candidate: a quarter of the half is theirs."""
    frame = lb.select(DATA, soft=soft_spans(), n=24, rng=0).to_frame()
    assert frame["stratum"].value_counts().to_dict() == {"random": 12, "entropy": 9, "uncovered": 3}
    random = frame[frame["stratum"] == "random"]
    assert (random["propensity"] == 12 / N).all()
    assert frame.loc[frame["stratum"] != "random", "propensity"].isna().all()
    silent = frame[frame["stratum"] == "uncovered"]
    assert all(int(name[1:]) % 4 == 0 for name in silent.index)
    assert set(silent["reason"]) == {"no voter said anything of it"}


def test_the_highest_sum_of_entropies_comes_first_and_says_why():
    soft = soft_spans()
    frame = lb.select(DATA, soft=soft, n=5, strategy="entropy", rng=0).to_frame()
    p = np.clip(soft.array, 1e-300, 1)
    entropy = np.bincount(soft.sample, -(p * np.log(p)).sum(axis=1), minlength=N)
    best = np.argsort(-entropy)[:5]
    assert frame.index.tolist() == DATA.index[best].tolist()
    assert frame["score"].tolist() == pytest.approx((entropy[best] / entropy.max()).tolist())
    wrong = (1 - soft.array.max(axis=1))[soft.sample == best[0]].sum()
    expected = f"{wrong:.1f} errors are expected among 3 candidate spans"
    assert frame["reason"].iloc[0] == expected


def test_by_word_long_texts_must_be_worth_their_reading():
    soft = soft_spans()
    by_word = lb.select(DATA, soft=soft, n=15, strategy="entropy_per_word", rng=0)
    by_sample = lb.select(DATA, soft=soft, n=15, strategy="entropy", rng=0)
    lengths = DATA["text"].str.split().str.len()
    assert lengths[by_word.sample_ids].mean() < lengths[by_sample.sample_ids].mean()
    assert by_word.to_frame()["reason"].str.contains(r", by \d+ words to read").all()
    with pytest.raises(LabelingError, match="needs texts"):
        lb.select(DATA[[]], soft=soft, n=5, strategy="entropy_per_word", rng=0)


def test_labels_by_another_order_choose_the_same():
    first, second = (
        lb.select(DATA, soft=soft_spans(swap=swap), n=20, rng=0).to_frame()
        for swap in (False, True)
    )
    pd.testing.assert_frame_equal(first, second)


def test_a_rare_label_weighs_more_and_is_named():
    """Both samples are unsure of one label: the one of the rare label comes first."""
    p = np.full((N, 3), 0.999)
    p[:, 0] = 0.001  # joy is rare, love and anger nearly everywhere
    p[3, 0], p[7, 1] = 0.5, 0.5
    ones = np.ones((N, 3), dtype=bool)
    soft = lb.SoftSets(p, DATA.index, SETS, ones, p > 0.5)
    frame = lb.select(DATA, soft=soft, n=2, strategy="entropy", rng=0).to_frame()
    assert frame.index.tolist() == ["s3", "s7"]
    assert frame["reason"].tolist() == [
        "most unsure of the label 'joy', with a probability of 0.50",
        "most unsure of the label 'anger', with a probability of 0.50",
    ]


def test_sets_are_spread_over_labels():
    p = np.full((N, 3), 0.001)
    p[:20, 0] = 0.5
    p[20:24, 1] = 0.499
    ones = np.ones((N, 3), dtype=bool)
    soft = lb.SoftSets(p, DATA.index, SETS, ones, p > 0.6)
    frame = lb.select(DATA, soft=soft, n=5, strategy="entropy", rng=0).to_frame()
    named = frame["reason"].str.extract("'(.*)'")[0]
    assert named.value_counts().to_dict() == {"anger": 3, "joy": 2}


def test_votes_alone_choose_at_random_or_what_nobody_voted_on():
    marks = pd.DataFrame(
        {"sample": ["s1", "s2"], "voter": "lf", "start": 0, "end": 4, "label": "PER"}
    )
    votes = lb.SpanVotes.from_frame(marks, schema=SPANS, sample_ids=DATA.index)
    assert set(lb.select(DATA, votes=votes, n=5, rng=0).frame["stratum"]) == {"random"}
    batch = lb.select(DATA, votes=votes, n=N - 2, strategy="uncovered", rng=0)
    assert not {"s1", "s2"} & set(batch.sample_ids)
    with pytest.raises(LabelingError, match="'entropy' needs probabilities: give `soft`"):
        lb.select(DATA, votes=votes, n=5, strategy="entropy", rng=0)


def test_gold_spans_and_their_near_duplicates_are_not_asked_again():
    data = DATA.assign(text=["the same text"] * 2 + DATA["text"].tolist()[2:])
    gold = {"s0": [(0, 3, "PER")]}
    frame = lb.select(data, soft=soft_spans(), gold=gold, n=N, rng=0).to_frame()
    assert "s0" not in frame.index
    assert frame.index[frame["stratum"] == "near-duplicate"].tolist() == ["s1"]


def test_what_does_not_fit_names_what_does():
    with pytest.raises(LabelingError, match="must be SpanVotes and SoftSpans together"):
        lb.select(DATA, soft=soft_spans(), end=soft_sets(), n=5, rng=0)
    with pytest.raises(LabelingError, match="strategy for SoftSets must be one of 'mixture'"):
        lb.select(DATA, soft=soft_sets(), n=5, strategy="margin", rng=0)
    with pytest.raises(LabelingError, match="'mixture_per_word' is for spans"):
        lb.select(DATA, n=5, strategy="mixture_per_word", rng=0)
