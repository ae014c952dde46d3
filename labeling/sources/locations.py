"""Where a table lies: a file, a folder or pattern of Parquet files, a packed file, an address."""

from __future__ import annotations

import contextlib
import glob
import gzip
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from labeling.errors import DataError, missing_extra, near
from labeling.records.size_limits import SAMPLES

ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
PATTERN = re.compile(r"[*?\[]")
AT_ONCE = 1 << 20


def is_address(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is an address that fsspec opens, such as `s3://bucket/a.parquet`.

    >>> is_address("https://x.org/a.csv"), is_address("data/a.csv"), is_address(r"C:\\\\a.csv")
    (True, False, False)
    """
    return ADDRESS.match(str(path)) is not None


def shown_address(path: str | os.PathLike[str]) -> str:
    """Return an address without what may be secret in it: a name, a password, a signature.

    >>> shown_address("https://me:pass@x.org/a.csv?sig=abc")
    'https://x.org/a.csv'
    """
    if not is_address(path):
        return str(path)
    parts = urlsplit(str(path))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def files_at(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a path on this machine: one, or those of a folder or pattern, sorted.

    A pattern has `*`, `?` or `[...]`, and `**` for any folders. What begins with a dot or `_` in a
    folder is left out, as programs that write Parquet have it.

    Raises:
        DataError: there is none.
    """
    given = Path(path)
    if given.is_file():
        return [given]
    if given.is_dir():
        found = [file for file in given.rglob("*.parquet") if _is_data(file.relative_to(given))]
        if not found:
            raise DataError(f"The folder {str(path)!r} must hold Parquet files. It holds none.")
        return sorted(file for file in found if file.is_file())
    if PATTERN.search(str(path)):
        every = sorted(map(Path, glob.glob(str(path), recursive=True)))
        if not every:
            raise DataError(f"There is no file that matches {str(path)!r}.")
        return [file for file in every if file.is_file()]
    others = [other.name for other in given.parent.glob("*")] if given.parent.is_dir() else []
    raise DataError(f"There is no file {str(path)!r}.{near(given.name, others)}")


def _is_data(file: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in file.parts)


@contextlib.contextmanager
def local_files(path: str | os.PathLike[str]) -> Iterator[list[Path]]:
    """Give the files of a path on this machine; those of an address are fetched for a while.

    Raises:
        DataError: there is none, or it cannot be fetched.
    """
    if not is_address(path):
        yield files_at(path)
        return
    with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
        name = Path(urlsplit(str(path)).path).name or "samples"
        file = Path(folder, name)
        _fetch(str(path), file)
        yield [file]


def _fetch(address: str, file: Path) -> None:
    try:
        import fsspec
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    try:
        with fsspec.open(address, "rb") as remote, file.open("wb") as here:
            shutil.copyfileobj(remote, here, AT_ONCE)
    except Exception as error:  # each file system has exceptions of its own
        kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
        what = f"{kind}{error}".replace(address, shown_address(address))
        raise DataError(f"{shown_address(address)!r} cannot be fetched: {what}") from error


@contextlib.contextmanager
def unpacked(file: Path) -> Iterator[Path]:
    """Give a file as it is, or unpacked for a while where its name ends in `.gz`.

    Raises:
        DataError: it is no such file, or is larger than any machine's memory.
    """
    if file.suffix.lower() != ".gz":
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
        plain = Path(folder, file.stem)
        try:
            with gzip.open(file) as packed, plain.open("wb") as here:
                _copy_bounded(packed, here, file.name)
        except (OSError, EOFError) as error:
            raise DataError(f"{file.name!r} cannot be unpacked: {error}") from error
        yield plain


def _copy_bounded(packed: BinaryIO | gzip.GzipFile, here: BinaryIO, name: str) -> None:
    size = 0
    while block := packed.read(AT_ONCE):
        size += len(block)
        if size > SAMPLES.unpacked:
            raise DataError(f"{name!r} must unpack to at most {SAMPLES.unpacked:,} bytes.")
        here.write(block)
