"""`export: split:` gives each sample of a project's training set its split."""

import json
import logging
import random

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.config import parse_config
from labeling.errors import ConfigError
from tests.support.in_process import run

CONFIG = """
data: {path: comments.parquet, id: key, gold: gold, locked: 0}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 60}
replay: {votes: votes.csv, rounds: 1}
review: {escalate: no_majority}
export: {split: {test: 0.4, dev: 0.2, group: author}}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free"], label="spam")
greets = keywords("greets", ["hello"], label="ham")
"""


@pytest.fixture
def folder(tmp_path):
    """200 samples, of which 20 have a given gold label and people label 60."""
    rng = random.Random(0)
    labels = [rng.choice(["ham", "spam"]) for _ in range(200)]
    words = [str(number) for number in range(10_000, 99_999)]
    texts = [
        " ".join(["free" if label == "spam" else "hello", *rng.sample(words, 6)])
        for label in labels
    ]
    data = pd.DataFrame(
        {
            "key": [f"c{n}" for n in range(200)],
            "text": texts,
            "author": [f"a{n % 150}" for n in range(200)],
            "gold": [label if n < 20 else None for n, label in enumerate(labels)],
        }
    )
    data.to_parquet(tmp_path / "comments.parquet", index=False)
    votes = [(f"c{n}", who, label) for n, label in enumerate(labels) for who in ("ann", "bob")]
    frame = pd.DataFrame(votes, columns=["sample", "annotator", "label"])
    frame.to_csv(tmp_path / "votes.csv", index=False)
    (tmp_path / "rules.py").write_text(RULES, "utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, "utf-8")
    return tmp_path


def exported(folder):
    project = lb.Project(folder / "project.yaml")
    votes = project.apply()
    rounds = list(project.rounds(votes))
    return project.export(rounds[-1], votes)


def test_people_s_labels_are_in_test_and_the_dev_set_is_not(folder, caplog):
    with caplog.at_level(logging.INFO, "labeling"):
        train = exported(folder)

    splits = train.added_column("split")
    held = splits.index[splits.isin(["test", "dev"])]
    sources = train.added_column("source")
    assert len(held) > 20
    assert set(sources[held]) <= {"agreement", "review", "given"}
    assert not set(splits.index[splits == "test"]) & {f"c{n}" for n in range(20)}
    authors = train.samples["author"]
    assert splits.dropna().groupby(authors[splits.notna()]).nunique().max() == 1
    assert "split the training set: " in caplog.text
    assert "that rules or models were made with" in caplog.text
    assert train.origin["split"]["group"] == ["author"]
    assert sum(train.origin["split"]["left_out"].values()) == splits.isna().sum()


def test_the_files_have_the_column_and_the_command_is_repeatable(folder):
    exported(folder)
    first = (folder / "out" / "training_set.parquet").read_bytes()

    assert run(folder, "-c", "project.yaml", "export").returncode == 0

    assert (folder / "out" / "training_set.parquet").read_bytes() == first
    table = pd.read_parquet(folder / "out" / "training_set.parquet")
    assert {"train", "dev", "test"} <= set(table["split"].dropna())
    manifest = json.loads(
        (folder / "out" / "training_set.parquet.manifest.json").read_text("utf-8")
    )
    assert manifest["splits"]["test"] == int((table["split"] == "test").sum())


def test_leaks_are_found_with_what_functions_read_and_gold_is_no_feature(folder):
    train = exported(folder)
    cheat = "\n\ncheat = keywords('cheat', ['spam'], label='spam', column='gold')\n"
    project = lb.Project(folder / "project.yaml")

    findings = {finding.name: finding for finding in project.find_leaks(train)}
    (folder / "rules.py").write_text(RULES + cheat, "utf-8")
    read = {f.name: f for f in lb.Project(folder / "project.yaml").find_leaks(train)}

    assert train.origin["gold_columns"] == ["gold"]
    assert findings["similar_texts"].status == "passed"
    assert findings["gold_columns"].status == "passed"
    assert "'gold'" in findings["gold_columns"].sentence
    assert findings["single_columns"].status == "passed"
    assert "gold" not in {row["column"] for row in findings["single_columns"].details}
    assert read["gold_columns"].status == "failed"
    assert "cheat reads 'gold'" in read["gold_columns"].sentence


def test_without_the_key_there_is_no_column(folder):
    text = CONFIG.replace("export: {split: {test: 0.4, dev: 0.2, group: author}}", "")
    (folder / "project.yaml").write_text(text, "utf-8")

    train = exported(folder)

    assert "split" not in train.columns
    assert "split" not in train.frame


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("{test: 0.8, dev: 0.2}", "must sum to less than 1"),
        ("{test: 1.2}", "split"),
        ("{tset: 0.2}", "tset"),
        ("{near_duplicates: 0.1}", "near_duplicates"),
    ],
)
def test_wrong_sections_are_refused(tmp_path, section, told):
    text = CONFIG.replace("{test: 0.4, dev: 0.2, group: author}", section)

    with pytest.raises(ConfigError, match=told):
        parse_config(text, tmp_path / "project.yaml")


def test_labels_alone_do_not_move_what_was_held_out(folder):
    """The same people's labels, other given ones: the hash decides, not the order of the rows."""
    first = exported(folder).added_column("split")
    data = pd.read_parquet(folder / "comments.parquet")
    order = np.random.default_rng(0).permutation(len(data))
    data.iloc[order].to_parquet(folder / "comments.parquet", index=False)

    again = lb.Project(folder / "project.yaml").export().added_column("split")

    pd.testing.assert_series_equal(first.sort_index(), again.sort_index())
