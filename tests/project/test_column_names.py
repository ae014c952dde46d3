"""Columns of the samples may have any name: ours step aside, in every file, and it is said."""

import json

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.label_files import LabelFiles
from labeling.records import Batch
from tests.support.in_process import run

OURS = [
    *("label", "probabilities", "confidence", "weight", "source", "lf_votes", "annotators"),
    *("reviewer", "stratum", "score", "reason", "propensity", "ask", "sample_id", "annotator"),
    *("comment", "not_for", "votes", "why", "rationale", "p_ham", "p_spam", "split", "covered"),
    *("labeling_label", "Label", "index", "count", "sample"),
]
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam", column="{text}")
greets = keywords("greets", ["hi", "thanks"], label="ham", column="{text}")
"""
TEXTS = ["win free cash", "hi there", "thanks all", "free song", "hi, win", "what a day"]


def samples(bad=""):
    """A table with a column of each of our names, and perhaps characters that cannot be stored."""
    rows = [
        {
            **{name: f"{name} {i}{bad}" for name in OURS},
            "key": f"c{i}",
            "tags": [f"t{i}{bad}"],
            "more": {"x": [f"n{i}{bad}"]},
        }
        for i, _ in enumerate(TEXTS)
    ]
    return [{**row, "text": f"{text}{bad}"} for row, text in zip(rows, TEXTS, strict=True)]


def project(folder, rows, text="text", id="key", show=("comment", "label"), url=None):
    path = folder / "comments.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "rules.py").write_text(RULES.replace("{text}", text))
    config = {
        "data": {"path": "comments.jsonl", "id": id, "text": text},
        "labels": ["ham", "spam"],
        "labeling_functions": ["rules.py"],
        "query": {"n": 6},
        "files": {"folder": "to_label", "annotators": ["ann", "bob"], "show": list(show)},
        "store": {} if url is None else {"url": url},
    }
    (folder / "project.yaml").write_text(json.dumps(config))  # JSON is YAML too
    return lb.Project(folder / "project.yaml")


def answer(folder, label, column="label", comment=None):
    for path in (folder / "to_label").glob("batch-*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        table[column] = label
        if comment is not None:
            table[comment[0]] = comment[1]
        table.to_csv(path, index=False, encoding="utf-8-sig")


def test_the_whole_loop_with_a_column_of_each_of_our_names(tmp_path):
    its = project(tmp_path, samples())
    found = " ".join(its.check())
    assert "in training sets ours are called" in found
    assert "'stratum', 'score', 'reason', 'propensity': in batch.parquet ours" in found
    assert "in files for people ours are called 'labeling_label', 'labeling_comment'" in found
    its.apply()
    its.fit()
    batch = pd.read_parquet(tmp_path / "out" / "batch.parquet") if its.query() is not None else None
    assert set(batch["labeling_stratum"]) == {"random", "margin"}
    assert batch.loc["c1", "stratum"] == "stratum 1"
    its.push()
    shown = pd.read_csv(next((tmp_path / "to_label").glob("batch-*.csv")), encoding="utf-8-sig")
    assert {"text", "comment", "label", "labeling_label", "labeling_comment"} <= {*shown}
    assert {f"label {i}" for i in range(6)} == set(shown["label"])
    answer(tmp_path, "ham", "labeling_label", ("labeling_comment", "since so"))
    assert "`labeling_label`" in (tmp_path / "to_label" / "HOW_TO_LABEL.txt").read_text()
    pulled = its.pull()
    assert () == tuple(pulled.problems)
    assert {"since so"} == {annotation.reason for annotation in its.store.ledger.annotations()}
    its.review()
    train = its.export()
    assert {"ham"} == set(train.own("label"))
    frame = train.to_pandas()
    assert frame.loc["c2", OURS].tolist() == [f"{name} 2" for name in OURS]
    assert {"ham"} == set(frame["labeling_labeling_label"])
    assert {"agreement"} == set(frame["labeling_source"])
    features, label, weight = train.to_sklearn()
    assert {*OURS, "text", "tags", "more"} == set(features.columns)
    assert ({"ham"}, {1.0}) == (set(label), set(weight))

    written = pd.read_parquet(tmp_path / "out" / "training_set.parquet")
    flat = pd.read_csv(tmp_path / "out" / "training_set.csv")
    lines = [
        json.loads(line)
        for line in (tmp_path / "out" / "training_set.jsonl").read_text().splitlines()
    ]
    for table in (written, flat, pd.DataFrame(lines)):
        assert table["label"].tolist() == [f"label {i}" for i in range(6)]
        assert set(table["labeling_labeling_label"]) == {"ham"}
    assert flat["labeling_p_ham"].tolist() == [1.0] * 6
    assert written["labeling_annotators"].tolist()[0][0]["annotator"] == "ann"
    assert {"label": "labeling_labeling_label"}.items() <= train.manifest()["own_columns"].items()


def test_the_report_reads_what_stepped_aside(tmp_path):
    from labeling.report import write_report

    its = project(tmp_path, samples())
    its.apply()
    its.export()
    assert "win free cash" in write_report(its).read_text()


@pytest.mark.parametrize(
    "text", ["label", "comment", "annotator", "probabilities", "score", "Label"]
)
def test_the_text_itself_may_bear_any_of_our_names(tmp_path, text):
    rows = [{"key": row["key"], text: row["text"]} for row in samples()]
    its = project(tmp_path, rows, text=text, show=())
    its.check()
    its.query()
    its.push()
    ours = its.platform().own_headers["label"]
    assert ours == ("labeling_label" if text.casefold() == "label" else "label")
    answer(tmp_path, "spam", ours)
    its.pull()
    its.review()
    assert 6 == len(its.export())


@pytest.mark.parametrize("id", ["label", "source", "sample_id", "p_ham", "score", "ask"])
def test_the_ids_may_bear_any_of_our_names(tmp_path, id):
    rows = [{id: row["key"], "text": row["text"]} for row in samples()]
    its = project(tmp_path, rows, id=id, show=())
    its.check()
    its.fit()
    its.query()
    its.push()
    train = its.export()
    written = pd.read_parquet(tmp_path / "out" / "training_set.parquet")
    flat = pd.read_csv(tmp_path / "out" / "training_set.csv")
    assert written[id].tolist() == flat[id].tolist() == train.frame.index.tolist()
    assert set(pd.read_parquet(tmp_path / "out" / "batch.parquet").reset_index()[id]) <= {
        row["key"] for row in samples()
    }


def test_init_says_once_what_steps_aside_and_takes_what_check_takes(tmp_path):
    pd.DataFrame([{**row, "tags": "x", "more": "y"} for row in samples()]).to_csv(
        tmp_path / "comments.csv", index=False
    )
    command = ["init", "--data", "comments.csv"]
    command += ["--labels", "ham,spam", "--id", "key", "--text", "label"]
    done = run(tmp_path, *command)
    assert 0 == done.returncode, done.stderr
    assert "in training sets ours are called" in done.stderr
    assert "in files for people ours are called 'labeling_label'." in done.stderr
    assert lb.Project(tmp_path / "configs" / "project.yaml").check()


def test_what_check_refuses_init_refuses_and_writes_nothing(tmp_path):
    frame = pd.DataFrame({"key": [1.5, 2.5, 3.5], "text": ["a", "b", "c"]})
    frame.to_parquet(tmp_path / "comments.parquet")  # ids that cannot be remembered
    command = ["init", "--data", "comments.parquet"]
    command += ["--labels", "ham,spam", "--id", "key", "--text", "text"]
    done = run(tmp_path, *command)
    assert 1 == done.returncode
    assert "1.5" in done.stderr
    assert ["comments.parquet"] == [path.name for path in tmp_path.iterdir()]


def test_a_frame_in_memory_keeps_all_its_columns():
    data = pd.DataFrame(samples()).set_index("key")
    soft = lb.SoftLabels(
        np.tile([0.8, 0.2], (6, 1)), data.index, lb.LabelSchema(["ham", "spam"]), [True] * 6
    )
    train = lb.build_training_set(data, soft)
    assert {"ham"} == set(train.own("label"))
    assert "6 from votes" in repr(train)
    assert data.columns.tolist() == train.frame.columns.tolist()[: len(data.columns)]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl"])
def test_files_of_each_kind_go_out_and_come_back(tmp_path, kind):
    data = pd.DataFrame({"ask": ["hello"], "label": ["old"], "annotator": ["x"]}, index=["s1"])
    schema = lb.LabelSchema(["ham", "spam"])
    files = LabelFiles(
        tmp_path, schema, text="ask", show=["label", "annotator"], kind=kind, annotators=["ann"]
    )
    files.push(Batch(pd.DataFrame({"stratum": "random"}, index=["s1"])), data)
    (path,) = tmp_path.glob(f"*.{kind}")
    if kind == "csv":
        path.write_text(path.read_text("utf-8-sig").replace(",,ann,", ",spam,ann,"))
    elif kind == "jsonl":
        path.write_text(json.dumps(json.loads(path.read_text()) | {"labeling_label": "spam"}))
    else:
        import openpyxl

        book = openpyxl.load_workbook(path)
        page = book["questions"]
        page.cell(2, [cell.value for cell in page[1]].index("labeling_label") + 1).value = "spam"
        book.save(path)
    (annotation,) = files.pull()
    assert ("ann", "spam") == (annotation.annotator, annotation.label)


@pytest.mark.parametrize("url", ["sqlite", "postgresql"], indirect=True)
def test_no_verb_fails_on_characters_that_cannot_be_stored(tmp_path, url):
    """In every column, nested ones too, with either database."""
    from labeling.report import write_report

    rows = samples(bad=" \ud83d\x00\x1b")
    for row in rows:
        del row["label"], row["Label"], row["labeling_label"]
    its = project(tmp_path, rows, show=("comment", "tags"), url=url)
    assert any("had characters that cannot be stored" in found for found in its.check())
    its.apply()
    its.fit()
    its.summary()
    its.query()
    its.push()
    answer(tmp_path, "spam", "label", ("labeling_comment", "\\u0000"))
    its.pull()
    its.review()
    assert 6 == len(its.export()) + len(its.export().dropped)
    assert "\ufffd" in write_report(its).read_text()
    assert its.status().samples == 6
