"""`embeddings: NAME` in a config: one word, and the models learn from vectors of the texts."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.report import write_report
from tests.support.in_process import run
from tests.support.static_model import BAD, GOOD, THINGS, write_static_model

CONFIG = """
data: {path: films.csv, id: key}
labels: [bad, good]
labeling_functions: [rules.py]
"""
RULES = f"""
from labeling.functions import keywords

praise = keywords("praise", {GOOD[:3]}, label="good")
blame = keywords("blame", {BAD[:3]}, label="bad")
"""
WORDS = [(word, label) for words, label in ((BAD, "bad"), (GOOD, "good")) for word in words]


@pytest.fixture
def folder(tmp_path):
    """Films by words, half of which no rule knows; a static model that knows all of them."""
    pytest.importorskip("model2vec")
    rows = [(f"a {word} {thing}", label) for word, label in WORDS for thing in THINGS]
    table = pd.DataFrame(rows, columns=["text", "truth"])
    table.insert(0, "key", [f"f{row}" for row in range(len(table))])
    table[["key", "text"]].to_csv(tmp_path / "films.csv", index=False)
    table.set_index("key")["truth"].to_csv(tmp_path / "truth.csv")
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    write_static_model(tmp_path / "models" / "static")
    return tmp_path


def project(folder, more="embeddings: models/static\n"):
    (folder / "project.yaml").write_text(CONFIG + more, encoding="utf-8")
    return lb.Project(folder / "project.yaml")


def accuracy(folder, posterior):
    truth = pd.read_csv(folder / "truth.csv", index_col="key")["truth"]
    return (posterior.to_labels().reindex(truth.index) == truth).mean()


def test_one_word_in_the_config_gives_the_end_model_vectors_of_the_texts(folder):
    with_vectors = project(folder).snapshot()
    without = project(folder, "").snapshot()

    assert accuracy(folder, with_vectors.posterior) > 0.95
    assert accuracy(folder, without.posterior) < 0.9
    assert "embeddings of 4 dimensions" in " ".join(with_vectors.end_model.report_)
    assert with_vectors.end_model.embeddings.name == "models/static"


def test_check_tries_the_model_and_says_its_size(folder):
    found = project(folder).check()

    assert "Embeddings by 'models/static' have 4 dimensions." in found
    with pytest.raises(lb.LabelingError, match=r"'\./none' cannot be loaded: there is no"):
        project(folder, "embeddings: ./none\n").check()


def test_the_command_line_exports_with_embeddings_and_fits_once(folder, caplog):
    project(folder)
    done = run(folder, "-c", "project.yaml", "export", "--json")
    assert (0, 72) == (done.returncode, json.loads(done.stdout)["samples"]), done.stderr
    train = pd.read_csv(folder / "out" / "training_set.csv", index_col="key")
    truth = pd.read_csv(folder / "truth.csv", index_col="key")["truth"]
    assert (train["label"] == truth.reindex(train.index)).mean() > 0.95

    with caplog.at_level(logging.INFO, "labeling"):
        its = lb.Project(folder / "project.yaml")
        again = its.snapshot().posterior
        write_report(its)
    assert "fitted the" not in caplog.text
    assert accuracy(folder, again) > 0.95


def test_another_model_in_the_same_folder_means_other_results(folder):
    """The content of the folder counts, not its name."""
    before = project(folder).snapshot().posterior.to_array()
    same = project(folder).snapshot().posterior.to_array()
    config = folder / "models" / "static" / "config.json"
    about = json.loads(config.read_text("utf-8"))
    config.write_text(json.dumps({**about, "normalize": False}), encoding="utf-8")
    after = project(folder).snapshot().posterior.to_array()

    np.testing.assert_array_equal(before, same)
    assert not np.array_equal(before, after)


def test_a_folder_is_one_of_the_project_and_not_of_the_working_directory(folder, monkeypatch):
    (folder / "models").rename(folder / "elsewhere")
    (folder / "elsewhere" / "models").mkdir()
    (folder / "elsewhere" / "static").rename(folder / "elsewhere" / "models" / "static")
    monkeypatch.chdir(folder / "elsewhere")

    with pytest.raises(lb.LabelingError, match="models/static' cannot be loaded: there is no such"):
        project(folder).check()


def test_an_empty_name_is_an_error_of_the_config(folder):
    with pytest.raises(lb.LabelingError, match=r"Key 'embeddings' must not be empty"):
        project(folder, "embeddings: ''\n")
