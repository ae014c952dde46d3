"""What labeling functions are worth in gold labels, and what to do next."""

import dataclasses
import math
import re

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.analysis.crossover import crossing
from labeling.analysis.label_worth import Cost
from labeling.analysis.worth_advice import (
    LABEL,
    UNDECIDED,
    WRITE,
    Growth,
    Reach,
    advise,
    growth_sentences,
)
from labeling.end_model.features import Reader
from labeling.end_model.gold_only import GoldOnly
from labeling.errors import LabelingError
from labeling.notebook import Workbench
from labeling.project import label_worth as fitting
from labeling.records.estimates import Estimate

WORDS = {"ham": ["hi", "thanks", "song", "nice"], "spam": ["free", "win", "cash", "buy"]}
LABELS = ["ham", "spam"]


def samples_of(n, *, informative=0.6, seed=0, share=0.5):
    """Return samples whose texts have a word of their label with a probability, and that label.

    The column `sign` is the label, which texts say nothing of.
    """
    rng = np.random.default_rng(seed)
    truth = np.where(rng.random(n) < share, "spam", "ham")
    texts = [
        " ".join(
            [
                *(rng.choice(WORDS[label], 1) if rng.random() < informative else ()),
                *rng.choice(["a", "the", "of", "and", "to", "in"], 5),
            ]
        )
        for label in truth
    ]
    ids = pd.Index([f"s{row}" for row in range(n)])
    return pd.DataFrame({"text": texts, "sign": truth, "number": range(n)}, index=ids)


def workbench(samples, n_gold=200, gold=None):
    dev = samples["sign"].head(n_gold) if gold is None else gold
    return Workbench(samples, lb.LabelSchema(LABELS), gold=dev, text="text")


def with_functions(made, error=0.1):
    """Add three functions that see the sign of a sample, each with errors of its own."""

    def votes_of(number):
        def votes(x):
            draw = np.random.default_rng([x.number, number]).random()
            if draw > 0.8:
                return None
            other = "ham" if x.sign == "spam" else "spam"
            return other if draw < error * 0.8 else x.sign

        return votes

    for number in range(3):
        made.add(lb.labeling_function(name=f"lf{number}")(votes_of(number)))
    return made


@pytest.fixture(scope="module")
def common():
    """Functions of 90 % accuracy on texts that gold labels learn from slowly."""
    samples = samples_of(600)
    return with_functions(workbench(samples)).worth(seconds_per_label=30, hours_spent=0.5)


def test_functions_that_no_curve_reaches_are_worth_more_than_all_labels(common):
    assert common.crossover.value == math.inf
    assert common.crossover.most == 160
    assert common.sentences[0].startswith(
        "3 labeling functions are worth more than 160 gold labels (95 % interval: "
    )
    assert common.advice.action == WRITE


def test_every_number_has_its_n(common):
    shown = repr(common)
    for line in shown.splitlines():
        if "[" in line:
            assert "n = " in line, line
    frame = common.to_frame()
    assert (frame["n"] == 200).all()
    assert (frame["low"] <= frame["value"]).all()
    assert (frame["value"] <= frame["high"]).all()
    assert frame["gold_labels"].max() == 160


def test_it_shows_itself_without_a_script(common):
    html = common._repr_html_()
    assert "<svg" in html
    assert "<script" not in html
    assert "Learning curve" in html
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(set(ids)) == len(ids)


def test_hours_are_saved_with_an_interval(common):
    (sentence,) = (one for one in common.sentences if one.startswith("At 30 s a label"))
    assert "more than 1.3 h of labeling" in sentence
    assert "Saved, less the 0.5 h spent on the functions: more than 0.8 h" in sentence


def test_order_changes_nothing(common):
    samples = samples_of(600)
    order = np.random.default_rng(1).permutation(len(samples))
    made = Workbench(
        samples.iloc[order],
        lb.LabelSchema(LABELS[::-1]),
        gold=samples["sign"].head(200)[::-1],
        text="text",
    )
    other = with_functions(made)
    other.functions = type(other.functions)(other.functions.functions[::-1])
    again = other.worth(seconds_per_label=30, hours_spent=0.5)
    numbers = ["value", "low", "high"]
    np.testing.assert_allclose(
        again.to_frame()[numbers], common.to_frame()[numbers], atol=1e-9, rtol=0
    )
    assert again.sentences == common.sentences
    assert again.advice == common.advice


def with_most_words(made):
    """Add a function for each label that knows three of its four words; gold labels learn all."""
    for label, words in WORDS.items():

        def votes(x, known=tuple(words[:3])):
            return any(word in x.text.split() for word in known)

        made.add(lb.labeling_function(name=label, label=label)(votes))
    return made


