"""Known results: simulated voters, and real votes with gold labels."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

import labeling as lb
from labeling.label_models import AnnotatorModel, DawidSkene, LabelModel, MajorityVote

# name → whether it is scored by F1 of class 1 (else by accuracy), as in the published comparison
REAL = {
    "youtube_merged": True,
    "imdb": True,
    "sms": True,
    "tennis": True,
    "trec_merged": False,
    "chemprot_merged": False,
}


def simulated(accuracies, *, n=2000, k=3, coverage=0.7, seed=0):
    """Independent voters of known accuracies: the true codes, and the votes."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    columns = []
    for accuracy in accuracies:
        wrong = (truth + rng.integers(1, k, n)) % k
        votes = np.where(rng.random(n) < accuracy, truth, wrong)
        columns.append(np.where(rng.random(n) < coverage, votes, lb.ABSTAIN))
    schema = lb.LabelSchema([f"label {code}" for code in range(k)])
    voters = [f"voter {place}" for place in range(len(accuracies))]
    return truth, lb.Votes.from_array(np.stack(columns, axis=1), schema=schema, voters=voters)


def expected_hits(soft):
    """The share of each label if ties are broken by chance: shape (n_samples, n_labels)."""
    winners = soft.winners()
    return winners / winners.sum(axis=1, keepdims=True)


def accuracy(model, votes, truth):
    hits = expected_hits(model.fit(votes).predict_proba(votes))
    covered = votes.covered
    return hits[np.arange(len(truth)), truth][covered].mean()


def test_majority_vote_gives_the_shares_of_the_votes():
    schema = lb.LabelSchema(["a", "b", "c"])
    array = [[0, 0, 1, 2], [1, -1, -1, -1], [0, 1, -1, -1], [-1, -1, -1, -1]]
    votes = lb.Votes.from_array(array, schema=schema)
    soft = MajorityVote().fit(votes).predict_proba(votes)
    third = 1 / 3
    expected = [[0.5, 0.25, 0.25], [0, 1, 0], [0.5, 0.5, 0], [third] * 3]
    assert soft.to_array().tolist() == expected
    assert soft.to_labels().tolist() == ["a", "b", None, None]


def test_dawid_skene_finds_each_voters_confusion_and_the_adversary():
    accuracies = [0.9, 0.8, 0.75, 0.7, 0.1]
    truth, votes = simulated(accuracies)
    model = DawidSkene().fit(votes)
    found = model.confusion_.diagonal(axis1=1, axis2=2).mean(axis=1)
    np.testing.assert_allclose(found, accuracies, atol=0.05)
    np.testing.assert_allclose(model.class_balance_, 1 / 3, atol=0.05)
    assert model.converged_
    assert accuracy(model, votes, truth) > accuracy(MajorityVote(), votes, truth) + 0.03


@pytest.mark.parametrize("bad", [0.1, 1 / 3])
def test_the_annotator_model_finds_the_bad_annotator_and_beats_the_majority(bad):
    accuracies = [0.85, 0.8, 0.75, 0.7, bad]
    truth, votes = simulated(accuracies, coverage=0.6)
    model = AnnotatorModel().fit(votes)
    assert model.voters_[int(model.skill_.argmin())] == "voter 4"
    np.testing.assert_allclose(model.skill_, accuracies, atol=0.07)
    assert accuracy(model, votes, truth) > accuracy(MajorityVote(), votes, truth) + 0.02


def test_gold_labels_turn_the_annotators_who_agree_on_what_is_wrong():
    """Two of three annotators swap the labels: only gold labels can tell who is right."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 400)
    noise = rng.random((400, 3)) < 0.1
    array = np.stack([truth, 1 - truth, 1 - truth], axis=1) ^ noise
    votes = lb.Votes.from_array(array, schema=lb.LabelSchema(["a", "b"]))
    gold = {int(row): int(truth[row]) for row in range(0, 400, 2)}
    for kind in (DawidSkene, AnnotatorModel, LabelModel):
        codes = kind().fit(votes, gold=gold).predict_proba(votes).codes()
        assert (codes == truth)[1::2].mean() > 0.85, kind
        assert (kind().fit(votes).predict_proba(votes).codes() == truth).mean() < 0.2, kind


@pytest.mark.parametrize("seed", range(3))
def test_the_label_model_beats_the_majority_where_accuracies_differ(seed):
    truth, votes = simulated([0.95, 0.6, 0.6, 0.55, 0.55, 0.55], k=2, seed=seed)
    assert accuracy(LabelModel(), votes, truth) > accuracy(MajorityVote(), votes, truth) + 0.03


def test_dawid_skene_uses_the_class_balance_it_is_given():
    _, votes = simulated([0.7, 0.6], k=2)
    model = DawidSkene().fit(votes, class_balance={"label 0": 0.9, "label 1": 0.1})
    assert model.class_balance_.tolist() == [0.9, 0.1]


def test_a_label_model_of_few_voters_obeys_a_class_balance():
    _, votes = simulated([0.8, 0.7, 0.6], k=2)
    model = LabelModel().fit(votes, class_balance=[0.9, 0.1])
    mean = model.predict_proba(votes).to_array().mean(axis=0)
    np.testing.assert_allclose(mean, [0.9, 0.1], rtol=0, atol=1e-6)
    assert any("class balance that was given is obeyed" in line for line in model.report_)
    assert not any("that was given" in line for line in LabelModel().fit(votes).report_)


def test_a_model_that_stops_too_early_warns_at_the_line_that_fitted_it():
    _, votes = simulated([0.8, 0.7, 0.6], n=200)
    with pytest.warns(UserWarning, match="did not converge in 1 steps") as warned:
        model = DawidSkene(steps=1).fit(votes)
    assert warned[0].filename == __file__
    assert (model.converged_, model.report_) == (False, ("EM stopped after 1 steps.",))


def real_score(folder, name, model):
    """100 x F1 or accuracy on covered rows with gold; ties broken by chance, ten times."""
    with np.load(folder / name / "votes.npz", allow_pickle=False) as file:
        array, truth = file["L"].astype(int), file["y"].astype(int)
    codes = range(int(max(array.max(), truth.max())) + 1)
    votes = lb.Votes.from_array(array, schema=lb.LabelSchema(f"label {code:02}" for code in codes))
    soft = model.fit(votes).predict_proba(votes)
    kept = soft.covered & (truth >= 0)
    winners, rng, scores = soft.winners()[kept], np.random.default_rng(0), []
    for _ in range(10):
        guess = (winners * rng.random(winners.shape)).argmax(axis=1)
        right = truth[kept] == guess
        scores.append(f1_score(truth[kept], guess) if REAL[name] else right.mean())
    return 100 * float(np.mean(scores))


def test_the_label_model_reaches_its_published_score_on_real_votes(real_data):
    scores = {name: real_score(real_data, name, LabelModel()) for name in REAL}
    assert np.mean(list(scores.values())) >= 73.0, scores


@pytest.mark.parametrize("name", REAL)
def test_the_label_model_is_never_far_below_majority_vote_on_real_votes(real_data, name):
    floor = real_score(real_data, name, MajorityVote()) - 2
    assert real_score(real_data, name, LabelModel()) >= floor
