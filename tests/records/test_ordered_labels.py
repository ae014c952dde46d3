"""Labels that are grades: their order is part of the schema, and medians decide between them."""

import pickle

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.config import parse_config
from labeling.errors import DataError, UnknownLabelError
from labeling.project.labels import labels_from, parse_labels
from labeling.project.parquet import read_soft, write_soft
from labeling.records import SoftLabels

STARS = lb.LabelSchema(["1", "2", "3", "4", "5"], ordered=True)
CONFIG = """
data: {path: a.csv, id: id}
labels: ["1", "2", "3"]
labeling_functions: [rules.py]
"""


def soft_labels(rows, schema=STARS):
    return SoftLabels(rows, pd.RangeIndex(len(rows)), schema, np.ones(len(rows), dtype=bool))


def test_whether_labels_are_ordered_is_part_of_a_schema():
    plain = lb.LabelSchema(STARS.labels)

    assert plain != STARS == lb.LabelSchema(STARS.labels, {"1": "Bad."}, ordered=True)
    assert hash(plain) != hash(STARS)
    assert pickle.loads(pickle.dumps(STARS)) == STARS
    assert (plain.ordered, STARS.ordered) == (False, True)
    assert repr(lb.LabelSchema(["a", "b"], ordered=True)) == (
        "LabelSchema(['a', 'b'], ordered=True)"
    )
    with pytest.raises(lb.LabelingError, match=r"must be True or False\. Got 1"):
        lb.LabelSchema(["a", "b"], ordered=1)


def test_the_distance_of_ordered_labels_is_in_steps():
    assert 4 == STARS.distance("1", "5") == STARS.distance("5", "1")
    assert 1 == STARS.distance("4", "5")
    assert 0 == STARS.distance("3", "3")
    assert 1 == lb.LabelSchema(STARS.labels).distance("1", "5")
    with pytest.raises(UnknownLabelError, match="'6' is not a label"):
        STARS.distance("1", "6")


def test_the_median_minimizes_the_expected_number_of_steps():
    probabilities = np.random.default_rng(0).dirichlet(np.full(5, 0.5), 500)
    steps = np.abs(np.subtract.outer(range(5), range(5)))
    found = soft_labels(probabilities)

    assert found.codes("median").tolist() == (probabilities @ steps).argmin(axis=1).tolist()
    assert found.codes("median").tolist() == found.codes(steps).tolist()
    assert found.codes("median").tolist() != found.codes().tolist()


def test_between_two_medians_nothing_is_decided():
    rows = [[0.5, 0, 0, 0, 0.5], [0.1, 0.4, 0.5, 0, 0], [0.1, 0.3, 0.2, 0.4, 0], [0, 0, 0, 0, 1]]

    assert soft_labels(rows).to_labels("median").tolist() == [None, None, "3", "5"]


def test_medians_are_of_ordered_labels():
    with pytest.raises(lb.LabelingError, match=r"'median' must have ordered labels.*ordered=True"):
        soft_labels([[0.5, 0.5]], lb.LabelSchema(["a", "b"])).to_labels("median")
    with pytest.raises(lb.LabelingError, match="Did you mean 'median'"):
        soft_labels([[0.2] * 5]).to_labels("medain")


def test_a_config_says_whether_labels_are_ordered(tmp_path):
    file = tmp_path / "stars.yaml"
    plain = parse_config(CONFIG, file)
    ordered = parse_config(f"{CONFIG}ordered_labels: true\n", file)

    assert plain.label_schema == lb.LabelSchema(["1", "2", "3"])
    assert ordered.label_schema == lb.LabelSchema(["1", "2", "3"], ordered=True)
    with pytest.raises(lb.LabelingError, match="ordered_labels"):
        parse_config(f"{CONFIG}ordered_labels: 1\n", file)


def test_an_end_model_that_is_loaded_knows_the_order(tmp_path):
    votes = lb.Votes.from_array([[1], [0]] * 9, schema=lb.LabelSchema(["no", "yes"], ordered=True))
    samples = pd.DataFrame({"text": ["win a prize", "see you then"] * 9})
    soft = lb.LabelModel().fit(votes).predict_proba(votes)
    model = lb.EndModel(text="text").fit(samples, soft, votes=votes)
    model.save(tmp_path / "model.npz")
    loaded = lb.EndModel.load(tmp_path / "model.npz")

    assert loaded.predict_proba(samples, soft=soft, votes=votes).schema == votes.schema


def test_files_and_manifests_say_the_order(tmp_path):
    soft = soft_labels([[0.1, 0.1, 0.1, 0.1, 0.6]])
    write_soft(soft, tmp_path / "soft.parquet")
    train = lb.build_training_set(pd.DataFrame({"text": ["a"]}), soft)

    assert read_soft(tmp_path / "soft.parquet", STARS).schema == STARS
    assert train.manifest()["ordered_labels"] is True
    assert train.schema == STARS


def test_ordered_labels_of_a_column_are_sorted_by_value(tmp_path):
    path = tmp_path / "a.csv"
    stars = [10, 10, 10, 9, 9, 2]
    pd.DataFrame({"stars": stars, "mood": list("bbbaac")}).to_csv(path, index=False)

    assert labels_from("stars", path).names == ("10", "9", "2")
    assert labels_from("stars", path, ordered=True).names == ("2", "9", "10")
    assert labels_from("stars", path, ordered=True).ordered
    with pytest.raises(DataError, match=r"must be numbers to be ordered by value\. Got 'b', 'a'"):
        labels_from("mood", path, ordered=True)
    assert not parse_labels("1,2").ordered
