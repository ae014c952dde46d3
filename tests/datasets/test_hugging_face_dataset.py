"""Training sets as datasets of Hugging Face: typed labels, parts of a split, no copies."""

import datetime

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from labeling.datasets.canonical import rows_table
from tests.support.nasty_training_set import IDS, SCHEMA, TEXTS, N, nasty

datasets = pytest.importorskip("datasets")


def test_labels_are_class_labels_in_the_order_of_the_schema():
    dataset = nasty().to_hf()

    assert isinstance(dataset, datasets.Dataset)
    assert list(SCHEMA) == dataset.features["labeling_label"].names
    assert [i % 3 if i != 2 else 0 for i in range(N - 1)] == dataset["labeling_label"][:]
    assert ["their own"] * (N - 1) == dataset["label"][:]
    assert "ham" == dataset.features["labeling_label"].int2str(dataset[0]["labeling_label"])


def test_everything_else_is_as_in_the_file():
    dataset = nasty().to_hf()

    assert list(TEXTS[: N - 1]) == dataset["text"][:]
    assert IDS["text"][: N - 1] == dataset["key"][:]
    assert [None, *range(1, N - 1)] == dataset["size"][:]
    assert (["a", "b"] * N)[: N - 1] == dataset["kind"][:]
    assert datetime.date(2026, 1, 1) == dataset[0]["day"]
    assert [["x"], [], ["y", "z"]] == dataset["tags"][:3]
    assert [0.8, 0.1, 0.1] == dataset[0]["probabilities"]
    assert 3 == dataset.features["probabilities"].length
    assert [{"voter": "a rule", "label": "ham"}] == dataset[0]["lf_votes"]


@pytest.mark.parametrize("ids", IDS)
def test_ids_keep_their_type(ids):
    assert IDS[ids][: N - 1] == nasty(ids).to_hf()["key"][:]


def test_a_split_set_is_a_dict_of_its_parts():
    train = nasty(split=True).with_columns(split=["test", "dev", None, *["train"] * (N - 4)])
    parts = train.to_hf()

    assert isinstance(parts, datasets.DatasetDict)
    assert {"train": N - 4, "validation": 1, "test": 1, "unassigned": 1} == parts.num_rows
    assert [TEXTS[0]] == parts["test"]["text"][:]
    assert "labeling_split" not in parts["train"].column_names
    assert "test" == str(parts["test"].split)


def test_texts_and_probabilities_are_not_copied():
    train = nasty()
    ours = rows_table(train).column("text").chunk(0).buffers()[2].address
    theirs = train.to_hf().data.column("text").chunk(0).buffers()[2].address

    assert ours == theirs


def test_it_is_mapped_filtered_saved_and_loaded(tmp_path):
    datasets.disable_progress_bars()
    dataset = nasty().to_hf()
    longer = dataset.map(lambda row: {"length": len(row["text"])})
    longer.save_to_disk(tmp_path / "set")
    loaded = datasets.load_from_disk(tmp_path / "set")

    assert [len(text) for text in TEXTS[: N - 1]] == loaded["length"][:]
    assert dataset.features["labeling_label"] == loaded.features["labeling_label"]
    assert 1 == len(dataset.filter(lambda row: row["text"] == "null"))
    assert nasty().to_hf()._fingerprint == dataset._fingerprint


def test_polars_and_arrow_read_it():
    frame = pl.from_arrow(nasty().to_hf().data.table)

    assert list(TEXTS[: N - 1]) == frame["text"].to_list()
    assert pa.list_(pa.float64(), 3) == nasty().to_hf().data.schema.field("probabilities").type


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("split", [True, False])
def test_none_and_one(n, split):
    dataset = nasty(split=split).take(np.arange(n)).to_hf()

    assert n == (sum(dataset.num_rows.values()) if split else len(dataset))
    if not split:
        assert list(SCHEMA) == dataset.features["labeling_label"].names
