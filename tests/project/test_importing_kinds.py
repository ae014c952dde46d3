"""Spans and several labels that people gave in other tools become votes, exactly or not at all."""

import json

import pandas as pd
import pytest

from labeling.errors import DataError
from labeling.project import Project
from labeling.records import Span
from tests.support.kind_projects import sets_project, spans_project

FILES = "files: {folder: sheets, kind: jsonl}\n"


@pytest.fixture
def spans(tmp_path):
    return Project(spans_project(tmp_path / "p", more=FILES) / "project.yaml")


@pytest.fixture
def sets(tmp_path):
    return Project(sets_project(tmp_path / "p", more=FILES) / "project.yaml")


def written(tmp_path, rows, name="export.json"):
    path = tmp_path / name
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def unlocked(its):
    """Return the ids and texts of three samples, the first with an emoji where there is one."""
    samples = its.data.samples
    texts = samples["text"]
    order = sorted(samples.index, key=lambda key: "\U0001f600" not in texts[key])
    return [(key, texts[key]) for key in order[:3]]


def votes_of(found):
    return {(vote.sample_id, vote.annotator): vote.label for vote in found.votes}


def region(text, start, end, label, words=None, control="marks"):
    value = {"start": start, "end": end, "text": words or text[start:end], "labels": [label]}
    return {"from_name": control, "to_name": "text", "type": "labels", "value": value}


def task(number, key, text, *results, cancelled=False):
    entry = {"id": number, "completed_by": {"email": "ann"}, "result": list(results)}
    return {
        "id": number,
        "data": {"key": key, "text": text},
        "annotations": [{**entry, "was_cancelled": cancelled}],
    }


def test_regions_of_label_studio_become_spans(spans, tmp_path):
    (first, text), (second, other), (third, _) = unlocked(spans)
    assert "\U0001f600" in text
    at = text.index("left") + 1  # as a program counts that counts an emoji twice
    tasks = [
        task(1, first, text, region(text, 0, 4, "ORG"), region(text, at, at + 4, "PER", "left")),
        task(2, second, other),
        task(3, third, "skipped", cancelled=True),
    ]
    found = spans.import_annotations(written(tmp_path, tasks))

    moved = Span(at - 1, at + 3, "PER")
    expected = {first: (Span(0, 4, "ORG"), moved), second: (), third: None}
    assert {(key, "ann"): label for key, label in expected.items()} == votes_of(found)
    assert {} == found.left_out
    again = spans.import_annotations(written(tmp_path, tasks))
    assert (0, 3) == (len(again.votes), again.already_stored)


def test_annotations_with_a_span_that_is_nowhere_are_left_out_whole(spans, tmp_path):
    (first, text), (second, other), (third, more) = unlocked(spans)
    tasks = [
        task(1, first, text, region(text, 0, 4, "ORG"), region(text, 5, 9, "PER", "nowhere")),
        task(2, second, other, region(other, 0, 4, "CITY")),
        task(3, third, more, region(more, 0, 4, "ORG"), region(more, 0, 4, "PER")),
    ]
    found = spans.import_annotations(written(tmp_path, tasks))
    assert () == found.votes
    assert {
        "annotations with spans that are not in the text where they should be": 2,
        "annotations without a label of this project ('CITY')": 1,
    } == found.left_out
    assert ["nowhere" in problem.what for problem in found.problems] == [True, False]


def test_choices_of_label_studio_become_sets(sets, tmp_path):
    (first, text), (second, other), _ = unlocked(sets)
    value = {"choices": ["joy", "thanks"]}
    chosen = {"from_name": "moods", "to_name": "text", "type": "choices", "value": value}
    tasks = [task(1, first, text, chosen), task(2, second, other)]
    found = sets.import_annotations(written(tmp_path, tasks))
    expected = {(first, "ann"): frozenset({"joy", "thanks"}), (second, "ann"): frozenset()}
    assert expected == votes_of(found)


