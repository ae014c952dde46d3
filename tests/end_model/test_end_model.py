"""The end model: predictions for every sample, no harm by gold labels, saving and loading."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.analysis import accuracy
from labeling.end_model.cross_fitting import draws_by_id
from labeling.records import shared_wins

SCHEMA = lb.LabelSchema(["no", "yes"])


def world(n=600, seed=0):
    """Texts with a hidden label; three voters see it through noise, on some samples only."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n)
    words = np.array([[f"n{i}" for i in range(20)], [f"y{i}" for i in range(20)]])
    common = np.array([f"c{i}" for i in range(20)])
    data = pd.DataFrame(
        {
            "text": [
                " ".join(
                    [
                        rng.choice(words[label if rng.random() < 0.8 else 1 - label]),
                        *rng.choice(common, 5),
                    ]
                )
                for label in truth
            ]
        },
        index=[f"s{seed}-{i}" for i in range(n)],
    )
    right = np.where(rng.random((n, 3)) < 0.85, truth[:, None], 1 - truth[:, None])
    array = np.where(rng.random((n, 3)) < 0.4, right, -1)
    votes = lb.Votes.from_array(array, schema=SCHEMA, sample_ids=data.index)
    gold = pd.Series(np.array(SCHEMA.labels)[truth], index=data.index)
    return data, votes, gold


DATA, VOTES, GOLD = world()
OTHER, OTHER_VOTES, OTHER_GOLD = world(seed=1)
LABEL_MODEL = lb.LabelModel().fit(VOTES)
SOFT, OTHER_SOFT = LABEL_MODEL.predict_proba(VOTES), LABEL_MODEL.predict_proba(OTHER_VOTES)


def fitted(**more):
    return lb.EndModel().fit(DATA, SOFT, votes=VOTES, **more)


def test_every_sample_gets_an_answer():
    found = fitted().predict_proba(OTHER)

    assert found.covered.all()
    np.testing.assert_allclose(found.to_array().sum(axis=1), 1)


def test_it_generalises_to_samples_that_no_voter_covers():
    """Better than chance where the votes know nothing; the text itself tells 80 % at best."""
    uncovered = OTHER_GOLD[~OTHER_SOFT.covered]
    found = accuracy(fitted().predict_proba(OTHER), uncovered)

    assert found.low > 0.5


def test_votes_and_text_together_are_better_than_either():
    model = fitted()
    text = accuracy(model.predict_proba(OTHER), OTHER_GOLD).value
    both = accuracy(
        model.predict_proba(OTHER, soft=OTHER_SOFT, votes=OTHER_VOTES), OTHER_GOLD
    ).value

    assert both > max(text, accuracy(OTHER_SOFT, OTHER_GOLD).value)


@pytest.mark.parametrize("n", [1, 5, 25, 100])
def test_a_little_gold_does_no_harm(n):
    before = accuracy(fitted().predict_proba(OTHER, soft=OTHER_SOFT), OTHER_GOLD).value
    model = fitted(gold=GOLD.iloc[:n])
    after = accuracy(model.predict_proba(OTHER, soft=OTHER_SOFT, votes=OTHER_VOTES), OTHER_GOLD)

    assert after.value > before - 0.02


def test_gold_corrects_a_voter_who_is_always_wrong():
    """One liar speaks of every sample and outvotes two honest voters who seldom speak."""
    rng = np.random.default_rng(5)
    truth = (GOLD == "yes").to_numpy().astype(int)
    liar = np.where(rng.random(600) < 0.95, 1 - truth, truth)
    honest = np.where(rng.random((600, 2)) < 0.2, truth[:, None], -1)
    array = np.column_stack([liar, honest])
    votes = lb.Votes.from_array(array, schema=SCHEMA, sample_ids=DATA.index)
    soft = lb.LabelModel().fit(votes).predict_proba(votes)
    plain = DATA.assign(text="the same words")
    model = lb.EndModel().fit(plain, soft, votes=votes, gold=GOLD.iloc[:300])
    found = model.predict_proba(plain, soft=soft, votes=votes)

    assert accuracy(soft, GOLD).value < 0.4
    assert accuracy(found, GOLD.iloc[300:]).value > 0.8


def test_the_order_of_rows_voters_and_labels_does_not_matter():
    expected = fitted(gold=GOLD.iloc[:50]).predict_proba(OTHER, soft=OTHER_SOFT, votes=OTHER_VOTES)
    turned = DATA.iloc[::-1]
    other_schema = lb.LabelSchema(["yes", "no"])
    soft = lb.SoftLabels(
        SOFT.to_array()[::-1, ::-1], turned.index, other_schema, SOFT.covered[::-1]
    )
    votes = VOTES.of_samples(turned.index).of_voters(VOTES.voters[::-1])
    model = lb.EndModel().fit(turned, soft, votes=votes, gold=GOLD.iloc[:50])
    found = model.predict_proba(OTHER, soft=OTHER_SOFT, votes=OTHER_VOTES)

    np.testing.assert_allclose(expected.to_array(), found.to_array(), atol=1e-9)


