"""Several labels in spreadsheets and spans in JSON lines go out, are filled in, and come back."""

import json
import tempfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.records import Annotation, Batch, CheckRequest, Escalation, Span

MOODS = lb.LabelSchema(["joy", "anger", "label"], kind="several")
PEOPLE = lb.LabelSchema(["PER", "ORG"], kind="spans")
SAMPLES = pd.DataFrame(
    {"text": ["so glad", "what?!", "=1+1", "none of it", "unclear", "later"]}, index=list("abcdef")
)
NOON = pd.Timestamp("2026-05-01 12:00", tz="UTC").to_pydatetime()


def pushed(folder, schema, samples=SAMPLES, **settings):
    files = LabelFiles(folder, schema, annotators=["ann"], votes_per_sample=1, **settings)
    files.push(Batch(pd.DataFrame({"stratum": "random"}, index=samples.index)), samples)
    return files


def by_id(annotations):
    return {annotation.sample_id: annotation.label for annotation in annotations}


def lines(path):
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def save_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


MARKS = {
    "a": {"joy": "x", "label": "yes"},
    "b": {"joy": 0, "anger": 1, "label": 0},
    "c": {"joy": "no", "anger": "no", "label": "no"},
    "d": {"labels": "none"},
    "e": {"labels": "SKIP"},
    "f": {},
}
EXPECTED = {
    "a": frozenset({"joy", "label"}),
    "b": frozenset({"anger"}),
    "c": frozenset(),
    "d": frozenset(),
    "e": None,
}


def mark_csv(path, marks):
    table = pd.read_csv(path, dtype=object)
    for row, sample_id in enumerate(table["sample_id"]):
        for column, value in marks.get(sample_id, {}).items():
            table.loc[row, column] = value
    table.to_csv(path, index=False)


def mark_xlsx(path, marks):
    book = openpyxl.load_workbook(path)
    sheet = book["questions"]
    header = [cell.value for cell in sheet[1]]
    for row in range(2, sheet.max_row + 1):
        sample_id = sheet.cell(row, header.index("sample_id") + 1).value
        for column, value in marks.get(sample_id, {}).items():
            sheet.cell(row, header.index(column) + 1).value = value
    book.save(path)


MARK = {"csv": mark_csv, "xlsx": mark_xlsx}


@pytest.mark.parametrize("kind", MARK)
def test_several_labels_are_marked_in_a_column_each(tmp_path, kind):
    files = pushed(tmp_path, MOODS, kind=kind)
    path = tmp_path / f"batch-001.ann.{kind}"
    MARK[kind](path, {})
    assert {} == by_id(files.pull())

    MARK[kind](path, MARKS)
    assert EXPECTED == by_id(files.pull())
    assert () == files.problems
    assert {"f": 1} == files.outstanding_votes()

    MARK[kind](path, {"a": {"joy": ""}})
    assert {**EXPECTED, "a": frozenset({"label"})} == by_id(
        annotation for annotation in files.pull()
    )


def test_a_spreadsheet_offers_the_marks(tmp_path):
    pushed(tmp_path, MOODS, kind="xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "batch-001.ann.xlsx")["questions"]
    header = [cell.value for cell in sheet[1]]
    assert ["joy", "anger", "label", "labels", "annotator", "comment"] == header[3:]
    offered = {str(rule.sqref): rule.formula1 for rule in sheet.data_validations.dataValidation}
    assert {"D2:D7": '"x"', "E2:E7": '"x"', "F2:F7": '"x"', "G2:G7": "labels!$A$1:$A$2"} == offered
    guide = (tmp_path / "HOW_TO_LABEL.txt").read_text()
    assert "write NONE into column `labels`" in guide


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ({"joy": "maybe"}, "marked with x, 1 or yes"),
        ({"joy": "0"}, "Nothing is marked"),
        ({"joy": "x", "labels": "NONE"}, "Empty what is wrong"),
        ({"joy": "x", "labels": "SKIP"}, "Empty what is wrong"),
        ({"labels": "joi"}, "joy"),
    ],
)
def test_unclear_marks_do_not_count_and_are_listed(tmp_path, marks, words):
    files = pushed(tmp_path, MOODS)
    mark_csv(tmp_path / "batch-001.ann.csv", {"a": marks})
    assert () == files.pull()
    (problem,) = files.problems
    assert words in problem.what


