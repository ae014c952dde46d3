"""Votes that are kept one by one say the same as the table of them, to the last bit."""

import pickle
import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import labeling as lb
from labeling.analysis import agreement, lf_summary
from labeling.analysis.pairwise import pairs_of
from labeling.errors import VotesError
from labeling.records import CastVotes

MODELS = (
    *(lb.label_models.MajorityVote, lb.label_models.OneCoin, lb.label_models.DawidSkene),
    *(lb.label_models.WeightedVote, lb.AnnotatorModel),
)


def schema_of(k):
    return lb.LabelSchema([f"label {(7 * code) % k}" for code in range(k)])


def both_forms(codes, k):
    """Return a table of votes, and the same votes kept one by one."""
    ids = pd.Index([f"s{row}" for row in range(len(codes))])
    names = [f"voter {(5 * column) % 11}/{column}" for column in range(codes.shape[1])]
    table = lb.Votes(codes, ids, names, schema_of(k))
    row, column = np.nonzero(codes >= 0)
    cast = CastVotes.of(row, column, table.array[row, column], codes.shape)
    return table, lb.Votes(cast, ids, names, schema_of(k))


@st.composite
def tables(draw):
    k = draw(st.sampled_from([2, 3, 130, 300]))
    shape = draw(st.tuples(st.integers(1, 12), st.integers(1, 9)))
    codes = st.one_of(st.just(-1), st.integers(-1, k - 1), st.sampled_from([-1, 0, 1]))
    return draw(arrays(np.int16, shape, elements=codes)), k


@given(tables())
@settings(max_examples=150, deadline=None)
def test_both_forms_hold_the_same(drawn):
    table, long = both_forms(*drawn)
    some = table.sample_ids[::-2]
    few = table.voters[::-2]

    assert long.long is not None
    assert table.long is None
    for left, right in (
        (table, long),
        (table.of_samples(some), long.of_samples(some)),
        (table.of_voters(few), long.of_voters(few)),
        (table[list(few)], long[list(few)]),
    ):
        assert left.array.dtype == right.array.dtype
        assert (left.array == right.array).all()
        assert (left.covered == right.covered).all()
        assert (left.label_counts() == right.label_counts()).all()
        assert left.n_cast == right.n_cast
        assert repr(left) == repr(right)
        pd.testing.assert_frame_equal(left.to_triples(), right.to_triples())
        pd.testing.assert_frame_equal(left.to_frame(), right.to_frame())
    assert (pickle.loads(pickle.dumps(long)).array == table.array).all()


@given(tables(), st.data())
@settings(max_examples=40, deadline=None)
def test_models_learn_the_same_of_both_forms(drawn, data):
    """To the last bit: the patterns that they learn from are the same, in the same order."""
    table, long = both_forms(*drawn)
    labels = st.sampled_from(table.schema.labels)
    gold = pd.Series(
        data.draw(st.dictionaries(st.sampled_from(list(table.sample_ids)), labels)), dtype=object
    )
    for make in MODELS if len(table.schema) < 100 else MODELS[:1]:
        one, other = make().fit(table, gold=gold), make().fit(long, gold=gold)

        assert one.report_ == other.report_
        for name in (name for name in vars(one) if name.endswith("_")):
            assert np.array_equal(getattr(one, name), getattr(other, name)), name
        soft = one.predict_proba(table).to_array()
        assert np.array_equal(soft, other.predict_proba(long).to_array())
        assert np.array_equal(soft, other.predict_proba(table).to_array())


@given(tables(), st.data())
@settings(max_examples=60, deadline=None)
def test_numbers_about_voters_are_the_same_of_both_forms(drawn, data):
    table, long = both_forms(*drawn)
    labels = st.sampled_from(table.schema.labels)
    gold = pd.Series(
        data.draw(st.dictionaries(st.sampled_from(list(table.sample_ids)), labels)), dtype=object
    )

    pd.testing.assert_frame_equal(lf_summary(table), lf_summary(long), check_dtype=False)
    pd.testing.assert_frame_equal(
        lf_summary(table, gold), lf_summary(long, gold), check_dtype=False
    )
    pd.testing.assert_frame_equal(pairs_of(table), pairs_of(long), check_dtype=False)


