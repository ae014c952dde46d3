"""The end model with a declared class balance, self-training and gold labels."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.analysis import accuracy
from labeling.end_model.class_balance import balance_offsets, vote_evidence

SCHEMA = lb.LabelSchema(["ham", "spam"])
RARE = 0.15


def world(n=1500, seed=0, told=0.95):
    """One sample in seven is spam; of three voters the one for spam speaks up wrongly, too."""
    rng = np.random.default_rng(seed)
    truth = (rng.random(n) < RARE).astype(int)
    words = np.array([[f"h{i}" for i in range(30)], [f"s{i}" for i in range(30)]])
    data = pd.DataFrame(
        {
            "text": [
                " ".join(rng.choice(words[label if rng.random() < told else 1 - label], 3))
                for label in truth
            ]
        },
        index=[f"t{i}" for i in range(n)],
    )
    spam = np.where(rng.random(n) < np.where(truth == 1, 0.6, 0.12), 1, -1)
    ham = np.where(rng.random((n, 2)) < np.where(truth == 0, 0.2, 0.05)[:, None], 0, -1)
    array = np.column_stack([spam, ham])
    votes = lb.Votes.from_array(array, schema=SCHEMA, sample_ids=data.index)
    return data, votes, pd.Series(np.array(SCHEMA.labels)[truth], index=data.index)


DATA, VOTES, GOLD = world()
SOFT = lb.LabelModel().fit(VOTES).predict_proba(VOTES)
BALANCE = {"ham": 1 - RARE, "spam": RARE}


def answers(model=None, soft=SOFT, **more):
    model = (model or lb.EndModel()).fit(DATA, soft, votes=VOTES, **more)
    return model.predict_proba(DATA, soft=soft, votes=VOTES)


def f1(soft, gold=GOLD):
    said = pd.Series(soft.of_samples(gold.index).to_labels(), index=gold.index) == "spam"
    hits = (said & (gold == "spam")).sum()
    return 2 * hits / (said.sum() + (gold == "spam").sum())


@pytest.mark.parametrize("share", [0.05, 0.15, 0.4])
def test_the_labels_decided_on_have_the_declared_shares(share):
    found = answers(class_balance=[1 - share, share]).to_labels()

    assert (found == "spam").mean() == pytest.approx(share, abs=0.03)


def test_the_true_balance_makes_answers_better():
    assert f1(answers(class_balance=BALANCE)) > f1(answers()) + 0.05


def test_a_text_that_tells_little_does_not_overrule_the_votes():
    data, votes, gold = world(told=0.75)
    soft = lb.LabelModel().fit(votes).predict_proba(votes)
    found = [
        lb.EndModel().fit(data, soft, votes=votes, class_balance=shares)
        for shares in (None, BALANCE)
    ]
    before, after = (f1(model.predict_proba(data, soft=soft, votes=votes), gold) for model in found)

    assert after > before - 0.03


@pytest.mark.parametrize("n", [25, 100, 250])
def test_gold_labels_do_no_harm_to_a_declared_balance(n):
    gold = GOLD.iloc[:n]
    rest = GOLD.iloc[n:]
    before = f1(answers(class_balance=BALANCE), rest)

    assert f1(answers(class_balance=BALANCE, gold=gold), rest) > before - 0.02


def test_soft_labels_made_with_the_same_gold_do_no_harm():
    """They know the gold rows by heart, which must not make the stack trust them elsewhere."""
    gold = GOLD.iloc[:200]
    rest = GOLD.iloc[200:]
    array = np.array(SOFT.to_array())
    array[:200] = np.eye(2)[(gold == "spam").to_numpy().astype(int)] * 0.98 + 0.01
    leaked = lb.SoftLabels(array, DATA.index, SCHEMA, SOFT.covered | (np.arange(len(DATA)) < 200))
    honest = answers(gold=gold, class_balance=BALANCE)
    found = answers(soft=leaked, gold=gold, class_balance=BALANCE)

    assert f1(found, rest) > f1(honest, rest) - 0.03


def test_rounds_that_help_are_kept_and_said():
    model = lb.EndModel(rounds=3)
    found = answers(model, class_balance=BALANCE)

    assert "of 3 rounds of self-training helped" in model.report_[-1]
    assert f1(found) > f1(answers(class_balance=BALANCE)) - 0.02


def test_a_round_that_does_not_help_is_not_taken(monkeypatch):
    merits = iter([2.0, 1.0])
    monkeypatch.setattr("labeling.end_model.text_expert._heldout_score", lambda *_: next(merits))
    model = lb.EndModel(rounds=5)

    without = answers(lb.EndModel(rounds=0))
    np.testing.assert_array_equal(answers(model).to_array(), without.to_array())
    assert model.report_[-1].startswith("0 of 5 rounds")


def test_the_balance_works_the_same_after_loading(tmp_path):
    model = lb.EndModel(rounds=1).fit(DATA, SOFT, votes=VOTES, class_balance=BALANCE)
    model.save(tmp_path / "end.npz")
    again = lb.EndModel.load(tmp_path / "end.npz")

    np.testing.assert_array_equal(
        model.predict_proba(DATA, soft=SOFT, votes=VOTES).to_array(),
        again.predict_proba(DATA, soft=SOFT, votes=VOTES).to_array(),
    )
    assert (again.rounds, again.report_) == (1, model.report_)


def test_the_report_says_the_balance():
    model = lb.EndModel().fit(DATA, SOFT, votes=VOTES, class_balance=BALANCE)

    assert "declared balance 0.850, 0.150" in model.report_[2]


def test_gold_makes_probabilities_honest():
    """Of answers given with some confidence, about that share is right."""
    found = answers(gold=GOLD.iloc[:300], class_balance=BALANCE)
    rest = GOLD.iloc[300:]
    said = found.of_samples(rest.index)

    assert said.confidence().mean() == pytest.approx(accuracy(said, rest).value, abs=0.05)


def test_shift_gives_each_label_its_share():
    logs = np.random.default_rng(0).normal(size=(3000, 3)) * 2 + [3, 0, -1]
    shares = np.array([0.2, 0.5, 0.3])
    found = np.bincount((logs + balance_offsets(logs, shares)).argmax(axis=1), minlength=3) / 3000

    np.testing.assert_allclose(found, shares, atol=0.02)


def test_shift_of_log_odds_that_say_nothing_is_none():
    np.testing.assert_array_equal(balance_offsets(np.zeros((5, 2)), np.array([0.9, 0.1])), [0, 0])


def test_evidence_of_a_vote_is_what_the_posterior_says_where_it_was_cast():
    """A vote that says nothing has none; one seldom cast has little."""
    posterior = np.tile([[0.9, 0.1], [0.1, 0.9]], (200, 1))
    one_hot = np.zeros((400, 3))
    one_hot[::2, 0] = 1
    one_hot[:, 1] = 1
    one_hot[0, 2] = 1
    told = vote_evidence(one_hot, posterior)

    assert told[0, 0] > 1
    np.testing.assert_allclose(told[1], 0, atol=1e-9)
    assert 0 < told[2, 0] < 0.1
