"""The adapter of Snorkel: the same numbers as Snorkel itself, and no side effects."""

import subprocess
import sys

import numpy as np
import pytest

import labeling as lb
from labeling.errors import LabelingError, MissingExtraError
from labeling.label_models import Snorkel
from tests.support.planted_votes import coins, made, simulated

AB = lb.LabelSchema(["a", "b"])


def test_snorkel_gives_its_own_probabilities(tmp_path, monkeypatch):
    """Fitted on what this model hands to it, Snorkel itself answers the same."""
    theirs = pytest.importorskip("snorkel.labeling.model", reason="Snorkel comes with [snorkel]")
    _, votes = simulated(coins([0.8, 0.7, 0.7, 0.6], k=3), balance=[0.5, 0.3, 0.2], n=500)
    balance = [0.5, 0.3, 0.2]
    model = Snorkel(n_epochs=300, lr=0.05, l2=0.01, optimizer="adam", seed=7)
    model.fit(votes, class_balance=balance)
    array = votes.to_array().astype(int)
    reference = theirs.LabelModel(cardinality=3, verbose=False)
    settings = {"n_epochs": 300, "lr": 0.05, "l2": 0.01, "optimizer": "adam", "seed": 7}
    reference.fit(array, class_balance=balance, progress_bar=False, **settings)
    covered = votes.covered
    expected = reference.predict_proba(array)[covered]
    answer = model.predict_proba(votes).to_array()
    np.testing.assert_allclose(answer[covered], expected, atol=1e-6)
    probabilities = reference.get_conditional_probs()[:, 1:]
    np.testing.assert_allclose(model.mu_, probabilities, atol=1e-6)

    model.save(tmp_path / "model")
    for name in ("snorkel", "snorkel.labeling.model", "torch"):
        monkeypatch.setitem(sys.modules, name, None)  # a saved model needs neither
    loaded = Snorkel.load(tmp_path / "model").predict_proba(votes).to_array()
    assert loaded.tobytes() == answer.tobytes()


@pytest.mark.parametrize("missing", ["torch", "snorkel.labeling.model"])
def test_without_its_package_snorkel_says_what_to_install(missing, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    if missing != "torch":
        pytest.importorskip("torch")
    _, votes = simulated(coins([0.8, 0.7, 0.7]), balance=[0.5, 0.5], n=50)
    with pytest.raises(MissingExtraError, match=r"pip install 'labeling\[snorkel\]'"):
        Snorkel().fit(votes)


def test_snorkel_asks_for_three_voters_and_tells_when_fewer_speak():
    votes = lb.Votes.from_array([[0, 0, -1], [1, 1, -1]], schema=AB, voters=["u", "v", "w"])
    with pytest.raises(LabelingError, match=r"at least 3 voters\. Got 2: use LabelModel"):
        made(Snorkel).fit(votes.of_voters(["u", "v"]))
    model = made(Snorkel).fit(votes)
    assert model.mu_[2].tolist() == [[1, 1], [1, 1]]
    assert any("1 of 3 voters never vote" in line for line in model.report_)
    assert any("it takes three" in line for line in model.report_)


def test_a_training_of_snorkel_that_diverges_is_an_error_and_leaves_the_random_state_alone():
    _, votes = simulated(coins([0.75] * 150, propensity=1.0), balance=[0.5, 0.5], n=500)
    made(Snorkel)  # skips where it is missing
    np.random.random()  # noqa: NPY002  # so that a state that is always set to the same would show
    state = str(np.random.get_state())  # noqa: NPY002
    with pytest.raises(LabelingError, match=r"diverged.*Lower `lr`, or set optimizer='adam'"):
        Snorkel(lr=0.1).fit(votes)
    assert str(np.random.get_state()) == state  # noqa: NPY002


def test_the_first_import_of_snorkel_draws_no_random_number_of_the_user():
    """Snorkel draws its default seed from NumPy's global state when it is imported."""
    made(Snorkel)
    code = """
import random
import numpy as np
import labeling as lb
votes = lb.Votes.from_array([[0, 0, 1], [1, 1, 1]], schema=lb.LabelSchema(["a", "b"]))
random.seed(1)
np.random.seed(1)
expected = random.getstate(), str(np.random.get_state())
lb.label_models.Snorkel().fit(votes)
assert (random.getstate(), str(np.random.get_state())) == expected
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
