"""The check of a whole repository."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from labeling.datasets.releases.files import RepositoryFolder
from labeling.datasets.releases.names import is_digest, short
from labeling.datasets.releases.objects import FOLDER, MANIFEST, Objects
from labeling.datasets.releases.state import RepositoryState
from labeling.errors import ReleaseError
from labeling.rendering import Displayed


@dataclass(frozen=True, slots=True)
class ReleasesCheck(Displayed):
    """What a check of a repository found.

    Attributes:
        entries: how many entries the log has, each chained to the one before.
        releases: how many releases are stored.
        findings: a sentence for each release or report that is missing or was changed.
        digest: of the last entry of the log; empty without entries. Note it down to find out if
            the log is ever rewritten or cut off.
    """

    entries: int
    releases: int
    findings: tuple[str, ...]
    digest: str


def check_repository(
    folder: RepositoryFolder, objects: Objects, state: RepositoryState
) -> ReleasesCheck:
    """Check every byte of every release, and of every report that approvals rest on."""
    stored = objects.digests()
    named = {entry.release for entry in state.entries}
    findings: list[str] = []
    for digest in sorted({*stored, *named}):
        try:
            objects.check(digest)
        except ReleaseError as error:
            findings.append(str(error))
            continue
        known = {MANIFEST, *objects.manifest(digest)["files"]}
        strays = [name for name in folder.names(f"{FOLDER}/{digest}") if name not in known]
        findings += [
            f"Release {short(digest)} holds {name!r}, which it does not name." for name in strays
        ]
    reports = {entry.details["tests"] for entry in state.entries if "tests" in entry.details}
    findings += [
        f"The report tests/{short(digest)}... is missing or was changed."
        for digest in sorted(filter(is_digest, reports))
        if not _is_whole(folder, digest)
    ]
    last = state.entries[-1].digest if state.entries else ""
    return ReleasesCheck(len(state.entries), len(stored), tuple(findings), last)


def _is_whole(folder: RepositoryFolder, digest: str) -> bool:
    content = folder.read(f"tests/{digest}.json")
    return content is not None and hashlib.sha256(content).hexdigest() == digest
