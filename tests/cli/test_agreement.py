"""`labeling agreement` quotes the random stratum, and lists where people disagree."""

import datetime
import json

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.project.fingerprints import digest_of_text
from labeling.records import Annotation, Batch
from tests.support.in_process import run

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CONFIG = """
data: {path: reviews.csv, id: key}
labels: ["1", "2", "3", "4", "5"]
ordered_labels: true
labeling_functions: [rules.py]
files: {annotators: [ann, bob, cleo]}
"""
PEOPLE = ("ann", "bob", "cleo")


def labeling(folder, *arguments):
    return run(folder, "-c", "project.yaml", *arguments, columns=120)


def empty_project(folder):
    texts = [f"review number {i}" for i in range(60)]
    pd.DataFrame({"key": [f"r{i}" for i in range(60)], "text": texts}).to_csv(
        folder / "reviews.csv", index=False
    )
    (folder / "rules.py").write_text("", encoding="utf-8")
    (folder / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return lb.Project(folder / "project.yaml")


def stored_batch(project, strata):
    frame = pd.DataFrame({"stratum": strata}, index=[f"r{i}" for i in range(len(strata))])
    ids = frame.index
    digests = {sample: digest_of_text(project.samples.loc[sample, "text"]) for sample in ids}
    with project.store.locked("query"):
        project.store.batches.choose(
            1,
            Batch(frame),
            dict.fromkeys(ids, ("3", 0.5)),
            digests,
            strategy="mixture",
            seed=0,
            made_at="2026-01-01T00:00:00+00:00",
        )


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A project in which people agree on the random stratum, and less on the other."""
    folder = tmp_path_factory.mktemp("agreement")
    project = empty_project(folder)
    rng = np.random.default_rng(0)
    votes = []
    for i in range(40):
        truth = int(rng.integers(1, 6))
        for who in PEOPLE[:2]:
            off = int(rng.integers(-1, 2)) if i >= 20 else 0
            label = str(min(max(truth + off, 1), 5))
            votes.append(Annotation(f"r{i}", who, label, NOW, NOW))
    votes += [Annotation("r50", "ann", "1", NOW, NOW), Annotation("r50", "bob", "5", NOW, NOW)]
    # Asked for because the first two differ: not counted.
    votes.append(Annotation("r50", "cleo", "1", NOW, NOW, round=2))
    project.add_annotations(votes)
    stored_batch(project, ["random"] * 20 + ["margin"] * 20)
    return folder


def as_json(folder):
    done = labeling(folder, "agreement", "--json")
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def test_the_headline_is_of_the_samples_drawn_at_random(folder):
    found = as_json(folder)

    assert ("random", 20, 1.0) == (
        found["headline"]["stratum"],
        found["headline"]["samples"],
        found["headline"]["alpha"]["value"],
    )
    assert {"random": 20, "margin": 20, "in no batch": 1} == {
        name: part["samples"] for name, part in found["strata"].items()
    }
    assert found["strata"]["margin"]["alpha"]["value"] < 0.95
    assert 41 == found["overall"]["samples"]
    assert "of the 20 samples drawn at random" in found["notes"][0]


def test_what_people_disagree_on_is_listed_by_distance(folder):
    found = as_json(folder)

    assert {"sample": "r50", "votes": 2, "agreement": 0.0, "distance": 4.0} == {
        key: value for key, value in found["low"][0].items() if key != "labels"
    }
    assert "1 x 1, 1 x 5" == found["low"][0]["labels"]
    distances = [row["distance"] for row in found["low"]]
    assert distances == sorted(distances, reverse=True)
    assert [("ann", "bob", 41)] == [(p["first"], p["second"], p["n"]) for p in found["pairs"]]
    assert ["1", "2", "3", "4", "5"] == [row["label"] for row in found["labels"]]
    assert found["confused"]


def test_it_is_the_agreement_of_the_library(folder):
    project = lb.Project(folder / "project.yaml")
    found = project.agreement()

    assert found.overall == lb.agreement(found.votes)
    assert found.overall.ordered
    assert ("random", found.by_stratum["random"]) == found.headline
    assert 4 * 3 == len(found.to_frame())


def test_it_is_read_on_a_screen(folder):
    done = labeling(folder, "agreement", "--low", "2")
    words = " ".join(done.stdout.split())

    assert 0 == done.returncode, done.stderr
    assert words.startswith("Agreement: percent agreement 1.000")
    for part in ("in no batch", "ann and bob", "alpha against the rest", "r50", "1 x 1, 1 x 5"):
        assert part in words
    assert "more: labeling agreement --json shows all." in words
    assert "Next: labeling report" in done.stderr


def test_without_a_random_stratum_the_number_is_said_to_be_too_low(tmp_path):
    project = empty_project(tmp_path)
    project.add_annotations(
        [Annotation("r1", who, label, NOW, NOW) for who, label in (("ann", "1"), ("bob", "2"))]
    )
    assert "none of which was chosen by a query" in project.agreement().headline_note
    stored_batch(project, ["margin"] * 3)

    assert "make it too low" in project.agreement().headline_note


def test_before_anybody_labeled_it_says_so(tmp_path):
    empty_project(tmp_path)
    done = labeling(tmp_path, "agreement")

    assert 0 == done.returncode, done.stderr
    assert "No sample has first-round votes of two people yet." in done.stdout
    assert "Next: labeling pull" in done.stderr
    assert [] == as_json(tmp_path)["pairs"]
