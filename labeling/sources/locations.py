"""Locations of samples: a file, a folder or pattern of Parquet files, a .gz file, an address."""

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
BLOCK_SIZE = 1 << 20


def is_address(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is an address that fsspec opens, such as `s3://bucket/a.parquet`.

    >>> is_address("https://x.org/a.csv"), is_address("data/a.csv"), is_address(r"C:\\\\a.csv")
    (True, False, False)
    """
    return ADDRESS.match(str(path)) is not None


def masked_address(path: str | os.PathLike[str]) -> str:
    """Return an address without possible secrets: a user name, a password, a signature.

    >>> masked_address("https://me:pass@x.org/a.csv?sig=abc")
    'https://x.org/a.csv'
    """
    if not is_address(path):
        return str(path)
    parts = urlsplit(str(path))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def files_at(path: str | os.PathLike[str]) -> list[Path]:
    """Return the files of a local path: the file itself, or those of a folder or pattern, sorted.

    A pattern has `*`, `?` or `[...]`, and `**` for any folders. In a folder, names that begin with
    a dot or `_` are left out, as is usual for Parquet.

    Raises:
        DataError: there is no such file.
    """
    given = Path(path)
    if given.is_file():
        return [given]
    if given.is_dir():
        files = [file for file in given.rglob("*.parquet") if _is_data(file.relative_to(given))]
        if not files:
            raise DataError(f"The folder {str(path)!r} must hold Parquet files. It holds none.")
        return sorted(file for file in files if file.is_file())
    if PATTERN.search(str(path)):
        matches = sorted(map(Path, glob.glob(str(path), recursive=True)))
        if not matches:
            raise DataError(f"There is no file that matches {str(path)!r}.")
        return [match for match in matches if match.is_file()]
    others = [other.name for other in given.parent.glob("*")] if given.parent.is_dir() else []
    raise DataError(f"There is no file {str(path)!r}.{near(given.name, others)}")


def _is_data(file: Path) -> bool:
    return not any(part.startswith((".", "_")) for part in file.parts)


@contextlib.contextmanager
def local_files(path: str | os.PathLike[str]) -> Iterator[list[Path]]:
    """Yield the local files of a path; those of an address are fetched, and deleted at the end.

    Raises:
        DataError: there is no such file, or it cannot be fetched.
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
        with fsspec.open(address, "rb") as remote, file.open("wb") as local:
            shutil.copyfileobj(remote, local, BLOCK_SIZE)
    except Exception as error:  # every file system has its own exceptions
        kind = "" if isinstance(error, ImportError) else f"{type(error).__name__}: "
        reason = f"{kind}{error}".replace(address, masked_address(address))
        raise DataError(f"{masked_address(address)!r} cannot be fetched: {reason}") from error


@contextlib.contextmanager
def decompressed(file: Path) -> Iterator[Path]:
    """Yield a file as it is; a file that ends in `.gz` is unpacked, and deleted at the end.

    Raises:
        DataError: it is not such a file, or unpacks to more than the limit.
    """
    if file.suffix.lower() != ".gz":
        yield file
        return
    with tempfile.TemporaryDirectory(prefix="labeling-") as folder:
        unpacked_file = Path(folder, file.stem)
        try:
            with gzip.open(file) as packed, unpacked_file.open("wb") as target:
                _copy_bounded(packed, target, file.name)
        except (OSError, EOFError) as error:
            raise DataError(f"{file.name!r} cannot be unpacked: {error}") from error
        yield unpacked_file


def _copy_bounded(packed: BinaryIO | gzip.GzipFile, target: BinaryIO, name: str) -> None:
    size = 0
    while block := packed.read(BLOCK_SIZE):
        size += len(block)
        if size > SAMPLES.unpacked:
            raise DataError(f"{name!r} must unpack to at most {SAMPLES.unpacked:,} bytes.")
        target.write(block)
