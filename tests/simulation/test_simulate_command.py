"""`labeling simulate`, and the votes of a project replayed."""

import json

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingError, UnknownLabelError
from labeling.simulation import Plan, simulate, simulate_project
from tests.support.in_process import run
from tests.support.recorded_votes import PLAN, made

CONFIG = """
data: {path: texts.csv, id: key, gold: gold.csv, locked: 0}
labels: [ham, spam]
labeling_functions: [rules.py]
replay: {votes: votes.csv}
"""


RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win", "cash"], label="spam")
greets = keywords("greets", ["hi", "thanks", "song"], label="ham")
"""


@pytest.fixture
def folder(tmp_path):
    data, recorded, _, gold = made()
    data.rename_axis("key").to_csv(tmp_path / "texts.csv")
    recorded.to_csv(tmp_path / "votes.csv", index=False)
    gold.rename("label").rename_axis("key").to_csv(tmp_path / "gold.csv")
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    (tmp_path / "project.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


OPTIONS = ("--strategies", "random", "--policies", "flat-1,config", "--budgets", "20", "--seeds")


def test_the_command_prints_the_table_and_the_recommendation(folder):
    done = run(folder, "-c", "project.yaml", "simulate", *OPTIONS, "1")

    assert done.returncode == 0, done.stderr
    assert "flat-1" in done.stdout
    assert "Truth: 160 given gold labels." in done.stdout
    assert "Take strategy random with policy" in done.stdout
    written = {path.name for path in (folder / "out" / "simulation").iterdir()}
    assert {"runs.jsonl", "simulation.csv", "model.png", "model-dark.png"} <= written


def test_the_command_prints_json(folder):
    done = run(folder, "-c", "project.yaml", "simulate", "votes.csv", *OPTIONS, "1", "--json")
    result = json.loads(done.stdout)

    assert done.returncode == 0
    assert len(result["table"]) == 4
    assert result["recommendation"].startswith("Take strategy random")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (["--goal", "money"], "--goal must be model or labels"),
        (["--budgets", "many"], "many"),
        (["--strategies", "margim"], "margin"),
    ],
)
def test_wrong_options_are_wrong_usage(folder, wrong, words):
    done = run(folder, "-c", "project.yaml", "simulate", *wrong)

    assert done.returncode == 2
    assert words in done.stderr


def test_the_votes_of_a_project_can_be_replayed_without_changing_it(folder):
    config = CONFIG.replace("replay: {votes: votes.csv}", "files: {annotators: [p0, p1]}")
    (folder / "project.yaml").write_text(config, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    plan = Plan(["random"], ["flat-1"], budgets=[20], seeds=1)
    with pytest.raises(LabelingError, match="has no annotations yet"):
        simulate_project(project, plan=plan)
    by_file = simulate_project(project, folder / "votes.csv", plan=plan).to_frame()
    now = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    votes = pd.read_csv(folder / "votes.csv").itertuples(index=False, name=None)
    project.add_annotations([lb.Annotation(*vote, now, now) for vote in votes])
    before = project.status().to_dict()

    pd.testing.assert_frame_equal(simulate_project(project, plan=plan).to_frame(), by_file)
    assert project.status().to_dict() == before


def test_votes_that_no_run_asks_for_are_checked_too():
    data, recorded, votes, gold = made()
    unknown, nobody = recorded.copy(), recorded.copy()
    unknown.loc[3, "label"] = "eggs"
    nobody.loc[3, "annotator"] = None
    with pytest.raises(UnknownLabelError, match="eggs"):
        simulate(data, unknown, votes, plan=PLAN, gold=gold)
    with pytest.raises(DataError, match="1 have none, the first on sample 'c0'"):
        simulate(data, nobody, votes, plan=PLAN, gold=gold)
