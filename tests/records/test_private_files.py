"""What a project remembers, and what services answered, nobody else on the machine can read."""

import os
import stat
import subprocess
import sys

import pandas as pd
import pytest
import sqlalchemy as sa

import labeling as lb
from labeling.functions import service
from labeling.project import Project
from labeling.store import Store
from labeling.store.tables import samples
from tests.support.killing import FILES, make_project, people_label
from tests.support.listeners import Listener


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o177], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def open_to_others(folder):
    """Return what others may do something with."""
    return {
        str(path.relative_to(folder)): oct(path.stat().st_mode & 0o777)
        for path in (folder, *folder.rglob("*"))
        if path.stat().st_mode & 0o077
    }


def worked(folder):
    """Let a project vote, ask people, hear and export."""
    its = Project(folder / "project.yaml")
    its.query()
    its.push()
    people_label(folder)
    its.pull()
    its.export()
    return its


@pytest.fixture
def folder(tmp_path):
    return make_project(tmp_path, platform=FILES)


def test_a_store_is_its_user_s_own_under_any_umask(folder, umask):
    for shared in ("out", "to_label"):  # with the strictest the user could not enter them
        (folder / shared).mkdir()
        (folder / shared).chmod(0o755)
    worked(folder)
    memory = folder / ".labeling"

    assert {} == open_to_others(memory)
    assert list(memory.rglob("*.parquet"))
    assert all(os.access(path, os.R_OK | os.W_OK) for path in memory.rglob("*"))


def test_sqlite_s_files_are_private_while_they_are_written(folder):
    before = os.umask(0o000)
    try:
        its = Project(folder / "project.yaml")
        with its.store.locked("test"), its.store.database.writing() as connection:
            connection.execute(sa.update(samples).values(state="chosen"))
            assert {"labeling.db", "labeling.db-wal", "lock"} <= set(os.listdir(its.store.folder))
            assert {} == open_to_others(folder / ".labeling")
    finally:
        os.umask(before)


def test_a_store_of_before_is_closed_to_others_at_the_next_write(folder):
    its = worked(folder)
    memory = folder / ".labeling"
    for path in (memory, *memory.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    its.status()
    assert open_to_others(memory)
    Project(folder / "project.yaml").pull()

    assert {} == open_to_others(memory)


def test_a_folder_that_holds_other_things_too_stays_open(tmp_path):
    """A store that the config names may lie among a user's own files."""
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "notes.txt").write_text("ours", encoding="utf-8")
    for path in (shared, shared / "notes.txt"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    made = Store(shared, "spam")
    with made.locked("test"):
        made.facts.put("fact", "true")

    assert {".": "0o755", "notes.txt": "0o644"} == open_to_others(shared)


def test_a_link_and_what_it_leads_to_are_left_alone(folder, tmp_path):
    its = worked(folder)
    outside = tmp_path / "outside.txt"
    outside.write_text("mine", encoding="utf-8")
    outside.chmod(0o644)
    (its.store.folder / "link").symlink_to(outside)
    Project(folder / "project.yaml").pull()

    assert 0o644 == stat.S_IMODE(outside.stat().st_mode)


def test_what_users_share_is_as_the_umask_says(folder):
    before = os.umask(0o022)
    try:
        worked(folder)
    finally:
        os.umask(before)

    modes = {
        path.parent.name: stat.S_IMODE(path.stat().st_mode)
        for path in folder.rglob("*")
        if path.is_file() and ".labeling" not in path.parts
    }
    assert 0o644 == modes["out"] == modes["to_label"]


def test_the_answers_of_a_service_are_kept_for_the_user_alone(tmp_path, umask):
    cache = tmp_path / "kept" / "answers.sqlite"
    cache.parent.mkdir()
    cache.parent.chmod(0o755)
    with Listener() as legacy:
        asks = service(
            *("legacy", f"http://127.0.0.1:{legacy.port}/"),
            answer=lambda _: "ham",
            cache=cache,
        )
        schema = lb.LabelSchema(["ham", "spam"])
        lb.apply([asks], pd.DataFrame({"text": ["a"]}), schema)

    assert {".": "0o755"} == open_to_others(cache.parent)
    assert cache.stat().st_size


def test_another_user_can_read_nothing_of_a_store(folder):
    """Tried as another user, where the tests may become one."""
    if os.geteuid() != 0:
        pytest.skip("only root can try what another user may do")
    worked(folder)
    nobody = "import os, sys; os.setgid(65534); os.setuid(65534); os.listdir(sys.argv[1])"
    for path in (folder / ".labeling", folder / ".labeling" / "project"):
        done = subprocess.run(
            [sys.executable, "-c", nobody, str(path)],
            **{"capture_output": True, "text": True, "check": False},
        )
        assert "PermissionError" in done.stderr
