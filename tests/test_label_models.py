"""What every label model promises, whatever its algorithm."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.errors import (
    DataError,
    GoldError,
    LabelingError,
    ModelFileError,
    NotFittedError,
    UnknownLabelError,
    VotesError,
)
from labeling.label_models import MODELS

# Random votes need not let EM come to rest, and the model rightly says so.
pytestmark = pytest.mark.filterwarnings("ignore:DawidSkene did not come to rest")
EVERY_MODEL = pytest.mark.parametrize("model", sorted(MODELS))
LABELS = ("b", "a", "d", "c")


@st.composite
def tables(draw, min_samples=1):
    """Random votes: some rows uncovered, some voters silent, ids and names in no order."""
    k, n, m = draw(st.integers(2, 4)), draw(st.integers(min_samples, 25)), draw(st.integers(1, 6))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    array = np.where(rng.random((n, m)) < rng.random(m), truth[:, None], rng.integers(0, k, (n, m)))
    array[rng.random((n, m)) < rng.random(m)] = lb.ABSTAIN
    return lb.Votes.from_array(
        array,
        schema=lb.LabelSchema(LABELS[:k]),
        sample_ids=[f"s{one}" for one in rng.permutation(n)],
        voters=[f"v{one}" for one in rng.permutation(m)],
    )


def some_gold(votes):
    """Gold labels for every third sample, chosen by its id."""
    known = [one for one in votes.sample_ids if int(one[1:]) % 3 == 0]
    return pd.Series([LABELS[int(one[1:]) % len(votes.schema)] for one in known], index=known)


def fitted(model, votes, gold=None):
    return MODELS[model]().fit(votes, gold=gold)


def answer(model, votes, gold=None):
    return fitted(model, votes, gold).predict_proba(votes).to_frame()


@EVERY_MODEL
@given(votes=tables(), with_gold=st.booleans())
def test_each_row_is_finite_and_sums_to_one_and_uncovered_rows_are_uniform(model, votes, with_gold):
    gold = some_gold(votes) if with_gold else None
    soft = fitted(model, votes, gold).predict_proba(votes)
    array = soft.to_array()
    assert np.isfinite(array).all()
    assert (array >= 0).all()
    np.testing.assert_allclose(array.sum(axis=1), 1, atol=1e-12)
    assert soft.covered.tolist() == (votes.to_array() >= 0).any(axis=1).tolist()
    assert (array[~soft.covered] == 1 / len(votes.schema)).all()
    assert soft.sample_ids.tolist() == votes.sample_ids.tolist()
    assert soft.schema == votes.schema


@EVERY_MODEL
@given(votes=tables(), with_gold=st.booleans(), data=st.data())
def test_the_order_of_samples_voters_and_labels_changes_no_value(model, votes, with_gold, data):
    labels = data.draw(st.permutations(votes.schema.labels))
    rows = data.draw(st.permutations(votes.sample_ids.tolist()))
    moved = votes.of_samples(rows).of_voters(data.draw(st.permutations(votes.voters)))
    code = np.array([*(labels.index(label) for label in votes.schema), lb.ABSTAIN])
    turned = lb.Votes.from_array(
        code[moved.to_array()],
        schema=lb.LabelSchema(labels),
        sample_ids=moved.sample_ids,
        voters=moved.voters,
    )
    gold = some_gold(votes) if with_gold else None
    expected, actual = answer(model, votes, gold), answer(model, turned, gold)
    same = actual.loc[expected.index, expected.columns]
    np.testing.assert_allclose(same, expected, rtol=0, atol=1e-9)


@EVERY_MODEL
@given(votes=tables(), name=st.sampled_from(["a", "v0 and more", "z"]))
def test_a_voter_who_never_speaks_changes_nothing(model, votes, name):
    silent = np.full((len(votes.sample_ids), 1), lb.ABSTAIN)
    more = lb.Votes.from_array(
        np.hstack([votes.to_array(), silent]),
        schema=votes.schema,
        sample_ids=votes.sample_ids,
        voters=[*votes.voters, name],
    )
    np.testing.assert_allclose(answer(model, more), answer(model, votes), rtol=0, atol=1e-9)


@EVERY_MODEL
@given(votes=tables(), with_gold=st.booleans())
def test_fitting_twice_gives_the_same_bytes_and_leaves_its_input_alone(model, votes, with_gold):
    gold = some_gold(votes) if with_gold else None
    before = votes.to_array().tobytes(), None if gold is None else gold.copy()
    state = np.random.get_state()[1].tobytes()  # noqa: NPY002  # it must not be touched
    once = fitted(model, votes, gold)
    first = once.predict_proba(votes).to_array().tobytes()
    assert fitted(model, votes, gold).predict_proba(votes).to_array().tobytes() == first
    assert once.fit(votes, gold=gold).predict_proba(votes).to_array().tobytes() == first
    assert votes.to_array().tobytes() == before[0]
    assert gold is None or gold.equals(before[1])
    assert np.random.get_state()[1].tobytes() == state  # noqa: NPY002


@EVERY_MODEL
@given(votes=tables(min_samples=4))
def test_a_model_fitted_on_some_samples_answers_for_the_others_one_by_one(model, votes):
    half = len(votes.sample_ids) // 2
    known = fitted(model, votes.of_samples(votes.sample_ids[:half]))
    rest = votes.of_samples(votes.sample_ids[half:])
    together = known.predict_proba(rest).to_array()
    alone = [known.predict_proba(rest.of_samples([one])).to_array()[0] for one in rest.sample_ids]
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-12)


@EVERY_MODEL
@settings(max_examples=15)
@given(votes=tables(), with_gold=st.booleans())
def test_a_saved_model_gives_the_same_bytes_when_it_is_loaded(model, votes, with_gold, tmp_path):
    known = fitted(model, votes, some_gold(votes) if with_gold else None)
    known.save(tmp_path / "model")
    back = MODELS[model].load(tmp_path / "model")
    expected = known.predict_proba(votes).to_array().tobytes()
    assert back.predict_proba(votes).to_array().tobytes() == expected
    assert (back.voters_, back.labels_, back.report_) == (
        *(known.voters_, known.labels_),
        known.report_,
    )
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@EVERY_MODEL
@given(votes=tables())
def test_predicting_in_another_order_of_labels_and_voters_gives_the_same_values(model, votes):
    labels = votes.schema.labels[::-1]
    code = np.array([*(labels.index(label) for label in votes.schema), lb.ABSTAIN])
    turned = lb.Votes.from_array(
        code[votes.to_array()[:, ::-1]],
        schema=lb.LabelSchema(labels),
        sample_ids=votes.sample_ids,
        voters=votes.voters[::-1],
    )
    known = fitted(model, votes)
    expected = known.predict_proba(votes).to_frame()
    actual = known.predict_proba(turned).to_frame()
    assert actual.columns.tolist() == list(labels)
    np.testing.assert_allclose(actual[expected.columns], expected, rtol=0, atol=1e-12)


@EVERY_MODEL
def test_gold_is_never_copied_into_the_answer(model, schema):
    """Two samples with equal votes get equal probabilities, whatever gold says of one."""
    votes = lb.Votes.from_array([[1, 1, 1], [1, 1, 1], [0, 0, 0], [-1, -1, -1]] * 5, schema=schema)
    soft = fitted(model, votes, pd.Series({0: "ham", 3: "spam"})).predict_proba(votes)
    assert soft.to_array()[0].tolist() == soft.to_array()[1].tolist()
    assert soft.to_array()[3].tolist() == [0.5, 0.5]
    assert not soft.covered[3]


VOTES = lb.Votes.from_array(
    [[0, 0, -1], [1, 1, 0], [-1, -1, -1]] * 4,
    schema=lb.LabelSchema(["ham", "spam"]),
    voters=["ann", "bob", "cem"],
)


@EVERY_MODEL
def test_a_model_that_was_not_fitted_says_so(model, tmp_path):
    with pytest.raises(NotFittedError, match="not fitted yet; call fit"):
        MODELS[model]().predict_proba(VOTES)
    with pytest.raises(NotFittedError, match="nothing to save"):
        MODELS[model]().save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@EVERY_MODEL
@pytest.mark.parametrize(
    ("votes", "options", "error", "message"),
    [
        (VOTES.to_array(), {}, LabelingError, "must be of type Votes. Got a ndarray"),
        (VOTES.of_voters([]), {}, LabelingError, "at least one voter"),
        (VOTES, {"gold": {99: "ham"}}, DataError, "1 of 1 ids of the gold labels.*: 99"),
        (VOTES, {"gold": {0: "hma"}}, UnknownLabelError, "In the gold labels.*mean 'ham'"),
        (VOTES, {"gold": {0: None}}, GoldError, "must not be missing"),
        (VOTES, {"class_balance": [0.9, 0.9]}, GoldError, "shares must sum to 1"),
    ],
)
def test_votes_gold_and_balance_that_cannot_be_used_are_refused(
    model, votes, options, error, message
):
    with pytest.raises(error, match=message):
        MODELS[model]().fit(votes, **options)


@EVERY_MODEL
def test_a_model_answers_only_for_the_labels_and_voters_it_knows(model, schema):
    known = fitted(model, VOTES)
    other = lb.Votes.from_array([[0]], schema=lb.LabelSchema(["ham", "eggs"]), voters=["ann"])
    with pytest.raises(LabelingError, match=r"fitted on: 'ham', 'spam'\. Got 'ham', 'eggs'"):
        known.predict_proba(other)
    stranger = lb.Votes.from_array([[0]], schema=schema, voters=["anm"])
    if model == "majority_vote":  # it learns nothing of voters, and counts them all
        assert known.predict_proba(stranger).to_array().tolist() == [[1, 0]]
    else:
        with pytest.raises(VotesError, match=r"does not know 'anm'\. Did you mean 'ann'\?"):
            known.predict_proba(stranger)


@EVERY_MODEL
def test_a_known_voter_may_be_absent_and_there_may_be_no_samples(model):
    known = fitted(model, VOTES)
    silent = lb.Votes.from_array(
        np.where([[True, True, False]], VOTES.to_array(), lb.ABSTAIN),
        schema=VOTES.schema,
        voters=VOTES.voters,
    )
    absent = known.predict_proba(VOTES.of_voters(["bob", "ann"]))
    np.testing.assert_allclose(
        absent.to_array(), known.predict_proba(silent).to_array(), rtol=0, atol=1e-12
    )
    none = VOTES.of_samples([])
    assert known.predict_proba(none).to_array().shape == (0, 2)
    assert fitted(model, none).predict_proba(VOTES).covered.tolist() == VOTES.covered.tolist()


@EVERY_MODEL
def test_a_file_that_is_no_saved_model_is_refused(model, tmp_path):
    path = tmp_path / "model"
    fitted(model, VOTES).save(path)
    whole = path.read_bytes()
    other = next(name for name in sorted(MODELS) if name != model)
    with pytest.raises(ModelFileError, match=f"must hold a {MODELS[other].__name__}"):
        MODELS[other].load(path)
    for content in (whole[: len(whole) // 2], b"", b"text", b"PK\x03\x04"):
        path.write_bytes(content)
        with pytest.raises(ModelFileError, match="is no saved label model"):
            MODELS[model].load(path)
    for about in ("no JSON", json.dumps([1]), json.dumps({"format": 99})):
        np.savez(tmp_path / "m.npz", about=np.array(about))
        with pytest.raises(ModelFileError):
            MODELS[model].load(tmp_path / "m.npz")
    np.savez(tmp_path / "m.npz", about=np.array([{"format": 1}], dtype=object))
    with pytest.raises(ModelFileError, match="allow_pickle"):
        MODELS[model].load(tmp_path / "m.npz")
    np.save(tmp_path / "m.npy", np.zeros(3))
    with pytest.raises(ModelFileError):
        MODELS[model].load(tmp_path / "m.npy")
    with pytest.raises(ModelFileError, match="No such file"):
        MODELS[model].load(tmp_path / "nowhere")
