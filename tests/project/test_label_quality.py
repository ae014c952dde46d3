"""The accuracy of the labels by random samples, stopping rules, and modAL, in a project."""

import importlib
import json

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import ConfigError, MissingExtraError
from labeling.project.label_quality import _needed_sentence
from labeling.query import batches_of, label_accuracy
from labeling.records.estimates import Estimate
from labeling.report import write_report
from tests.project.test_project import CONFIG, folder  # noqa: F401  # a fixture
from tests.support.in_process import run

MORE = "query: {n: 30, stop: {%s}}"


@pytest.fixture
def project(folder):  # noqa: F811
    """Return a function that makes the project with these stopping rules."""

    def make(stop=""):
        config = CONFIG.replace("rounds: 2", "rounds: 4").replace("query: {n: 10}", MORE % stop)
        (folder / "project.yaml").write_text(config, encoding="utf-8")
        return lb.Project(folder / "project.yaml")

    return make


def test_status_shows_the_accuracy_with_n_and_interval(project):
    *_, last = project().rounds(count=2)
    status = project().status()
    expected = label_accuracy(
        last.posterior, last.gold, batches_of(project().store.batches.frame())
    )

    assert expected == status.accuracy["labels"]
    assert 0 < status.accuracy["label model"].n == expected.n
    assert f"{expected} " in status.quality[0] or f"{expected};" in status.quality[0]
    left = len(last.posterior) - len(project().store.batches.frame())
    assert f" of {left:,} that are left, to see a difference of 2 points" in status.quality[1]
    assert 0 < int(status.quality[1].split()[1].replace(",", "")) < left
    assert "kappa" in status.quality[2]
    json.dumps(status.to_dict(), allow_nan=False)


@pytest.mark.parametrize(
    ("estimate", "left", "sentence"),
    [
        ((0.8, 0.7, 0.9, 60), None, "Label 1,440 more samples drawn at random to see a"),
        ((0.8, 0.7, 0.9, 60), 500, "Label 360 more samples drawn at random, of 500 that are left,"),
        ((0.8, 0.7, 0.9, 60), 5, "All 5 samples that are left would have to be labeled to see"),
        (
            (0.8, 0.7, 0.9, 60),
            0,
            "That is not enough to see a difference of 2 points, and no sample",
        ),
        ((0.8, 0.79, 0.81, 60), 0, "That is enough to see a difference of 2 points."),
    ],
)
def test_no_more_samples_are_asked_for_than_are_left(estimate, left, sentence):
    assert _needed_sentence(Estimate(*estimate), 0.02, left).startswith(sentence)


def test_before_people_labeled_nothing_is_claimed(project):
    project().query()

    assert {} == project().status().accuracy
    assert () == project().status().stop


def test_the_same_annotations_leave_the_kappas_as_they_are(project):
    list(project().rounds(count=2))
    before = project().status().quality
    project().snapshot()

    assert before == project().status().quality


def test_a_budget_ends_the_run(project, caplog):
    rounds = list(project("budget: 50").rounds())
    status = project("budget: 50").status()

    assert rounds[-1].number < 4
    assert rounds[-1].human_votes + rounds[-1].reviews >= 50
    assert rounds[-2].human_votes + rounds[-2].reviews < 50
    assert "The budget of 50 votes is spent" in caplog.text
    assert "The budget of 50 votes is spent" in status.stop[0]
    assert status.next.startswith("labeling export")


def test_a_batch_that_was_asked_for_is_still_pushed(project):
    list(project("budget: 50").rounds())
    number = project("budget: 50").status().batches
    project("budget: 50").query(n=3)
    list(project("budget: 50").rounds())

    assert number + 1 == project("budget: 50").status().batches


def test_a_wide_target_ends_the_run_and_stable_labels_do(project):
    list(project("half_width: 0.3").rounds())
    assert 1 == project().status().batches
    list(project("stable_rounds: 2, kappa: 0.1").rounds())

    assert 2 == project().status().batches


@pytest.mark.parametrize(
    "stop", ["half_width: 0", "half_width: 0.6", "budget: 0", "kappa: 2", "budgte: 4"]
)
def test_wrong_rules_are_refused(project, stop):
    with pytest.raises(ConfigError):
        project(stop)


