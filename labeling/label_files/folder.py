"""The shared folder of label files: reads its contents, and writes new files."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from labeling.errors import PlatformError, listed
from labeling.label_files.columns import Columns
from labeling.label_files.formats import label_files_in, read_file
from labeling.label_files.guide import GUIDE, Guide
from labeling.label_files.sheets import Contents
from labeling.records import Problem, atomic_write, is_unfinished
from labeling.records.atomic_files import unfinished_suffix

BATCH = re.compile(r"batch-([0-9]{1,9})")


class Folder:
    """A folder of label files; a file is read again only after it changed."""

    def __init__(self, path: str | os.PathLike[str], columns: Columns) -> None:
        self.path = Path(path)
        self.columns = columns
        self._read: dict[Path, tuple[tuple[int, int], Contents]] = {}

    def contents(self) -> Contents:
        """Return the rows of all files, in order of their names, and what is wrong with them."""
        previous, self._read = self._read, {}
        for path in label_files_in(self.path):
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # it was renamed a moment ago
            version = (status.st_mtime_ns, status.st_size)
            cached = previous.get(path)
            if cached is None or cached[0] != version or cached[1].unread:
                cached = (version, read_file(path, self.columns))
            self._read[path] = cached
        return Contents.joined([contents for _, contents in self._read.values()])

    def file_names(self) -> list[str]:
        """Return the names of all files in the folder."""
        return os.listdir(self.path) if self.path.is_dir() else []

    def clean_up(self) -> Contents:
        """Remove unfinished files of interrupted writes, and return the contents."""
        for name in filter(is_unfinished, map(Path, self.file_names())):
            with suppress(OSError):
                (self.path / name).unlink()
        return self.contents()

    def create(self) -> None:
        """Make the folder, and check that files can be written there.

        Raises:
            PlatformError: it cannot be made, or nothing can be written there.
        """
        action = "made"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            action = "written to"
            with tempfile.NamedTemporaryFile(dir=self.path, prefix=".", suffix=unfinished_suffix()):
                pass
        except OSError as error:
            raise PlatformError(
                f"The folder {str(self.path)!r} cannot be {action}: {error}. Fix that, or name"
                " another."
            ) from error

    def last_batch(self) -> int:
        """Return the highest batch number in the names of the files; 0 if there is none."""
        matches = [BATCH.match(name) for name in self.file_names()]
        return max((int(match[1]) for match in matches if match), default=0)

    def free_name(self, base: str, suffix: str, taken: Collection[str]) -> str:
        """Return a name that no file has: existing files are never overwritten."""
        name, count = f"{base}{suffix}", 1
        while name in taken or os.path.lexists(self.path / name):
            count += 1
            name = f"{base}-{count}{suffix}"
        return name

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write new files, each whole or not at all.

        Raises:
            DataError: a file cannot be written.
        """
        for name, content in files.items():
            with atomic_write(self.path / name) as unfinished:
                unfinished.write_bytes(content)

    def write_guide(self, guide: Guide) -> tuple[Problem, ...]:
        """Write the guide, unless somebody changed it; return a problem if it lacks labels."""
        file = self.path / GUIDE
        current = None
        if os.path.lexists(file):
            try:
                current = file.read_bytes().decode("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                current = ""
        if current is None or guide.is_unchanged(current):
            content = guide.text.replace("\n", "\r\n")
            if current != content:
                self.write({GUIDE: content.encode("utf-8-sig")})
            return ()
        missing = guide.missing_in(current)
        if not missing:
            return ()
        what = (
            f"{GUIDE} must list what people may write. Somebody changed it, so it is not"
            f" overwritten, and it does not have {listed(missing)}: add that, or delete the file to"
            " have it written again."
        )
        return (Problem(self.path.name, what),)