def test_lines_of_doccano_and_prodigy_become_spans(spans, tmp_path):
    (first, text), (second, other), _ = unlocked(spans)
    row = {"id": 1, "key": second, "text": other, "label": [[0, 4, "ORG"], [5, 8, "PER"]]}
    unclear = {"id": 2, "key": first, "text": text, "label": [[len(text) - 4, len(text), "ORG"]]}
    found = spans.import_annotations(
        written(tmp_path, [row, unclear]), annotator="bob", format="doccano"
    )
    assert {(second, "bob"): (Span(0, 4, "ORG"), Span(5, 8, "PER"))} == votes_of(found)
    assert 1 == sum(found.left_out.values()) == len(found.problems)

    end = len(text)
    marked = [{"start": end - 5, "end": end - 1, "label": "PER", "token_start": 3}]
    rows = [
        {"key": first, "text": text, "spans": marked, "answer": "accept", "_annotator_id": "eve"},
        {"key": second, "text": other, "spans": [], "answer": "accept", "_annotator_id": "eve"},
    ]
    found = spans.import_annotations(written(tmp_path, rows))
    expected = {(first, "eve"): (Span(end - 5, end - 1, "PER"),), (second, "eve"): ()}
    assert expected == votes_of(found)


def test_a_long_table_of_spans(spans, tmp_path):
    (first, text), (second, _), (third, _) = unlocked(spans)
    rows = [
        (first, "ann", 0, 4, "ORG", text[:4]),
        (first, "ann", text.index("left"), text.index("left") + 4, "PER", "left"),
        (second, "ann", None, None, None, None),
        (first, "bob", 0, 4, "PER", text[:4]),
        (third, "bob", 0, 4, "PER", "not there"),
    ]
    columns = ["sample", "annotator", "start", "end", "label", "text"]
    path = tmp_path / "spans.csv"
    pd.DataFrame(rows, columns=columns).astype({"start": "Int64", "end": "Int64"}).to_csv(
        path, index=False
    )
    found = spans.import_annotations(path, by="sample")
    at = text.index("left")
    assert {
        (first, "ann"): (Span(0, 4, "ORG"), Span(at, at + 4, "PER")),
        (second, "ann"): (),
        (first, "bob"): (Span(0, 4, "PER"),),
    } == votes_of(found)
    (problem,) = found.problems
    assert "row 6" in problem.where


def test_a_long_table_of_sets(sets, tmp_path):
    (first, _), (second, _), _ = unlocked(sets)
    path = tmp_path / "sets.csv"
    path.write_text(f"id,annotator,label\n{first},ann,joy\n{second},ann,\n{first},ann,thanks\n")
    expected = {(first, "ann"): frozenset({"joy", "thanks"}), (second, "ann"): frozenset()}
    assert expected == votes_of(sets.import_annotations(path, by="id"))


def test_a_table_with_a_column_for_each_label_or_a_delimiter(sets, tmp_path):
    (first, _), (second, _), _ = unlocked(sets)
    names = sets.schema.labels
    wide, joined = tmp_path / "wide.csv", tmp_path / "joined.csv"
    cells = {name: [int(name in ("joy", "thanks")), 0] for name in names}
    pd.DataFrame({"id": [first, second], "annotator": "ann", **cells}).to_csv(wide, index=False)
    joined.write_text(f"id,annotator,label\n{first},ann,joy|thanks\n{second},ann,\n")
    expected = {(first, "ann"): frozenset({"joy", "thanks"}), (second, "ann"): frozenset()}
    assert expected == votes_of(sets.import_annotations(wide, by="id"))
    again = sets.import_annotations(joined, by="id", delimiter="|")
    assert (0, 2) == (len(again.votes), again.already_stored)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sample,annotator,start,end,label\ns1,ann,0,x,PER\n", "row 2: a span must have"),
        ("sample,annotator,start,end,label\n\ns1,ann,,,PER\n", "row 3: a span must have"),
        ("sample,annotator,start,label\ns1,ann,0,PER\n", "must have the columns"),
        ("who,label\nann,PER\n", "must have the columns"),
        ("sample,label\ns1\n", "in the rows 2"),
        ("sample,label,label\ns1,a,b\n", "each column once"),
        ("sample,label\n", "no row below its header"),
        ("sample,label\n,PER\n", "row 2: column 'sample'"),
    ],
)
def test_a_wrong_table_names_its_row(spans, tmp_path, text, words):
    path = tmp_path / "wrong.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        spans.import_annotations(path, by="sample")
