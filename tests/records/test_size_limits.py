"""A small file that unfolds to very much is named, in little time and memory; others are read."""

import gzip
import json
import resource
import subprocess
import sys
import zipfile

import openpyxl
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, listed, near, quoted
from labeling.label_files import LabelFiles
from labeling.records import Batch

SCHEMA = lb.LabelSchema(["ham", "spam"])
SHEET = "xl/worksheets/sheet1.xml"
MORE_MEMORY = 700  # MB, above what the packages themselves take


@pytest.fixture
def folder(tmp_path):
    """A folder in which ann has labeled one sample, in a file that is as it should be."""
    files = pushed(tmp_path)
    (path,) = tmp_path.glob("*.jsonl")
    path.write_text(json.dumps(json.loads(path.read_text()) | {"label": "ham"}))
    assert 1 == len(files.pull())
    return tmp_path


def pushed(folder):
    files = LabelFiles(folder, SCHEMA, kind="jsonl", annotators=["ann"], votes_per_sample=1)
    files.push(
        Batch(pd.DataFrame({"stratum": "random"}, index=["s1"])),
        pd.DataFrame({"text": ["hello"]}, index=["s1"]),
    )
    return files


def row(folder):
    return json.loads(next(folder.glob("batch*.jsonl")).read_text())


PULL = """
import resource, sys, time
from labeling.label_files import LabelFiles
import labeling as lb, openpyxl, zipfile, json, gzip
schema = lb.LabelSchema(["ham", "spam"])
files = LabelFiles(sys.argv[1], schema, kind="jsonl", annotators=["ann"], votes_per_sample=1)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
known = files.pull()
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime
print(json.dumps({
    "labels": [one.label for one in known],
    "problems": [[one.where, one.what] for one in files.problems],
    "megabytes": (after - before) / 1024, "seconds": spent,
}))
"""


def pulled(folder):
    """What a pull in a process of its own finds, and what it takes."""
    done = subprocess.run(
        [sys.executable, "-c", PULL, str(folder)], capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)),
    )  # fmt: skip
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def workbook(path, sheet):
    """A workbook whose first sheet is this XML."""
    made = path.with_name("made.xlsx")
    book = openpyxl.Workbook()
    book.active.append(["ask", "text", "label", "annotator"])
    book.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, sheet if part.filename == SHEET else old.read(part))
    made.unlink()


def sheet_of(rows):
    start = '<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml'
    return f'{start}/2006/main"><sheetData>{rows}</sheetData></worksheet>'


def cell(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


HEADER = f'<row r="1">{cell("A1", "ask")}{cell("B1", "text")}{cell("C1", "label")}</row>'


def far_row(folder):
    last = f'<row r="999999999">{cell("A999999999", "x")}</row>'
    workbook(folder / "far.xlsx", sheet_of(HEADER + last))


def far_columns(folder):
    rows = "".join(f'<row r="{n}">{cell(f"ZZZ{n}", "x")}</row>' for n in range(2, 30_000))
    workbook(folder / "far.xlsx", sheet_of(HEADER + rows))


def bomb(folder):
    workbook(folder / "far.xlsx", sheet_of(HEADER) + " " * (300 << 20))


def new_keys(folder):
    lines = (json.dumps({f"k{n}": "x"}) for n in range(60_000))
    (folder / "far.jsonl").write_text("\n".join(lines))


def deep(folder):
    inner = '{"a":' * 500 + "1" + "}" * 500
    (folder / "far.jsonl").write_text(json.dumps(row(folder))[:-1] + f', "x": {inner}}}')


def commas(folder):
    (folder / "far.csv").write_text("ask,text,label,annotator\n" + ("," * 900 + "x\n") * 20_000)


def wide(folder):
    (folder / "far.csv").write_text("ask,text,label,annotator\n" + "," * 20_000_000 + "x\n")


def large(folder):
    with (folder / "far.csv").open("wb") as file:
        file.truncate(300 << 20)


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (far_row, "at most 1,048,576 rows"),
        (far_columns, "at most 1,000 columns. There are 18,278"),
        (bomb, "must unpack to at most 268,435,456 bytes"),
        (new_keys, "at most 1,000 columns. There are 60,000"),
        (deep, "at most 100 deep"),
        (commas, "at most 5,000,000 cells"),
        (wide, "at most 1,000 columns"),
        (large, "at most 268,435,456 bytes. It has 314,572,800"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_a_file_that_unfolds_to_very_much_is_named_and_the_others_are_read(folder, harm, what):
    harm(folder)
    found = pulled(folder)
    assert ["ham"] == found["labels"]
    assert {"far"} == {where.partition(".")[0] for where, _ in found["problems"]}
    assert any(what in one for _, one in found["problems"])
    assert all(len(one) < 1_000 for _, one in found["problems"])
    assert found["megabytes"] < MORE_MEMORY
    assert found["seconds"] < 60


def test_a_label_of_a_million_letters_is_cut_in_what_is_said(folder):
    file = {**row(folder), "label": "spam" * 250_000, "annotator": "ann"}
    (folder / "far.jsonl").write_text(json.dumps(file))
    found = pulled(folder)
    (problem,) = found["problems"]
    assert "(1,000,002 characters)" in problem[1]
    assert len(problem[1]) < 1_000
    assert found["seconds"] < 20


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"annotator": "a" * 100_000}, "a name of at most 200 characters. It has 100,000"),
        ({"comment": "a" * 100_001}, "at most 100,000 characters. It has 100,001"),
        ({"text": "a" * 1_000_000}, "must be as they were sent"),
        ({"ask": "a" * 1_000_000}, "must be as it was sent"),
    ],
)
def test_a_very_long_cell_is_one_problem(folder, change, what):
    (folder / "far.jsonl").write_text(json.dumps({**row(folder), "label": "spam", **change}))
    files = pushed(folder)
    assert ["ham"] == [one.label for one in files.pull()]
    (problem,) = files.problems
    assert what in problem.what
    assert len(problem.what) < 500


