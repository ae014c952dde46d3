"""Behavioural tests: what must not change, which way it must go, and how much accuracy is lost."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.analysis.behaviour import (
    added_phrase,
    directional,
    dropped_words,
    duplicated_words,
    extra_spaces,
    invariance,
    lower_case,
    robustness,
    swapped_names,
    typos,
    upper_case,
    without_punctuation,
)

SCHEMA = lb.LabelSchema(["ham", "spam"])
DATA = pd.DataFrame(
    {"text": ["free cash!", "see you, Mary", "FREE money now", "hello there", "free free free"]},
    index=["a", "b", "c", "d", "e"],
)
EVERY = [
    upper_case(),
    lower_case(),
    extra_spaces(),
    without_punctuation(),
    added_phrase("now"),
    swapped_names(),
    typos(0.5),
    dropped_words(0.5),
    duplicated_words(0.5),
]


def counts_free(data):
    """A model that counts the word free, in small letters."""
    p = np.array([min(0.1 + 0.4 * text.split().count("free"), 0.9) for text in data["text"]])
    return lb.SoftLabels(np.stack([1 - p, p], 1), data.index, SCHEMA, [True] * len(p))


def test_a_label_that_changes_with_capitals_is_a_failure():
    result = invariance(counts_free, DATA[1:], upper_case())

    assert result.failed_ids == ("e",)
    assert (result.failures.value, result.failures.n, result.unchanged) == (0.25, 4, 0)
    assert result.examples[0].after == "FREE FREE FREE"
    assert (result.examples[0].label_before, result.examples[0].label_after) == ("spam", "ham")


def test_what_a_perturbation_does_not_change_is_not_counted():
    result = invariance(counts_free, DATA, swapped_names())

    assert (result.failures.n, result.unchanged) == (1, 4)
    with pytest.raises(lb.LabelingError, match="changes none of 4 texts"):
        invariance(counts_free, DATA.drop("b"), swapped_names())


@pytest.mark.parametrize(("direction", "failed"), [("up", 0), ("down", 4)])
def test_free_money_must_not_lower_spam(direction, failed):
    result = directional(
        counts_free, DATA, added_phrase("free money"), label="spam", direction=direction
    )

    assert len(result.failed_ids) == failed  # the fifth is at its most already
    assert result.failures.n == 5


def test_a_tolerance_forgives_small_changes():
    result = directional(
        counts_free, DATA, added_phrase("free"), label="ham", direction="up", tolerance=0.41
    )

    assert result.failed_ids == ()


@pytest.mark.parametrize("change", EVERY, ids=lambda change: change.name)
def test_a_perturbation_depends_on_the_id_alone(change):
    texts = [f"Mary said, number {n} is a wonderful place for free trains!" for n in range(30)]
    changed = [change.of(text, f"s{n}") for n, text in enumerate(texts)]

    assert changed == [change.of(text, f"s{n}") for n, text in enumerate(texts)]
    assert changed != texts
    assert all(text.strip() for text in changed)


def test_a_perturbation_is_the_same_in_another_process():
    code = (
        "from labeling.analysis.behaviour import typos;"
        "print(typos(0.5).of('several wonderful trains', 7), end='')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == typos(0.5).of("several wonderful trains", 7)


def test_the_order_of_samples_changes_no_result():
    one = invariance(counts_free, DATA, dropped_words(0.5))
    other = invariance(counts_free, DATA[::-1], dropped_words(0.5))

    assert one == other


def test_accuracy_falls_with_the_rate_of_change():
    rng = np.random.default_rng(0)
    labels = rng.choice(["ham", "spam"], 200)
    texts = ["free free stuff here" if label == "spam" else "good day to you" for label in labels]
    data = pd.DataFrame({"text": texts}, index=[f"s{n}" for n in range(200)])
    gold = pd.Series(labels, data.index)
    found = robustness(counts_free, data, gold[:150], typos)
    frame = found.to_frame()

    assert frame.index.tolist() == [0.0, 0.05, 0.1, 0.2, 0.4]
    assert frame["accuracy"].is_monotonic_decreasing
    assert (frame["n"] == 150).all()
    assert frame.loc[0.4, "change_high"] < 0 == frame.loc[0.0, "change"]


def test_an_end_model_scores_both_texts_by_the_part_that_did_not_learn_them():
    rng = np.random.default_rng(0)
    words = np.array(["good", "fine", "nice", "bad", "awful", "poor"])
    labels = rng.integers(0, 2, 120)
    texts = [" ".join(rng.choice(words[3 * label :][:3], 4)) for label in labels]
    data = pd.DataFrame({"text": texts}, index=[f"s{n}" for n in range(120)])
    schema = lb.LabelSchema(["good", "bad"])
    soft = lb.SoftLabels(np.eye(2)[labels] * 0.8 + 0.1, data.index, schema, [True] * 120)
    model = lb.EndModel().fit(data, soft)
    result = invariance(model, data, upper_case())

    assert result.failures.value < 0.05
    assert result.failures.n == 120


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: invariance("model", DATA, upper_case()), "predict_proba"),
        (lambda: invariance(lambda data: data, DATA, upper_case()), "must return SoftLabels"),
        (lambda: directional(counts_free, DATA, upper_case(), label="eggs"), "eggs"),
        (
            lambda: directional(counts_free, DATA, upper_case(), label="ham", direction="left"),
            "'up' or 'down'",
        ),
        (lambda: typos(2), "between 0 and 1"),
        (lambda: swapped_names(["Ann"]), "two different names"),
    ],
)
def test_what_makes_no_sense_is_refused(call, message):
    with pytest.raises(lb.LabelingError, match=message):
        call()