def test_the_number_of_labels_is_that_of_many_training_sets_with_all_gold_labels():
    samples = samples_of(2000, informative=0.9, seed=3)
    found = []
    for start in range(0, 1000, 200):
        made = workbench(samples, gold=samples["sign"].iloc[start : start + 200])
        found.append(with_most_words(made).worth().crossover)
    true = true_crossover(samples, with_most_words(workbench(samples)))
    assert 15 < true < 40
    assert sum(one.low <= true <= one.high for one in found) >= 4
    assert all(one.high < 80 for one in found)


def true_crossover(samples, made):
    """Return the crossover by 20 training sets of each size, measured on all other samples."""
    codes = (samples["sign"] == "spam").to_numpy().astype(np.intp)
    votes = made.votes()
    soft = lb.LabelModel().fit(votes).predict_proba(votes)
    end = lb.EndModel().fit(samples, soft, votes=votes)
    posterior = end.predict_proba(samples, soft=soft, votes=votes).to_array()
    target = (posterior.argmax(axis=1) == codes).mean()
    learner = GoldOnly.of(samples, np.arange(len(samples)), Reader("text", (), None), 2)
    rng, sizes, curve = np.random.default_rng(0), np.array([10, 20, 40, 80, 160]), []
    for size in sizes:
        right = []
        for _ in range(20):
            order = rng.permutation(len(samples))
            training, scored = order[:size], order[size:]
            said = learner.log_odds(training, codes[training], scored).argmax(axis=1)
            right.append((said == codes[scored]).mean())
        curve.append(np.mean(right))
    return float(crossing(sizes, np.array([curve]), np.array([target]))[0])


def test_functions_worse_than_nothing_are_worth_fewer_than_the_least():
    samples = samples_of(400, informative=1.0)
    made = workbench(samples)

    @made.lf(name="always")
    def always(x):
        return "ham" if len(x.text) % 2 else "spam"

    worth = made.worth()
    assert worth.crossover.high < 30
    assert worth.comparisons[0].lead.high < 0


@pytest.mark.parametrize("n_gold", [0, 1, 49])
def test_too_few_gold_labels_say_so(n_gold):
    samples = samples_of(100)
    worth = with_functions(workbench(samples, n_gold)).worth()
    assert worth.crossover is None
    assert worth.advice is None
    assert "at least 50 are needed" in repr(worth)
    assert not len(worth.to_frame())
    assert "at least 50 are needed" in worth._repr_html_()


def test_gold_of_one_label_says_so():
    samples = samples_of(200)
    gold = samples["sign"][samples["sign"] == "ham"].head(60)
    worth = with_functions(workbench(samples, gold=gold)).worth()
    assert "all 60 gold labels are 'ham'" in repr(worth)


def test_functions_without_a_vote_are_worth_nothing():
    made = workbench(samples_of(100), 60)

    @made.lf(label="spam")
    def never(x):
        return "zzz" in x.text

    assert "vote on no sample" in repr(made.worth())


def test_a_rare_label_is_measured_by_macro_f1_too():
    samples = samples_of(500, share=0.1, seed=2)
    worth = with_functions(workbench(samples, 150)).worth()
    assert [one.measure for one in worth.comparisons] == ["accuracy", "macro-F1"]
    assert "macro-F1" in repr(worth)


def test_what_is_left_out_is_said(monkeypatch):
    samples = samples_of(300).astype(object)
    samples.loc["s3", "text"] = None
    monkeypatch.setattr(fitting, "MOST_SAMPLES", 200)
    worth = with_functions(workbench(samples, 100)).worth(max_gold=60)
    assert worth.n_gold == 60
    assert "Left out: 1 gold label of samples without a text." in worth.remarks
    assert "Of 99 gold labels 60 were used, drawn by their ids." in worth.remarks
    assert any("samples 200 were used" in remark for remark in worth.remarks)


