"""The log of a repository: append-only, each entry chained to the one before by its hash.

An entry holds what the files of branches and proposals contain after it. It is appended before they
are written, so that a process may be killed in between: the next one writes what is missing.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from types import MappingProxyType
from typing import Any

from labeling.datasets.releases.files import RepositoryFolder, parsed
from labeling.datasets.releases.names import is_branch_name, is_digest
from labeling.errors import ReleaseError, StoreError, listed, quoted
from labeling.records.events import canonical_json
from labeling.rendering import Displayed

FILE = "log.jsonl"
FIRST_PREVIOUS = ""
Contents = dict[str, Any]
"""What the files of branches and proposals contain, by their paths."""


@dataclass(frozen=True, slots=True)
class LogEntry(Displayed):
    """One step that somebody took in a repository of releases.

    Attributes:
        number: its position in the log, from 1.
        at: when, UTC, in ISO 8601.
        by: who; empty where nobody was named.
        action: `branched`, `tested`, `proposed`, `approved`, `merged`, `updated` (changes of main
            were merged into a branch) or `conflicted` (they could not be).
        branch: the branch.
        release: the digest of the release that it is about.
        message: what the person wrote.
        details: more, such as `parents` of a release, or `tests` (the digest of a report).
        files: what files contain after it, by path; `None` if a file is removed.
        previous: the digest of the entry before; empty for the first.
        digest: SHA-256 of all the other attributes, in hexadecimal.
    """

    number: int
    at: str
    by: str
    action: str
    branch: str
    release: str
    message: str = ""
    details: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    files: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    previous: str = FIRST_PREVIOUS
    digest: str = ""

    def __repr__(self) -> str:
        who = f" by {quoted(self.by)}" if self.by else ""
        return f"LogEntry({self.number}: {quoted(self.action)} {quoted(self.branch)}{who})"

    def to_dict(self) -> dict[str, Any]:
        """Return all attributes as plain values."""
        values = {name: getattr(self, name) for name in NAMES}
        return {**values, "details": dict(self.details), "files": dict(self.files)}


NAMES = tuple(attribute.name for attribute in fields(LogEntry))


@dataclass(frozen=True, slots=True)
class Step:
    """A log entry before it is numbered, dated and chained; see `LogEntry`."""

    action: str
    branch: str
    release: str
    by: str = ""
    message: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    files: dict[str, Any] = field(default_factory=dict)


class ReleaseLog:
    """The entries of a repository's log.

    Args:
        folder: the repository's folder.
    """

    def __init__(self, folder: RepositoryFolder) -> None:
        self.folder = folder

    def entries(self) -> tuple[LogEntry, ...]:
        """Return all entries in order, after checking their chain.

        Raises:
            ReleaseError: an entry was changed, removed or inserted; it names the first.
        """
        content = self.folder.read(FILE) or b""
        *lines, _unfinished = content.split(b"\n")  # a process was killed before its line break
        entries: list[LogEntry] = []
        for number, line in enumerate(lines, 1):
            entry = _entry(line, number)
            previous = entries[-1].digest if entries else FIRST_PREVIOUS
            if entry.number != number or entry.previous != previous:
                raise ReleaseError(
                    f"Entry {number} of the log of releases does not follow the one before."
                    f"{CHANGED}"
                )
            entries.append(entry)
        return tuple(entries)

    def append(self, step: Step) -> LogEntry:
        """Append an entry, and return it; only under the repository's lock."""
        entries = self.entries()
        previous = entries[-1].digest if entries else FIRST_PREVIOUS
        values = {"number": len(entries) + 1, "at": now(), **asdict(step), "previous": previous}
        digest = _digest(values)
        line = canonical_json({**values, "digest": digest}).encode() + b"\n"
        self._append(line)
        return LogEntry(**values, digest=digest)

    def _append(self, line: bytes) -> None:
        """Append a line after the last whole one, and wait until the disk has it."""
        path = self.folder.path(FILE)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        with os.fdopen(descriptor, "r+b") as stream:
            whole = stream.read().rfind(b"\n") + 1
            stream.seek(whole)
            stream.truncate()
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())


def contents_after(entries: tuple[LogEntry, ...]) -> Contents:
    """Return what the files of branches and proposals contain after some entries."""
    contents: Contents = {}
    for entry in entries:
        for name, value in entry.files.items():
            if value is None:
                contents.pop(name, None)
            else:
                contents[name] = value
    return contents


def now() -> str:
    """Return the time, UTC, in ISO 8601."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")


def _entry(line: bytes, number: int) -> LogEntry:
    values = parsed(line, f"line {number} of {FILE}")
    if not isinstance(values, dict) or set(values) != set(NAMES):
        raise ReleaseError(f"Entry {number} of the log of releases is no entry.{CHANGED}")
    digest = values.pop("digest")
    if digest != _digest(values):
        raise ReleaseError(
            f"Entry {number} of the log of releases was changed after it was appended: its digest"
            f" is not that of its content.{CHANGED}"
        )
    _check_values(values, number)
    for name in values["files"]:
        folder, _, file = name.partition("/")
        stem, dot, suffix = file.rpartition(".")
        is_known = folder in ("branches", "proposals") and dot and suffix == "json"
        if not is_known or not is_branch_name(stem):
            raise ReleaseError(
                f"Entry {number} of the log of releases names the file {quoted(name)}, which is"
                f" neither a branch nor a proposal.{CHANGED}"
            )
    return LogEntry(**values, digest=digest)


def _check_values(values: Mapping[str, Any], number: int) -> None:
    wrong = [name for name, check in _VALUES.items() if not check(values[name])]
    if not wrong:
        details = values["details"]
        wrong = [name for name in _DETAILS if name in details and not _DETAILS[name](details[name])]
    if wrong:
        raise ReleaseError(
            f"Entry {number} of the log of releases has wrong values of {listed(wrong)}.{CHANGED}"
        )


def _digest(values: Mapping[str, Any]) -> str:
    try:
        return hashlib.sha256(canonical_json(dict(values)).encode()).hexdigest()
    except StoreError as error:
        raise ReleaseError(str(error)) from error


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_VALUES: Mapping[str, Callable[[Any], bool]] = {
    "number": lambda value: isinstance(value, int),
    **dict.fromkeys(("at", "by", "action", "branch", "message", "previous"), _is_text),
    "release": is_digest,
    "details": lambda value: isinstance(value, dict),
    "files": lambda value: isinstance(value, dict),
}
_DETAILS: Mapping[str, Callable[[Any], bool]] = {
    "parents": lambda value: isinstance(value, list) and all(map(is_digest, value)),
    "tests": is_digest,
    "onto": lambda value: value is None or is_digest(value),
}
"""What details must be where an entry has them; those of other names are only shown."""

CHANGED = (
    " Someone changed the log around this package, two copies of the repository went on"
    " separately, or it is damaged: restore it, with git if it is there, and take the step again."
)
