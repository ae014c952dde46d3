"""Samples whose text is missing: left out and listed, taken as empty, or refused; never a stop."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import ConfigError, DataError, LabelingError
from labeling.label_files import LabelFiles
from labeling.records import Batch, GoldLabel
from tests.support.in_process import run

CONFIG = """
data: {path: comments.csv, id: key, gold: truth, locked: 0%s}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 20}
files: {folder: to_label, annotators: [ann, bob]}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win"], label="spam")
greets = keywords("greets", ["hi", "thanks"], label="ham")
"""
TEXTS = ["win free cash", "hi there", "thanks all", "free song"] * 4


@pytest.fixture
def folder(tmp_path):
    rows = [f'c{i},"{text}",' for i, text in enumerate(TEXTS)]
    rows += ["m1,,ham", "m2,,", 'e1,"",spam', 'e2," ",']
    (tmp_path / "comments.csv").write_text("\n".join(["key,text,truth", *rows, ""]))
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    return tmp_path


def project(folder, more=""):
    (folder / "project.yaml").write_text(CONFIG % more, encoding="utf-8")
    return lb.Project(folder / "project.yaml")


def test_a_project_leaves_them_out_and_says_so_everywhere(folder, caplog):
    """A text that is empty or white space is a text: only what is missing is left out."""
    its = project(folder)
    assert {"e1", "e2"} <= set(its.samples.index)
    assert not {"m1", "m2"} & set(its.samples.index)
    assert its.data.dev.to_dict() == {"e1": "spam"}
    sentence = (
        "2 of 20 samples have no text in column 'text' and are left out and listed: 'm1', 'm2'"
    )
    assert any(sentence in found for found in its.check())
    with caplog.at_level(logging.WARNING):
        its.apply()
    assert sentence in caplog.text
    batch = its.query()
    assert not {"m1", "m2"} & set(batch.sample_ids)
    its.push()
    train = its.export()
    reasons = train.dropped["reason"].to_dict()
    assert {"m1": "its text is missing", "m2": "its text is missing"}.items() <= reasons.items()
    assert 2 == train.manifest()["left_out"]["its text is missing"]
    written = pd.read_parquet(folder / "out" / "left_out.parquet")
    assert {"m1", "m2"} <= set(written.index)
    assert (2, len(its.samples)) == (its.status().left_out, its.status().samples)


def test_a_project_may_take_them_as_empty_or_refuse_them(folder):
    its = project(folder, ", missing_text: empty")
    assert its.samples["text"].loc[["m1", "m2", "e1", "e2"]].tolist() == ["", "", "", " "]
    assert its.data.dev.to_dict() == {"m1": "ham", "e1": "spam"}
    assert any("are taken as empty texts: 'm1', 'm2'" in found for found in its.check())
    assert 20 == len(its.export()) + len(its.export().dropped)
    with pytest.raises(DataError, match="2 of 20 rows do not, the first is sample 'm1'"):
        _ = project(folder, ", missing_text: error").samples
    with pytest.raises(ConfigError, match="missing_text"):
        project(folder, ", missing_text: ignore")


def test_a_file_without_a_single_text_is_refused(folder):
    (folder / "comments.csv").write_text("key,text,truth\na,,ham\nb,,spam\n")
    with pytest.raises(DataError, match=r"must be a sample with a text\. 2 of 2 samples have no"):
        _ = project(folder).samples


def test_what_is_no_text_is_refused_whatever_is_done_with_missing_ones():
    data = pd.DataFrame({"text": pd.Series(["a", None, 7], dtype=object)})
    soft = lb.SoftLabels(np.full((3, 2), 0.5), data.index, lb.LabelSchema(["a", "b"]), [True] * 3)
    for how in ("drop", "empty", "error"):
        with pytest.raises(DataError, match="must hold text in every row"):
            lb.EndModel(missing_text=how).fit(data, soft)


def test_init_starts_a_project_on_such_data_and_says_it(folder):
    command = ["init", "new", "--data", "comments.csv", "--labels", "ham,spam"]
    done = run(folder, *command, "--id", "key", "--text", "text", "--gold", "truth")
    assert 0 == done.returncode, done.stderr
    assert "missing_text: drop" in (folder / "new" / "configs" / "project.yaml").read_text()
    assert "2 of 20 samples have no text in column 'text'" in done.stderr


def test_read_samples_does_the_same(folder, caplog):
    with caplog.at_level(logging.WARNING):
        frame = lb.read_samples(folder / "comments.csv", id="key", text="text")
    assert 18 == len(frame)
    assert "comments.csv: 2 of 20 samples have no text in column 'text'" in caplog.text
    assert 20 == len(lb.read_samples(folder / "comments.csv", id="key"))
    read = lb.read_samples(folder / "comments.csv", id="key", text="text", missing_text="empty")
    assert read["text"].loc["m1"] == ""
    with pytest.raises(DataError, match="the first is sample 'm1'"):
        lb.read_samples(folder / "comments.csv", id="key", text="text", missing_text="error")


@pytest.fixture
def pool():
    texts = [*TEXTS, None, np.nan, pd.NA]
    index = [f"c{i}" for i in range(len(texts))]
    data = pd.DataFrame({"text": pd.Series(texts, index=index, dtype=object)})
    shares = np.array([[0.1, 0.9], [0.9, 0.1], [0.9, 0.1], [0.2, 0.8]] * 4 + [[0.9, 0.1]] * 3)
    return data, lb.SoftLabels(shares, data.index, lb.LabelSchema(["ham", "spam"]), [True] * 19)


def test_the_end_model_learns_nothing_from_them_and_answers_them_as_uncovered(pool, tmp_path):
    data, soft = pool
    gold = [GoldLabel("c16", "spam"), GoldLabel("c0", "spam")]
    model = lb.EndModel().fit(data, soft, gold=gold)
    assert "3 samples without a text were left out." in model.report_
    model.save(tmp_path / "model.npz")
    for fitted in (model, lb.EndModel.load(tmp_path / "model.npz")):
        answer = fitted.predict_proba(data, soft=soft)
        assert answer.covered.tolist() == [True] * 16 + [False] * 3
        assert answer.to_array()[16:].tolist() == [[0.5, 0.5]] * 3
        assert not fitted.predict_proba(data.iloc[16:]).covered.any()
    alone = lb.EndModel().fit(data.iloc[:16], soft.of_samples(data.index[:16]), gold=gold[1:])
    there = model.predict_proba(data, soft=soft).to_array()[:16]
    assert np.allclose(there, alone.predict_proba(data.iloc[:16], soft=soft).to_array())


def test_the_end_model_may_take_them_as_empty_or_refuse_them(pool, tmp_path):
    data, soft = pool
    model = lb.EndModel(missing_text="empty").fit(data, soft)
    model.save(tmp_path / "model.npz")
    assert lb.EndModel.load(tmp_path / "model.npz").predict_proba(data).covered.all()
    with pytest.raises(DataError, match="3 of 19 rows do not, the first is sample 'c16'"):
        lb.EndModel(missing_text="error").fit(data, soft)
    with pytest.raises(LabelingError, match=r"Got 'drp'. Did you mean 'drop'\?"):
        lb.EndModel(missing_text="drp")
    with pytest.raises(DataError, match=r"must have a text in column 'text'\. None has"):
        lb.EndModel().fit(data.iloc[16:], soft)


def test_nobody_is_asked_about_a_sample_without_a_text(pool, tmp_path):
    data, soft = pool
    end = lb.EndModel().fit(data, soft)
    assert set(data.index[:16]) == set(lb.select(data, soft=soft, end=end, n=19, rng=0).sample_ids)
    more = lb.select(data, soft=soft, end=end, n=19, rng=0, missing_text="empty")
    assert 19 == len(more)
    with pytest.raises(DataError, match="the first is sample 'c16'"):
        lb.select(data, soft=soft, end=end, n=19, rng=0, missing_text="error")

    every = Batch(pd.DataFrame({"stratum": "random"}, index=data.index))
    files = LabelFiles(tmp_path, soft.schema, kind="jsonl", votes_per_sample=1)
    files.push(every, data)
    (path,) = tmp_path.glob("*.jsonl")
    asked = [json.loads(line)["sample_id"] for line in path.read_text().splitlines()]
    assert asked == data.index[:16].tolist()
    assert "with a text" in files.problems[0].what
    assert "'c16', 'c17', 'c18'" in files.problems[0].what

    shown = LabelFiles(tmp_path / "e", soft.schema, kind="jsonl", missing_text="empty")
    shown.push(every, data)
    assert 19 == len(next((tmp_path / "e").glob("*.jsonl")).read_text().splitlines())
    with pytest.raises(DataError, match="the first is sample 'c16'"):
        LabelFiles(tmp_path / "f", soft.schema, missing_text="error").push(every, data)
