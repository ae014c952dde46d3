"""Conflicts between ordered labels: those furthest apart reach the reviewer first."""

import datetime

import pandas as pd
import pytest

import labeling as lb
from labeling.adjudication import furthest_apart_first, review
from labeling.records import Annotation

NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
VOTES = {"r0": ("4", "5"), "r1": ("1", "5"), "r2": ("3", "3"), "r3": ("2", "4"), "r4": ("5", "1")}
POLICY = lb.ReviewPolicy(escalate="any_conflict")


def annotations():
    return [
        Annotation(sample, who, label, NOW, NOW)
        for sample, labels in VOTES.items()
        for who, label in zip(("ann", "bob"), labels, strict=True)
    ]


@pytest.mark.parametrize(
    ("ordered", "expected"),
    [(True, ["r1", "r4", "r3", "r0"]), (False, ["r0", "r1", "r3", "r4"])],
)
def test_votes_furthest_apart_come_first(ordered, expected):
    schema = lb.LabelSchema(list("12345"), ordered=ordered)
    escalations = review(annotations(), schema, policy=POLICY).escalations

    assert expected == [one.sample_id for one in furthest_apart_first(escalations, schema)]


def test_reviewers_get_them_in_this_order(tmp_path):
    frame = pd.DataFrame({"key": list(VOTES), "text": [f"text {key}" for key in VOTES]})
    frame.to_csv(tmp_path / "reviews.csv", index=False)
    (tmp_path / "rules.py").write_text("", encoding="utf-8")
    config = """
data: {path: reviews.csv, id: key}
labels: ["1", "2", "3", "4", "5"]
ordered_labels: true
labeling_functions: [rules.py]
files: {annotators: [ann, bob], reviewers: [dora]}
review: {escalate: any_conflict}
"""
    (tmp_path / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(tmp_path / "project.yaml")
    project.add_annotations(annotations())
    project.settle()
    (file,) = (tmp_path / "to_label").glob("*dora*.csv")
    rows = pd.read_csv(file, dtype=str, encoding="utf-8-sig")

    assert ["r1", "r4", "r3", "r0"] == rows["text"].str[-2:].tolist()


def test_a_majority_counts_equal_labels_and_takes_no_median():
    votes = [Annotation("r", who, star, NOW, NOW) for who, star in zip("abc", "345", strict=True)]
    verdict = review(votes, lb.LabelSchema(list("12345"), ordered=True))

    assert ["no majority: 1 x 3, 1 x 4, 1 x 5"] == [one.reason for one in verdict.escalations]
