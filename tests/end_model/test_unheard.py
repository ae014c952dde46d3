"""No sample is scored by what people said of it; all they say of others counts."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.end_model.cross_fitting import draws_by_id, folds_of
from labeling.end_model.gold_classifier import FOLDS
from labeling.errors import DataError, LabelingError, NotFittedError, UnknownLabelError
from tests.end_model.test_end_model import SCHEMA, world

DATA, VOTES, GOLD = world(n=300)
SOFT = lb.LabelModel().fit(VOTES).predict_proba(VOTES)

SETTINGS = [{}, {"class_balance": [0.5, 0.5]}]


def posterior(model=None, **more):
    model = (model or lb.EndModel()).fit(DATA, SOFT, votes=VOTES, **more)
    return model.predict_proba(DATA, soft=SOFT, votes=VOTES).to_array()


def people(votes_of):
    """Return votes of people from a dict of sample id to labels, one annotator after another."""
    triples = [
        (sample, f"p{number}", label)
        for sample, labels in votes_of.items()
        for number, label in enumerate(labels)
    ]
    frame = pd.DataFrame(triples, columns=["sample", "voter", "label"])
    return lb.Votes.from_triples(frame, schema=SCHEMA)


@pytest.mark.parametrize("more", SETTINGS)
@pytest.mark.parametrize("n", [1, 2, 30, 120])
def test_a_sample_never_hears_its_own_gold_label(n, more):
    gold = GOLD.iloc[:n]
    before = posterior(gold=gold, **more)
    for row in range(0, n, max(n // 2, 1)):
        changed = gold.copy()
        changed.iloc[row] = "no" if gold.iloc[row] == "yes" else "yes"
        after = posterior(gold=changed, **more)
        fold = folds_of(draws_by_id(DATA.index), FOLDS)

        np.testing.assert_allclose(after[row], before[row], rtol=0, atol=1e-9)
        others = fold != fold[row]
        assert np.abs(after[others] - before[others]).max() > 1e-6


def test_nor_does_it_hear_its_own_annotations():
    votes_of = {sample: ["yes", "no", "yes"] for sample in DATA.index[:40]}
    before = posterior(annotations=people(votes_of))
    after = posterior(annotations=people({**votes_of, DATA.index[7]: ["no", "no", "no"]}))

    np.testing.assert_allclose(after[7], before[7], rtol=0, atol=1e-9)
    assert np.abs(after - before).max() > 1e-6


def test_nor_whether_it_has_a_gold_label():
    before = posterior(gold=GOLD.iloc[:60])
    after = posterior(gold=GOLD.iloc[1:60])

    np.testing.assert_allclose(after[0], before[0], rtol=0, atol=1e-6)


def test_a_model_agrees_no_more_with_votes_it_was_given_than_with_others():
    """People who vote at random: a model that heard their votes would agree with them."""
    heard, unheard = [], []
    for seed in range(1, 4):
        said = np.array(SCHEMA.labels)[np.random.default_rng(seed).integers(0, 2, len(DATA))]
        given = people({sample: [said[row]] for row, sample in enumerate(DATA.index[:150])})
        predicted = np.array(SCHEMA.labels)[posterior(annotations=given).argmax(axis=1)]
        heard.append((predicted == said)[:150].mean())
        unheard.append((predicted == said)[150:].mean())

    assert np.mean(heard) - np.mean(unheard) < 0.05  # twice the standard error is 0.06


def test_each_vote_is_one_term_and_a_gold_label_one():
    """One vote on each sample is as good as a gold label; votes on a sample with gold are none."""
    known = GOLD.iloc[:50]
    single = people({sample: [label] for sample, label in known.items()})
    contrary = people({sample: ["no", "no"] for sample in known.index})
    expected = posterior(gold=known)

    np.testing.assert_array_equal(posterior(annotations=single), expected)
    np.testing.assert_array_equal(posterior(gold=known, annotations=contrary), expected)
    doubled = people({sample: [label] * 2 for sample, label in known.items()})
    assert np.abs(posterior(annotations=doubled) - expected).max() > 1e-3


def test_three_votes_are_three_terms_of_the_report():
    model = lb.EndModel().fit(DATA, SOFT, annotations=people({DATA.index[0]: ["yes", "no", "no"]}))

    assert "3 gold labels" in model.report_[1]


def test_the_order_of_annotators_labels_and_rows_does_not_matter():
    votes_of = {sample: ["yes", "no", "yes"] for sample in DATA.index[:40]}
    given = people(votes_of)
    schema = lb.LabelSchema(["yes", "no"])
    array = np.where(given.to_array() < 0, -1, 1 - given.to_array())[::-1, ::-1]
    turned = lb.Votes.from_array(array, schema=schema, sample_ids=given.sample_ids[::-1])

    np.testing.assert_array_equal(posterior(annotations=given), posterior(annotations=turned))


@pytest.mark.parametrize(
    ("annotations", "error", "message"),
    [
        (people({"nobody": ["yes"]}), DataError, "the annotations are not among the samples"),
        ("yes", lb.LabelingError, "`annotations` must be of type Votes"),
        (
            lb.Votes.from_array(
                [[0]], schema=lb.LabelSchema(["maybe", "no"]), sample_ids=DATA.index[:1]
            ),
            UnknownLabelError,
            "In the annotations:.*'maybe'",
        ),
    ],
)
def test_annotations_that_cannot_be_used_are_errors(annotations, error, message):
    with pytest.raises(error, match=message):
        posterior(annotations=annotations)


def test_a_fit_that_fails_leaves_the_model_as_it_was():
    model, unfitted = lb.EndModel(), lb.EndModel()
    before = posterior(model, gold=GOLD)
    other = lb.LabelSchema(["left", "right"])
    nothing = lb.SoftLabels(np.full((len(DATA), 2), 0.5), DATA.index, other, [False] * len(DATA))
    for again in (model, unfitted):
        with pytest.raises(LabelingError, match="Got neither"):
            again.fit(DATA, nothing)

    after = model.predict_proba(DATA, soft=SOFT, votes=VOTES)
    assert (before == after.to_array()).all()
    with pytest.raises(NotFittedError):
        unfitted.predict_proba(DATA)


def test_the_report_tells_gold_labels_from_votes_of_people():
    ids = DATA.index
    votes = people({sample: ["yes", "no"] for sample in ids[5:20]})
    model = lb.EndModel().fit(DATA, SOFT, gold=GOLD.iloc[:10], annotations=votes, votes=VOTES)

    sentence = next(line for line in model.report_ if "weight the experts" in line)
    assert sentence.startswith("10 gold labels and 20 votes of people on other samples weight")
