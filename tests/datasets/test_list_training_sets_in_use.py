"""Training sets of spans and of several labels: splits, tests on data, releases, cards."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.datasets.data_tests.lf_health import lf_health
from labeling.datasets.data_tests.settings import DataTestSettings
from labeling.datasets.data_tests.tested import votes_to_test
from labeling.errors import DataError
from tests.support.span_sets import (
    FEELINGS,
    PER_ORG,
    TEXTS,
    given_sets,
    given_spans,
    set_votes,
    soft_sets,
    soft_spans,
    span_votes,
)

N = 200


def many_spans() -> lb.SpanTrainingSet:
    """Return 200 texts: half have a PER, one in twenty an ORG, the rest nothing."""
    rng = np.random.default_rng(0)
    texts, spans = [], []
    for number in range(N):
        word = "".join(rng.choice(list("abcdefghij"), 12))
        has = [(0, 3, "PER")] if number % 2 else []
        if number % 20 == 0:
            has = [*has, (4, 16, "ORG")]
        texts.append(f"Ann {word} {number}")
        spans.append(has)
    return given_spans(texts, spans)


def test_strata_keep_rare_labels_in_both_splits() -> None:
    reports: list[lb.SplitReport] = []
    train = lb.split(
        many_spans(), test=0.4, near_duplicates=None, stratify=True, report=reports.append
    )
    assert isinstance(train, lb.SpanTrainingSet)
    assert reports[0].labels.loc["ORG", ["train", "test"]].tolist() == [6, 4]
    assert reports[0].labels.loc["PER", ["train", "test"]].tolist() == [60, 40]
    assert all(finding.status != "failed" for finding in lb.find_leaks(train))


def test_a_sample_is_in_the_stratum_of_its_rarest_label() -> None:
    train = given_sets(list("abcd"), [["joy", "anger"], ["joy"], [], ["joy"]])
    assert train.form.strata(train.columns["label"]) == ["anger", "joy", "(none)", "joy"]


def test_changes_have_a_cause_and_a_merge_names_conflicts() -> None:
    plain = lb.build_training_set(TEXTS, soft_spans(), votes=span_votes())
    ours = lb.build_training_set(
        TEXTS, soft_spans(), votes=span_votes(), gold={"c": [(0, 5, "PER")]}
    )
    theirs = lb.build_training_set(
        TEXTS, soft_spans(), votes=span_votes(), gold={"c": [(0, 5, "ORG")], "b": [(0, 7, "PER")]}
    )
    changes = lb.diff_training_sets(plain, theirs)
    assert changes.counts == {"gained": 0, "lost": 0, "relabelled": 2}
    assert changes.to_frame().loc["b", ["before", "after", "cause"]].tolist() == [
        "[]",
        '[[0,7,"PER"]]',
        "person",
    ]
    assert changes.confusion.loc["[]", '[[0,7,"PER"]]'] == 1
    merged = lb.merge_training_sets(plain, ours, theirs)
    assert [conflict.sample_id for conflict in merged.conflicts] == ["c"]
    assert merged.train.added_column("label")["b"] == (lb.Span(0, 7, "PER"),)
    settled = lb.merge_training_sets(plain, ours, theirs, {"c": '[[0,10,"ORG"]]'})
    assert settled.train.added_column("label")["c"] == (lb.Span(0, 10, "ORG"),)
    assert [list(p) for p in settled.train.added_column("probabilities")] == [[0.9, 0.6], [1], [1]]


def test_a_vote_that_changed_is_the_cause_of_a_changed_label() -> None:
    votes = set_votes().to_frame()
    votes.loc[0, "says"] = False
    other = lb.SetVotes.from_frame(votes, schema=FEELINGS, sample_ids=TEXTS.index)
    soft = soft_sets()
    chosen = soft.chosen.copy()
    chosen[0] = [False, True]
    changed = lb.SoftSets(soft.array, soft.sample_ids, FEELINGS, soft.covered, chosen)
    base = lb.build_training_set(TEXTS, soft, votes=set_votes())
    head = lb.build_training_set(TEXTS, changed, votes=other)
    changes = lb.diff_training_sets(base, head)
    assert changes.to_frame()["cause"].to_dict() == {"a": "rule"}
    assert changes.by_function.loc["x", "rows"] == 1


def test_sets_with_other_kinds_of_labels_are_not_compared() -> None:
    with pytest.raises(DataError, match=r"labels of one kind\. Got 'several', 'spans'"):
        lb.diff_training_sets(given_spans(["a"], [[]]), given_sets(["a"], [[]]))


def test_the_story_of_a_sample_says_who_marked_each_span() -> None:
    frame = span_votes().to_frame()
    frame.loc[len(frame)] = ["a", "y", 0, 7, "ORG"]
    votes = lb.SpanVotes.from_frame(frame, schema=PER_ORG, sample_ids=TEXTS.index)
    story = lb.build_training_set(TEXTS, soft_spans(), votes=votes).explain("a")
    assert story.label == "PER 'Ann' (0 to 3); PER 'Bob' (8 to 11)"
    assert [(part.voters, part.against) for part in story.parts] == [(("x",), ("y",)), (("y",), ())]
    assert "PER 'Ann' (0 to 3) 90.0% x y" in " ".join(str(story).split())
    sets = lb.build_training_set(TEXTS, soft_sets(), votes=set_votes()).explain("a")
    assert re.search(r"^ *label +yes +no$", str(sets), re.MULTILINE)
    assert sets.label == "joy"
    assert sets.probabilities == {"joy": 0.9, "anger": 0.2}
    assert {part.part: part.against for part in sets.parts}["anger"] == ("x",)


def statuses(report: Any) -> dict[str, str]:
    """Return the status of each finding."""
    return {finding.name: finding.status for finding in report.findings}


def test_data_tests_of_spans_pass_skip_or_warn_with_a_reason() -> None:
    train = many_spans()
    report = lb.run_data_tests(train, train)
    found = statuses(report)
    assert "failed" not in found.values(), report
    for name in ("known_labels", "probabilities", "class_floor", "span_places", "label_flips"):
        assert found[name] == "passed", name
    for name in ("most_probable_labels", "people_against_weak"):
        assert found[name] == "skipped"
    alone = statuses(lb.run_data_tests(train))
    assert len(alone) > 21


def test_data_tests_of_spans_see_what_is_wrong() -> None:
    train = many_spans()
    broken = train.with_columns(
        label=[[(0, 900, "PER")] if number == 3 else [(0, 4, "PER"), (2, 5, "ORG")]
               for number in range(N)]
    )  # fmt: skip
    found = {each.name: each for each in lb.run_data_tests(broken, train).findings}
    assert found["span_places"].status == "failed"
    assert found["span_places"].sample_ids == ("s3",)
    assert "199 begin or end with white space, and 199 overlap" in found["span_places"].sentence
    assert found["probabilities"].status == "failed"
    assert found["label_flips"].status == "failed"
    assert found["drift_labels"].status == "failed"
    assert "label measure" in found["drift_labels"].sentence
    odd = train.with_columns(label=[[(0, 4, "PER")] for _ in range(N)])
    places = {each.name: each for each in lb.run_data_tests(odd).findings}["span_places"]
    assert places.status == "warning"


def test_data_tests_of_sets_count_each_label() -> None:
    texts = [f"text {number} {number * 7919 % 1000}" for number in range(N)]
    labels = [["joy", "anger"] if number % 2 else [] for number in range(N)]
    train = given_sets(texts, labels)
    found = {each.name: each for each in lb.run_data_tests(train).findings}
    assert found["class_floor"].status == "passed"
    assert [row["samples"] for row in found["class_floor"].details] == [100, 100]
    rare = given_sets(texts, [["joy"]] * N)
    assert statuses(lb.run_data_tests(rare))["class_floor"] == "failed"
    drifted = statuses(lb.run_data_tests(rare, train))
    assert drifted["drift_labels"] == "failed"
    assert drifted["label_flips"] == "failed"


def test_people_agree_where_their_spans_are_exactly_the_same() -> None:
    import datetime

    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    spans = {"eve": (lb.Span(0, 3, "PER"),), "bob": (lb.Span(0, 3, "PER"),), "kim": ()}
    people = [
        lb.Annotation("a", name, label, now, now)  # type: ignore[arg-type]
        for name, label in spans.items()
    ]
    train = lb.build_training_set(TEXTS, soft_spans(), annotations=people)
    found = {each.name: each for each in lb.run_data_tests(train).findings}
    assert found["agreement"].value == pytest.approx(1 / 3)


@pytest.mark.parametrize("kind", ["spans", "sets"])
def test_the_hub_folder_is_read_with_its_features(tmp_path: Path, kind: str) -> None:
    datasets = pytest.importorskip("datasets")
    train: lb.TrainingSet = (
        lb.build_training_set(TEXTS, soft_spans(), votes=span_votes())
        if kind == "spans"
        else lb.build_training_set(TEXTS, soft_sets(), votes=set_votes())
    )
    train.to_hub_folder(tmp_path / "hub")
    card = (tmp_path / "hub" / "README.md").read_text("utf-8")
    cache = str(tmp_path / "cache")
    data = datasets.load_dataset(str(tmp_path / "hub"), cache_dir=cache)["train"]
    if kind == "spans":
        assert "token-classification" in card
        assert "Spans: 1 ORG, 2 PER; 1 samples have no span." in card
        assert data["label"][0][1] == {"start": 8, "end": 11, "label": "PER"}
    else:
        assert "A sample may have several labels; 2 samples have none of them." in card
        assert data.features["label"].feature.names == ["joy", "anger"]
        assert data["label"][:] == [[0], [], []]
    croissant = json.loads((tmp_path / "hub" / "croissant.json").read_text("utf-8"))
    fields = [field["name"] for field in croissant["recordSet"][1]["field"]]
    assert "train/label" in fields


def test_a_release_holds_spans_and_is_compared(tmp_path: Path) -> None:
    releases = lb.Releases(tmp_path)
    base = lb.build_training_set(TEXTS, soft_spans(), votes=span_votes())
    assert isinstance(releases.branch("first", base, by="ann").train, lb.SpanTrainingSet)
    head = lb.build_training_set(
        TEXTS, soft_spans(), votes=span_votes(), gold={"b": [(0, 7, "PER")]}
    )
    releases.branch("second", head, by="ann")
    read = lb.Releases(tmp_path)
    assert read["first"].train.fingerprint == base.fingerprint
    changes = lb.diff_training_sets(read["first"].train, read["second"].train)
    assert changes.sample_ids.tolist() == ["b"]


def test_what_is_shown_counts_samples_with_each_label() -> None:
    text = str(lb.build_training_set(TEXTS, soft_spans(), votes=span_votes())._view())
    assert "PER" in text
    pd.testing.assert_index_equal(
        lb.build_training_set(TEXTS, soft_sets()).rows_behind("labels", "joy"),
        pd.Index(["a"], name="id"),
    )


def test_votes_on_later_data_are_compared_with_those_of_the_base() -> None:
    from labeling.datasets.data_tests import monitor_data, votes_to_test

    for votes in (span_votes(), set_votes()):
        tested = votes_to_test(TEXTS, votes)
        report = monitor_data(tested, votes_to_test(TEXTS, votes))
        assert "failed" not in statuses(report).values()
    assert votes_to_test(TEXTS, span_votes()).lf_codes.tolist() == [
        [0, 0],
        [2, -1],
        [-1, 1],
        [-1, -1],
    ]
    assert votes_to_test(TEXTS, set_votes()).lf_codes.tolist() == [
        [0, -1],
        [-1, 2],
        [-1, -1],
        [-1, -1],
    ]


def test_leaks_are_looked_for_with_gold_spans() -> None:
    gold = {"a": [(0, 3, "PER")], "b": []}
    found = {each.name: each for each in lb.find_leaks(TEXTS, labels=gold)}
    assert "several labels" in found["single_words"].sentence


@pytest.mark.parametrize(("kind", "status"), [("spans", "passed"), ("several", "failed")])
def test_a_function_may_mark_spans_in_every_sample_but_not_give_a_label_to_all(kind, status):
    texts = pd.DataFrame({"text": [f"Ann {number}" for number in range(30)]})
    schema = lb.LabelSchema(["PER"], kind=kind)
    if kind == "spans":
        votes = lb.apply(lb.functions.span_regex("PER", "Ann"), texts, schema)
        soft = lb.SpanModel().fit(votes).predict(votes)
    else:
        votes = lb.apply(lb.functions.keywords("ann", ["Ann"], label="PER"), texts, schema)
        soft = lb.SetModel().fit(votes).predict(votes)
    train = lb.build_training_set(texts, soft, votes=votes)
    of_set = {finding.name: finding for finding in lb.run_data_tests(train).findings}
    assert of_set["lf_health"].status == status
    tested = votes_to_test(texts, votes)
    assert lf_health(tested, None, DataTestSettings()).status == status
