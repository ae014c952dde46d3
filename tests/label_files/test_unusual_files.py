"""Rows that cannot count, and files that programs and people changed: what is told of them."""

import csv
import json
import os

import openpyxl
import pandas as pd
import pytest

import labeling as lb
from labeling.label_files import LabelFiles
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

# Rows that do not count


def broken(tmp_path, **cells):
    """Return the platform after one row of three was changed."""
    files = pushed(tmp_path, "a", "b", "007", annotators=["ann", "bob"])
    path = tmp_path / "batch-001.ann.csv"
    rows = rows_of(path)
    for row in rows:
        row["label"] = "ham"
    rows[1].update(cells)
    save(path, rows)
    return files


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        ({"label": "spma"}, "Got 'spma'. Did you mean 'spam'?"),
        ({"text": "something else"}, "one was changed"),
        ({"ask": "b"}, "this is none that was"),
        ({"ask": "1x2|other|sb|0000beef"}, "one was changed"),
        ({"annotator": ""}, "It is empty"),
        ({"annotator": "anne"}, "Nobody of the name 'anne' is asked"),
    ],
)
def test_a_row_that_cannot_count_is_told_and_the_others_count(tmp_path, cells, what):
    files = broken(tmp_path, **cells)

    assert ["a", "007"] == [annotation.sample_id for annotation in files.pull()]
    assert "batch-001.ann.csv, row 3" == only_problem(files).where
    assert what in only_problem(files).what


def test_the_same_label_twice_counts_once(tmp_path):
    files = pushed(tmp_path, annotators=["ann", "bob"])
    path = tmp_path / "batch-001.ann.csv"
    fill(path, ["ham"] * 4)
    (tmp_path / "the same.csv").write_bytes(path.read_bytes())

    assert 4 == len(files.pull())
    assert "rows 2, 3, 4, 5" in only_problem(files).where
    assert "counted once" in only_problem(files).what


def test_different_labels_of_one_person_do_not_count(tmp_path):
    files = pushed(tmp_path, "a", "b", annotators=["ann", "bob"])
    path = tmp_path / "batch-001.ann.csv"
    fill(path, ["ham", "ham"])
    (tmp_path / "copy.csv").write_bytes(path.read_bytes())
    fill(tmp_path / "copy.csv", ["spam", ""])

    assert [("b", "ann", "ham")] == triples(files.pull())
    (problem,) = files.problems
    assert "'ham' in batch-001.ann.csv, row 2, 'spam' in copy.csv, row 2" in problem.what


def test_a_text_may_change_in_white_space(tmp_path):
    files = broken(tmp_path, text=" win  a\r\nprize ")

    assert 3 == len(files.pull())


# What spreadsheet programs do


@pytest.mark.parametrize(
    "settings",
    [
        {"delimiter": ";"},
        {"delimiter": "\t", "encoding": "utf-16"},
        {"encoding": "utf-8"},
        {"lineterminator": "\n"},
        {"quoting": csv.QUOTE_ALL},
    ],
)
def test_a_file_saved_in_another_way_is_read(tmp_path, settings):
    files = pushed(tmp_path)
    path = tmp_path / "batch-001.csv"
    rows = [{**row, "label": "ham", "annotator": "Jürgen; x"} for row in rows_of(path)]
    save(path, rows, **settings)

    assert [(sample_id, "Jürgen; x", "ham") for sample_id in SAMPLES.index] == triples(files.pull())
    assert () == files.problems


def test_columns_may_move_and_be_added_and_rows_be_empty(tmp_path):
    files = pushed(tmp_path)
    path = tmp_path / "batch-001.csv"
    rows = [
        {**row, "label": "ham", "annotator": "ann", "my own": "1", "": ""} for row in rows_of(path)
    ]
    shuffled = [
        {" Label " if key == "label" else key: row[key] for key in reversed(row)} for row in rows
    ]
    blank = dict.fromkeys(shuffled[0], "")
    save(path, [*shuffled[:2], blank, *shuffled[2:], blank])

    assert 4 == len(files.pull())
    assert () == files.problems


def test_row_numbers_are_those_of_the_spreadsheet(tmp_path):
    files = pushed(tmp_path)  # the text of row 5 has two lines
    fill(tmp_path / "batch-001.csv", ["ham"] * 3 + ["eggs"], annotator="ann")
    files.pull()

    assert "batch-001.csv, row 5" == only_problem(files).where


def test_a_file_in_an_old_encoding_is_read_and_told(tmp_path):
    files = pushed(tmp_path, "b")
    path = tmp_path / "batch-001.csv"
    rows = [{**row, "label": "ham", "annotator": "Jürgen"} for row in rows_of(path)]
    save(path, rows, encoding="cp1252")

    assert [("b", "Jürgen", "ham")] == triples(files.pull())
    assert "Windows-1252" in only_problem(files).what


def test_an_apostrophe_that_a_spreadsheet_took_is_no_change(tmp_path):
    files = pushed(tmp_path, "a")
    path = tmp_path / "batch-001.csv"
    rows = rows_of(path)
    assert "'=1+1" == rows[0]["text"]
    save(path, [{**row, "text": "=1+1", "label": "ham", "annotator": "ann"} for row in rows])

    assert [("a", "ann", "ham")] == triples(files.pull())