def test_the_command_line_shows_it(project, folder):  # noqa: F811
    list(project("budget: 50").rounds())
    status = run(folder, "-c", "project.yaml", "status", columns=200).stdout
    summary = run(folder, "-c", "project.yaml", "summary", columns=200).stdout

    report = write_report(lb.Project(folder / "project.yaml")).read_text("utf-8")

    assert "Accuracy of the labels, by samples drawn at random: " in report
    for shown in (status, summary):
        assert "Accuracy of the labels, by samples drawn at random: " in shown
        assert "Enough: The budget of 50 votes is spent" in shown


def test_a_query_function_of_modal_is_a_strategy_of_the_config(folder):  # noqa: F811
    pytest.importorskip("modAL", reason="modAL comes with [active]")
    config = CONFIG.replace("{n: 10}", "{n: 10, strategy: 'modal:margin_sampling'}")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    frame = lb.Project(folder / "project.yaml").query().to_frame()

    assert {"modal:margin_sampling"} == set(frame["stratum"])


def test_a_function_of_modal_that_cannot_work_is_refused_at_once(folder):  # noqa: F811
    config = CONFIG.replace("{n: 10}", "{n: 10, strategy: 'modal:min_confidence'}")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"'query.strategy': .*several labels at once"):
        lb.Project(folder / "project.yaml")


def test_a_rare_label_is_asked_about_by_thirds(tmp_path):
    """One of eight is spam, of which a draw at random would find few."""
    n = 300
    words = np.where(np.arange(n) % 8 == 0, "free cash", "hi there")
    data = pd.DataFrame({"key": [f"c{i}" for i in range(n)]})
    data["text"] = [f"{word} {i}" for i, word in enumerate(words)]
    data.to_csv(tmp_path / "comments.csv", index=False)
    labels = np.where(np.arange(n) % 8 == 0, "spam", "ham")
    votes = pd.DataFrame({"sample": data["key"], "label": labels})
    pd.concat([votes.assign(annotator=name) for name in "ab"]).to_csv(
        tmp_path / "votes.csv", index=False
    )
    (tmp_path / "rules.py").write_text(
        "from labeling.functions import keywords\n"
        "offers = keywords('offers', ['free'], label='spam')\n"
        "greets = keywords('greets', ['hi'], label='ham')\n",
        encoding="utf-8",
    )
    (tmp_path / "project.yaml").write_text(
        "data: {path: comments.csv, id: key}\nlabels: [ham, spam]\n"
        "labeling_functions: [rules.py]\nquery: {n: 60}\nreplay: {votes: votes.csv}\n",
        encoding="utf-8",
    )
    strata = [
        set(current.batch.to_frame()["stratum"])
        for current in lb.Project(tmp_path / "project.yaml").rounds(count=2)
        if current.batch is not None
    ]

    assert all({"random", "margin by label", "margin"} == names for names in strata)
    quality = lb.Project(tmp_path / "project.yaml").status().accuracy["labels"]
    assert 40 == quality.n


def test_a_strategy_without_random_samples_says_that_a_width_cannot_stop_it(project):
    made = project("half_width: 0.3")
    made.query(strategy="margin")
    list(made.rounds(count=1))
    status = made.status()

    assert not status.accuracy
    assert "no reason to stop yet: no sample drawn at random is settled" in status.quality[0]


def test_check_imports_modal_where_the_config_names_it(project, folder, monkeypatch):  # noqa: F811
    pytest.importorskip("modAL", reason="modAL comes with [active]")
    project()
    path = folder / "project.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("{n: 30", "{strategy: modal:margin_sampling, n: 30"), "utf-8")
    assert any("modal:margin_sampling" in found for found in lb.Project(path).check())

    import_module = importlib.import_module

    def without_modal(name, package=None):
        if name.startswith("modAL"):
            raise ModuleNotFoundError("No module named 'modAL'", name="modAL")
        return import_module(name, package)

    monkeypatch.setattr(importlib, "import_module", without_modal)
    with pytest.raises(MissingExtraError, match="active"):
        lb.Project(path).check()