def test_of_many_labels_fewer_samples_are_used(monkeypatch):
    monkeypatch.setattr(fitting, "MOST_SAMPLES", 500)
    names = [f"label {number:03d}" for number in range(20)]
    samples = samples_of(300)
    gold = samples["sign"].map({"ham": names[0], "spam": names[1]}).head(60)
    made = Workbench(samples, lb.LabelSchema(names), gold=gold, text="text")
    made.add(word_function("free", names[1]))
    made.add(word_function("nice", names[0]))
    assert any("samples 250 were used" in remark for remark in made.worth().remarks)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"seconds_per_label": 0}, "above 0. Got 0"),
        ({"seconds_per_label": "9"}, "above 0. Got '9'"),
        ({"hours_spent": 2}, "give `seconds_per_label`, too"),
        ({"seconds_per_label": 9, "hours_spent": -1}, "from 0. Got -1"),
        ({"max_gold": 10}, "from 50. Got 10"),
    ],
)
def test_wrong_arguments_are_refused(wrong, message):
    with pytest.raises(LabelingError, match=message):
        with_functions(workbench(samples_of(60), 50)).worth(**wrong)


def test_hostile_label_names_are_escaped():
    names = ["<script>alert(1)</script>", "\u202eham"]
    samples = samples_of(200)
    gold = samples["sign"].map(dict(zip(LABELS, names, strict=True))).head(80)
    made = Workbench(samples, lb.LabelSchema(names), gold=gold, text="text")

    @made.lf(name="f")
    def sells(x):
        return names[1] if "free" in x.text else names[0] if "nice" in x.text else None

    shown = made.worth()
    assert "<script>" not in shown._repr_html_()
    assert "\u202e" not in repr(shown)


def test_looks_at_the_dev_set_are_counted_and_said():
    made = with_functions(workbench(samples_of(200), 60))
    first = made.worth()
    assert not any("measured on the dev set" in remark for remark in first.remarks)
    again = made.worth()
    assert again.remarks[-1].startswith("1 result was measured on the dev set before.")
    assert made.looks_at_dev == 2


def test_the_growth_since_a_commit_says_what_a_further_function_gains():
    made = workbench(samples_of(400, informative=1.0), 100)
    made.add(word_function("free", "spam"))
    made.commit("one function")
    made.add(word_function("win", "spam"))
    made.add(word_function("song", "ham"))
    worth = made.worth()
    covered = made.votes().covered.mean()
    first = made.votes().to_array()[:, 0] >= 0
    assert worth.reach.growth.n_functions == 2
    assert worth.reach.growth.share == pytest.approx(covered - first.mean())
    assert any("2 functions covered" in reason for reason in worth.advice.reasons)


def word_function(word, label):
    return lb.labeling_function(name=word, label=label)(lambda x: word in x.text.split())


def test_functions_and_labels_are_compared_only_where_both_surely_gain():
    sure = Reach(0.5, 1000, estimate(0.9, 0.85, 0.95), estimate(0.6, 0.5, 0.7), Growth(2, 0.1))
    assert sure.next_function().value == pytest.approx(0.05 * 0.3)
    gain = estimate(0.03, 0.01, 0.05)
    assert "gain about as much as 2.0 functions" in growth_sentences(sure, 100, gain)[1]
    assert len(growth_sentences(sure, 100, estimate(0.03, -0.01, 0.05))) == 1
    assert growth_sentences(dataclasses.replace(sure, growth=None), 100, gain) == []


def estimate(value, low, high):
    return Estimate(value, low, high, 200)


REACH = Reach(0.6, 1000, estimate(0.9, 0.85, 0.95), estimate(0.6, 0.5, 0.7))
REACHED = Reach(1.0, 1000, estimate(0.9, 0.85, 0.95), Estimate(math.nan, math.nan, math.nan, 0))


@pytest.mark.parametrize(
    ("lead", "gain", "reach", "action"),
    [
        ((0.10, 0.05, 0.15), (0.01, 0.0, 0.02), REACH, WRITE),
        ((0.02, 0.01, 0.03), (0.05, 0.03, 0.07), REACH, LABEL),
        ((0.01, -0.02, 0.04), (0.01, 0.0, 0.02), REACH, UNDECIDED),
        ((-0.05, -0.08, -0.02), (0.01, 0.0, 0.02), REACH, WRITE),
        ((-0.05, -0.08, -0.02), (0.04, 0.02, 0.06), REACHED, LABEL),
        ((-0.05, -0.08, -0.02), (0.0, -0.01, 0.01), REACHED, UNDECIDED),
    ],
)
def test_advice_compares_the_gains(common, lead, gain, reach, action):
    comparison = dataclasses.replace(
        common.comparisons[0], lead=estimate(*lead), last_half=estimate(*gain)
    )
    assert advise(comparison, reach, ()).action == action


def test_the_cost_of_a_censored_number_is_a_bound(common):
    ends = dict.fromkeys(("value", "low", "high"), -math.inf)
    below = dataclasses.replace(common.crossover, **ends)
    assert "less than 0.1 h of labeling" in Cost(36).sentence(below)
