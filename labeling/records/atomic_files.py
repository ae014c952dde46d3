"""Atomic writing of files: an unfinished file beside the target, renamed when complete."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labeling.errors import DataError

_UNFINISHED = re.compile(r"\..+\.[0-9]+\.part", re.DOTALL)


def unfinished_suffix() -> str:
    """Return the end of the names of this process's unfinished files."""
    return f".{os.getpid()}.part"


def unfinished_path(target: Path) -> Path:
    """Return the path of this process's unfinished file for a target, hidden in the same folder."""
    return target.with_name(f".{target.name}{unfinished_suffix()}")


def is_unfinished(path: Path) -> bool:
    """Return whether a file is an unfinished one, of any process.

    >>> is_unfinished(Path("out/.votes.12.part")), is_unfinished(Path("out/.download.part"))
    (True, False)
    """
    return _UNFINISHED.fullmatch(path.name) is not None


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the path of an unfinished file beside `path`, and rename it to `path` on success.

    Whatever happens, `path` holds either all of the new file or all of the old one.

    Raises:
        DataError: the folder does not exist, or the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with atomic_write(Path(folder, "a.txt")) as unfinished:
    ...         _ = unfinished.write_text("hi")
    ...     os.listdir(folder)
    ['a.txt']
    """
    target = Path(os.path.realpath(path))  # a symbolic link stays; its target is written
    if not target.parent.is_dir():
        raise DataError(f"There is no folder {str(target.parent)!r} to write {target.name!r} to.")
    unfinished = unfinished_path(target)
    try:
        yield unfinished
        os.replace(unfinished, target)
    except OSError as error:
        raise DataError(f"{str(target)!r} cannot be written: {error}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
