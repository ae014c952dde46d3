"""`labeling apply --on` and `labeling export --on`: projects on partitioned Parquet."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labeling import PartitionedVotes, Project
from labeling.cli.entry_point import main
from tests.support.clusters import SCHEMA, write_partitions

RULES = """
from labeling.functions import keywords, regex

offers = keywords("offers", ["buy", "now"], label="spam")
greets = keywords("greets", ["nice", "hm"], label="ham")
link = regex("link", "https?://", label="spam")
"""
CONFIG = """
data: {{path: {path}, id: key{more}}}
labels: [ham, spam]
labeling_functions: [rules.py]
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write_partitions(tmp_path / "data")
    (tmp_path / "rules.py").write_text(RULES)
    configure(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def configure(folder, path="data", more=""):
    (folder / "project.yaml").write_text(CONFIG.format(path=path, more=more))


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["-c", "project.yaml", *arguments])
    printed = capsys.readouterr()
    return ended.value.code or 0, printed.out, printed.err


def with_gold_column(folder):
    """Give a tenth of the samples a gold label in a column, of which one has no text."""
    for file in (folder / "data").rglob("*.parquet"):
        frame = pd.read_parquet(file)
        frame["truth"] = [SCHEMA.labels[row % 2] if row % 10 == 0 else None for row in frame.index]
        if file.name == "1.parquet":
            frame.loc[[0, 1], "text"] = None
        frame.to_parquet(file)


def test_votes_are_those_of_the_project(folder, capsys):
    code, out, err = run(capsys, "apply", "--on", "processes:2", "--json")

    assert code == 0, err
    found = json.loads(out)
    votes = PartitionedVotes.open(folder / "out" / "partitioned_votes")
    one = Project("project.yaml").apply()
    assert np.array_equal(votes.read().array, one.array)
    assert votes.read().sample_ids.equals(one.sample_ids)
    assert found == {
        "samples": 400,
        "covered": int(one.covered.sum()),
        "voters": ["offers", "greets", "link"],
        "votes": one.n_cast,
        "partitions": 4,
        "faults": 0,
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["column", "file"])
def test_gold_labels_are_hidden_and_the_same_ones_locked(folder, capsys, kind):
    with_gold_column(folder)
    if kind == "file":
        table = pd.read_parquet(folder / "data")[["key", "truth"]].dropna()
        table.rename(columns={"truth": "label"}).to_csv(folder / "gold.csv", index=False)
        for file in (folder / "data").rglob("*.parquet"):
            pd.read_parquet(file).drop(columns="truth").to_parquet(file)
    configure(folder, more=f", gold: {'truth' if kind == 'column' else 'gold.csv'}")

    code, _, err = run(capsys, "export", "--on", "local")

    assert code == 0, err
    votes = PartitionedVotes.open(folder / "out" / "partitioned_votes")
    project = Project("project.yaml")
    one = project.apply()
    assert votes.read().sample_ids.equals(one.sample_ids)
    assert np.array_equal(votes.read().array, one.array)
    assert votes.source.left_out == set(project.data.test.index)
    assert len(votes.source.left_out) > 5
    table = pd.read_parquet(folder / "out" / "training_set")
    assert "truth" not in table
    given = table[table["source"] == "given"].set_index("key")["label"]
    pd.testing.assert_series_equal(
        given.sort_index(), project.data.dev.sort_index(), check_dtype=False, check_names=False
    )


@pytest.mark.filterwarnings("ignore")
def test_the_training_set_is_written_and_its_manifest_printed(folder, capsys):
    code, out, _ = run(capsys, "export", "--on", "local", "--json")

    assert code == 0
    manifest = json.loads(out)
    table = pd.read_parquet(folder / "out" / "training_set")
    assert manifest == json.loads(Path("out/training_set/_manifest.json").read_text())
    assert manifest["samples"] == len(table) == 400
    assert {"text", "n", "part", "label", "weight", "source", "lf_votes"} <= {*table}

    code, out, err = run(capsys, "export", "--on", "local")
    assert "400 samples in 4 files" in out
    assert "training_set" in err


@pytest.mark.parametrize(
    ("path", "id"), [("data.csv", "key"), ("data", "{from: row}"), ("s3://bucket/data", "key")]
)
def test_other_data_is_refused(folder, capsys, path, id):
    (folder / "data.csv").write_text("key,text\na,b\n")
    configure(folder, path)
    text = (folder / "project.yaml").read_text().replace("id: key", f"id: {id}")
    (folder / "project.yaml").write_text(text)

    code, _, err = run(capsys, "apply", "--on", "local")

    assert code == 1
    assert "`path` of `data` must be Parquet" in " ".join(err.split())


def test_an_unknown_engine_is_refused(folder, capsys):
    code, _, err = run(capsys, "apply", "--on", "sparc")

    assert code == 1
    assert "Did you mean 'spark'" in " ".join(err.split())


def test_gold_labels_of_unknown_samples_are_named(folder, capsys):
    (folder / "gold.csv").write_text("key,label\nk1,ham\nk9999,spam\n")
    configure(folder, more=", gold: gold.csv")

    code, _, err = run(capsys, "apply", "--on", "local")

    assert code == 1
    assert "1 id of the gold labels in 'gold.csv' must be among the samples: 'k9999'" in " ".join(
        err.split()
    )
