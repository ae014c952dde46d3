"""Selection of the weak labels that the text model is trained on."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.end_model.cross_fitting import draws_by_id, folds_of
from tests.end_model.test_end_model import SCHEMA, world

DATA, VOTES, GOLD = world(n=300)
SOFT = lb.LabelModel().fit(VOTES).predict_proba(VOTES)


def flipped(soft, rows):
    """Return soft labels with the two labels of some rows exchanged."""
    array = soft.to_array().copy()
    array[rows] = array[rows][:, ::-1]
    return lb.SoftLabels(array, soft.sample_ids, soft.schema, soft.covered)


def text_log_odds(model):
    """Return the cross-fitted log-odds of the text model alone."""
    vectors = model._features.vectors(DATA)
    return model._parts.text.model.log_odds(vectors, draws_by_id(DATA.index))


def posterior(data=DATA, soft=SOFT, **settings):
    model = lb.EndModel(**settings).fit(data, soft, votes=VOTES)
    return model.predict_proba(data, soft=soft, votes=VOTES).to_array()


def test_all_labels_are_trained_on_by_default_and_with_a_share_of_one():
    assert np.array_equal(posterior(), posterior(select=None))
    np.testing.assert_allclose(posterior(), posterior(select=1.0), rtol=0, atol=1e-9)
    assert np.abs(posterior() - posterior(select=0.5)).max() > 1e-3


def test_planted_errors_are_left_out_and_the_report_says_how_many():
    """Texts of two subjects, a label for each, and one label in ten exchanged."""
    words = [f"{subject}{number}" for subject in "xy" for number in range(8)]
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 100)
    texts = [" ".join(rng.choice(words[8 * code : 8 * code + 8], 5)) for code in truth]
    data = pd.DataFrame({"text": texts})
    given = np.where(np.arange(200) % 10 == 0, 1 - truth, truth)
    soft = lb.SoftLabels(np.eye(2)[given] * 0.8 + 0.1, data.index, SCHEMA, np.full(200, True))

    model = lb.EndModel(select="auto").fit(data, soft)

    sentence = next(one for one in model.report_ if "neighbours" in one)
    assert sentence == (
        "The text model was not trained on 20 of 200 weak labels, since their neighbours have other"
        " labels (select='auto'). By label: no 10 of 100, yes 10 of 100."
    )
    assert not any("neighbours" in one for one in lb.EndModel().fit(data, soft).report_)


@pytest.mark.parametrize("select", ["auto", 0.6])
def test_no_text_model_hears_a_label_of_the_fold_it_scores(select):
    """Neither by training on it, nor by comparing others with it."""
    fold = folds_of(draws_by_id(DATA.index), 3)
    row = int(SOFT.confidence().argmax())
    before, after = (
        text_log_odds(lb.EndModel(select=select).fit(DATA, soft, votes=VOTES))
        for soft in (SOFT, flipped(SOFT, [row]))
    )

    same = fold == fold[row]
    np.testing.assert_allclose(after[same], before[same], rtol=0, atol=1e-9)
    assert np.abs(after[~same] - before[~same]).max() > 1e-6


@pytest.mark.parametrize("select", ["auto", 0.6])
def test_the_order_of_rows_and_labels_does_not_matter(select):
    order = np.random.default_rng(0).permutation(len(DATA))
    expected = posterior(select=select)

    backward = lb.LabelSchema(["yes", "no"])
    assert ["no", "yes"] == list(SCHEMA)
    soft = lb.SoftLabels(SOFT.to_array()[:, ::-1], SOFT.sample_ids, backward, SOFT.covered)
    model = lb.EndModel(select=select).fit(DATA.iloc[order], soft)
    expected = lb.EndModel(select=select).fit(DATA, SOFT).predict_proba(DATA, soft=SOFT)
    result = model.predict_proba(DATA, soft=soft).to_array()[:, ::-1]
    np.testing.assert_allclose(result, expected.to_array(), rtol=0, atol=1e-9)


def test_a_saved_model_knows_its_selection_and_learns_anew_when_it_changes(tmp_path):
    model = lb.EndModel(select=0.5).fit(DATA, SOFT, votes=VOTES)
    model.save(tmp_path / "end.npz")
    loaded = lb.EndModel.load(tmp_path / "end.npz")
    again = loaded.fit(DATA, SOFT, votes=VOTES).predict_proba(DATA, soft=SOFT, votes=VOTES)

    assert 0.5 == loaded.select
    assert np.array_equal(posterior(select=0.5), again.to_array())
    loaded.select = None
    changed = loaded.fit(DATA, SOFT, votes=VOTES).predict_proba(DATA, soft=SOFT, votes=VOTES)
    assert np.array_equal(posterior(), changed.to_array())


def test_another_way_to_select_is_an_error():
    with pytest.raises(lb.LabelingError, match="`select` must be None, 'auto', or a share"):
        lb.EndModel(select="some")
