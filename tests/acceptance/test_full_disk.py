"""A disk that is full or cannot be written to gets a clear error, and nothing of before is lost."""

import contextlib
import errno
import os
import pwd
import resource
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import labeling as lb
from labeling.project.status import URL
from tests.conftest import lacking
from tests.support.killing import SEQUENCE, different, make_project, state_of

PAGE = 4_096


class SmallDisk:
    """A file system of our own, of 3 MB."""

    def __init__(self, folder):
        self.folder = folder

    def fill(self, left=0):
        """Fill the disk but for some bytes."""
        with (self.folder / "filler").open("wb", buffering=0) as stream:
            with contextlib.suppress(OSError):
                while True:
                    stream.write(b"x" * PAGE)
            stream.truncate(max(stream.tell() - left, 0))

    def free(self):
        (self.folder / "filler").unlink()

    @contextlib.contextmanager
    def full(self, left=0):
        self.fill(left)
        try:
            yield
        finally:
            self.free()

    @contextlib.contextmanager
    def read_only(self):
        _mount("-o", "remount,ro", self.folder)
        try:
            yield
        finally:
            _mount("-o", "remount,rw", self.folder)


class Limits:
    """A folder where the process may write no file beyond a size, or where it may not write."""

    def __init__(self, folder):
        self.folder = folder

    @contextlib.contextmanager
    def full(self, left=0):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (left, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    @contextlib.contextmanager
    def read_only(self):
        folders = [path for path in (self.folder, *self.folder.rglob("*")) if path.is_dir()]
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        for path in (*folders, *files):
            path.chmod(0o555 if path.is_dir() else 0o444)
        root = os.geteuid() == 0  # whom permissions do not bind
        if root:
            os.seteuid(pwd.getpwnam("nobody").pw_uid)
        try:
            yield
        finally:
            if root:
                os.seteuid(0)
            for path in (*folders, *files):
                path.chmod(0o755 if path.is_dir() else 0o644)


def _mount(*arguments):
    subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)


@pytest.fixture(params=["file system", "limits"])
def disk(request):
    """Somewhere to write that can be made full or read-only."""
    folder = Path(tempfile.mkdtemp(prefix="labeling-disk-"))
    folder.chmod(0o755)
    if request.param == "limits":
        yield Limits(folder)
        shutil.rmtree(folder)
        return
    try:
        _mount("-t", "tmpfs", "-o", "size=3m,mode=755", "labeling", folder)
    except (OSError, subprocess.CalledProcessError) as error:
        folder.rmdir()
        lacking(f"NO FILE SYSTEM CAN BE MOUNTED (are you root?): {error}")
    yield SmallDisk(folder)
    subprocess.run(["umount", str(folder)], check=True, capture_output=True)
    folder.rmdir()


def do(folder, verb):
    getattr(lb.Project(folder / "project.yaml"), verb)()


def refused(folder, verb):
    """Return what is said when a verb cannot write."""
    with pytest.raises(lb.LabelingError) as caught:
        do(folder, verb)
    return str(caught.value)


@pytest.fixture(scope="module")
def unharmed(tmp_path_factory):
    """Return what a project without any trouble comes to after each verb."""
    folder = make_project(tmp_path_factory.mktemp("unharmed") / "own")
    states = []
    for verb in SEQUENCE:
        do(folder, verb)
        states.append(state_of(folder))
    return states


def test_a_full_disk_changes_nothing_and_is_gone_on_from(disk, unharmed):
    folder = make_project(disk.folder / "own")
    state = None
    for verb, expected in zip(SEQUENCE, unharmed, strict=True):
        with disk.full():
            message = refused(folder, verb)
            if state is not None:  # what is there can be looked at
                assert 40 == lb.Project(folder / "project.yaml").status().samples
        assert "Run the same command again" in message or "cannot be made" in message, message
        assert state is None or {} == different(state, state_of(folder)), (verb, message)
        do(folder, verb)
        state = state_of(folder)
        assert {} == different(expected, state), verb


@pytest.mark.parametrize("left", [PAGE, 5 * PAGE, 15 * PAGE, 40 * PAGE])
def test_a_disk_that_becomes_full_in_the_middle_loses_nothing(disk, unharmed, left):
    """However far a verb comes: it says what is wrong, and done again it ends the same."""
    folder = make_project(disk.folder / "own")
    for verb, expected in zip(SEQUENCE, unharmed, strict=True):
        with disk.full(left), contextlib.suppress(lb.LabelingError):
            do(folder, verb)
        do(folder, verb)
        assert {} == different(expected, state_of(folder)), verb


def test_a_folder_that_is_read_only_changes_nothing(disk, unharmed):
    """Nothing can be done in it, but everything be looked at."""
    folder = make_project(disk.folder / "own")
    for verb, expected in zip(SEQUENCE, unharmed, strict=True):
        with disk.read_only():
            message = refused(folder, verb)
            lb.Project(folder / "project.yaml").status()
        assert any(word in message for word in ("writable", "Read-only", "Permission")), message
        do(folder, verb)
        assert {} == different(expected, state_of(folder)), verb


def test_files_that_cannot_be_written_leave_the_database_as_it_was(
    disk, unharmed, postgres, monkeypatch
):
    """With the database elsewhere it is the files that fail."""
    name = postgres.new()
    url = postgres.url(name)
    monkeypatch.setenv(URL, url)
    folder = make_project(disk.folder / "own")
    for verb, expected in zip(SEQUENCE, unharmed, strict=True):
        for trouble in (disk.full, disk.read_only):
            with trouble(), contextlib.suppress(lb.LabelingError):
                do(folder, verb)
        do(folder, verb)
        assert {} == different(expected, state_of(folder, url)), verb
    postgres.drop(name)


def test_a_limit_is_an_error_and_not_a_signal():
    """What this module relies on."""
    disk = Limits(Path(tempfile.mkdtemp()))
    with disk.full(10), pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        (disk.folder / "file").write_bytes(b"x" * 100)
    shutil.rmtree(disk.folder)
