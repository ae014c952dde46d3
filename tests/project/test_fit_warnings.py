"""What the label model warns of reaches whoever runs fit, status, the report, or reads --json."""

import json
import warnings

import pytest

import labeling as lb
from labeling.errors import LabelSharesWarning
from labeling.label_models import MODELS, MajorityVote
from labeling.project.fit_warnings import collected_warnings, label_model_warnings
from labeling.report import write_report
from tests.project.test_gold_and_test_split import make
from tests.support.in_process import run

ODD = "'<b>spam</b>' is predicted for 90.0% of 80 samples, by majority vote for 40.0%."
SLOW = "Odd did not converge in 5 steps; raise `steps` if its last digits matter."
CONFIG = """
data: {path: comments.csv, id: key, gold: truth, locked: 0.5}
labels: [ham, spam]
labeling_functions: [rules.py]
label_model: odd
"""
WITHOUT_GOLD = CONFIG.replace(", gold: truth, locked: 0.5", "")


class Odd(MajorityVote):
    """Warns of what a label model may warn of, and reports nothing of it."""

    def fit(self, votes, gold=None, class_balance=None):
        warnings.warn(ODD, LabelSharesWarning, stacklevel=2)
        for _ in range(2):
            warnings.warn(SLOW, stacklevel=2)
        return super().fit(votes, gold=gold, class_balance=class_balance)


@pytest.fixture(autouse=True)
def odd(monkeypatch):
    monkeypatch.setitem(MODELS, "odd", Odd)


@pytest.fixture
def folder(tmp_path):
    make(tmp_path, WITHOUT_GOLD)
    return tmp_path


def labeling(folder, *arguments):
    done = run(folder, "-c", "project.yaml", *arguments, columns=300)
    assert 0 == done.returncode, done.stderr
    return done


def test_fit_prints_each_warning_once_and_json_carries_it(folder):
    printed = labeling(folder, "fit").stderr
    result = json.loads(labeling(folder, "fit", "--json").stdout)

    assert (1, 1) == (printed.count(ODD), printed.count(SLOW))
    assert [ODD, SLOW] == result["warnings"]


def test_status_and_summary_show_it_whatever_verb_fitted_the_model(folder):
    assert [] == json.loads(labeling(folder, "status", "--json").stdout)["warnings"]
    labeling(folder, "query")

    assert f"Label model: {ODD}" in labeling(folder, "status").stdout
    assert f"Label model: {ODD}" in labeling(folder, "summary").stdout
    assert [ODD, SLOW] == json.loads(labeling(folder, "status", "--json").stdout)["warnings"]


def test_the_report_shows_it_escaped(folder):
    its = lb.Project(folder / "project.yaml")
    its.snapshot()
    page = write_report(its).read_text("utf-8")

    said = page.partition("Check this.</b>")[2].partition("</p>")[0]
    assert "&lt;b&gt;spam&lt;/b&gt;" in said
    assert "is predicted for 90.0% of 80 samples, by majority vote for 40.0%." in said
    assert "<b>spam</b>" not in page


def test_one_difference_is_one_warning(tmp_path):
    """Where labels have not the balance of gold labels, the model's own sentence is left out."""
    table = make(tmp_path, CONFIG)
    table.assign(truth=table["truth"].where(table["truth"] != "spam", "ham")).to_csv(
        tmp_path / "comments.csv", index=False
    )
    its = lb.Project(tmp_path / "project.yaml")
    its.fit()
    first, *others = its.status().warnings

    assert first.startswith("The class balance of the label model's labels is not that of")
    assert [SLOW] == others


def test_models_that_measure_add_no_warnings(tmp_path):
    """With gold labels three more are fitted, whose warnings are not the model's."""
    make(tmp_path, CONFIG)
    its = lb.Project(tmp_path / "project.yaml")
    its.snapshot()

    assert 1 == its.status().warnings.count(SLOW)


def test_another_fit_without_a_warning_removes_it(folder, monkeypatch):
    its = lb.Project(folder / "project.yaml")
    its.fit()
    assert its.status().warnings
    monkeypatch.setitem(MODELS, "odd", MajorityVote)
    its.fit()

    assert () == its.status().warnings


def test_a_kept_model_that_is_used_again_has_its_own_warnings(folder):
    """Of three models that are kept none is fitted again when the config goes back to it."""

    def use(label_model):
        text = WITHOUT_GOLD.replace("odd", label_model)
        (folder / "project.yaml").write_text(text, encoding="utf-8")
        its = lb.Project(folder / "project.yaml")
        page = write_report(its).read_text("utf-8")
        its.snapshot()
        return len(its.status().warnings), page.count("Check this.</b>")

    used = [use(label_model) for label_model in ("majority_vote", "odd", "majority_vote", "odd")]

    assert [(0, 0), (2, 2), (0, 0), (2, 2)] == used


def test_a_store_of_an_earlier_version_has_none(folder):
    its = lb.Project(folder / "project.yaml")
    its.fit()
    latest = its.store.artifacts.latest("label_model")
    with its.store.locked("test"):
        its.store.artifacts.save(
            "label_model",
            lambda path: path.write_bytes(latest.path.read_bytes()),
            inputs="of before",
            about={"model": "Odd", "gold": 0},
            made_at="2030",
        )

    assert () == label_model_warnings(its.store)


def test_warnings_for_developers_are_no_warnings_of_the_fit():
    def fit():
        with collected_warnings() as found:
            warnings.warn("old", DeprecationWarning, stacklevel=1)
            warnings.warn("seen", stacklevel=1)
        return found

    with pytest.warns(DeprecationWarning, match="old") as shown:
        found = fit()
    assert ([], ["seen"]) == (found.of_shares, found.others)
    assert ["old"] == [str(warning.message) for warning in shown]