def test_a_file_without_the_column_of_a_label_is_not_read(tmp_path):
    files = pushed(tmp_path, MOODS)
    path = tmp_path / "batch-001.ann.csv"
    mark_csv(path, MARKS)
    pd.read_csv(path, dtype=object).drop(columns="anger").to_csv(path, index=False)
    assert () == files.pull()
    assert "'anger'" in files.problems[0].what


def test_a_list_of_labels_in_json_lines(tmp_path):
    files = pushed(tmp_path, MOODS, kind="jsonl")
    path = tmp_path / "batch-001.ann.jsonl"
    rows = lines(path)
    assert {"labels"} <= rows[0].keys()
    assert "joy" not in rows[0]
    assert all(row["labels"] is None for row in rows)
    answers = {"a": ["joy", "label"], "b": [], "c": "SKIP", "d": ["joy", "oops"]}
    save_lines(path, [{**row, "labels": answers.get(row["sample_id"])} for row in rows])
    expected = {"a": frozenset({"joy", "label"}), "b": frozenset(), "c": None}
    assert expected == by_id(files.pull())
    (problem,) = files.problems
    assert "oops" in problem.what


def test_labels_that_mean_something_else_in_files_are_refused(tmp_path):
    for name in ("none", "Skip", "ok"):
        with pytest.raises(lb.LabelingError, match=name):
            LabelFiles(tmp_path, lb.LabelSchema(["joy", name], kind="several"))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_spans_do_not_go_into_spreadsheets(tmp_path, kind):
    with pytest.raises(lb.LabelingError, match="must be 'jsonl' where labels are spans"):
        LabelFiles(tmp_path, PEOPLE, kind=kind)


PIECES = ["Ann", "Bob", " ", "  ", "\n", "\r\n", "\t", "e\u0301", "\U0001f600", "\u202e", "\xa0"]
PIECES += ["\ud800", "\\", '"', "'"]
texts = st.lists(st.sampled_from(PIECES), min_size=1, max_size=20).map("".join).filter(str.strip)


@given(st.data(), st.lists(texts, min_size=1, max_size=4))
def test_no_span_moves(data, many):
    samples = pd.DataFrame({"text": pd.Series(many, dtype=object)}).set_axis(range(len(many)))
    answers = {}
    for sample_id, text in enumerate(many):
        ends = st.integers(0, len(text))
        pairs = data.draw(st.lists(st.tuples(ends, ends), max_size=3), label="ends")
        places = sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]})
        answers[sample_id] = tuple(Span(*place, "PER") for place in places)
    in_utf16 = data.draw(st.booleans(), label="counted in UTF-16")

    def offset(text, index):
        return len(text[:index].encode("utf-16-le", "surrogatepass")) // 2 if in_utf16 else index

    with tempfile.TemporaryDirectory() as folder:
        files = pushed(folder, PEOPLE, samples, kind="jsonl")
        path = Path(folder) / "batch-001.ann.jsonl"
        rows = lines(path)
        for row in rows:
            text = row["text"]
            row["spans"] = [
                {
                    "start": offset(text, span.start),
                    "end": offset(text, span.end),
                    "label": span.label,
                    "text": text[span.start : span.end],
                }
                for span in answers[row["sample_id"]]
            ]
        save_lines(path, rows)
        pulled = by_id(files.pull())
        if not in_utf16:
            assert answers == pulled
            assert () == files.problems
        for sample_id, spans in pulled.items():  # or listed, where the same text is there twice
            assert [many[sample_id][slice(*span[:2])] for span in answers[sample_id]] == [
                many[sample_id][slice(*span[:2])] for span in spans
            ]


def span_row(folder, spans, **settings):
    samples = pd.DataFrame({"text": ["Ann  met Bob."]}, index=["s"])
    files = pushed(folder, PEOPLE, samples, kind="jsonl")
    path = folder / "batch-001.ann.jsonl"
    (row,) = lines(path)
    save_lines(path, [{**row, "spans": spans, **settings}])
    return files


