"""Hugging Face's `datasets` loads training sets from each kind of file, without a network."""

import datetime

import numpy as np
import pandas as pd
import pytest

import labeling as lb

KINDS = {"parquet": "parquet", "json": "jsonl", "csv": "csv"}
SCHEMA = lb.LabelSchema(["ham", "spam"])
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
OBJECTS = [{"annotator": "ann", "label": "spam"}, {"annotator": "bob", "label": None}]


def training_set(n=6, voters=("link", "short")):
    """Samples with texts, numbers, dates, lists; the last has been seen by people."""
    ids = pd.Index([f"s{i}" for i in range(n)], name="key")
    data = pd.DataFrame(
        {
            "text": [f"text, {i}\n" for i in range(n)],
            "size": pd.array([None, *range(1, n)], dtype="Int64"),
            "score": [np.inf, *np.linspace(0, 1, n - 1)],
            "day": [datetime.date(2026, 1, 1)] * n,
            "kind": pd.Categorical(["a", "b"] * (n // 2)),
            "month": pd.period_range("2026-01", periods=n, freq="M"),
            "tags": [["x"], [], *[["y", "z"]] * (n - 2)],
            "meta": [{}] * n,
        },
        index=ids,
    )
    array = np.full((n, len(voters)), -1)
    array[:, 0], array[-1, -1] = 1, 1
    said = [
        lb.Annotation(ids[-1], "ann", "spam", NOW, NOW),
        lb.Annotation(ids[-1], "bob", None, NOW, NOW),
        lb.Annotation(ids[-1], "eve", "spam", NOW, NOW, reviewer=True),
    ]
    return lb.build_training_set(
        data,
        lb.SoftLabels([[0.2, 0.8]] * n, ids, SCHEMA, [True] * n),
        gold=[lb.GoldLabel(ids[-1], "spam", "review", tuple(said))],
        votes=lb.Votes.from_array(array, schema=SCHEMA, sample_ids=ids, voters=voters),
        annotations=said,
    )


@pytest.fixture
def load(monkeypatch, tmp_path):
    """`load_dataset` in a folder of its own, and offline: whatever asks the hub fails."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()

    def loaded(kind, file, **more):
        cache = str(tmp_path / "cache")
        return datasets.load_dataset(
            kind, data_files=str(file), split="train", cache_dir=cache, **more
        )

    return loaded


@pytest.fixture
def folder(tmp_path):
    training_set().to_folder(tmp_path)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_file_is_loaded(load, folder, kind):
    found = load(kind, folder / f"training_set.{KINDS[kind]}")

    assert [f"s{i}" for i in range(6)] == found["key"][:]
    assert [f"text, {i}\n" for i in range(6)] == found["text"][:]
    assert ["spam"] * 6 == found["label"][:]
    assert [None, 1, 2, 3, 4, 5] == found["size"][:]
    assert "2026-02" == found["month"][1]
    assert [0.8] * 5 + [1.0] == found["weight"][:]


@pytest.mark.parametrize("kind", ["parquet", "json"])
def test_who_voted_what_is_a_list_of_objects(load, folder, kind):
    found = load(kind, folder / f"training_set.{KINDS[kind]}")

    assert [{"voter": "link", "label": "spam"}] == found[0]["lf_votes"]
    assert ["link", "short"] == [one["voter"] for one in found[5]["lf_votes"]]
    assert [] == found[0]["annotators"]
    assert OBJECTS == found[5]["annotators"]
    assert [None] * 5 + ["eve"] == found["reviewer"][:]


def test_probabilities_are_numbers(load, folder):
    assert [0.2, 0.8] == load("parquet", folder / "training_set.parquet")[0]["probabilities"]
    assert {"ham": 0.2, "spam": 0.8} == (
        load("json", folder / "training_set.jsonl")[0]["probabilities"]
    )
    assert 0.2 == load("csv", folder / "training_set.csv")[0]["p_ham"]


def test_long_json_lines_are_loaded_with_the_types_of_the_parquet_file(load, tmp_path):
    """The library guesses types from the first 10 MB, without votes yet; it can be told."""
    import datasets

    train = training_set(n=30_000, voters=("link", "rare"))
    train.samples["text"] = "x" * 600
    del train.samples["meta"]
    train.to_folder(tmp_path)
    assert (tmp_path / "training_set.jsonl").stat().st_size > 20_000_000
    types = load("parquet", tmp_path / "training_set.parquet").features.copy()
    number = datasets.Value("float64")
    types["probabilities"] = {label: number for label in SCHEMA}
    types["day"] = datasets.Value("string")
    found = load("json", tmp_path / "training_set.jsonl", features=types)

    assert 30_000 == len(found)
    assert OBJECTS == found[-1]["annotators"]
    assert ["link", "rare"] == [one["voter"] for one in found[-1]["lf_votes"]]
    assert "eve" == found[-1]["reviewer"]


def test_parquet_is_read_again_by_pandas(folder):
    frame = pd.read_parquet(folder / "training_set.parquet")
    expected = training_set().frame

    assert expected.index.tolist() == frame["key"].tolist()
    for name in ("text", "size", "score", "label", "weight", "confidence", "source"):
        pd.testing.assert_series_equal(
            frame[name], expected[name].reset_index(drop=True), check_names=False
        )
    assert OBJECTS == list(frame["annotators"].iloc[-1])
