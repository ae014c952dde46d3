"""The report of a project of spans or of several labels is one safe page, the same each time."""

import re

import pytest

import labeling as lb
from labeling.report import write_annotator_pages, write_report
from tests.support.in_process import run
from tests.support.kind_projects import PROJECTS


@pytest.fixture(scope="module", params=list(PROJECTS))
def reported(request, tmp_path_factory):
    folder = PROJECTS[request.param](tmp_path_factory.mktemp(request.param))
    early = write_report(lb.Project(folder / "project.yaml")).read_text("utf-8")
    done = run(folder, "-c", "project.yaml", "run")
    assert 0 == done.returncode, done.stderr
    done = run(folder, "-c", "project.yaml", "report")
    assert 0 == done.returncode, done.stderr
    return request.param, folder, early


def test_there_is_a_page_before_functions_were_applied(reported):
    assert "Labeling functions were not applied yet" in reported[2]


def test_the_page_has_functions_scores_and_agreement(reported):
    kind, folder, _ = reported
    project = lb.Project(folder / "project.yaml")
    page = write_report(project).read_text("utf-8")

    for function in project.labeling_functions:
        assert f">{function.name}</bdi>" in page
    assert ("Scores of spans" if kind == "spans" else "Scores of sets of labels") in page
    assert "By annotator" in page
    assert "Agreement on" in page
    assert "<script" not in page
    assert not re.search(r"(?:src|href)=\"http", page)
    assert page == write_report(lb.Project(folder / "project.yaml")).read_text("utf-8")
    if kind == "spans":
        assert "Confusion of labels" in page
        assert "(none)" in page
        assert 'class="lbl-span lbl-s0"' in page
        scores = lb.span_scores(project.snapshot().measured, project.data.dev, project.schema)
    else:
        assert "The models differ from" in page
        scores = lb.set_scores(project.snapshot().measured, project.data.dev, project.schema)
    value = scores.f1 if kind == "spans" else scores.micro
    assert f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]" in page


def test_pages_for_annotators_are_refused(reported):
    with pytest.raises(lb.LabelingError, match="must have one label per sample"):
        write_annotator_pages(lb.Project(reported[1] / "project.yaml"))
