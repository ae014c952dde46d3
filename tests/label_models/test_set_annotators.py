"""Annotators who say of each label whether a sample has it."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import NotFittedError
from labeling.records import Answers

LABELS = [f"label {number}" for number in range(6)]
SHARES = [0.4, 0.25, 0.15, 0.1, 0.06, 0.03]


def crowd(n=400, *, n_people=12, per_sample=3, seed=0):
    """Return answers of people of different skill, some of whom overlook much, and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, len(LABELS))) < SHARES
    finds, invents = rng.uniform(0.35, 0.95, n_people), rng.uniform(0.01, 0.1, n_people)
    columns = []
    for row in range(n):
        for person in rng.choice(n_people, per_sample, replace=False):
            says = rng.random(len(LABELS)) < np.where(truth[row], finds[person], invents[person])
            columns += [(row, person, label, bool(says[label])) for label in range(len(LABELS))]
    sample, voter, label, says = map(np.array, zip(*columns, strict=True))
    schema = lb.LabelSchema(LABELS, kind="several")
    names = [f"person {person:02d}" for person in range(n_people)]
    return lb.SetVotes(Answers(sample, voter, label, says), pd.RangeIndex(n), names, schema), truth


def f1(chosen, truth):
    return 2 * (chosen & truth).sum() / (chosen.sum() + truth.sum())


def majority(votes):
    yes = np.stack([(votes.of_label(label).array == 1).sum(axis=1) for label in LABELS], axis=1)
    no = np.stack([(votes.of_label(label).array == 0).sum(axis=1) for label in LABELS], axis=1)
    return yes > no


def test_it_beats_the_majority_where_people_overlook_labels():
    gains = []
    for seed in range(3):
        votes, truth = crowd(seed=seed)
        soft = lb.AnnotatorModel().fit(votes).predict(votes)
        assert soft.covered.all()
        gains.append(f1(soft.chosen, truth) - f1(majority(votes), truth))
    assert min(gains) > 0
    assert np.mean(gains) > 0.02


def test_each_label_has_a_share_of_its_own():
    votes, truth = crowd(n=800)
    model = lb.AnnotatorModel().fit(votes)
    assert model.set_labels_ == tuple(sorted(LABELS))
    np.testing.assert_allclose(model.set_shares_[:-1], truth.mean(axis=0), atol=0.08)
    assert len(model.skills()) == 12
    assert model.labels_ == ("no", "yes")


def test_gold_sets_are_heard_but_not_copied():
    votes, truth = crowd()
    names = np.array(LABELS)
    gold = {row: names[truth[row]].tolist() for row in range(0, 400, 4)}
    model = lb.AnnotatorModel().fit(votes, gold=gold)
    assert model.on_gold_[:, 1].sum() == 100 * 3 * len(LABELS)
    assert f1(model.predict(votes).chosen, truth) >= f1(majority(votes), truth)


def test_what_nobody_was_asked_has_the_share_of_the_label():
    votes, _ = crowd(n=100)
    partly = lb.SetVotes.from_frame(
        votes.to_frame().query("sample < 90 and (sample > 0 or label != 'label 0')"),
        schema=votes.schema,
        sample_ids=votes.sample_ids,
    )
    model = lb.AnnotatorModel().fit(partly)
    soft = model.predict(partly)
    assert not soft.covered[90:].any()
    assert soft.covered[0].tolist() == [False] + [True] * 5
    np.testing.assert_allclose(soft.array[95], model.set_shares_[:-1])
    assert soft.to_labels().iloc[95] is None


def test_the_order_of_samples_voters_and_labels_changes_nothing():
    votes, _ = crowd(n=150)
    soft = lb.AnnotatorModel().fit(votes).predict(votes)
    shuffled = lb.SetVotes.from_frame(
        votes.to_frame().sample(frac=1, random_state=0),
        schema=lb.LabelSchema(LABELS[::-1], kind="several"),
        sample_ids=votes.sample_ids[::-1],
        voters=votes.voters[::-1],
    )
    again = lb.AnnotatorModel().fit(shuffled).predict(shuffled).of_samples(votes.sample_ids)
    np.testing.assert_array_equal(again.array[:, ::-1], soft.array)
    np.testing.assert_array_equal(again.chosen[:, ::-1], soft.chosen)


def test_it_comes_back_from_its_file_and_forgets_sets_when_fitted_to_samples(tmp_path):
    votes, _ = crowd(n=60)
    model = lb.AnnotatorModel().fit(votes)
    model.save(tmp_path / "model.npz")
    loaded = lb.AnnotatorModel.load(tmp_path / "model.npz")
    np.testing.assert_array_equal(loaded.predict(votes).array, model.predict(votes).array)
    model.fit(votes.of_label("label 0"))
    assert not hasattr(model, "set_shares_")
    with pytest.raises(lb.LabelingError, match="labels that the model was fitted on"):
        model.predict(votes)


def test_other_votes_are_refused():
    votes, _ = crowd(n=30)
    with pytest.raises(NotFittedError):
        lb.AnnotatorModel().predict(votes)
    model = lb.AnnotatorModel().fit(votes)
    with pytest.raises(lb.LabelingError, match="must be SpanVotes or SetVotes"):
        model.predict(votes.of_label("label 0"))
    other = lb.LabelSchema(["label 0"], kind="several")
    frame = votes.to_frame().query("label == 'label 0'")
    with pytest.raises(lb.LabelingError, match="labels that the model was fitted on"):
        model.predict(lb.SetVotes.from_frame(frame, schema=other))


def test_people_who_said_nothing_at_all_leave_all_samples_undecided():
    table = pd.DataFrame(columns=["sample", "voter", "label", "says"])
    schema = lb.LabelSchema(["x", "y"], kind="several")
    votes = lb.SetVotes.from_frame(table, schema=schema, sample_ids=["a", "b"], voters=["ann"])
    assert lb.AnnotatorModel().fit(votes).predict(votes).to_labels().tolist() == [None, None]
