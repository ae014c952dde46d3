"""What is computed once and kept: texts by key, in an SQLite file that processes share."""

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

PATIENCE = 60.0  # seconds to wait for another process that writes


def in_wal_mode(path: str | os.PathLike[str]) -> sqlite3.Connection:
    """Open an SQLite file that is read while it is written, and stays whole when a process dies.

    The file and its folder are made where there is none. Only its user may read the file: it holds
    what samples say.

    Raises:
        sqlite3.Error: it cannot be opened, or is no database.
        OSError: its folder cannot be made.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    private_file(path)
    with contextlib.suppress(OSError):  # it may be another user's
        make_private(path)
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None)
    until = time.monotonic() + PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").fetchone()
            break
        except sqlite3.OperationalError as error:
            # While another process changes the mode, SQLite does not wait by itself.
            if "locked" not in str(error) or time.monotonic() > until:
                connection.close()
                raise
            time.sleep(0.01)
        except sqlite3.DatabaseError:
            connection.close()
            raise
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection


class KeptTexts:
    """Texts by key in an SQLite file; each process and thread opens it for itself.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> kept = KeptTexts(f"{folder.name}/kept.sqlite")
    >>> kept.put(b"key", "text")
    >>> kept.get(b"key"), kept.get(b"other")
    ('text', None)
    >>> folder.cleanup()
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = str(Path(path).absolute())
        self._opened: tuple[tuple[int, int], sqlite3.Connection] | None = None

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path, "_opened": None}

    def get(self, key: bytes) -> str | None:
        """Return the text of a key, or `None`."""
        query = "SELECT text FROM kept WHERE key = ?"
        row = self._run(query, key).fetchone()
        return None if row is None else str(row[0])

    def put(self, key: bytes, text: str) -> None:
        """Keep a text; where another process was faster, its text stays."""
        self._run("INSERT OR IGNORE INTO kept VALUES (?, ?)", key, text)

    def _run(self, query: str, *values: bytes | str) -> sqlite3.Cursor:
        try:
            return self._connection().execute(query, values)
        except (sqlite3.Error, OSError) as error:
            raise LabelingFunctionError(
                f"What is kept must be in an SQLite file that can be written. Got {self.path!r}:"
                f" {error}."
            ) from error

    def _connection(self) -> sqlite3.Connection:
        here = (os.getpid(), threading.get_ident())
        if self._opened is not None and self._opened[0] == here:
            return self._opened[1]
        connection = in_wal_mode(self.path)
        weakref.finalize(self, connection.close)
        connection.execute(
            "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, text TEXT) WITHOUT ROWID"
        )
        self._opened = (here, connection)
        return connection
