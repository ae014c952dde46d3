"""The folder that is shared with people: what is in it, and putting new files there."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from labeling.errors import PlatformError
from labeling.label_files.columns import Columns
from labeling.label_files.kinds import label_files_in, read_file
from labeling.label_files.sheets import Contents
from labeling.records import whole_file

BATCH = re.compile(r"batch-([0-9]{1,9})")


class Folder:
    """A folder of label files; each file is read again only when it changed."""

    def __init__(self, path: str | os.PathLike[str], columns: Columns) -> None:
        self.path = Path(path)
        self.columns = columns
        self._read: dict[Path, tuple[tuple[int, int], Contents]] = {}

    def contents(self) -> Contents:
        """Return the rows of all files, by name, and what is wrong with them."""
        before, self._read = self._read, {}
        for path in label_files_in(self.path):
            try:
                about = path.stat()
            except FileNotFoundError:
                continue  # somebody renamed it a moment ago
            version = (about.st_mtime_ns, about.st_size)
            known = before.get(path)
            if known is None or known[0] != version or known[1].unread:
                known = (version, read_file(path, self.columns))
            self._read[path] = known
        every = [contents for _, contents in self._read.values()]
        return Contents(
            tuple(row for one in every for row in one.rows),
            tuple(fault for one in every for fault in one.faults),
            tuple(name for one in every for name in one.unread),
        )

    def last_batch(self) -> int:
        """Return the highest number of a batch that a file is named after; 0 where none is."""
        names = os.listdir(self.path) if self.path.is_dir() else []
        found = [BATCH.match(name) for name in names]
        return max((int(one[1]) for one in found if one), default=0)

    def free_name(self, base: str, suffix: str, taken: Collection[str]) -> str:
        """Return a name that no file has: people may be typing into those there are."""
        name, count = f"{base}{suffix}", 1
        while name in taken or os.path.lexists(self.path / name):
            count += 1
            name = f"{base}-{count}{suffix}"
        return name

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write new files, each whole or not at all.

        Raises:
            PlatformError: the folder cannot be made.
            DataError: a file cannot be written.
        """
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise PlatformError(f"The folder {str(self.path)!r} cannot be made: {error}") from error
        for name, content in files.items():
            with whole_file(self.path / name) as unfinished:
                unfinished.write_bytes(content)

    def write_once(self, name: str, content: str) -> None:
        """Write a text, unless there is a file of that name."""
        if not os.path.lexists(self.path / name):
            self.write({name: content.replace("\n", "\r\n").encode("utf-8-sig")})
