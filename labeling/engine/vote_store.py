"""`VoteStore`: the votes of labeling functions on blocks of rows, in a folder, by content."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import secrets
import shutil
import stat
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.engine.block_digests import hash_name, new_hash
from labeling.engine.cache_report import CacheReport
from labeling.errors import DataError
from labeling.records import is_unfinished, private_file, private_folder, unfinished_suffix

logger = logging.getLogger(__name__)

MAX_BYTES = 2**30
"""Bytes that a folder of votes may take: 50 functions on 20 million samples."""
ABANDONED = 3_600.0
"""Seconds after which an unfinished file belongs to a process that was killed."""

_FOLDER = "labeling-votes-1"  # the number is that of the form of its files
_MAGIC = b"LBVOTES1"
_HEADER = struct.Struct("<8sQQB7x16s")  # form, rows, faults, bytes of a code, hash of all the rest


class StoredVotes(NamedTuple):
    """The votes of a labeling function on a block of rows.

    Attributes:
        codes: label codes, shape (n_rows,), -1 = abstained; of votes of another form the numbers
            that they are.
        fault_rows: the rows of the block, from 0 and ascending, on which the function failed.
    """

    codes: npt.NDArray[np.signedinteger]
    fault_rows: npt.NDArray[np.uint32]


class VoteStore:
    """Keeps votes in a folder that processes may share, and that may be deleted at any time.

    A file holds the votes of one labeling function on one block of rows. It is named by the
    fingerprint of the function and the hash of what it reads of these rows, is written beside and
    renamed when it is complete, and is used only if its length and its hash are right. The folder
    and its files can be read by their owner only. If they take more than `max_bytes`, those that
    were not used for the longest time are deleted. Where the folder cannot be written, a warning is
    logged, and nothing is kept.

    Args:
        folder: made when it is first needed.
        max_bytes: how many bytes its files may take.

    Attributes:
        report: what the last `apply` took from the folder, and what it ran; `None` before.

    Raises:
        DataError: there is a file in the place of the folder, or there can be no such folder.
    """

    def __init__(self, folder: str | os.PathLike[str], max_bytes: int = MAX_BYTES) -> None:
        self.folder = Path(folder).absolute() / _FOLDER
        if _is_file(folder):
            raise DataError(f"`cache` must be a folder. Got {str(folder)!r}, which is a file.")
        self.max_bytes = max_bytes
        self.report: CacheReport | None = None
        self.damaged = 0
        self._salt: bytes | None = None
        self._has_written = False
        self._error: OSError | None = None
        self._folders: set[str] = set()  # those that were made, or were there

    @property
    def error(self) -> str:
        """Why nothing can be written; empty if it can."""
        return "" if self._error is None else str(self._error)

    def begin(self) -> None:
        """Forget the counts of the last `apply`, and try to write again."""
        self.damaged, self._error, self._has_written = 0, None, False
        self._folders.clear()

    @property
    def salt(self) -> bytes:
        """The salt of all hashes, a secret of the folder."""
        if self._salt is None:
            self._salt = self._read_salt() or self._new_salt()
        return self._salt

    def _read_salt(self) -> bytes | None:
        try:
            salt = (self.folder / "salt").read_bytes()
        except OSError:
            return None
        return salt if len(salt) == 16 else None

    def _new_salt(self) -> bytes:
        salt = secrets.token_bytes(16)
        with self._writing():
            private_folder(self.folder)
            self._write(f"{self.folder}/salt", [salt])
        # Of two processes that make one at once, both go on with the later one.
        return self._read_salt() or salt

    def get(
        self,
        function: str,
        block: str,
        rows: int | None,
        code_type: np.dtype[np.signedinteger],
    ) -> StoredVotes | None:
        """Return the votes of a function on a block of rows, or `None`.

        Args:
            function: the key of the labeling function, a hash in hexadecimal.
            block: the hash of what it reads of the rows.
            rows: how many codes there are; `None` for any number.
            code_type: the type of codes.
        """
        path = self._path(function, block)
        try:
            with open(path, "rb", buffering=0) as stream:
                data = stream.read()
        except OSError:
            return None
        votes = self._decoded(data, function + block, rows, code_type)
        if votes is None:
            self.damaged += 1
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # used now: what was not used for long is deleted first
        return votes

    def put(self, function: str, block: str, votes: StoredVotes) -> None:
        """Keep the votes of a function on a block of rows."""
        if self._error is not None:
            return
        path = self._path(function, block)
        codes = np.ascontiguousarray(votes.codes)
        payload = [codes.tobytes(), votes.fault_rows.astype("<u4").tobytes()]
        numbers = (_MAGIC, len(codes), len(votes.fault_rows), codes.dtype.itemsize)
        header = _HEADER.pack(*numbers, b"")
        digest = self._digest(function + block, header, b"".join(payload))
        with self._writing():
            if function not in self._folders:
                private_folder(self.folder)
                private_folder(self.folder / function)
                self._folders.add(function)
            self._write(path, [_HEADER.pack(*numbers, digest), *payload])
            self._has_written = True

    def forget(self, function: str) -> None:
        """Delete all votes of a labeling function."""
        self._folders.discard(function)
        shutil.rmtree(self.folder / function, ignore_errors=True)

    def finish(self) -> int:
        """Delete what was not used for the longest time, if there is too much; return how many."""
        if not self._has_written:
            return 0
        files = sorted(self._files(), key=lambda file: (file[1].st_mtime_ns, file[0]))
        size, deleted = sum(status.st_size for _, status in files), 0
        for path, status in files:
            if size <= self.max_bytes:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                deleted += 1
            size -= status.st_size
        return deleted

    def _path(self, function: str, block: str) -> str:
        return f"{self.folder}/{function}/{block}"  # a thousandth of a second of paths adds up

    def _decoded(
        self,
        data: bytes,
        key: str,
        rows: int | None,
        code_type: np.dtype[np.signedinteger],
    ) -> StoredVotes | None:
        """Return the votes of a file; `None` if it is not complete and unchanged."""
        if len(data) < _HEADER.size:
            return None
        magic, count, faults, width, digest = _HEADER.unpack_from(data)
        end_of_codes = _HEADER.size + count * width
        is_whole = len(data) == end_of_codes + 4 * faults
        expected = (_MAGIC, count if rows is None else rows, code_type.itemsize)
        if not is_whole or (magic, count, width) != expected:
            return None
        header = _HEADER.pack(magic, count, faults, width, b"")
        if digest != self._digest(key, header, memoryview(data)[_HEADER.size :]):
            return None
        codes = np.frombuffer(data, code_type, count, _HEADER.size)
        return StoredVotes(codes, np.frombuffer(data, "<u4", faults, end_of_codes))

    def _digest(self, key: str, header: bytes, payload: bytes | memoryview) -> bytes:
        digest = new_hash(self.salt)
        digest.update(key.encode())
        digest.update(header)
        digest.update(payload)
        return digest.digest()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Warn of an error, once; votes are returned all the same."""
        try:
            yield
        except OSError as error:
            if self._error is None:
                logger.warning(
                    "votes cannot be cached in %s: %s. They are computed again next time",
                    self.folder,
                    error,
                )
            self._error = error

    def _write(self, path: str, parts: list[bytes]) -> None:
        folder, _, name = path.rpartition("/")
        # Threads of a process may write the same votes at once.
        unfinished = f"{folder}/.{name}.{threading.get_ident()}{unfinished_suffix()}"
        try:
            private_file(unfinished)
            with open(unfinished, "wb", buffering=0) as stream:
                stream.write(b"".join(parts))
            os.replace(unfinished, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(unfinished)
            raise

    def _files(self) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the files of votes; unfinished ones of killed processes are deleted."""
        with contextlib.suppress(OSError):
            for folder in os.scandir(self.folder):
                if not folder.is_dir(follow_symlinks=False):
                    continue
                for file in os.scandir(folder.path):
                    with contextlib.suppress(OSError):
                        status = file.stat()
                        if not file.name.startswith("."):
                            yield file.path, status
                        elif is_unfinished(Path(file.path)) and (
                            time.time() - status.st_mtime > ABANDONED
                        ):
                            os.unlink(file.path)


def _is_file(folder: str | os.PathLike[str]) -> bool:
    """Whether something else is in the place of a folder; an error if no folder can be there."""
    try:
        return not stat.S_ISDIR(os.stat(folder).st_mode)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False  # it is made, or a warning says why not
    except (OSError, ValueError) as error:  # too long, or with a null character
        raise DataError(f"`cache` must be a folder. Got {str(folder)!r}: {error}.") from error


def store_key(*parts: str) -> str:
    """Return the key of a labeling function, from its fingerprint and all else it depends on."""
    digest = hashlib.blake2b(digest_size=16)
    for part in (hash_name(), *parts):
        digest.update(f"{len(part)}:{part}".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
