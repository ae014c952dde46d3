"""Releases with the real DVC and git: tracked, pushed, deleted, and pulled elsewhere."""

import os
import shutil
import subprocess

import pytest

import labeling as lb
from labeling.errors import ReleaseError
from tests.support import dvc
from tests.support.releases import LABELS, merged, passing, relabelled


@pytest.fixture
def work(tmp_path, monkeypatch):
    """Return a folder in which a git and DVC repository `first` has a local remote."""
    monkeypatch.setenv("PATH", f"{dvc.programs()}{os.pathsep}{os.environ['PATH']}")
    for name, value in dvc.environment(tmp_path).items():
        monkeypatch.setenv(name, value)
    first = tmp_path / "first"
    first.mkdir()
    call(first, "git", "init", "--quiet", "--initial-branch=main")
    call(first, "dvc", "init", "--quiet")
    call(first, "dvc", "remote", "add", "--quiet", "--default", "store", "../store")
    return tmp_path


def call(folder, *command):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, (command, done.stdout, done.stderr)
    return done.stdout


def commit(folder, message):
    call(folder, "git", "add", "--all")
    call(folder, "git", "commit", "--quiet", "--message", message)


def bytes_of(release):
    return {path.name: path.read_bytes() for path in release.path.iterdir()}


def test_a_release_is_pushed_deleted_and_pulled_elsewhere_equal_byte_for_byte(work):
    releases = merged(work / "first" / "releases")
    assert (releases["main"].digest,) == releases.to_dvc()
    assert () == releases.to_dvc()
    commit(work / "first", "release")
    call(work / "first", "dvc", "push")
    expected, digest = bytes_of(releases["main"]), releases["main"].digest
    tracked = call(work / "first", "git", "ls-files").split()
    assert f"releases/objects/{digest}.dvc" in tracked
    assert not [name for name in tracked if name.endswith(".parquet") or ".lock" in name]

    call(work, "git", "clone", "--quiet", "first", "second")
    shutil.rmtree(work / "first")
    copy = lb.Releases(work / "second" / "releases")
    with pytest.raises(ReleaseError, match=rf"dvc pull .*{digest}\.dvc"):
        copy["main"].train  # noqa: B018
    call(work / "second", "dvc", "pull")

    assert expected == bytes_of(copy["main"])
    assert LABELS == copy["main"].train.added_column("label").to_dict()
    assert () == copy.verify().findings
    assert str(work) not in "".join(
        path.read_text()
        for path in (work / "second").rglob("*")
        if path.suffix in (".dvc", ".json", ".jsonl", ".gitignore")
    )


def test_somebody_who_has_not_all_releases_adds_one_and_loses_none(work):
    releases = merged(work / "first" / "releases")
    releases.to_dvc()
    commit(work / "first", "first release")
    call(work / "first", "dvc", "push")
    call(work, "git", "clone", "--quiet", "first", "second")
    copy = lb.Releases(work / "second" / "releases")

    copy.branch("r2", relabelled(a="spam"), by="bob")
    (digest,) = copy.to_dvc()
    commit(work / "second", "second release")
    call(work / "second", "dvc", "push", f"releases/objects/{digest}.dvc")
    call(work / "first", "git", "pull", "--quiet", "../second", "main")
    call(work / "first", "dvc", "pull")

    both = lb.Releases(work / "first" / "releases")
    assert {**LABELS, "a": "spam"} == both["r2"].train.added_column("label").to_dict()
    assert LABELS == both["main"].train.added_column("label").to_dict()
    both.run_tests("r2", passing)
    both.propose("r2", by="bob")
    both.approve("r2", by="ann")
    assert both.merge("r2", by="bob").merged


def test_without_dvc_or_its_repository_the_error_says_what_to_do(work, tmp_path, monkeypatch):
    releases = merged(tmp_path / "alone" / "releases")
    with pytest.raises(ReleaseError, match="in which `dvc init` was run"):
        releases.to_dvc()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ReleaseError, match="pipx install dvc"):
        releases.to_dvc()
