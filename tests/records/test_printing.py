"""Models and records print in a line that says what they are."""

import datetime

import numpy as np
import pandas as pd

import labeling as lb

SCHEMA = lb.LabelSchema(["ham", "spam"])
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
VOTES = lb.Votes.from_array([[0, 0], [1, 1], [1, -1]], schema=SCHEMA)


def test_models_print_what_they_were_made_with_and_fitted_on():
    models = lb.label_models
    fitted = models.DawidSkene(steps=50).fit(VOTES)

    assert repr(lb.LabelModel()) == "LabelModel(), not fitted yet"
    assert repr(fitted) == "DawidSkene(steps=50), fitted on 2 voters and labels 'ham', 'spam'"
    many = repr(models.WeightedVote(weights={f"lf {n}": 1.0 for n in range(99)}))
    assert many.startswith("WeightedVote(weights={'lf 0': 1.0, ")
    assert many.endswith("...), not fitted yet")
    assert len(many) < 120
    assert repr(lb.EndModel(text="body")) == "EndModel(text='body'), not fitted yet"
    assert repr(lb.EndModel(columns=["age"])) == "EndModel(columns=('age',)), not fitted yet"
    for make in models.MODELS.values():
        assert repr(make()) == f"{make.__name__}(), not fitted yet"


def test_a_model_that_was_read_prints_as_the_one_that_was_saved(tmp_path):
    fitted = lb.AnnotatorModel(tolerance=0.2).fit(VOTES)
    fitted.save(tmp_path / "model.npz")

    assert repr(lb.AnnotatorModel.load(tmp_path / "model.npz")) == repr(fitted)


def test_records_print_short_and_with_what_tells_them_apart():
    said = lb.Annotation("a", "ann", "spam", NOW, NOW, round=2)
    many = lb.LabelSchema([f"label {code}" for code in range(100)])
    soft = lb.SoftLabels(np.full((1, 100), 0.01), pd.Index(["a"]), many, [True])

    assert repr(SCHEMA) == "LabelSchema(['ham', 'spam'])"
    assert eval(repr(SCHEMA), {"LabelSchema": lb.LabelSchema}) == SCHEMA
    assert repr(many).startswith("LabelSchema(100 labels: 'label 0', ")
    assert repr(many).endswith("and 80 more)")
    assert len(repr(soft)) < 120
    assert repr(said) == "Annotation('a', 'ann', 'spam', 2026-01-01T00:00:00+00:00, round=2)"
    assert repr(lb.GoldLabel("a", "spam")) == "GoldLabel('a', 'spam', 'given')"
    gold = lb.GoldLabel("a", "spam", "agreement", (said, said))
    assert repr(gold) == "GoldLabel('a', 'spam', 'agreement', 2 annotations)"


def test_soft_labels_are_as_long_as_their_rows_and_are_an_array():
    soft = lb.label_models.MajorityVote().fit(VOTES).predict_proba(VOTES)

    assert len(soft) == 3
    assert np.asarray(soft).tolist() == soft.to_array().tolist()
    assert np.shares_memory(np.asarray(soft), soft.to_array())