@pytest.mark.parametrize(("spans", "label"), [([], ()), ("SKIP", None), ("skip", None)])
def test_no_span_and_a_skip_are_answers(tmp_path, spans, label):
    assert {"s": label} == by_id(span_row(tmp_path, spans).pull())


@pytest.mark.parametrize("spans", [None, ""])
def test_null_is_no_answer(tmp_path, spans):
    files = span_row(tmp_path, spans)
    assert () == files.pull() + files.problems
    assert {"s": 1} == files.outstanding_votes()


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([{"start": 9, "end": 12, "label": "PER", "text": "Ann Bob"}], "must enclose its `text`"),
        ([{"start": 9, "end": 99, "label": "PER"}], "must enclose"),
        ([{"start": "9", "end": 12, "label": "PER"}], "must enclose"),
        ([[9, 12, "PERS"]], "PER"),
        ([[9, 12]], "an object with start, end, label"),
        ([[0, 3, "PER"], [0, 3, "ORG"]], "must have one label"),
        ({"start": 0}, "a list of spans"),
        ("Ann", "a list of spans"),
    ],
)
def test_wrong_spans_do_not_count_and_are_listed(tmp_path, spans, words):
    files = span_row(tmp_path, spans)
    assert () == files.pull()
    (problem,) = files.problems
    assert words in problem.what
    assert "line 1" in problem.where


def test_spans_of_a_text_with_other_white_space_do_not_count(tmp_path):
    files = span_row(tmp_path, [[4, 7, "PER"]], text="Ann met Bob.")
    assert () == files.pull()
    assert "was changed" in files.problems[0].what


def test_the_text_decides_where_offsets_are_a_little_off(tmp_path):
    spans = [{"start": 8, "end": 11, "label": "PER", "text": "Bob"}]
    assert {"s": (Span(9, 12, "PER"),)} == by_id(span_row(tmp_path, spans).pull())


def vote(person, label):
    return Annotation("s", person, label, NOON, NOON, f"ask-s/{person}")


def test_reviewers_read_the_votes_in_words_and_decide(tmp_path):
    samples = pd.DataFrame({"text": ["Ann met Bob."]}, index=["s"])
    files = LabelFiles(tmp_path, PEOPLE, kind="jsonl", reviewers=["rev"])
    votes = (vote("ann", (Span(0, 3, "PER"),)), vote("bob", ()), vote("cy", None))
    files.escalate([Escalation("s", votes, "they differ")], samples)
    (path,) = tmp_path.glob("review*.jsonl")
    (row,) = lines(path)
    assert '1 x PER "Ann" 0-3, 1 x no span, 1 skipped' == row["votes"]
    row["spans"] = [{"start": 8, "end": 11, "label": "PER", "text": "Bob"}]
    save_lines(path, [row])
    (decision,) = files.pull()
    assert decision.reviewer
    assert (Span(8, 11, "PER"),) == decision.label


@pytest.mark.parametrize(
    ("cells", "decision", "label"),
    [
        ({"labels": "ok"}, "accept", None),
        ({"labels": "REJECT", "rationale": "read again"}, "reject", None),
        ({"joy": "x"}, "fix", frozenset({"joy"})),
        ({"labels": "NONE"}, "fix", frozenset()),
    ],
)
def test_votes_of_several_labels_are_checked_in_files(tmp_path, cells, decision, label):
    samples = pd.DataFrame({"text": ["so glad"]}, index=["s"])
    files = LabelFiles(tmp_path, MOODS, reviewers=["rev"])
    request = CheckRequest("k1", "s", frozenset({"joy", "anger"}))
    files.ask_checks([request], samples)
    path = tmp_path / "check.rev.csv"
    table = pd.read_csv(path, dtype=object)
    assert "anger, joy" == table["votes"][0]
    mark_csv(path, {"s": cells})
    (answer,) = files.checks([request])
    assert (decision, label) == (answer.decision, answer.label)
