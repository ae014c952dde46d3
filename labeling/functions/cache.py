"""An on-disk cache of texts in an SQLite file that processes may share."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
import weakref
from pathlib import Path

from labeling.errors import LabelingFunctionError
from labeling.records import make_private, private_file

BUSY_TIMEOUT = 60.0
"""Seconds to wait for another process that writes."""


def open_wal(path: str | os.PathLike[str]) -> sqlite3.Connection:
    """Open an SQLite file in WAL mode: it can be read while it is written, and survives crashes.

    The file and its folder are made if they do not exist. Only its user may read the file, since
    it holds data of samples.

    Raises:
        sqlite3.Error: it cannot be opened, or is not a database.
        OSError: its folder cannot be made.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    private_file(path)
    with contextlib.suppress(OSError):  # it may belong to another user
        make_private(path)
    connection = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT,
        isolation_level=None,
        check_same_thread=False,  # whichever thread collects the garbage closes it
    )
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # SQLite itself does not wait while another process changes the mode.
            if "locked" not in str(error) or time.monotonic() > deadline:
                connection.close()
                raise
            time.sleep(0.01)
        except sqlite3.DatabaseError:
            connection.close()
            raise
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


class SqliteCache:
    """Texts by key in an SQLite file; each process and thread opens a connection of its own.

    Args:
        path: the file.
        owner: what the cache belongs to, for error messages: `"service 'legacy'"`.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> cache = SqliteCache(f"{folder.name}/cache.sqlite", "an example")
    >>> cache.put(b"key", "text")
    >>> cache.get(b"key"), cache.get(b"other")
    ('text', None)
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str], owner: str) -> None:
        self.path = str(Path(path).absolute())
        self.owner = owner
        self._opened: tuple[tuple[int, int], sqlite3.Connection] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_opened": None}

    def get(self, key: bytes) -> str | None:
        """Return the text of a key, or `None`."""
        query = "SELECT text FROM kept WHERE key = ?"
        row = self._execute(query, key).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: bytes, text: str, *, replace: bool = False) -> None:
        """Store a text; a text that is stored already stays, unless `replace` is true."""
        conflict = "REPLACE" if replace else "IGNORE"
        self._execute(f"INSERT OR {conflict} INTO kept VALUES (?, ?)", key, text)

    def check_writable(self) -> None:
        """Raise a LabelingFunctionError if nothing can be stored."""
        self._execute("BEGIN IMMEDIATE")
        self._execute("ROLLBACK")

    def _execute(self, query: str, *values: bytes | str) -> sqlite3.Cursor:
        try:
            return self._connection().execute(query, values)
        except (sqlite3.Error, OSError) as error:
            raise LabelingFunctionError(
                f"The cache of {self.owner} must be an SQLite file that can be written. Got"
                f" {self.path!r}: {error}."
            ) from error

    def _connection(self) -> sqlite3.Connection:
        current = (os.getpid(), threading.get_ident())
        if self._opened is not None and self._opened[0] == current:
            return self._opened[1]
        connection = open_wal(self.path)
        weakref.finalize(self, connection.close)
        # The name of the table is that of all files so far.
        connection.execute(
            "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, text TEXT) WITHOUT ROWID"
        )
        self._opened = (current, connection)
        return connection