def test_a_quotation_mark_left_open_hides_no_rows(tmp_path):
    files = pushed(tmp_path, "a", "b", "007")
    path = tmp_path / "batch-001.csv"
    fill(path, ["ham"] * 3, annotator="ann")
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text("\n".join([*lines[:2], lines[2] + '"oh', *lines[3:]]))

    assert ["a"] == [annotation.sample_id for annotation in files.pull()]
    assert "batch-001.csv, row 3" == only_problem(files).where


def test_a_long_text_is_read_and_the_limit_of_others_stays(tmp_path):
    samples = pd.DataFrame({"text": ["word " * 40_000]}, index=["a"])
    files = LabelFiles(tmp_path, SCHEMA)
    files.push(batch("a"), samples)
    limit = csv.field_size_limit()

    assert () == files.pull()
    assert () == files.problems
    assert limit == csv.field_size_limit()


@pytest.mark.parametrize(
    ("name", "content", "what"),
    [
        ("x.xlsx", b"no workbook", "cannot be read"),
        ("x.csv", b"a,b\n1,2\n", "There must be a column 'ask'"),
        ("x.csv", b"", "There must be a column 'ask'"),
        ("x.csv", b"ask,text,label,label,annotator\n", "There twice: 'label'"),
        ("x.csv", b"ask,text,lable,annotator\n", "Did you mean 'lable'?"),
        ("x.csv", b"\x81\x8d", "cannot be read"),
        ("x.jsonl", b"[1]\n{", "must be a JSON object"),
        ("x.ods", b"", "save it as one of those"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_the_others_count(tmp_path, name, content, what):
    files = pushed(tmp_path, "a", annotators=["ann", "bob"])
    fill(tmp_path / "batch-001.ann.csv", ["ham"])
    (tmp_path / name).write_bytes(content)

    assert [("a", "ann", "ham")] == triples(files.pull())
    assert any(
        what in problem.what and problem.where.startswith(name) for problem in files.problems
    )


def test_what_programs_leave_beside_is_not_read(tmp_path):
    files = pushed(tmp_path, "a")
    for name in (
        "~$batch-001.xlsx",
        ".~lock.batch-001.csv#",
        ".batch.csv",
        "x.csv.part",
        "notes.md",
    ):
        (tmp_path / name).write_bytes(b"?")
    (tmp_path / "folder.csv").mkdir()

    assert () == files.pull()
    assert () == files.problems


def test_a_sheet_that_was_copied_is_read(tmp_path):
    files = pushed(tmp_path, "a", kind="xlsx")
    path = tmp_path / "batch-001.xlsx"
    book = openpyxl.load_workbook(path)
    for name in ("ann", "bob"):
        page = book.copy_worksheet(book["questions"])
        page.title = name
        page["D2"], page["E2"] = "ham", name
    page["D2"] = "eggs"
    book.save(path)

    assert [("a", "ann", "ham")] == triples(files.pull())
    assert "batch-001.xlsx, sheet 'bob', row 2" == only_problem(files).where


def test_other_values_are_shown_as_what_they_are(tmp_path):
    shown = [1.5, float("inf"), NOON, None, [1], True]
    samples = pd.DataFrame({"text": "hi", "more": pd.Series(shown, dtype=object)})
    for kind in ("csv", "xlsx", "jsonl"):
        files = LabelFiles(tmp_path / kind, SCHEMA, kind=kind, show=["more"])
        files.push(batch(*range(6)), samples)
        files.pull()
        assert () == files.problems

    lines = (tmp_path / "jsonl" / "batch-001.jsonl").read_text("utf-8").splitlines()
    expected = [1.5, "inf", str(NOON), "", "[1]", True]
    assert expected == [json.loads(line)["more"] for line in lines]


def test_a_workbook_offers_the_labels_and_runs_no_formula(tmp_path):
    pushed(tmp_path, kind="xlsx", show=["author"])
    book = openpyxl.load_workbook(tmp_path / "batch-001.xlsx")
    page = book["questions"]
    (choice,) = page.data_validations.dataValidation

    assert ("s", "=1+1") == (page["C2"].data_type, page["C2"].value)
    assert "s" == page["D4"].data_type
    assert ["ham", "spam", "SKIP"] == [row[0].value for row in book["labels"].iter_rows()]
    assert ("E2:E5", "labels!$A$1:$A$3") == (str(choice.sqref), choice.formula1)
    assert "A2" == page.freeze_panes


def test_a_text_too_long_for_a_spreadsheet_is_refused_before_anything_is_written(tmp_path):
    samples = pd.DataFrame({"text": ["\U0001f600" * 16_384]}, index=["a"])
    with pytest.raises(lb.LabelingError, match=r"'a' has 32768; use files of the kind csv"):
        LabelFiles(tmp_path, SCHEMA, kind="xlsx").push(batch("a"), samples)

    assert [] == os.listdir(tmp_path)
