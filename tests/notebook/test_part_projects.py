"""Workbenches on projects of spans and of several labels: samples, gold, models and commits."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.functions import keywords, span_keywords
from labeling.notebook import SetWorkbench, SpanWorkbench
from labeling.project import Project
from tests.support.kind_projects import PROJECTS

CLASSES = {"spans": SpanWorkbench, "several": SetWorkbench}
MORE = {
    "spans": span_keywords("ORG", ["Initech"], name="more"),
    "several": keywords("more", ["thank"], label="thanks"),
}


@pytest.fixture(params=PROJECTS)
def kind(request):
    return request.param


@pytest.fixture
def config(kind, tmp_path):
    return PROJECTS[kind](tmp_path / "p") / "project.yaml"


def test_samples_gold_and_functions_are_those_of_the_project(kind, config):
    ws = lb.Workbench(project=config)
    project = Project(config)

    assert type(ws) is CLASSES[kind]
    assert ws.gold == project.data.dev.to_dict()
    assert set(ws.gold).isdisjoint(project.data.test.index)
    assert ws.functions.names == tuple(lf.name for lf in project.labeling_functions)


def test_the_label_model_is_that_of_the_project(kind, config):
    ws = lb.Workbench(project=config)
    soft = ws.soft_labels()
    if kind == "several":
        assert soft.constraints.exclusive == (("anger", "joy"),)
        assert not (soft.chosen[:, 0] & soft.chosen[:, 2]).any()
    assert soft.covered.any()


def test_the_project_keeps_the_commits_and_gold(kind, config):
    first = lb.Workbench(project=config)
    commit = first.commit("as in the files")
    sample = next(key for key in first.samples.index if key not in first.gold)
    first.set_gold(sample, [])

    again = lb.Workbench(project=Project(config))
    assert [commit.id] == list(again.log().to_frame().index)
    assert not again.commit("nothing").is_new
    assert len(again.gold[sample]) == 0
    assert np.isfinite(again.log().to_frame().iloc[0, -4:].astype(float)).all()


def test_functions_are_exported_to_the_project_and_read_again(kind, config):
    ws = lb.Workbench(project=config)
    ws.add(MORE[kind])
    path = config.parent / "mine.py"
    made = ws.export(path)
    assert made.names == ("more",)
    config.write_text(config.read_text().replace("[rules.py]", "[rules.py, mine.py]"))

    again = lb.Workbench(project=config)
    pd.testing.assert_frame_equal(again.votes().to_frame(), ws.votes().to_frame())
    assert again.export(path).names == ("more",)


def test_labels_that_exclude_each_other_are_found_by_lint(tmp_path):
    ws = lb.Workbench(project=PROJECTS["several"](tmp_path / "p") / "project.yaml")
    ws.lf(lambda x: ["joy", "anger"] if "hate" in x.text else None, name="both")
    (found,) = [one for one in ws.lint().findings if one.kind == "exclusive labels"]
    assert found.functions == ("both",)
    assert found.n == ws.samples["text"].str.contains("hate").sum()
    assert "more than one of 'anger', 'joy'" in found.what
