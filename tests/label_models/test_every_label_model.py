"""What every label model promises, whatever its algorithm."""

import inspect
import json
import random
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
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

# Random votes need not let a model come to rest, and it rightly says so.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:\w+ did not come to rest"),
    pytest.mark.filterwarnings("ignore:LabelModel does not use class_balance"),
]
EVERY_MODEL = pytest.mark.parametrize("model", sorted(MODELS))
LABELS = ("b", "a", "d", "c")
# What is promised does not depend on these.
CHEAP = {"snorkel": {"n_epochs": 10}, "matrix_completion": {"steps": 50}}
LEAST_VOTERS = {"snorkel": 3}


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


def some_balance(votes):
    """A class balance that names the labels."""
    shares = {label: 1.0 + LABELS.index(label) for label in votes.schema}
    return {label: share / sum(shares.values()) for label, share in shares.items()}


def fitted(model, votes, gold=None, class_balance=None):
    """A fitted model; where it needs more voters than there are, hypothesis looks for others."""
    if model == "snorkel":
        pytest.importorskip("snorkel.labeling.model", reason="Snorkel comes with [snorkel]")
    if len(votes.voters) < LEAST_VOTERS.get(model, 0):
        assume(False)
    made = MODELS[model](**CHEAP.get(model, {}))
    return made.fit(votes, gold=gold, class_balance=class_balance)


def answer(model, votes, gold=None, class_balance=None):
    return fitted(model, votes, gold, class_balance).predict_proba(votes).to_frame()


def random_states():
    """The global random states that belong to the user."""
    torch = sys.modules.get("torch")
    return (
        random.getstate(),
        str(np.random.get_state()),  # noqa: NPY002  # it must not be touched
        torch.get_rng_state().numpy().tobytes() if torch else b"",
    )


@EVERY_MODEL
@given(votes=tables(), with_gold=st.booleans(), with_balance=st.booleans())
def test_each_row_is_finite_and_sums_to_one_and_uncovered_rows_are_uniform(
    model, votes, with_gold, with_balance
):
    gold = some_gold(votes) if with_gold else None
    balance = some_balance(votes) if with_balance else None
    soft = fitted(model, votes, gold, balance).predict_proba(votes)
    array = soft.to_array()
    assert np.isfinite(array).all()
    assert (array >= 0).all()
    np.testing.assert_allclose(array.sum(axis=1), 1, atol=1e-12)
    assert soft.covered.tolist() == (votes.to_array() >= 0).any(axis=1).tolist()
    assert (array[~soft.covered] == 1 / len(votes.schema)).all()
    assert soft.sample_ids.tolist() == votes.sample_ids.tolist()
    assert soft.schema == votes.schema


@EVERY_MODEL
@given(votes=tables(), with_gold=st.booleans(), with_balance=st.booleans(), data=st.data())
def test_the_order_of_samples_voters_and_labels_changes_no_value(
    model, votes, with_gold, with_balance, data
):
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
    balance = some_balance(votes) if with_balance else None
    expected = answer(model, votes, gold, balance)
    actual = answer(model, turned, gold, balance)
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
    once = fitted(model, votes, gold)  # it may import torch, whose state belongs to the rest
    random.random()  # so that a state that is always set to the same would show
    np.random.random()  # noqa: NPY002
    state = random_states()
    first = once.predict_proba(votes).to_array().tobytes()
    assert fitted(model, votes, gold).predict_proba(votes).to_array().tobytes() == first
    assert once.fit(votes, gold=gold).predict_proba(votes).to_array().tobytes() == first
    assert votes.to_array().tobytes() == before[0]
    assert gold is None or gold.equals(before[1])
    assert random_states() == state


@EVERY_MODEL
@given(votes=tables(min_samples=4))
def test_a_model_fitted_on_some_samples_answers_for_the_others_one_by_one(model, votes):
    half = len(votes.sample_ids) // 2
    part = votes.of_samples(votes.sample_ids[:half])
    known = fitted(model, part, some_gold(part))
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
def test_settings_have_defaults_and_stand_unchanged_in_attributes(model):
    settings = {
        name: one.default
        for name, one in inspect.signature(MODELS[model]).parameters.items()
        if one.kind is inspect.Parameter.KEYWORD_ONLY
    }
    made = MODELS[model]()
    assert vars(made) == settings
    changed = {name: [name] for name in settings}  # not checked before it is fitted
    assert vars(MODELS[model](**changed)) == changed
    known = fitted(model, VOTES)
    assert {name: vars(known)[name] for name in settings} == settings | CHEAP.get(model, {})
    learned = set(vars(known)) - set(settings)
    assert {name for name in learned if not name.endswith("_")} == set()


@EVERY_MODEL
def test_the_report_says_in_sentences_what_was_done(model):
    report = fitted(model, VOTES, {0: "ham"}).report_
    assert report
    for line in report:
        assert line == line.strip()
        assert line[0].isupper() or line[0].isdigit()
        assert line.endswith(".")


BAD_SETTINGS = [
    ("data_programming", "smoothing", 0, "a number above 0"),
    ("data_programming", "steps", 1.5, "a whole number from 1"),
    ("data_programming", "tolerance", -1, "a number above 0"),
    ("flying_squid", "least", -1, "a number from 0"),
    ("flying_squid", "least", "few", "a number from 0"),
    ("flying_squid", "prior_accuracy", 0.5, "a number above 0.5 and below 1"),
    ("matrix_completion", "prior_accuracy", 1, "a number above 0.5 and below 1"),
    ("matrix_completion", "prior_samples", float("nan"), "a number from 0"),
    ("matrix_completion", "prior_share", -1, "a number from 0"),
    ("matrix_completion", "steps", True, "a whole number from 1"),
    ("snorkel", "n_epochs", 0, "a whole number from 1"),
    ("snorkel", "lr", 0, "a number above 0"),
    ("snorkel", "l2", -0.1, "a number from 0"),
    ("snorkel", "optimizer", "lbfgs", "one of 'adam', 'adamax', 'sgd'"),
    ("snorkel", "prec_init", 1.5, "a number above 0 and at most 1"),
    ("snorkel", "mu_eps", 0.5, "a number above 0 and below 0.5"),
    ("snorkel", "seed", -1, "a whole number from 0"),
    ("snorkel", "seed", None, "a whole number from 0"),
    ("weighted_vote", "prior_accuracy", 0.5, "a number above 0.5 and below 1"),
    ("weighted_vote", "prior_votes", 0, "a number above 0"),
    ("weighted_vote", "weights", [1, 2], "a dict from a voter's name"),
    ("weighted_vote", "weights", {"ann": float("inf")}, "a dict from a voter's name"),
]


@pytest.mark.parametrize(("model", "name", "value", "must"), BAD_SETTINGS)
def test_settings_that_cannot_be_are_refused_when_it_is_fitted(model, name, value, must):
    made = MODELS[model](**{name: value})
    expected = f"`{name}` of {MODELS[model].__name__} must be {must}"
    with pytest.raises(LabelingError) as error:
        made.fit(VOTES)
    assert expected in str(error.value)
    assert f"Got {value!r}" in str(error.value)


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
