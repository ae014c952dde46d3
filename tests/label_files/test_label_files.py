"""People label in files: what they may do to a file, and what is told where a row cannot count."""

import csv
import dataclasses
import datetime
import json
import os
import sys

import openpyxl
import pandas as pd
import pytest

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.label_files.row_key import encode_row_key, parse_row_key
from labeling.records import Annotation, AskAgain, Batch, Escalation, live_annotations

SCHEMA = lb.LabelSchema(["ham", "spam"])
SAMPLES = pd.DataFrame(
    {"text": ["=1+1", "win a prize", "see you", "two\nlines"], "author": ["x", None, "=z", 4]},
    index=["a", "b", "007", 7],
)
NOON = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)


def batch(*ids):
    return Batch(pd.DataFrame({"stratum": ["random"] * len(ids)}, index=pd.Index(ids)))


def pushed(folder, *ids, **settings):
    files = LabelFiles(folder, SCHEMA, **settings)
    files.push(batch(*(ids or SAMPLES.index)), SAMPLES)
    return files


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def save(path, rows, delimiter=",", encoding="utf-8-sig", **settings):
    with path.open("w", encoding=encoding, newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, **settings)
        table.writeheader()
        table.writerows(rows)


def fill(path, labels, **cells):
    """Label rows as a person does: labels in the order of the rows."""
    rows = rows_of(path)
    for row, label in zip(rows, labels, strict=True):
        row.update(label=label, **cells)
    save(path, rows)


def said(annotations):
    return [
        (annotation.sample_id, annotation.annotator, annotation.label) for annotation in annotations
    ]


def only_problem(files):
    (problem,) = files.problems
    return problem


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
    assert expected == set(said(files.pull()))
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


def guide_with(folder, labels, descriptions=None, chosen="b", **more):
    """Push with these labels; return the guide then, and the problems."""
    files = LabelFiles(folder, lb.LabelSchema(labels, descriptions), **more)
    files.push(batch(chosen), SAMPLES)
    path = folder / "HOW_TO_LABEL.txt"
    return path.read_bytes().decode("utf-8-sig"), files.problems


def test_how_to_label_is_kept_up_to_date(tmp_path):
    guide, _ = guide_with(tmp_path, ["ham", "spam"], chosen="a")
    assert "   ham\r\n   spam\r\n" in guide
    path = tmp_path / "HOW_TO_LABEL.txt"
    path.write_text(guide.replace("\r\n", "\n").rstrip(), "utf-8")  # as an editor may save it
    guide, problems = guide_with(
        tmp_path, ["ham", "scam"], {"scam": "It wants\nmoney. "}, annotators=["ann", "bob"]
    )
    assert "   ham\r\n   scam\r\n      It wants" in guide
    assert "spam" not in guide
    assert "file with your name" in guide
    assert not problems
    again, _ = guide_with(tmp_path, ["ham", "spam"], chosen="007")
    assert "   ham\r\n   spam\r\n" in again


def test_a_guide_that_an_earlier_version_wrote_is_brought_up_to_date(tmp_path):
    guide, _ = guide_with(tmp_path, ["ham", "spam"], chosen="a")
    before = guide.rpartition("\r\n\r\n")[0] + "\r\n"  # it had no mark
    now = "Leave a row to others\r\n   if you labeled its text before, in another file."
    assert now in before
    earlier = "Where a column `not_for`\r\n   names you, leave the row to others."
    before = before.replace(now, earlier)
    path = tmp_path / "HOW_TO_LABEL.txt"
    path.write_bytes(before.encode("utf-8-sig"))
    guide, problems = guide_with(tmp_path, ["ham", "spam", "other"], votes_per_sample=3)
    assert "   spam\r\n   other\r\n" in guide
    assert "3 people are needed" in guide
    assert not problems
    edited = before.replace("   spam\r\n", "   spam\r\n      (ask Eve first)\r\n")
    path.write_bytes(edited.encode("utf-8-sig"))
    guide, problems = guide_with(tmp_path, ["ham", "spam", "other"], chosen="007")
    assert edited == guide
    (problem,) = problems
    assert "does not have 'other'" in problem.what


