"""A project whose samples hold what some files cannot: `check` says it first, the loop goes on."""

import json
import logging

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labeling as lb
from tests.support.in_process import run

CONFIG = """
data: {path: comments.FORMAT, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 3}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free"], label="spam")
greets = keywords("greets", ["hello"], label="ham")
"""
TEXTS = [f"{word} {i}" for i in range(10) for word in ("free", "hello")]


def project(folder, frame=None, lines=None):
    kind = "parquet" if lines is None else "jsonl"
    if lines is None:
        frame.to_parquet(folder / "comments.parquet", index=False)
    else:
        (folder / "comments.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    (folder / "rules.py").write_text(RULES, "utf-8")
    (folder / "project.yaml").write_text(CONFIG.replace("FORMAT", kind), "utf-8")
    return lb.Project(folder / "project.yaml")


def awkward():
    n = len(TEXTS)
    size = np.linspace(0, 1, n)
    size[3] = np.inf
    return pd.DataFrame(
        {
            "key": [f"c{i}" for i in range(n)],
            "text": TEXTS,
            "size": size,
            "tags": [[np.nan, 1.0]] + [[1.0]] * (n - 1),
            "p_ham": [0.25] * n,
            "labeling_p_ham": ["mine"] * n,
        }
    )


def test_every_verb_goes_on_with_infinite_numbers_and_columns_named_as_ours(tmp_path):
    its = project(tmp_path, awkward())
    found = "\n".join(its.check())
    its.fit()
    its.query()
    its.export()

    assert "Column 'size' holds 1 number that JSON does not have" in found
    rows = [
        json.loads(line, parse_constant=pytest.fail)
        for line in (its.folder / "training_set.jsonl").read_text("utf-8").splitlines()
    ]
    assert None is {row["key"]: row["size"] for row in rows}["c3"]
    table = pd.read_csv(its.folder / "training_set.csv")
    assert [0.25] * len(table) == table["p_ham"].tolist()
    assert {"mine"} == set(table["labeling_p_ham"])
    ours = table["labeling_labeling_p_ham"]
    np.testing.assert_allclose(ours, 1 - table["p_spam"])
    manifest = json.loads((its.folder / "training_set.jsonl.manifest.json").read_text("utf-8"))
    assert 1 == manifest["null_in_json"]["size"]


MIXED = [
    json.dumps({"key": f"c{i}", "text": text, "meta": {}, "more": i if i else "none"})
    for i, text in enumerate(TEXTS)
]


def test_values_of_no_common_type_stop_no_verb_and_are_named(tmp_path, caplog):
    """Texts and numbers, lists of both: JSON text in Parquet, which check and export report."""
    lines = [json.loads(line) for line in MIXED]
    lines[2]["nested"] = ["a", {"n": [1, "b"]}]
    its = project(tmp_path, lines=[json.dumps(line) for line in lines])
    found = "\n".join(its.check())

    assert "Column 'more' holds values of no common type (sample 'c0' holds 'none' (str)" in found
    assert "Column 'nested' holds values of no common type (sample 'c2' holds ['a'," in found
    its.fit()
    its.query(n=20)
    batch = pd.read_parquet(its.folder / "batch.parquet")
    assert ["a", {"n": [1, "b"]}] == json.loads(batch.loc["c2", "nested"])
    assert ["none", 1] == [json.loads(batch.loc[own, "more"]) for own in ("c0", "c1")]
    with caplog.at_level(logging.WARNING):
        its.export()
    assert "no common type: 'more', 'nested'" in caplog.text
    written = pd.read_parquet(its.folder / "training_set.parquet").set_index("key")
    assert batch.loc["c2", "nested"] == written.loc["c2", "nested"]


def test_a_form_that_cannot_be_written_stops_no_other(tmp_path):
    its = project(tmp_path, lines=MIXED)
    its.fit()
    (its.folder / "training_set.parquet").mkdir()
    with pytest.raises(lb.LabelingError, match=r"Not written: training_set\.parquet"):
        its.export()
    written = sorted(path.name for path in its.folder.glob("*") if path.is_file())
    assert {"left_out.parquet", "training_set.csv", "training_set.jsonl"} <= set(written)


def test_the_command_line_says_it_in_a_few_lines(tmp_path):
    project(tmp_path, lines=MIXED)
    (tmp_path / "out" / "training_set.parquet").mkdir(parents=True)
    done = run(tmp_path, "-c", "project.yaml", "export")

    assert 1 == done.returncode
    assert "Not written: training_set.parquet." in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr) < 1500


def test_the_report_shows_the_lineage_of_training_sets_of_before(tmp_path):
    """Their Parquet files have maps where later ones have lists of structs."""
    from labeling.report.training import _rows

    its = project(tmp_path, awkward())
    its.export()
    file = its.folder / "training_set.parquet"
    now = _rows(file, "key", "text", {})
    table = pq.read_table(file)
    for name in ("lf_votes", "annotators"):
        place = table.schema.get_field_index(name)
        pairs = [[tuple(one.values()) for one in row] for row in table[name].to_pylist()]
        maps = pa.array(pairs, pa.map_(pa.string(), pa.string()))
        table = table.set_column(place, name, maps)
    pq.write_table(table, file)

    assert now == _rows(file, "key", "text", {})
    assert any(row.lf_votes for row in now)


def test_weights_and_balance_of_the_config_are_those_of_the_training_set(tmp_path):
    texts = [f"free {i}" for i in range(12)] + [f"hello {i}" for i in range(5)]
    data = pd.DataFrame({"key": [f"c{i}" for i in range(17)], "text": texts})
    its = project(tmp_path, data)
    config = (tmp_path / "project.yaml").read_text("utf-8")
    more = "export: {weights: none, balance: undersample}\n"
    (tmp_path / "project.yaml").write_text(config + more, "utf-8")
    its = lb.Project(tmp_path / "project.yaml")
    its.fit()
    its.export()
    manifest = json.loads((its.folder / "manifest.json").read_text("utf-8"))
    back = lb.TrainingSet.read(its.folder)

    assert {"ham": 5, "spam": 5} == manifest["labels"]
    assert 7 == manifest["left_out"]["left out by undersampling"]
    assert {"before": 12, "after": 5, "effective": 5.0} == (
        manifest["origin"]["balance"]["labels"]["spam"]
    )
    assert "none" == manifest["origin"]["weights"]
    assert {1.0} == set(back.added_column("weight"))
