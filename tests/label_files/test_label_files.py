"""People label in files: what they may do to a file, and what is told where a row cannot count."""

import json
import os
import sys

import openpyxl
import pandas as pd
import pytest

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.records import Annotation, live_annotations
from tests.support.files_of_labels import (
    NOON,
    SAMPLES,
    SCHEMA,
    batch,
    fill,
    only_problem,
    pushed,
    rows_of,
    save,
    triples,
)

# Two ways to work


def test_named_annotators_get_a_file_each_and_equal_shares(tmp_path):
    samples = pd.DataFrame({"text": "hi"}, index=range(90))
    files = LabelFiles(tmp_path, SCHEMA, annotators=["ann", "bob", "cy"])
    files.push(batch(*range(90)), samples)

    shares = {one: rows_of(tmp_path / f"batch-001.{one}.csv") for one in ("ann", "bob", "cy")}
    assert [60, 60, 60] == [len(rows) for rows in shares.values()]
    assert all(row["annotator"] == name for name, rows in shares.items() for row in rows)
    of = {one: {row["sample_id"] for row in rows} for one, rows in shares.items()}
    pairs = (("ann", "bob"), ("bob", "cy"), ("cy", "ann"))
    assert all(20 < len(of[one] & of[other]) < 40 for one, other in pairs)


def test_who_gets_a_sample_does_not_depend_on_the_order(tmp_path):
    ids = list(range(40))
    samples = pd.DataFrame({"text": "hi"}, index=ids)
    for name, order in (("forth", ids), ("back", ids[::-1])):
        LabelFiles(tmp_path / name, SCHEMA, annotators=["ann", "bob", "cy"]).push(
            batch(*order), samples
        )
    forth, back = (
        {row["sample_id"] for row in rows_of(tmp_path / name / "batch-001.ann.csv")}
        for name in ("forth", "back")
    )
    assert forth == back


def test_with_nobody_named_people_make_copies(tmp_path):
    files = pushed(tmp_path)
    original = tmp_path / "batch-001.csv"
    for name, label in (("ann", "ham"), ("bob", "spam")):
        copy = tmp_path / f"copy of {name}.csv"
        copy.write_bytes(original.read_bytes())
        fill(copy, [label] * 4, annotator=name)

    votes = (("ann", "ham"), ("bob", "spam"))
    expected = {(sample_id, name, label) for sample_id in SAMPLES.index for name, label in votes}
    assert expected == set(triples(files.pull()))
    assert () == files.problems


def test_ids_keep_their_type(tmp_path):
    files = pushed(tmp_path)
    rows = rows_of(tmp_path / "batch-001.csv")
    for row in rows:  # a spreadsheet makes a number of 007
        row.update(label="ham", annotator="ann", sample_id=row["sample_id"].lstrip("0"))
    save(tmp_path / "batch-001.csv", rows)

    assert ["a", "b", "007", 7] == [annotation.sample_id for annotation in files.pull()]


def test_fewer_people_than_votes_is_told(tmp_path):
    files = pushed(tmp_path, annotators=["ann"])

    assert 4 == len(rows_of(tmp_path / "batch-001.ann.csv"))
    assert "4 samples have fewer people" in only_problem(files).what


def test_files_cannot_be_named_out_of_the_folder(tmp_path):
    pushed(tmp_path / "in", annotators=["../../ann", "c:\\bob", "..", "Jürgen"])

    assert ["in"] == os.listdir(tmp_path)
    assert "batch-001.Jürgen.csv" in os.listdir(tmp_path / "in")
    assert 5 == len(os.listdir(tmp_path / "in"))


# What comes back


def test_an_annotation_tells_when_and_what_for(tmp_path):
    files = pushed(tmp_path, "a", annotators=["ann", "bob"])
    path = tmp_path / "batch-001.ann.csv"
    fill(path, ["ham"], comment=" looks fine ")
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))

    (annotation,) = files.pull()
    assert ("ham", "looks fine", 1, False) == (
        annotation.label,
        annotation.reason,
        annotation.round,
        annotation.reviewer,
    )
    assert (NOON, NOON) == (annotation.created_at, annotation.updated_at)
    assert annotation.platform_id.endswith("/ann")


