"""One process at a time: a lock that dies with its holder, however it dies."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout

from labeling.errors import HeldError, StoreError
from labeling.store.database import Database

PAUSE = 0.1  # seconds between two tries


@contextlib.contextmanager
def held(
    database: Database,
    folder: Path,
    patience: float,
    holder: Callable[[], str],
    waits: Callable[[str], object],
) -> Iterator[None]:
    """Hold the project: a file lock beside SQLite, an advisory lock in PostgreSQL.

    Args:
        database: the store's.
        folder: the store's.
        patience: seconds to wait for another process.
        holder: tells who holds it.
        waits: called once with that, before waiting.

    Raises:
        HeldError: another process still holds it after that time.
        StoreError: the folder cannot be written to, or the database not reached.
    """
    with contextlib.ExitStack() as stack:
        take = _file_lock(stack, folder) if database.is_sqlite else _advisory(stack, database)
        deadline = time.monotonic() + patience
        told = False
        while not take():
            if not told:
                waits(holder())
                told = True
            if time.monotonic() > deadline:
                raise HeldError(
                    f"The project is held by another process: {holder()}. It did not end within"
                    f" {patience:g} s; wait for it, stop it, or raise `store: wait:` in the config."
                )
            time.sleep(PAUSE)
        yield


def _file_lock(stack: contextlib.ExitStack, folder: Path) -> Callable[[], bool]:
    lock = FileLock(folder / "lock", mode=0o600, is_singleton=False)

    def take() -> bool:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        except OSError as error:
            raise StoreError(
                f"The project's folder {str(folder)!r} must be writable; nothing was changed:"
                f" {error}"
            ) from error
        stack.callback(lock.release)
        return True

    return take


def _advisory(stack: contextlib.ExitStack, database: Database) -> Callable[[], bool]:
    with database.explained():
        connection = stack.enter_context(database.engine.connect())
    number = zlib.crc32(b"labeling") << 16

    def take() -> bool:
        with database.explained(), connection.begin():  # the lock outlives this transaction
            taken = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))))
        if taken:
            database.holding = connection
            stack.callback(setattr, database, "holding", None)
        return taken

    return take
