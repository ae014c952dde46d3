"""The end model of samples with several labels: texts, votes, gold, files."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import ModelFileError, NotFittedError

WORDS = {
    "sport": ["goal", "team", "match", "coach"],
    "money": ["bank", "price", "market", "profit"],
    "food": ["bread", "soup", "cook", "taste"],
}
FILLERS = ["the", "a", "on", "day", "people", "new", "said", "time", "year", "went"]
LABELS = list(WORDS)
SCHEMA = lb.LabelSchema(LABELS, kind="several")


def texts_with_labels(n=300, seed=0):
    """Return texts about several things, votes by one word of each, and the true sets."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, 3)) < [0.4, 0.2, 0.1]
    texts = []
    for row in truth:
        words = rng.choice(FILLERS, 8).tolist()
        for label in np.flatnonzero(row):
            words += rng.choice(WORDS[LABELS[label]], 3).tolist()
        texts.append(" ".join(rng.permutation(words)))
    data = pd.DataFrame({"text": texts}, index=[f"t{row}" for row in range(n)])
    rows = [
        (sample_id, f"says {words[number]}", label)
        for label, words in WORDS.items()
        for number in (0, 1)
        for sample_id in data.index[data["text"].str.contains(words[number])]
    ]
    frame = pd.DataFrame(rows, columns=["sample", "voter", "label"])
    votes = lb.SetVotes.from_frame(frame, schema=SCHEMA, says=None, sample_ids=data.index)
    sets = [frozenset(np.array(LABELS)[row].tolist()) for row in truth]
    return data, votes, pd.Series(sets, index=data.index, dtype=object)


def f1(chosen, gold):
    truth = np.array([[label in labels for label in LABELS] for labels in gold])
    return 2 * (chosen & truth).sum() / (chosen.sum() + truth.sum())


@pytest.fixture(scope="module")
def fitted():
    data, votes, gold = texts_with_labels()
    soft = lb.SetModel().fit(votes).predict(votes)
    return data, soft, gold, lb.EndModel().fit(data, soft)


def test_it_finds_labels_where_no_voter_spoke(fitted):
    data, soft, gold, model = fitted
    by_text = model.predict(data)
    assert by_text.covered.all()
    assert f1(by_text.chosen, gold) > f1(soft.chosen, gold) + 0.02
    assert f1(model.predict(data, soft=soft).chosen, gold) > f1(soft.chosen, gold) + 0.02


def test_thresholds_by_label_beat_one_half(fitted):
    data, _, gold, model = fitted
    by_text = model.predict(data)
    assert f1(by_text.chosen, gold) > f1(by_text.array > 0.5, gold)


def test_gold_samples_replace_weak_probabilities():
    data, votes, gold = texts_with_labels(200)
    wrong = votes.to_frame()
    wrong["label"] = wrong["label"].map({"sport": "money", "money": "sport", "food": "food"})
    votes = lb.SetVotes.from_frame(wrong, schema=SCHEMA, sample_ids=data.index)
    soft = lb.SetModel().fit(votes).predict(votes)
    without = lb.EndModel().fit(data, soft).predict(data)
    model = lb.EndModel().fit(data, soft, gold=gold[:150])
    assert f1(model.predict(data).chosen[150:], gold[150:]) > f1(without.chosen[150:], gold[150:])
    assert "150 gold samples" in model.report_[0]


def test_it_predicts_texts_it_has_not_seen(fitted):
    *_, model = fitted
    soft = model.predict(pd.DataFrame({"text": ["team goal bread soup", "the day"]}))
    assert soft.to_labels().tolist() == [{"sport", "food"}, frozenset()]


def test_declared_constraints_hold(fitted):
    data, _, _, _ = fitted
    _, votes, _ = texts_with_labels()
    soft = lb.SetModel(exclusive=[{"sport", "food"}], implies={"food": "money"}).fit(votes)
    model = lb.EndModel().fit(data, soft.predict(votes))
    for chosen in (model.predict(data).chosen, model.predict(data).decisions("f1")):
        assert not (chosen[:, 0] & chosen[:, 2]).any()
        assert not (chosen[:, 2] & ~chosen[:, 1]).any()


def test_the_order_of_samples_and_labels_changes_nothing():
    data, votes, gold = texts_with_labels(120)
    soft = lb.SetModel().fit(votes).predict(votes)
    by_text = lb.EndModel().fit(data, soft, gold=gold[:30]).predict(data, soft=soft)
    shuffled = lb.SetVotes.from_frame(
        votes.to_frame(),
        schema=lb.LabelSchema(LABELS[::-1], kind="several"),
        sample_ids=votes.sample_ids[::-1],
    )
    soft = lb.SetModel().fit(shuffled).predict(shuffled)
    model = lb.EndModel().fit(data[::-1], soft, gold=gold[:30][::-1])
    again = model.predict(data[::-1], soft=soft).of_samples(data.index)
    np.testing.assert_array_equal(again.array[:, ::-1], by_text.array)
    np.testing.assert_array_equal(again.chosen[:, ::-1], by_text.chosen)


def test_it_comes_back_from_its_file(fitted, tmp_path):
    data, soft, _, model = fitted
    model.save(tmp_path / "model.npz")
    loaded = lb.EndModel.load(tmp_path / "model.npz")
    assert loaded.report_ == model.report_
    assert loaded.schema_ == SCHEMA
    before, after = model.predict(data, soft=soft), loaded.predict(data, soft=soft)
    np.testing.assert_array_equal(after.array, before.array)
    np.testing.assert_array_equal(after.chosen, before.chosen)


def test_a_damaged_file_is_refused(fitted, tmp_path):
    *_, model = fitted
    model.save(tmp_path / "model.npz")
    with np.load(tmp_path / "model.npz") as file:
        arrays = {name: file[name] for name in file.files if name != "label_scale"}
    np.savez(tmp_path / "damaged.npz", **arrays)
    with pytest.raises(ModelFileError, match="is no saved end model"):
        lb.EndModel.load(tmp_path / "damaged.npz")


def test_a_missing_text_is_left_out(fitted):
    *_, model = fitted
    soft = model.predict(pd.DataFrame({"text": ["team goal coach", None]}))
    assert soft.covered.tolist() == [[True] * 3, [False] * 3]
    assert soft.to_labels().tolist() == [{"sport"}, None]


def test_what_it_does_not_use_is_refused(fitted):
    data, soft, _, model = fitted
    with pytest.raises(lb.LabelingError, match="does not use 'votes', 'class_balance'"):
        lb.EndModel().fit(data, soft, votes=soft, class_balance=[0.5, 0.5])
    with pytest.raises(lb.LabelingError, match="does not use 'select'"):
        lb.EndModel(select="auto").fit(data, soft)
    with pytest.raises(lb.LabelingError, match="call predict"):
        model.predict_proba(data)
    with pytest.raises(NotFittedError, match="not fitted to soft sets"):
        lb.EndModel().predict(data)
    with pytest.raises(lb.LabelingError, match="None of 300 samples"):
        lb.EndModel().fit(data.set_index(data.index + "x"), soft)


def test_fitted_to_single_labels_it_forgets_sets():
    data, votes, _ = texts_with_labels(60)
    soft = lb.SetModel().fit(votes).predict(votes)
    model = lb.EndModel().fit(data, soft)
    of_label = votes.of_label("sport")
    model.fit(data, lb.LabelModel().fit(of_label).predict_proba(of_label))
    assert model.predict_proba(data).schema.labels == ("no", "yes")
    with pytest.raises(NotFittedError):
        model.predict(data)
