"""Whatever texts, ids, names and labels are, they go into a file and come back."""

import csv
import json
import tempfile
import time
import unicodedata
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.label_files.cells import escaped, guarded, tidy, unescaped, unguarded
from labeling.records import AskAgain, Batch, person_key, unsafe_characters
from labeling.records.readable_names import visible_form

NASTY = [
    "=1+1",
    "+1",
    "-1",
    "@x",
    "\t=1",
    "'=1",
    "''",
    "007",
    "1e5",
    "TRUE",
    "#N/A",
    '"',
    '";',
    "\r\n",
]
NASTY += ["\x00", "\x1b[31m", "\x0b", "\ufeff", "\ufffe", "\ud800", "_x000D_", "x005F_", "\\u0000"]
NASTY += ["\\", "\u2028", "\x85", "\U0001f600", "<&>", "%7C|", "5 March", "1-2", "{}", "a;b\tc|d,e"]

anything = st.text(st.characters(exclude_categories=())) | st.lists(
    st.sampled_from(NASTY), max_size=4
).map("".join)


def is_readable(label):
    try:
        lb.LabelSchema([label, "another label"])
    except lb.LabelingError:
        return False
    return True


words = anything.filter(tidy)
names = st.lists(
    words.map(tidy).filter(lambda one: person_key(one) and not unsafe_characters(one)),
    min_size=2, max_size=2, unique_by=person_key,
)  # fmt: skip
labels = st.lists(
    words.filter(lambda one: is_readable(one) and tidy(one).casefold() != "skip"),
    min_size=2, max_size=4, unique_by=visible_form,
)  # fmt: skip
samples = st.dictionaries(anything | st.integers(), anything, min_size=1, max_size=4)


def label_csv(path, label):
    with path.open(encoding="utf-8-sig", newline="") as file:
        header, *rows = csv.reader(file)
    for row in rows:
        row[header.index("label")] = label if label.isprintable() else escaped(label)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def label_jsonl(path, label):
    rows = [json.loads(line) for line in path.read_bytes().split(b"\n") if line]
    path.write_text("\n".join(json.dumps({**row, "label": label}) for row in rows))


def label_xlsx(path, label):
    book = openpyxl.load_workbook(path)
    page = book["questions"]
    column = [cell.value for cell in page[1]].index("label") + 1
    for row in range(2, page.max_row + 1):
        page.cell(row, column).value = escaped(label)
        page.cell(row, column).data_type = "s"
    book.save(path)


LABEL = {"csv": label_csv, "jsonl": label_jsonl, "xlsx": label_xlsx}


@pytest.mark.parametrize("kind", LABEL)
@given(samples=samples, people=names, labels=labels)
def test_anything_goes_out_and_comes_back(kind, samples, people, labels):
    frame = pd.DataFrame(
        {"text": list(samples.values())}, index=pd.Index(list(samples), dtype=object), dtype=object
    )
    batch = Batch(pd.DataFrame({"stratum": "random"}, index=frame.index))
    with tempfile.TemporaryDirectory() as folder:
        files = LabelFiles(folder, lb.LabelSchema(labels), kind=kind, annotators=people)
        files.push(batch, frame)
        for path in Path(folder).glob(f"*.{kind}"):
            LABEL[kind](path, labels[0])
        known = files.pull()
        assert () == files.problems
        assert {(sample_id, person, labels[0]) for sample_id in samples for person in people} == {
            (annotation.sample_id, annotation.annotator, annotation.label) for annotation in known
        }
        assert {type(sample_id) for sample_id in samples} == {
            type(annotation.sample_id) for annotation in known
        }

        another = LabelFiles(folder, lb.LabelSchema(labels), kind=kind, known=known)
        another.ask_again([AskAgain(sample_id, 1, tuple(people)) for sample_id in samples])
        assert 1 == len(list(Path(folder).glob(f"*-more-*.{kind}")))
        assert (known, ()) == (another.pull(), another.problems)


@given(anything, st.booleans())
def test_a_cell_holds_any_text(text, exact):
    assert text == unescaped(escaped(text))
    assert text == unguarded(guarded(text, exact=exact), exact=exact)
    assert not any(unicodedata.category(one) in ("Cc", "Cs") for one in escaped(text)
                   if one not in "\t\n" and not "\x7f" <= one <= "\x9f")  # fmt: skip


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", " =1", "\uff1d1", "'=1"]
)
def test_no_cell_of_a_csv_file_is_a_formula(text, tmp_path):
    frame = pd.DataFrame({"=text": [text], "@show": [text]}, index=[text])
    batch = Batch(pd.DataFrame({"stratum": "random"}, index=frame.index))
    files = LabelFiles(
        tmp_path, lb.LabelSchema(["a", "b"]), text="=text", show=["@show"], annotators=[tidy(text)]
    )
    files.push(batch, frame)
    (path,) = tmp_path.glob("*.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]

    assert not any(
        cell.startswith(("=", "+", "-", "@", "\t", "\r", " ", "\uff1d")) for cell in cells
    )


@pytest.mark.parametrize("kind", LABEL)
def test_the_same_rows_give_the_same_bytes(kind, tmp_path):
    frame = pd.DataFrame({"text": ["hi", "=1"]}, index=["a", "b"])
    batch = Batch(pd.DataFrame({"stratum": "random"}, index=frame.index))
    for name in ("one", "two"):
        LabelFiles(tmp_path / name, lb.LabelSchema(["a", "b"]), kind=kind).push(batch, frame)
        time.sleep(1.1 if kind == "xlsx" else 0)  # workbooks hold times in seconds

    first, second = (tmp_path / name / f"batch-001.{kind}" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