@pytest.mark.parametrize("written", ["Spam ", "SPAM", "spam", " spam"])
def test_labels_may_differ_in_case_and_space(tmp_path, written):
    files = pushed(tmp_path, "a", annotators=["ann", "bob"])
    fill(tmp_path / "batch-001.ann.csv", [written])

    assert [("a", "ann", "spam")] == triples(files.pull())


def test_a_case_that_two_labels_share_is_not_guessed(tmp_path):
    files = LabelFiles(tmp_path, lb.LabelSchema(["Ham", "ham"]), annotators=["ann"])
    files.push(batch("a", "b"), SAMPLES)
    fill(tmp_path / "batch-001.ann.csv", ["HAM", "Ham"])

    assert [("b", "ann", "Ham")] == triples(files.pull())
    assert "Got 'HAM'" in files.problems[-1].what


@pytest.mark.parametrize(("labels", "written"), [(["0", "1"], 1.0), (["1.0", "2.0"], 1)])
def test_numbers_as_labels_come_back_as_numbers(tmp_path, labels, written):
    schema = lb.LabelSchema(labels)
    files = LabelFiles(tmp_path, schema, annotators=["ann"], kind="xlsx", votes_per_sample=1)
    files.push(batch("a"), SAMPLES)
    path = tmp_path / "batch-001.ann.xlsx"
    book = openpyxl.load_workbook(path)
    book["questions"]["D2"] = written
    book.save(path)

    assert float(written) == float(files.pull()[0].label)


def test_skip_is_an_annotation_without_a_label(tmp_path):
    files = pushed(tmp_path, "a", annotators=["ann", "bob"])
    fill(tmp_path / "batch-001.ann.csv", ["skip"])

    assert [("a", "ann", None)] == triples(files.pull())


def test_what_is_not_labeled_yet_is_no_problem(tmp_path):
    files = pushed(tmp_path, annotators=["ann", "bob"])

    assert () == files.pull()
    assert () == files.problems


def test_pulling_again_brings_nothing_new(tmp_path):
    files = pushed(tmp_path, "a", annotators=["ann", "bob"])
    fill(tmp_path / "batch-001.ann.csv", ["ham"])
    first = files.pull()
    os.utime(tmp_path / "batch-001.ann.csv")
    another = LabelFiles(tmp_path, SCHEMA, annotators=["ann", "bob"], known=first)

    assert first == files.pull() == another.pull()


def test_news_are_what_was_not_known_until_it_is(tmp_path):
    """Asked twice it brings the same twice: it may not have been kept the first time."""
    files = pushed(tmp_path, "a", "b", annotators=["ann", "bob"])
    fill(tmp_path / "batch-001.ann.csv", ["ham", "ham"])
    first = files.pull()
    another = LabelFiles(tmp_path, SCHEMA, annotators=["ann", "bob"], known=first)
    fill(tmp_path / "batch-001.bob.csv", ["ham", ""])

    news = another.fetch("").annotations
    assert news == another.fetch("").annotations == another.pull()[2:] == files.pull()[2:]
    assert ["bob"] == [annotation.annotator for annotation in news]
    with pytest.deprecated_call():
        assert (2, 3) == (len(first), len(files.news()))
    with pytest.deprecated_call():
        assert news == another.news() == another.news()


def test_a_change_of_mind_is_one_more_annotation_that_counts(tmp_path):
    files = pushed(tmp_path, "a", annotators=["ann", "bob"])
    path = tmp_path / "batch-001.ann.csv"
    fill(path, ["ham"])
    (first,) = files.pull()
    fill(path, ["spam"])
    os.utime(path, (0, 0))  # from a computer whose clock is wrong

    known = files.pull()
    assert [("a", "ann", "ham"), ("a", "ann", "spam")] == triples(known)
    assert known[1].created_at == first.created_at < known[1].updated_at
    assert ["spam"] == [annotation.label for annotation in live_annotations(known)]
    assert known == files.pull()


