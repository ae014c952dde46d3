"""The folder of a repository: immutable, portable, checked byte by byte, and never left."""

import json
import os
import re
import shutil
import stat

import pytest

from labeling.datasets.releases import Releases
from labeling.datasets.releases.files import as_json
from labeling.errors import ReleaseError
from tests.support.releases import approved, merged, passing, relabelled, training_set


def object_files(releases, name="main"):
    return sorted(releases[name].path.iterdir())


def overwrite(path, content):
    path.chmod(0o644)
    path.write_bytes(content)


def files_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        ".hidden",
        "-x",
        "a" * 81,
        "nul",
        "COM1.json",
        "r1.",
        "caf\u00e9",
        "a b",
        "a\n",
        "abcdef0",
        None,
        3,
    ],
)
def test_a_name_that_is_no_plain_file_name_is_no_branch(tmp_path, name):
    releases = Releases(tmp_path)

    with pytest.raises(ReleaseError, match="name of a branch must be"):
        releases.branch(name, training_set())
    assert [] == list(tmp_path.glob("objects/*"))


def test_names_of_branches_differ_in_more_than_case(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("Fix-1", training_set())

    with pytest.raises(ReleaseError, match="there is 'Fix-1'"):
        releases.branch("fix-1", training_set())


def test_the_files_of_a_release_are_read_only(tmp_path):
    for path in object_files(merged(tmp_path)):
        assert 0o444 == stat.S_IMODE(path.stat().st_mode)


def test_a_changed_byte_of_any_file_of_a_release_is_found_and_the_file_is_named(tmp_path):
    for number in range(3):
        releases = merged(tmp_path / str(number))
        path = object_files(releases)[number]
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        overwrite(path, bytes(content))

        with pytest.raises(ReleaseError, match=re.escape(path.name)):
            releases["main"].train  # noqa: B018  # reading it is the test
        with pytest.raises(ReleaseError, match=re.escape(path.name)):
            releases.branch("r2", training_set())  # the same content is not put over it
        assert 1 == len(releases.verify().findings)


def test_a_missing_file_of_a_release_is_named(tmp_path):
    releases = merged(tmp_path)
    path = object_files(releases)[-1]
    path.unlink()

    with pytest.raises(ReleaseError, match=f"{path.name}.* is missing"):
        releases["main"].train  # noqa: B018
    shutil.rmtree(releases["main"].path)
    with pytest.raises(ReleaseError, match="Restore it from a copy"):
        Releases(tmp_path)["main"].train  # noqa: B018


def test_a_file_more_in_a_release_is_reported(tmp_path):
    releases = merged(tmp_path)
    (releases["main"].path / "more.txt").write_text("x")

    assert "more.txt" in releases.verify().findings[0]


@pytest.mark.parametrize("kind", ["branches", "proposals"])
def test_a_file_of_a_branch_or_proposal_that_somebody_edits_is_found(tmp_path, kind):
    releases = approved(tmp_path)
    path = tmp_path / kind / "r1.json"
    values = json.loads(path.read_bytes())
    values["release"] = "0" * 64
    path.write_bytes(as_json(values))

    for act in (releases.log, lambda: releases["r1"], lambda: releases.merge("r1", by="ann")):
        with pytest.raises(ReleaseError, match=rf"{kind}/r1.json.* is not as the log"):
            act()


def test_main_cannot_be_written_by_hand(tmp_path):
    releases = approved(tmp_path)
    shutil.copy(tmp_path / "branches" / "r1.json", tmp_path / "branches" / "main.json")

    with pytest.raises(ReleaseError, match=r"main.json.* is not as the log"):
        releases["main"]


def test_a_changed_removed_or_inserted_entry_of_the_log_is_found(tmp_path):
    releases = approved(tmp_path)
    path = tmp_path / "log.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)

    def after(*changed):
        path.write_bytes(b"".join(changed))
        with pytest.raises(ReleaseError) as raised:
            releases.log()
        return str(raised.value)

    assert "Entry 2 of the log of releases was changed" in after(
        lines[0], lines[1].replace(b"tested", b"Tested"), *lines[2:]
    )
    assert "Entry 2 of the log of releases does not follow" in after(lines[0], *lines[2:])
    assert "Entry 3 of the log of releases does not follow" in after(*lines[:2], *lines[1:])
    assert "must be JSON" in after(b"x\n", *lines)
    assert "is no entry" in after(b"{}\n", *lines)
    assert "is not as the log" in after(*lines[:2])  # the end is cut off
    path.write_bytes(b"".join(lines))
    assert 4 == len(releases.log())


def test_a_repository_works_at_another_place_and_names_no_path(tmp_path):
    first = tmp_path / "somewhere" / "releases"
    merged(first)
    shutil.copytree(first, tmp_path / "copy")
    shutil.rmtree(first)
    releases = Releases(tmp_path / "copy")

    assert 4 == len(releases["main"].train)
    approved(tmp_path / "copy", "r2", relabelled(a="spam")).merge("r2", by="ann")
    assert not [
        name
        for name, content in files_of(tmp_path / "copy").items()
        if str(tmp_path).encode() in content
    ]


def test_the_same_training_set_has_the_same_digest_in_every_repository(tmp_path):
    digests = {Releases(tmp_path / name).branch(name, training_set()).digest for name in "abc"}

    assert 1 == len(digests)


# What an outsider's repository may hold.


def with_entry(folder, **changed):
    """Write a repository whose log is well chained, and whose entry says what is given."""
    from labeling.datasets.releases.log import _digest
    from labeling.records.events import canonical_json

    values = {
        "number": 1,
        "at": "2026-01-01T00:00:00+00:00",
        "by": "mallory",
        "action": "branched",
        "branch": "r1",
        "release": "0" * 64,
        "message": "",
        "details": {},
        "files": {},
        "previous": "",
        **changed,
    }
    line = canonical_json({**values, "digest": _digest(values)})
    folder.mkdir(exist_ok=True)
    (folder / "log.jsonl").write_text(line + "\n")
    return Releases(folder)


@pytest.mark.parametrize(
    "path",
    [
        "../../outside.json",
        "branches/../../outside.json",
        "/tmp/outside.json",
        "branches/..\\outside.json",
        "objects/x.json",
        "branches/r1.txt",
        "log.jsonl",
    ],
)
def test_a_log_cannot_name_files_elsewhere(tmp_path, path):
    releases = with_entry(tmp_path / "releases", files={path: {"release": "0" * 64}})
    before = files_of(tmp_path)

    for act in (releases.log, lambda: releases.branch("r2", training_set())):
        with pytest.raises(ReleaseError, match="neither a branch nor a proposal"):
            act()
    assert before == {k: v for k, v in files_of(tmp_path).items() if not k.endswith(".gitignore")}


@pytest.mark.parametrize(
    "changed",
    [
        {"details": None},
        {"details": [1]},
        {"details": {"parents": ["../x"]}},
        {"details": {"parents": 3}},
        {"details": {"tests": ["a"]}},
        {"details": {"onto": "main"}},
        {"files": []},
        {"by": 3},
        {"message": None},
        {"action": ["merged"]},
        {"number": "1"},
    ],
)
def test_a_log_of_other_types_is_an_error(tmp_path, changed):
    releases = with_entry(tmp_path, **changed)

    for act in (releases.log, releases.verify, lambda: releases.branch("r2", training_set())):
        with pytest.raises(ReleaseError, match="Entry 1 of the log of releases has wrong values"):
            act()


@pytest.mark.parametrize("digest", ["../../etc", "", "0" * 63, "A" * 64, 3, None])
def test_a_digest_of_a_log_and_of_a_branch_is_a_digest(tmp_path, digest):
    branch = {"release": digest, "base": None, "authors": [], "tests": None}
    for changed in ({"release": digest}, {"files": {"branches/r1.json": branch}}):
        releases = with_entry(tmp_path / str(len(changed)), **changed)
        (releases.folder / "branches").mkdir(exist_ok=True)
        (releases.folder / "branches" / "r1.json").write_bytes(as_json(branch))
        with pytest.raises(ReleaseError):
            releases["r1"]


@pytest.mark.parametrize(
    "name", ["../../secret.txt", "/etc/passwd", ".hidden", "a/b", "..", "x\\y", ""]
)
def test_a_manifest_cannot_name_files_elsewhere(tmp_path, name):
    import hashlib

    content = json.dumps({"files": {name: "0" * 64}}).encode()
    digest = hashlib.sha256(content).hexdigest()
    folder = tmp_path / "objects" / digest
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_bytes(content)

    with pytest.raises(ReleaseError, match="must name the files of the release"):
        Releases(tmp_path)[digest].train  # noqa: B018


def test_symbolic_links_in_a_repository_are_not_followed(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("branches", "proposals", "objects", "tests", ".unfinished"):
        folder = tmp_path / f"with-{name}"
        folder.mkdir()
        os.symlink(outside, folder / name)
        with pytest.raises(ReleaseError, match="must not be a symbolic link"):
            approved(folder)
    for name in ("log.jsonl", ".lock", ".gitignore"):
        folder = tmp_path / f"with-{name}"
        folder.mkdir()
        os.symlink(outside / "file", folder / name)
        with pytest.raises(ReleaseError, match="must not be a symbolic link"):
            approved(folder)
    assert [] == list(outside.iterdir())


def test_a_file_of_a_release_that_is_a_link_is_not_read(tmp_path):
    releases = merged(tmp_path / "releases")
    path = object_files(releases)[-1]
    copy = tmp_path / "copy"
    shutil.move(path, copy)
    os.symlink(copy, path)

    with pytest.raises(ReleaseError, match="must not be a symbolic link"):
        releases["main"].train  # noqa: B018


def test_the_folder_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    os.symlink(tmp_path / "real", tmp_path / "releases")

    assert 4 == len(merged(tmp_path / "releases")["main"].train)


@pytest.mark.parametrize("value", [[], 3, "x", {}, {"release": 1}, None])
def test_a_branch_of_other_content_is_an_error(tmp_path, value):
    releases = with_entry(tmp_path, files={"branches/r1.json": value or [value]})
    (tmp_path / "branches").mkdir()
    (tmp_path / "branches" / "r1.json").write_bytes(as_json(value or [value]))

    with pytest.raises(ReleaseError, match=r"branches/r1\.json"):
        releases["r1"]


def test_git_ignores_the_lock_and_unfinished_files(tmp_path):
    merged(tmp_path)
    ignored = (tmp_path / ".gitignore").read_text().split()

    assert ["/.lock", "/.unfinished/", ".*.part"] == ignored
    (tmp_path / ".gitignore").write_text("/objects\n")  # as DVC does
    Releases(tmp_path).branch("r2", relabelled(a="spam"))
    assert "/objects\n" == (tmp_path / ".gitignore").read_text()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(ReleaseError, match="must be writable"):
        Releases(tmp_path / "file").branch("r1", training_set())


def test_a_report_that_was_changed_approves_nothing(tmp_path):
    releases = Releases(tmp_path)
    releases.branch("r1", training_set(), by="ann")
    releases.run_tests("r1", passing)
    releases.propose("r1", by="ann")
    (path,) = (tmp_path / "tests").iterdir()
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(ReleaseError, match=r"The report tests/.* was changed"):
        releases.approve("r1", by="bob")
    assert "report tests/" in releases.verify().findings[0]