def test_agreement_is_the_same_of_both_forms():
    rng = np.random.default_rng(0)
    codes = np.where(rng.random((40, 9)) < 0.4, rng.integers(0, 3, (40, 9)), -1).astype(np.int8)
    table, long = both_forms(codes, 3)

    assert agreement(table) == agreement(long)


def crowd_of(people, samples, each=3):
    rng = np.random.default_rng(7)
    truth = rng.integers(0, 2, samples)
    sample = np.repeat(np.arange(samples), each)
    right = rng.random(len(sample)) < 0.8
    frame = pd.DataFrame(
        {
            "sample": sample,
            "voter": [f"p{one}" for one in rng.integers(0, people, len(sample))],
            "label": np.where(right, truth[sample], 1 - truth[sample]),
        }
    )
    return frame.drop_duplicates(["sample", "voter"]), truth


@pytest.mark.slow
def test_a_large_crowd_takes_little_time_and_memory():
    """20,000 people and 20,000 samples: as a table 400 MB, and minutes."""
    frame, truth = crowd_of(20_000, 20_000)
    schema = lb.LabelSchema(["ham", "spam"])
    lb.AnnotatorModel().fit(lb.Votes.from_triples(frame.head(50), schema=schema))  # imports
    tracemalloc.start()
    begun = time.process_time()
    votes = lb.Votes.from_triples(frame, schema=schema)
    of_votes = tracemalloc.get_traced_memory()[1]
    soft = lb.AnnotatorModel().fit(votes).predict_proba(votes)
    table = lf_summary(votes)
    told = agreement(votes)
    taken, peak = time.process_time() - begun, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert votes.long is not None
    assert of_votes < 30e6
    assert peak < 350e6
    assert taken < 60  # 3 s where nothing is traced and nobody else works
    assert (soft.to_array().argmax(axis=1) == truth).mean() > 0.85
    assert table["votes"].sum() == len(frame) == votes.n_cast
    assert told.n_samples > 19_000


def test_two_words_of_one_voter_are_refused_in_either_form():
    frame, _ = crowd_of(2_000, 2_000)
    schema = lb.LabelSchema(["ham", "spam"])
    again = pd.concat([frame, frame.iloc[[0]]])
    clash = pd.concat([frame, frame.iloc[[0]].assign(label=1 - frame["label"].iloc[0])])
    silent = pd.concat([frame, frame.iloc[[0]].assign(label=-1)])

    assert lb.Votes.from_triples(again, schema=schema).n_cast == len(frame)
    for wrong in (clash, silent):
        with pytest.raises(
            VotesError, match="has several different votes on 0, and 1 rows conflict"
        ):
            lb.Votes.from_triples(wrong, schema=schema)
    mute = frame.assign(label=-1)
    assert lb.Votes.from_triples(mute, schema=schema).n_cast == 0


# What a table of votes can be asked as any table can


def test_votes_are_asked_for_as_a_table_is():
    votes = lb.Votes.from_array(
        [[1, -1], [0, 1], [-1, -1]],
        schema=lb.LabelSchema(["ham", "spam"]),
        voters=["link", "short"],
    )

    assert len(votes) == 3
    assert list(votes) == ["link", "short"]
    assert "link" in votes
    assert "else" not in votes
    assert votes["link"].tolist() == ["spam", "ham", None]
    assert votes["link"].index.tolist() == [0, 1, 2]
    assert votes[["short"]].voters == ("short",)
    assert np.asarray(votes).tolist() == [[1, -1], [0, 1], [-1, -1]]
    assert np.array(votes, dtype=float).dtype == float
    assert np.shares_memory(np.asarray(votes), votes.array)
    with pytest.raises(VotesError, match=r"no voter 'lnik'.*Did you mean 'link'"):
        votes["lnik"]
    with pytest.raises(VotesError, match=r"by a voter's name.*Got 0; use .of_samples. for samples"):
        votes[0]