def test_a_label_taken_out_still_counts_and_is_told(tmp_path):
    files = pushed(tmp_path, "a", annotators=["ann", "bob"])
    fill(tmp_path / "batch-001.ann.csv", ["ham"])
    before = files.pull()
    fill(tmp_path / "batch-001.ann.csv", [""])

    assert before == files.pull()
    assert "batch-001.ann.csv, row 2" == only_problem(files).where
    assert "was removed" in only_problem(files).what


def test_files_go_around_the_loop(tmp_path):
    people = ["ann", "bob", "cy"]
    files = pushed(tmp_path, "a", "b", annotators=people, reviewers=["eve"])
    policy = lb.ReviewPolicy(min_votes=2, max_votes=2)
    for path in tmp_path.glob("*.csv"):
        label = {"ann": "ham", "bob": "spam", "cy": "spam"}[path.stem.split(".")[1]]
        fill(path, [label] * len(rows_of(path)))
    verdict = lb.review(files.pull(), SCHEMA, policy=policy, annotators=people)
    files.escalate(verdict.escalations, SAMPLES)
    for path in tmp_path.glob("review*.csv"):
        fill(path, ["ham"] * len(rows_of(path)))
    verdict = lb.review(files.pull(), SCHEMA, policy=policy, annotators=people)

    assert 2 == len(verdict.gold)
    assert {"review", "agreement"} >= {gold_label.source for gold_label in verdict.gold}


# What is refused


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kind": "ods"}, "`kind` must be one of"),
        ({"votes_per_sample": 0}, "must be 1 or more"),
        ({"show": ["text"]}, "different columns"),
        ({"show": [3]}, "must be a text"),
        ({"annotators": ["ann", "Ann"]}, "Given twice: 'ann'"),
        ({"reviewers": [" "]}, "`reviewers` must be names"),
        ({"reviewers": ["Eve "]}, "Got 'Eve '"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(tmp_path, settings, message):
    with pytest.raises(lb.LabelingError, match=message):
        LabelFiles(tmp_path, SCHEMA, **settings)


def test_a_label_that_reads_as_a_skip_is_refused(tmp_path):
    with pytest.raises(lb.LabelingError, match="Give that label another name"):
        LabelFiles(tmp_path, lb.LabelSchema(["go", "Skip"]))


def test_ids_that_files_cannot_hold_are_refused(tmp_path):
    samples = pd.DataFrame({"text": ["hi"]}, index=[1.5])
    with pytest.raises(lb.LabelingError, match="texts or whole numbers"):
        LabelFiles(tmp_path, SCHEMA).push(batch(1.5), samples)


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(lb.LabelingError, match="cannot be made"):
        pushed(tmp_path / "file" / "folder")


def test_without_openpyxl_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(lb.LabelingError, match=r"labeling\[xlsx\]"):
        pushed(tmp_path, kind="xlsx")


# Many rows


def test_ten_thousand_rows_are_read(tmp_path):
    """Comparing each with all that is known would take hours."""
    ids = range(10_000)
    samples = pd.DataFrame({"text": [f"comment {i}" for i in ids]}, index=ids)
    known = [Annotation(i, person, "ham", NOON, NOON) for i in ids for person in "abcdefghij"]
    files = LabelFiles(tmp_path, SCHEMA, known=known)
    files.push(batch(*ids), samples)
    fill(tmp_path / "batch-001.csv", ["spam"] * 10_000, annotator="a")

    assert 110_000 == len(files.pull())


def test_json_lines_are_told_by_line(tmp_path):
    files = pushed(tmp_path, "a", "b", kind="jsonl", show=["author"])
    path = tmp_path / "batch-001.jsonl"
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0].update(label="ham", annotator="ann", author=None)
    rows[1].update(label=3, annotator="ann")
    path.write_text("\n".join(map(json.dumps, rows)))

    assert [("a", "ann", "ham")] == triples(files.pull())
    assert "batch-001.jsonl, line 2" == only_problem(files).where
