"""Training sets of several labels: what is kept, and that files give it back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError
from tests.support.span_sets import TEXTS, given_sets, set_votes, soft_sets

GOLD = {"b": {"joy", "anger"}}


@pytest.fixture
def train() -> lb.SetTrainingSet:
    return lb.build_training_set(TEXTS, soft_sets(), votes=set_votes(), gold=GOLD)


def test_gold_wins_an_empty_set_is_a_label_and_uncovered_samples_are_left_out(
    train: lb.SetTrainingSet,
) -> None:
    assert train.added_column("label").to_dict() == {
        "a": frozenset({"joy"}),
        "b": frozenset({"joy", "anger"}),
        "d": frozenset(),
    }
    assert train.added_column("source").to_dict() == {"a": "votes", "b": "given", "d": "end model"}
    assert train.added_column("confidence").to_dict() == {"a": 0.8, "b": 1.0, "d": 0.9}
    np.testing.assert_array_equal(train.probabilities, [[0.9, 0.2], [1, 1], [0.1, 0.1]])
    assert train.dropped["reason"].to_dict() == {"c": "no voter covers it"}
    assert train.added_column("lf_votes")["a"] == {"x": {"joy": True, "anger": False}}


def test_files_give_back_an_equal_training_set(train: lb.SetTrainingSet, tmp_path: Path) -> None:
    train.to_folder(tmp_path)
    read = lb.TrainingSet.read(tmp_path)
    assert isinstance(read, lb.SetTrainingSet)
    assert read.fingerprint == train.fingerprint
    pd.testing.assert_frame_equal(read.frame, train.frame)


def test_json_lines_hold_lists_in_the_order_of_the_schema(
    train: lb.SetTrainingSet, tmp_path: Path
) -> None:
    train.to_jsonl(tmp_path / "t.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()]
    assert [row["label"] for row in rows] == [["joy"], ["joy", "anger"], []]
    assert rows[0]["probabilities"] == {"joy": 0.9, "anger": 0.2}
    assert rows[0]["lf_votes"] == [{"voter": "x", "label": {"joy": True, "anger": False}}]


def test_a_csv_file_has_a_column_of_0_and_1_for_each_label(
    train: lb.SetTrainingSet, tmp_path: Path
) -> None:
    train.to_csv(tmp_path / "t.csv")
    frame = pd.read_csv(tmp_path / "t.csv", index_col=0)
    assert frame["label_joy"].tolist() == [1, 1, 0]
    assert frame["label_anger"].tolist() == [0, 1, 0]
    assert frame["p_anger"].tolist() == [0.2, 1.0, 0.1]


def test_the_manifest_counts_the_samples_of_each_label(train: lb.SetTrainingSet) -> None:
    manifest = train.manifest()
    assert manifest["kind"] == "several"
    assert manifest["labels"] == {"joy": 2, "anger": 1}
    assert manifest["empty_labels"] == 1
    assert train.rows_behind("labels", "anger").tolist() == ["b"]


def test_samples_without_a_label_are_kept_on_demand(tmp_path: Path) -> None:
    train = lb.build_training_set(TEXTS, soft_sets(), abstain="keep")
    assert train.frame["label"]["c"] is None
    assert np.isnan(train.probabilities[2]).all()
    train.to_csv(tmp_path / "t.csv")
    assert np.isnan(pd.read_csv(tmp_path / "t.csv", index_col=0)["label_joy"]["c"])
    train.write(tmp_path)
    assert lb.TrainingSet.read(tmp_path).frame["label"]["c"] is None


def test_labels_can_be_replaced_but_not_by_one_name() -> None:
    train = given_sets(["x", "y"], [["joy"], []])
    changed = train.with_columns(label=[set(), {"anger"}])
    assert changed.added_column("label").tolist() == [frozenset(), frozenset({"anger"})]
    with pytest.raises(DataError, match="must be a set or list of names"):
        train.with_columns(label=["joy", "anger"])