@pytest.mark.parametrize("change", [("ham\r\n", "ham (not for money)\r\n"), ("mark ", "mark 0")])
def test_a_guide_that_somebody_changed_stays_and_what_it_lacks_is_told(tmp_path, change):
    guide, _ = guide_with(tmp_path, ["ham", "spam"], chosen="a")
    path = tmp_path / "HOW_TO_LABEL.txt"
    path.write_bytes(guide.replace(*change).encode("utf-8-sig"))
    kept, problems = guide_with(tmp_path, ["ham", "spam"])
    assert (guide.replace(*change), ()) == (kept, problems)
    kept, problems = guide_with(tmp_path, ["ham", "scam"], {"scam": "Money."}, chosen="007")
    assert guide.replace(*change) == kept
    assert "does not have 'scam', 'Money.': add that" in problems[-1].what


@pytest.mark.parametrize("there", [b"our own words", b"", b"\xff\xfe\x00", None])
def test_what_is_no_guide_of_ours_is_never_written_over(tmp_path, there):
    path = tmp_path / "HOW_TO_LABEL.txt"
    path.mkdir() if there is None else path.write_bytes(there)
    files = pushed(tmp_path, "a")
    assert path.is_dir() if there is None else there == path.read_bytes()
    assert "does not have 'ham', 'spam'" in only_problem(files).what


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

    assert [("a", "ann", "spam")] == said(files.pull())


def test_a_case_that_two_labels_share_is_not_guessed(tmp_path):
    files = LabelFiles(tmp_path, lb.LabelSchema(["Ham", "ham"]), annotators=["ann"])
    files.push(batch("a", "b"), SAMPLES)
    fill(tmp_path / "batch-001.ann.csv", ["HAM", "Ham"])

    assert [("b", "ann", "Ham")] == said(files.pull())
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

    assert [("a", "ann", None)] == said(files.pull())


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
    assert [("a", "ann", "ham"), ("a", "ann", "spam")] == said(known)
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

    assert [("b", "ann", "ham")] == said(files.pull())
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

    assert [(sample_id, "Jürgen; x", "ham") for sample_id in SAMPLES.index] == said(files.pull())
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

    assert [("b", "Jürgen", "ham")] == said(files.pull())
    assert "Windows-1252" in only_problem(files).what


def test_an_apostrophe_that_a_spreadsheet_took_is_no_change(tmp_path):
    files = pushed(tmp_path, "a")
    path = tmp_path / "batch-001.csv"
    rows = rows_of(path)
    assert "'=1+1" == rows[0]["text"]
    save(path, [{**row, "text": "=1+1", "label": "ham", "annotator": "ann"} for row in rows])

    assert [("a", "ann", "ham")] == said(files.pull())


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

    assert [("a", "ann", "ham")] == said(files.pull())
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

    assert [("a", "ann", "ham")] == said(files.pull())
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


# Asking again, and reviewers


def test_more_votes_are_asked_of_others(tmp_path):
    files = pushed(tmp_path, "a", "b", annotators=["ann", "bob", "cy"], show=["author"])
    for path in tmp_path.glob("*.csv"):
        fill(path, ["ham" if "ann" in path.name else "spam"] * len(rows_of(path)))
    first = files.pull()
    heard = tuple(one.annotator for one in first if one.sample_id == "a")
    files.ask_again([AskAgain("a", 1, heard)])
    (more,) = tmp_path.glob("*more*")
    (row,) = rows_of(more)
    fill(more, ["ham"])

    assert ("'=1+1", "x") == (row["text"], row["author"])
    assert row["annotator"] not in heard
    others = {"ann", "bob", "cy"} - {row["annotator"]}
    assert not [name for name in others if name in more.read_text("utf-8-sig")]
    assert 2 == files.pull()[-1].round


def test_a_file_of_an_earlier_version_names_who_must_not_answer(tmp_path):
    """Its column says it; the cell `ask` says nothing."""
    files = pushed(tmp_path, "a")
    fill(tmp_path / "batch-001.csv", ["ham"], annotator="ann")
    files.pull()
    files.ask_again([AskAgain("a", 2, ("ann",))])
    (more,) = tmp_path.glob("*more*")
    (row,) = rows_of(more)
    key = dataclasses.replace(parse_row_key(row["ask"]), excluded=())
    written = {**row, "ask": encode_row_key(key, row["text"]), "not_for": "ann\nCy"}
    for who, votes in (("Ann", 1), ("cy", 1), ("dora", 2)):
        pd.DataFrame([{**written, "label": "spam", "annotator": who}]).to_csv(more, index=False)
        assert votes == len(files.pull())


