"""`labeling demo sets` on its real descriptions of databases."""

import json

import pandas as pd
import pytest

from labeling.demo import database_roles
from labeling.demo.databases import descriptions
from labeling.records import LabelKind, decode_label
from tests.support.demos import before_and_after, printed_by_demo


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What `labeling demo sets` prints in a checkout, and the folder that it leaves behind."""
    folder = tmp_path_factory.mktemp("checkout")
    files = ("configs/databases.yaml", "lfs/databases.py")
    return printed_by_demo(folder, "sets", files), folder


def test_the_demo_tells_the_whole_story(shown):
    text, _ = shown
    for part in (
        "1,500 descriptions to label",
        "The annotators\nare simulated",
        "any yes, held-out",
        "Round 3: 140 samples sent",
        "Krippendorff's alpha, Jaccard",
        "Escalated to the reviewer",
        "95 % interval",
        "SetTrainingSet(",
        "Try next",
    ):
        assert part in text


def test_human_votes_improve_the_labels_and_the_models(shown):
    """The published figures: on held-out descriptions micro F1 rises from 0.57 to 0.60."""
    text, _ = shown
    before, after = before_and_after(text, "label + end model, held-out")

    assert before > 0.55
    assert after > before + 0.02
    assert text.count("a significant improvement") == 2


def test_the_demo_writes_what_it_says(shown):
    text, folder = shown
    out = folder / "out" / "databases"
    train = pd.read_parquet(out / "training_set.parquet")
    manifest = json.loads((out / "training_set.parquet.manifest.json").read_text("utf-8"))

    assert manifest["samples"] == len(train) == 1_500
    assert "SetTrainingSet(1500 samples" in text


def test_simulated_annotators_make_mistakes_as_often_as_said():
    """4,500 answers: each share within four standard errors of the one that is published."""
    table = descriptions()
    roles = database_roles.assign_roles(table, seed=0)
    n_right = n_wrong = missed = added = 0
    for sample, label in zip(roles["votes"]["sample"], roles["votes"]["label"], strict=True):
        answer = decode_label(label, LabelKind.SEVERAL)
        truth = table.loc[sample, "subjects"]
        n_right, missed = n_right + len(truth), missed + len(truth - answer)
        n_wrong, added = n_wrong + 16 - len(truth), added + len(answer - truth)

    for count, n, share in (
        (missed, n_right, database_roles.MISSED),
        (added, n_wrong, database_roles.ADDED),
    ):
        assert count / n == pytest.approx(share, abs=4 * (share / n) ** 0.5)


def test_the_halves_are_apart():
    roles = database_roles.assign_roles(descriptions(), seed=0)

    assert not set(roles["pool"]["id"]) & set(roles["held_out"]["id"])
    assert set(roles["votes"]["sample"]) == set(roles["pool"]["id"])
