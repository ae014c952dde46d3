"""Atomic writing of files: a temporary file beside the target, renamed when complete."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from labeling.errors import DataError


@contextmanager
def whole_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield the path of a temporary file beside `path`, and rename it to `path` on success.

    Whatever happens, `path` holds either all of the new file or all of the old one.

    Raises:
        DataError: the folder does not exist, or the file cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with whole_file(Path(folder, "a.txt")) as unfinished:
    ...         _ = unfinished.write_text("hi")
    ...     os.listdir(folder)
    ['a.txt']
    """
    target = Path(os.path.realpath(path))  # a symbolic link stays; its target is written
    if not target.parent.is_dir():
        raise DataError(f"There is no folder {str(target.parent)!r} to write {target.name!r} to.")
    unfinished = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield unfinished
        os.replace(unfinished, target)
    except OSError as error:
        raise DataError(f"{str(target)!r} cannot be written: {error}") from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
