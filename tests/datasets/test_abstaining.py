"""Samples that no voter covers: left out, kept without a label, or a class of their own."""

import json

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingError

LABELS = lb.LabelSchema(["ham", "spam"])
DATA = pd.DataFrame({"text": list("abcde")}, index=[f"s{i}" for i in range(5)])
# Labeled, not covered, tied, too uncertain; of the last one there is no soft label.
SOFT = lb.SoftLabels(
    [[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.45, 0.55]],
    DATA.index[:4],
    LABELS,
    [True, False, True, True],
)


def built(abstain, **more):
    return lb.build_training_set(DATA, SOFT, min_confidence=0.6, abstain=abstain, **more)


def test_they_are_left_out_by_default():
    assert (
        built("drop")
        .to_pandas()
        .equals(lb.build_training_set(DATA, SOFT, min_confidence=0.6).to_pandas())
    )
    assert "no voter covers it" == built("drop").dropped.loc["s1", "reason"]


def test_they_are_kept_without_a_label_and_never_with_the_prior():
    train = built("keep")
    row = train.to_pandas().loc["s1"]

    assert pd.isna(row["label"])
    assert np.isnan(row["probabilities"]).all()
    assert np.isnan(row["confidence"])
    assert (0.0, "abstained", "abstained") == tuple(row[["weight", "source", "decided_by"]])
    assert [0, -1] == train.codes.tolist()
    assert {"abstained": 1, "votes": 1} == train.manifest()["sources"]
    assert {"ham": 1, "spam": 0} == train.manifest()["labels"]


def test_they_are_a_class_of_their_own():
    train = built("as_class")
    row = train.to_pandas().loc["s1"]

    assert ("ham", "spam", "abstain") == train.schema.labels
    assert ("abstain", 1.0, 1.0, "abstained") == tuple(
        row[["label", "confidence", "weight", "source"]]
    )
    assert [[0.9, 0.1, 0.0], [0.0, 0.0, 1.0]] == train.probabilities.tolist()
    assert ["ham", "abstain"] == train.to_sklearn("text")[1].tolist()


@pytest.mark.parametrize("abstain", ["drop", "keep", "as_class"])
def test_ties_uncertain_ones_and_those_that_nobody_asked_about_stay_left_out(abstain):
    assert {
        "s2": "tie between ham, spam",
        "s3": "confidence below 0.6",
        "s4": "no soft label was given",
    } == built(abstain).dropped["reason"].drop("s1", errors="ignore").to_dict()


@pytest.mark.parametrize("abstain", ["keep", "as_class"])
def test_a_gold_label_wins(abstain):
    train = built(abstain, gold=pd.Series({"s1": "spam"}))

    assert ("spam", "given") == tuple(train.to_pandas().loc["s1", ["label", "source"]])


@pytest.mark.parametrize("abstain", ["keep", "as_class"])
def test_files_hold_them_and_are_read_back(tmp_path, abstain):
    train = built(abstain)
    train.to_folder(tmp_path)
    back = lb.TrainingSet.read(tmp_path)

    assert train.fingerprint == back.fingerprint
    assert train.schema == back.schema
    np.testing.assert_array_equal(train.probabilities, back.probabilities)
    frame = pd.read_csv(tmp_path / "training_set.csv")
    assert (abstain == "keep") == frame["label"].isna()[1]
    lines = (tmp_path / "training_set.jsonl").read_text("utf-8").splitlines()
    assert (None if abstain == "keep" else "abstain") == json.loads(lines[1])["label"]


def test_learners_are_given_no_row_without_a_label():
    train = built("keep")

    assert ["s0"] == train.to_sklearn("text")[0].index.tolist()
    assert {"s0"} == set(train.to_sklearn("text", labels="soft")[0].index)
    for how in ("weights", "undersample", "oversample"):
        assert ["s0", "s1"] == train.balanced(how).sample_ids.tolist()
    assert [1.0, 0.0] == train.weighted("none").added_column("weight").tolist()


def test_other_formats_hold_them():
    pytest.importorskip("torch")
    pytest.importorskip("datasets")
    train = built("keep")

    assert ["s0"] == train.to_torch("text").ids
    assert [0, None] == train.to_hf()["label"][:]
    assert ["ham", "spam", "abstain"] == built("as_class").to_hf().features["label"].names
    tasks = train.to_label_studio()
    assert "predictions" not in tasks[1]
    assert "abstained" == tasks[1]["meta"]["source"]


def test_it_shows_itself():
    assert "1 from abstained" in repr(built("keep"))
    for abstain in ("keep", "as_class"):
        assert "s1" in built(abstain)._repr_html_()


def test_wrong_arguments_are_named():
    with pytest.raises(LabelingError, match=r"`abstain` must be 'drop', 'keep' or 'as_class'"):
        built("as_a_class")
    grades = lb.SoftLabels(
        [[0.9, 0.1]], DATA.index[:1], lb.LabelSchema(["1", "2"], ordered=True), [True]
    )
    with pytest.raises(LabelingError, match="no place among grades"):
        lb.build_training_set(DATA, grades, abstain="as_class")
    named = lb.SoftLabels([[0.9, 0.1]], DATA.index[:1], lb.LabelSchema(["x", "abstain"]), [True])
    with pytest.raises(LabelingError, match="already has"):
        lb.build_training_set(DATA, named, abstain="as_class")
