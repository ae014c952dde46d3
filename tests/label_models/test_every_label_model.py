"""The contract of every label model, whatever its algorithm."""

import functools
import inspect
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

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
from labeling.testing import AGGREGATOR_CHECKS, check_aggregator, run_check

# On random votes a model need not converge, and it rightly says so.
pytestmark = [
    pytest.mark.filterwarnings(r"ignore:\w+ did not converge"),
    pytest.mark.filterwarnings("ignore:LabelModel does not use class_balance"),
]
EVERY_MODEL = pytest.mark.parametrize("model", sorted(MODELS))
# What is promised does not depend on these.
CHEAP = {"snorkel": {"n_epochs": 10}, "matrix_completion": {"steps": 50}}
MIN_VOTERS = {"snorkel": 3}
N_CASES = {"snorkel": 10}  # an adapter, and slow to fit


def new_model(model):
    """Return a function that makes a new model, as `check_aggregator` takes it."""
    if model == "snorkel":
        pytest.importorskip("snorkel.labeling.model", reason="Snorkel comes with [snorkel]")
    return functools.partial(MODELS[model], **CHEAP.get(model, {}))


def fitted(model, votes, gold=None):
    return new_model(model)().fit(votes, gold=gold)


@EVERY_MODEL
@pytest.mark.parametrize("check", AGGREGATOR_CHECKS)
def test_a_label_model_keeps_the_contract(model, check):
    run_check(
        check,
        new_model(model),
        n_cases=N_CASES.get(model, 50),
        min_voters=MIN_VOTERS.get(model, 1),
    )


@EVERY_MODEL
def test_a_saved_model_keeps_its_names_and_its_report(model, tmp_path):
    known = fitted(model, VOTES, {0: "ham"})
    known.save(tmp_path / "model")
    back = MODELS[model].load(tmp_path / "model")
    assert (known.voters_, known.labels_, known.report_) == (
        back.voters_,
        back.labels_,
        back.report_,
    )


@EVERY_MODEL
def test_gold_is_never_copied_into_the_answer(model, schema):
    """Two samples with equal votes get equal probabilities, whatever gold says of one."""
    votes = lb.Votes.from_array([[1, 1, 1], [1, 1, 1], [0, 0, 0], [-1, -1, -1]] * 5, schema=schema)
    soft = fitted(model, votes, pd.Series({0: "ham", 3: "spam"})).predict_proba(votes)
    assert soft.to_array()[0].tolist() == soft.to_array()[1].tolist()
    assert soft.to_array()[3].tolist() == [0.5, 0.5]
    assert not soft.covered[3]


class Wrong(lb.label_models.MajorityVote):
    """Breaks one promise of the contract, by its setting."""

    def __init__(self, *, how):
        self.how = how

    def fit(self, votes, *, gold=None, class_balance=None):
        if self.how == "determinism":
            np.random.random()  # noqa: NPY002
        self.gold_ = {} if gold is None else dict(gold)
        return super().fit(votes, gold=gold, class_balance=class_balance)

    def predict_proba(self, votes):
        if self.how == "refusals":
            self.labels_ = tuple(sorted(votes.schema))
        soft = super().predict_proba(votes)
        array = soft.to_array().copy()
        rows = np.flatnonzero(soft.covered)
        if self.how == "order_at_fit":
            array = np.where(
                soft.covered[:, None], array * [1.5, *[1] * (array.shape[1] - 1)], array
            )
        if self.how == "silent_voter":
            array[rows] += len(votes.voters) * (votes.to_array()[rows] < 0).any(axis=1)[:, None]
        if self.how == "new_samples":
            array[rows] += len(rows)
        if self.how == "gold_is_not_copied":
            for row, sample_id in enumerate(votes.sample_ids):
                if sample_id in self.gold_ and soft.covered[row]:
                    array[row] = np.eye(array.shape[1])[soft.schema.index(self.gold_[sample_id])]
        array /= array.sum(axis=1, keepdims=True)
        return lb.SoftLabels(array, soft.sample_ids, soft.schema, soft.covered)

    @classmethod
    def load(cls, path):
        loaded = super().load(path)
        if loaded.how == "saving":
            loaded.how = "order_at_fit"
        return loaded


@pytest.mark.parametrize(
    "check",
    [
        "order_at_fit", "silent_voter", "determinism", "new_samples", "gold_is_not_copied",
        "refusals", "saving",
    ],
)  # fmt: skip
def test_a_model_that_breaks_a_promise_is_found(check):
    with pytest.raises(AssertionError) as error:
        run_check(check, functools.partial(Wrong, how=check), n_cases=50)

    assert f"In check {check!r}, case" in "".join(error.value.__notes__)
    with pytest.raises(AssertionError):
        check_aggregator(functools.partial(Wrong, how=check), n_cases=50)


def test_the_contract_needs_neither_pytest_nor_hypothesis():
    code = (
        "import sys; sys.modules |= {'pytest': None, 'hypothesis': None}\n"
        "from labeling.label_models import OneCoin\n"
        "from labeling.testing import check_aggregator\n"
        "check_aggregator(OneCoin, n_cases=3)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


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
        name: parameter.default
        for name, parameter in inspect.signature(MODELS[model]).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
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
    ("annotator_model", "steps", 0, "a whole number from 1"),
    ("annotator_model", "pseudo_votes", 0, "a number above 0"),
    ("annotator_model", "tolerance", 0, "a number above 0"),
    ("annotator_model", "tolerance", -1, "a number above 0"),
    ("dawid_skene", "steps", 0, "a whole number from 1"),
    ("dawid_skene", "tolerance", -1, "a number from 0"),
    ("dawid_skene", "right", 0, "a number above 0"),
    ("dawid_skene", "wrong", float("inf"), "a number above 0"),
    ("one_coin", "steps", 1.5, "a whole number from 1"),
    ("one_coin", "right", -1, "a number above 0"),
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