def test_a_file_of_very_many_faults_tells_the_first_and_how_many_more(folder):
    lines = [json.dumps({**row(folder), "label": f"label {n}"}) for n in range(5_000)]
    (folder / "far.jsonl").write_text("\n".join(lines))
    files = pushed(folder)
    files.pull()
    assert 101 == len(files.problems)
    assert "There are 4,900 more problems in this file." == files.problems[-1].what


def test_what_is_quoted_is_cut():
    assert len(quoted("a" * 1_000_000)) < 250
    assert len(listed(["a" * 1_000_000] * 10)) < 1_500
    assert "" == near("a" * 1_000_000, ["a"])


# Samples


def samples_of_new_keys(folder):
    path = folder / "a.jsonl"
    path.write_text("\n".join(json.dumps({"key": n, f"k{n}": "x"}) for n in range(12_000)))
    return path


def samples_too_deep(folder):
    path = folder / "a.jsonl"
    path.write_text('{"key": 1, "d": ' + "[" * 200 + "]" * 200 + "}\n")
    return path


def samples_far_row(folder):
    far_row(folder)
    return folder / "far.xlsx"


def samples_wide(folder):
    path = folder / "a.csv"
    path.write_text(",".join(f"c{n}" for n in range(30_000)) + "\n")
    return path


def samples_open_quote(folder):
    path = folder / "a.csv"
    path.write_text('key,text\n1,"a\n' + "2,b\n" * 100_000)
    return path


def samples_cut_off(folder):
    path = folder / "a.csv.gz"
    path.write_bytes(gzip.compress(b"key,text\n1,a\n" * 1_000)[:-20])
    return path


@pytest.mark.parametrize(
    ("harm", "what"),
    [
        (samples_of_new_keys, "nearly all cells of their table would be empty"),
        (samples_too_deep, "line 1 is not JSON: .* at most 100 deep"),
        (samples_far_row, "at most 1,048,576 rows"),
        (samples_wide, "at most 20,000 columns. There are 30,000"),
        (samples_open_quote, "mark that is not closed, in the row that begins in line 2"),
        (samples_cut_off, "cannot be unpacked"),
    ],
    ids=lambda one: getattr(one, "__name__", ""),
)
def test_samples_that_cannot_be_a_table_are_refused_with_the_reason(tmp_path, harm, what):
    with pytest.raises(DataError, match=what) as caught:
        lb.read_samples(harm(tmp_path), id="key")
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("name", ["many.jsonl", "many.csv"])
def test_a_file_of_millions_of_rows_is_named_and_the_others_are_read(folder, name):
    line = "{}\n" if name.endswith("jsonl") else "x\n"
    (folder / name).write_text("ask,text,label\n" * name.endswith("csv") + line * 3_000_000)
    found = pulled(folder)

    assert ["ham"] == found["labels"]
    assert [name] == [where for where, _ in found["problems"]]
    assert "at most 1,048,576 rows" in found["problems"][0][1]
    assert found["megabytes"] < MORE_MEMORY
