"""The folder that is shared with people: what is in it, and putting new files there."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from labeling.errors import PlatformError, shown
from labeling.label_files.columns import Columns
from labeling.label_files.formats import label_files_in, read_file
from labeling.label_files.guide import GUIDE, Guide
from labeling.label_files.sheets import Contents
from labeling.records import Problem, whole_file

BATCH = re.compile(r"batch-([0-9]{1,9})")
UNFINISHED = re.compile(r"\..+\.[0-9]+\.part", re.DOTALL)  # as `whole_file` names it


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

    def file_names(self) -> list[str]:
        """Return the names of all that is there."""
        return os.listdir(self.path) if self.path.is_dir() else []

    def clean_up(self) -> Contents:
        """Remove what writing that was killed left unfinished, and return the contents."""
        for name in filter(UNFINISHED.fullmatch, self.file_names()):
            with suppress(OSError):
                (self.path / name).unlink()
        return self.contents()

    def create(self) -> None:
        """Make the folder, and see that files can be written there.

        Raises:
            PlatformError: it cannot be made, or nothing can be written there.
        """
        done = "made"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            done = "written to"
            with tempfile.NamedTemporaryFile(
                dir=self.path, prefix=".", suffix=f".{os.getpid()}.part"
            ):
                pass
        except OSError as error:
            raise PlatformError(
                f"The folder {str(self.path)!r} cannot be {done}: {error}. Mend that, or name another."
            ) from error

    def last_batch(self) -> int:
        """Return the highest number of a batch that a file is named after; 0 where none is."""
        found = [BATCH.match(name) for name in self.file_names()]
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
            DataError: a file cannot be written.
        """
        for name, content in files.items():
            with whole_file(self.path / name) as unfinished:
                unfinished.write_bytes(content)

    def write_guide(self, guide: Guide) -> tuple[Problem, ...]:
        """Write how to label, unless somebody has changed the file; return what it does not say."""
        file = self.path / GUIDE
        found = None
        if os.path.lexists(file):
            try:
                found = file.read_bytes().decode("utf-8-sig")
            except (OSError, UnicodeDecodeError):
                found = ""
        if found is None or guide.is_unchanged(found):
            content = guide.text.replace("\n", "\r\n")
            if found != content:
                self.write({GUIDE: content.encode("utf-8-sig")})
            return ()
        missing = guide.missing_in(found)
        if not missing:
            return ()
        what = (
            f"{GUIDE} must say what people may write. It was changed here, so it stays as it is, and"
            f" it does not have {shown(missing)}: add that, or delete the file to have it written anew."
        )
        return (Problem(self.path.name, what),)
