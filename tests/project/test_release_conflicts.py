"""Conflicts of releases go to reviewers, and block the merge until somebody decides."""

import pytest

from labeling.project import Project
from labeling.project.release_conflicts import open_conflicts
from tests.support.in_process import run
from tests.support.killing import FILES, make_project
from tests.support.releases import passing


def project_of(folder):
    return Project(folder / "project.yaml")


def approve(folder, name, label=None):
    """Put a release on a branch, with another label for words of offers, and approve it."""
    rules = folder / "rules.py"
    before = rules.read_text()
    if label is not None:
        rules.write_text(before.replace('"cash"], label="spam"', f'"cash"], label="{label}"'))
    project = project_of(folder)
    project.branch_release(name, by="ann")
    project.releases.run_tests(name, passing)
    project.propose_release(name, by="ann")
    project.approve_release(name, by="bob")
    rules.write_text(before)


@pytest.fixture
def folder(tmp_path):
    """Return a project with main, a branch merged into it, and one in conflict with that."""
    folder = make_project(tmp_path, platform=FILES)
    approve(folder, "r1")
    project_of(folder).merge_release("r1", by="ann")
    approve(folder, "r2", "news")
    approve(folder, "r3", "ham")
    project_of(folder).merge_release("r2", by="ann")
    return folder


def test_conflicts_are_asked_of_reviewers_and_decisions_settle_them(folder):
    project = project_of(folder)
    outcome = project.merge_release("r3", by="ann")
    assert outcome.status == "conflicts"
    disputed = {conflict.sample_id for conflict in outcome.conflicts}
    assert disputed
    assert set(open_conflicts(project.store)) == disputed

    verdict = project.review()
    asked = {one.sample_id: one.reason for one in verdict.escalations}
    assert set(asked) == disputed
    for reason in asked.values():
        assert reason.startswith("Two releases disagree: ")
        assert "offers (edited)" in reason
    files = "".join(path.read_text() for path in (folder / "to_label").rglob("*.csv"))
    assert "Two releases disagree" in files
    again = project.review()
    assert {one.sample_id for one in again.escalations} == disputed

    status = run(folder, "-c", "project.yaml", "status")
    assert 0 == status.returncode, status.stderr
    log = run(folder, "-c", "project.yaml", "log", sorted(disputed)[0])
    assert "Two releases disagree" in " ".join(log.stdout.split())
    assert project.merge_release("r3", by="ann").status == "conflicts"

    for sample_id in sorted(disputed):
        done = run(
            folder, "-c", "project.yaml", "decide", str(sample_id), "spam", "--by", "zoe",
            "--reason", "an offer",
        )  # fmt: skip
        assert 0 == done.returncode, done.stderr
    project = project_of(folder)
    assert not project.review().escalations
    outcome = project.merge_release("r3", by="ann")
    assert outcome.status == "updated"
    assert not open_conflicts(project.store)
    train = project.releases["r3"].train
    labels = train.added_column("label")
    assert {labels[sample_id] for sample_id in disputed} == {"spam"}
    assert set(disputed) <= set(train.rows_behind("sources", "review"))
    story = train.explain(sorted(disputed)[0])
    assert story.reviewer == "zoe"
    assert project.rebuild("r3").equal
    done = run(folder, "-c", "project.yaml", "ledger", "verify")
    assert 0 == done.returncode, done.stdout