def test_answers_stand_in_the_order_of_the_schema():
    """Also where that is not the order of the names, and where gold labels are codes."""
    schema = lb.LabelSchema(["yes", "no"])
    soft = lb.SoftLabels(SOFT.to_array()[:, ::-1], DATA.index, schema, SOFT.covered)
    codes = (GOLD == "no").astype(int).iloc[:80]
    named = lb.EndModel().fit(DATA, soft, gold=GOLD.iloc[:80])
    coded = lb.EndModel().fit(DATA, soft, gold=codes)
    found = named.predict_proba(OTHER)

    assert schema == found.schema
    np.testing.assert_array_equal(found.to_array(), coded.predict_proba(OTHER).to_array())
    assert accuracy(found, OTHER_GOLD).value > 0.6


def test_the_same_input_gives_the_same_output():
    first, second = (fitted(gold=GOLD.iloc[:50]).predict_proba(OTHER).to_array() for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_another_sample_with_a_known_id_is_judged_by_its_own_text():
    """Row numbers as ids say nothing but the fold: sample 0 may be any other at prediction."""
    data, soft = DATA.reset_index(drop=True), SOFT
    numbered = lb.SoftLabels(soft.to_array(), data.index, SCHEMA, soft.covered)
    model = lb.EndModel().fit(data, numbered)
    swapped = data.assign(text=data["text"].to_numpy()[::-1])
    one = model.predict_proba(swapped).to_array()[[0]]
    new = swapped.iloc[[0]]

    np.testing.assert_array_equal(one, model.predict_proba(new).to_array())
    assert accuracy(model.predict_proba(swapped), GOLD[::-1].set_axis(data.index)).low > 0.6


@pytest.mark.parametrize("n_gold", [0, 100])
def test_no_text_is_scored_by_a_model_that_heard_its_soft_label(n_gold):
    """Nor by one that heard its gold label."""
    row = np.flatnonzero(SOFT.covered[:100])[0]
    sample = DATA.index[row]
    turned = np.array(SOFT.to_array())
    turned[row] = turned[row, ::-1]
    other = lb.SoftLabels(turned, DATA.index, SCHEMA, SOFT.covered)
    gold = GOLD.iloc[:n_gold]
    opposite = gold.copy()
    if n_gold:
        opposite[sample] = "no" if gold[sample] == "yes" else "yes"
    models = [
        lb.EndModel().fit(DATA, SOFT, gold=gold)._parts,
        lb.EndModel().fit(DATA, other, gold=opposite)._parts,
    ]
    vectors = lb.EndModel().fit(DATA, SOFT)._features.vectors(DATA.loc[[sample]])
    draws = draws_by_id(pd.Index([sample]))

    one, two = (parts.text.model.log_odds(vectors, draws) for parts in models)
    np.testing.assert_array_equal(one, two)
    if n_gold:
        one, two = (
            parts.gold.log_odds(vectors, parts.topics.vectors(vectors), draws) for parts in models
        )
        np.testing.assert_array_equal(one, two)


def test_a_fitted_model_and_its_file_do_not_grow_with_the_samples(tmp_path):
    """Ten times the samples with the same words: the same number of parameters."""
    sizes = []
    for times in (1, 10):
        data = pd.concat([DATA] * times).set_axis([f"t{i}" for i in range(600 * times)])
        array = np.tile(SOFT.to_array(), (times, 1))
        soft = lb.SoftLabels(array, data.index, SCHEMA, np.tile(SOFT.covered, times))
        lb.EndModel().fit(data, soft).save(tmp_path / "end.npz")
        with np.load(tmp_path / "end.npz") as file:
            sizes.append(sum(file[name].nbytes for name in file.files if name != "about"))

    assert sizes[1] < 1.5 * sizes[0]


def test_stages_are_told_as_they_begin():
    stages = []
    lb.EndModel(rounds=1).fit(DATA, SOFT, gold=GOLD.iloc[:20], progress=stages.append)

    assert stages == [
        "computing features",
        "training on soft labels",
        "self-training, round 1 of 1 at most",
        "training on gold labels",
        "smoothing the posterior over similar texts",
    ]


def test_predicted_labels_have_the_shares_of_the_votes():
    """Noisy votes, somewhat more of them for one label: a text model alone names it everywhere."""
    rng = np.random.default_rng(3)
    truth = (GOLD == "yes").to_numpy()
    voted = np.where(rng.random(600) < 0.7, truth, rng.random(600) < 0.75)
    array = np.where(voted[:, None], [[0.35, 0.65]], [[0.65, 0.35]])
    soft = lb.SoftLabels(array, DATA.index, SCHEMA, np.ones(600, dtype=bool))
    found = lb.EndModel().fit(DATA, soft).predict_proba(DATA).to_labels()

    assert (found == "yes").mean() == pytest.approx(voted.mean(), abs=0.05)


def test_the_report_says_the_shares_of_the_votes():
    report = " ".join(fitted().report_)
    shares = shared_wins(SOFT.to_array()[SOFT.covered]).mean(axis=0)

    assert f"on {SOFT.covered.sum()} covered samples" in report
    assert f"no {shares[0]:.3f}" in report
    assert "shares of the votes" not in " ".join(fitted(class_balance=[0.5, 0.5]).report_)


def test_a_declared_balance_changes_the_text_model():
    """The text model of a label said to be rare gives it less."""
    even = fitted().predict_proba(OTHER).to_array()[:, 1].mean()
    rare = fitted(class_balance={"yes": 0.1, "no": 0.9}).predict_proba(OTHER).to_array()[:, 1]

    assert rare.mean() < even - 0.1


def test_gold_alone_is_enough():
    none = lb.SoftLabels(np.full((600, 2), 0.5), DATA.index, SCHEMA, np.zeros(600, dtype=bool))
    model = lb.EndModel().fit(DATA, none, gold=GOLD.iloc[:300])

    assert accuracy(model.predict_proba(OTHER), OTHER_GOLD).value > 0.65


def test_save_and_load_gives_the_same_bytes(tmp_path):
    model = fitted(gold=GOLD.iloc[:50])
    model.save(tmp_path / "end.npz")
    again = lb.EndModel.load(tmp_path / "end.npz")

    for data, soft, votes in ((DATA, SOFT, VOTES), (OTHER, OTHER_SOFT, OTHER_VOTES)):
        np.testing.assert_array_equal(
            model.predict_proba(data, soft=soft, votes=votes).to_array(),
            again.predict_proba(data, soft=soft, votes=votes).to_array(),
        )
    assert model.report_ == again.report_


def test_a_file_cut_off_is_an_error(tmp_path):
    fitted().save(tmp_path / "end.npz")
    whole = (tmp_path / "end.npz").read_bytes()
    (tmp_path / "end.npz").write_bytes(whole[:1000])

    with pytest.raises(lb.LabelingError, match="is no saved end model"):
        lb.EndModel.load(tmp_path / "end.npz")


def test_the_report_has_numbers():
    report = fitted(gold=GOLD.iloc[:50]).report_

    assert f"{int(SOFT.covered.sum())} covered samples" in report[0]
    assert "50 gold labels" in report[1]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lb.EndModel().predict_proba(DATA), "not fitted yet"),
        (lambda: lb.EndModel().save("x.npz"), "not fitted yet"),
        (lambda: lb.EndModel("txt").fit(DATA, SOFT), "no column 'txt'.*Did you mean 'text'"),
        (lambda: fitted().predict_proba(OTHER, votes=OTHER_VOTES), "give `soft` beside `votes`"),
        (lambda: lb.EndModel().fit(OTHER, SOFT), "None of 600 samples is among them"),
        (lambda: lb.EndModel().fit(DATA, SOFT, votes=OTHER_VOTES), "None of 600 samples is among"),
        (lambda: lb.EndModel().fit(DATA, SOFT.to_array()), "must be of type SoftLabels"),
        (lambda: fitted(gold={"nobody": "yes"}), "not among the samples: 'nobody'"),
        (lambda: lb.EndModel().fit(DATA.assign(text=[1] * 600), SOFT), "must hold text in every"),
        (lambda: lb.EndModel.load("nowhere.npz"), "is no saved end model"),
        (
            lambda: fitted().predict_proba(
                OTHER,
                soft=lb.SoftLabels(
                    OTHER_SOFT.to_array(),
                    OTHER.index,
                    lb.LabelSchema(["a", "b"]),
                    OTHER_SOFT.covered,
                ),
            ),
            "must have the labels of the model",
        ),
        (
            lambda: lb.EndModel().fit(
                DATA.head(2),
                lb.SoftLabels([[0.5, 0.5]] * 2, DATA.index[:2], SCHEMA, [False, False]),
            ),
            "a covered sample or a gold label",
        ),
        (
            lambda: lb.EndModel().fit(
                DATA.head(2).assign(text=["", " "]),
                lb.SoftLabels([[0.9, 0.1]] * 2, DATA.index[:2], SCHEMA, [True, True]),
            ),
            "no word",
        ),
    ],
)
def test_what_cannot_be_learned_is_an_error(call, message):
    with pytest.raises(lb.LabelingError, match=message):
        call()