def test_nobody_can_compare_who_is_excluded_between_rows(tmp_path):
    """A name has another digest in each question; in first questions there is none."""
    files = pushed(tmp_path, "a", "b")
    files.ask_again([AskAgain("a", 9, ("ann", "bob")), AskAgain("b", 9, ("ann",))])
    (more,) = tmp_path.glob("*more*")
    first, second = (parse_row_key(row["ask"]) for row in rows_of(more))

    assert (2, 1) == (len(first.excluded), len(second.excluded))
    assert not set(first.excluded) & set(second.excluded)
    assert first.is_excluded(" BOB ")
    assert not second.is_excluded("bob")
    assert not any(
        parse_row_key(row["ask"]).excluded for row in rows_of(tmp_path / "batch-001.csv")
    )


def test_who_spoke_before_is_not_heard_again(tmp_path):
    files = pushed(tmp_path, "a")
    fill(tmp_path / "batch-001.csv", ["ham"], annotator="ann")
    files.pull()
    files.ask_again([AskAgain("a", 2, ("ann",))])
    (more,) = tmp_path.glob("*more*")
    fill(more, ["spam"], annotator="Ann")

    assert 1 == len(files.pull())
    assert "somebody else must label it" in only_problem(files).what


@pytest.mark.parametrize("annotators", [(), ("ann", "bob", "cy")])
def test_votes_still_to_come_are_not_asked_for_again(tmp_path, annotators):
    files = pushed(tmp_path, "a", annotators=annotators)
    path = sorted(tmp_path.glob("*.csv"))[0]
    fill(path, ["ham"], annotator="ann" if not annotators else rows_of(path)[0]["annotator"])
    (annotation,) = files.pull()
    before = sorted(os.listdir(tmp_path))
    files.ask_again([AskAgain("a", 1, (annotation.annotator,))])
    assert before == sorted(os.listdir(tmp_path))

    files.ask_again([AskAgain("a", 2, (annotation.annotator,))])
    files.ask_again([AskAgain("a", 2, (annotation.annotator,))])
    assert 1 == len(list(tmp_path.glob("*more*")))


def test_a_sample_whose_text_is_in_no_file_cannot_be_asked_again(tmp_path):
    files = pushed(tmp_path, "a")
    files.ask_again([AskAgain("b", 1, ())])
    assert "'b'. Put them back" in only_problem(files).what
    files.ask_again([AskAgain("b", 1, ()), AskAgain("a", 4, ())])

    assert "'b'" in only_problem(files).what
    assert 1 == len(list(tmp_path.glob("*more*")))


def test_when_everybody_spoke_nobody_can_be_asked(tmp_path):
    files = pushed(tmp_path, "a", annotators=["ann"], votes_per_sample=1)
    with pytest.raises(lb.LabelingError, match="name more"):
        files.ask_again([AskAgain("a", 3, ("ann",))])


@pytest.mark.parametrize("reviewers", [(), ("Eve",)])
def test_a_reviewer_sees_what_was_said_but_not_by_whom(tmp_path, reviewers):
    files = LabelFiles(tmp_path, SCHEMA, reviewers=reviewers)
    votes = zip("xyz", ["ham", "spam", "ham"], strict=True)
    votes = tuple(Annotation("a", person, label, NOON, NOON) for person, label in votes)
    files.escalate([Escalation("a", votes, "no majority")], SAMPLES)
    files.escalate([Escalation("a", votes, "no majority")], SAMPLES)
    (path,) = tmp_path.glob("*.csv")
    (row,) = rows_of(path)

    assert ("review-1.Eve.csv" if reviewers else "review-1.csv") == path.name
    assert ("2 x ham, 1 x spam", "no majority") == (row["votes"], row["why"])
    fill(path, ["spam"], reviewer="Eve", rationale="it is an ad")
    (annotation,) = files.pull()
    assert ("Eve", "spam", True, "it is an ad") == (
        annotation.annotator,
        annotation.label,
        annotation.reviewer,
        annotation.reason,
    )


def test_who_voted_on_a_sample_does_not_get_it_to_decide(tmp_path):
    files = LabelFiles(tmp_path, SCHEMA, reviewers=["ann", "eve"])
    votes = tuple(Annotation(1, one, "ham", NOON, NOON) for one in ("ann", "bob"))
    samples = pd.DataFrame({"text": "hi"}, index=range(8))
    files.escalate([Escalation(one, votes, "no majority") for one in range(8)], samples)

    assert ["review-1.eve.csv"] == [path.name for path in tmp_path.glob("*.csv")]


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

    assert [("a", "ann", "ham")] == said(files.pull())
    assert "batch-001.jsonl, line 2" == only_problem(files).where
