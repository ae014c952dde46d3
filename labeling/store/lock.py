"""The project lock: one process at a time, released by the system when its holder dies."""

from __future__ import annotations

import contextlib
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from filelock import FileLock, Timeout

from labeling.errors import ProjectLockedError, StoreError
from labeling.store.database import Database

POLL_INTERVAL = 0.1  # seconds between two attempts


@contextlib.contextmanager
def project_lock(
    database: Database,
    folder: Path,
    timeout: float,
    describe_holder: Callable[[], str],
    on_wait: Callable[[str], object],
) -> Iterator[None]:
    """Hold the project lock: a file lock with SQLite, an advisory lock in PostgreSQL.

    Args:
        database: the store's database.
        folder: the store's folder.
        timeout: seconds to wait for another process.
        describe_holder: returns a description of the process that holds the lock.
        on_wait: called once with that description, before waiting.

    Raises:
        ProjectLockedError: another process still holds the lock after that time.
        StoreError: the folder cannot be written to, or the database cannot be reached.
    """
    with contextlib.ExitStack() as stack:
        acquire = _file_lock(stack, folder) if database.is_sqlite else _advisory(stack, database)
        deadline = time.monotonic() + timeout
        has_reported = False
        while not acquire():
            if not has_reported:
                on_wait(describe_holder())
                has_reported = True
            if time.monotonic() > deadline:
                raise ProjectLockedError(
                    f"The project is locked by another process: {describe_holder()}. It did not end"
                    f" within {timeout:g} s; wait for it, stop it, or raise `store: wait:` in the"
                    " config."
                )
            time.sleep(POLL_INTERVAL)
        yield


def _file_lock(stack: contextlib.ExitStack, folder: Path) -> Callable[[], bool]:
    lock = FileLock(folder / "lock", mode=0o600, is_singleton=False)

    def acquire() -> bool:
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

    return acquire


def _advisory(stack: contextlib.ExitStack, database: Database) -> Callable[[], bool]:
    with database.translating_errors():
        connection = stack.enter_context(database.engine.connect())
    number = zlib.crc32(b"labeling") << 16

    def acquire() -> bool:
        # The lock outlives this transaction.
        with database.translating_errors(), connection.begin():
            is_ours = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))))
        if is_ours:
            database.lock_connection = connection
            stack.callback(setattr, database, "lock_connection", None)
        return is_ours

    return acquire
