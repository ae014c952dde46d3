"""Two people with a clone each: a step builds on the newest one, as a push that git accepts."""

import subprocess

import pytest

from labeling.datasets.releases import Releases
from labeling.errors import ReleaseError
from tests.support.dvc import environment
from tests.support.releases import LABELS, merged, passing, relabelled


def git(folder, *arguments, code=0):
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env=environment(folder),
    )
    assert code == done.returncode, (arguments, done.stdout, done.stderr)
    return done.stdout


def push(folder, message, code=0):
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", message)
    git(folder, "push", "--quiet", "origin", "HEAD:main", code=code)


@pytest.fixture
def clones(tmp_path):
    """Return the clones of two people, with a first release."""
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", "server")
    git(tmp_path, "clone", "--quiet", "server", "ann")
    git(tmp_path / "ann", "checkout", "--quiet", "-B", "main")
    merged(tmp_path / "ann" / "releases")
    push(tmp_path / "ann", "first release")
    git(tmp_path, "clone", "--quiet", "server", "bob")
    return tmp_path / "ann", tmp_path / "bob"


def test_a_clone_is_the_same_repository(clones):
    ann, bob = (Releases(clone / "releases") for clone in clones)

    assert ann["main"] == bob["main"]
    assert LABELS == bob["main"].train.added_column("label").to_dict()
    assert () == bob.verify().findings
    assert ".lock" not in git(clones[0], "ls-files")


def test_a_step_that_did_not_build_on_the_newest_one_is_taken_again(clones):
    first, second = clones
    ann, bob = (Releases(clone / "releases") for clone in clones)
    ann.branch("anns", relabelled(a="spam"), by="ann")
    push(first, "branch of ann")
    made = bob.branch("bobs", relabelled(b="ham"), by="bob")
    push(second, "branch of bob", code=1)

    git(second, "reset", "--quiet", "--hard", "HEAD~1")
    git(second, "pull", "--quiet", "--ff-only", "origin", "main")
    assert ["anns", "main", "r1"] == [branch.name for branch in bob.branches]
    assert made == bob.branch("bobs", relabelled(b="ham"), by="bob")
    bob.run_tests("bobs", passing)
    push(second, "branch of bob")
    git(first, "pull", "--quiet", "--ff-only", "origin", "main")

    assert ["anns", "bobs", "main", "r1"] == [branch.name for branch in ann.branches]
    assert () == ann.verify().findings


def test_logs_that_git_merged_line_by_line_are_refused(clones):
    first, second = clones
    ann, bob = (Releases(clone / "releases") for clone in clones)
    ann.branch("anns", relabelled(a="spam"), by="ann")
    push(first, "branch of ann")
    bob.branch("bobs", relabelled(b="ham"), by="bob")
    git(second, "add", "--all")
    git(second, "commit", "--quiet", "--message", "branch of bob")
    (second / ".git" / "info" / "attributes").write_text("*.jsonl merge=union\n")
    git(second, "pull", "--quiet", "--no-rebase", "--no-edit", "origin", "main")

    with pytest.raises(ReleaseError, match="two copies of the repository went on separately"):
        bob.log()
