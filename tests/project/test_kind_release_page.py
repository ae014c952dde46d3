"""The page of a release of spans, or of several labels, has their scores and those of slices."""

import pytest

import labeling as lb
from labeling.project.release_quality import quality_of_models
from labeling.rendering import as_interval
from tests.support.kind_projects import PROJECTS

SLICES = '''
from labeling import slicing_function


@slicing_function
def long_texts(x):
    """Texts of more than 30 characters."""
    return len(x.text) > 30


@slicing_function
def nothing(x):
    """No text."""
    return False
'''


@pytest.mark.parametrize("kind", list(PROJECTS))
def test_scores_and_slices_are_on_the_page_of_a_release(tmp_path, kind):
    more = "card: {slices: [slices.py]}\n"
    folder = PROJECTS[kind](tmp_path, n=40, more=more)
    (folder / "slices.py").write_text(SLICES, encoding="utf-8")
    project = lb.Project(folder / "project.yaml")
    views = quality_of_models(project.config, project.data, project.snapshot())

    assert ["F1 by slice"] == [view.title for view in views[1:]]
    (table,) = views[1].parts
    is_long = project.samples["text"].str.len() > 30
    gold = project.data.dev[is_long[project.data.dev.index]]
    measured = project.snapshot().measured
    if kind == "spans":
        f1 = lb.span_scores(measured, gold, project.schema).f1
    else:
        f1 = lb.set_scores(measured, gold, project.schema).micro
    long_texts, nothing = table.rows
    assert (len(gold), as_interval(f1)) == long_texts[1:]
    assert 0 == nothing[1]
    release = project.branch_release("r1", by="ann")
    assert project.release_facts("r1").problems == ()
    assert len(release.digest) > 10
