"""Connections and transactions (SQLite in WAL mode, or PostgreSQL), and the schema version."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import more_itertools
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError, StatementError

from labeling.errors import StoreError, missing_extra
from labeling.records import masked

VERSION = "0005"
"""The newest migration; a test compares it with the migrations' folder."""

IDS_PER_STATEMENT = 5_000
"""How many ids a statement may hold: databases limit the number of its parameters."""

MIGRATIONS = Path(__file__).with_name("migrations")
BUSY_TIMEOUT = 60_000  # milliseconds that SQLite waits for another transaction

Connection = sa.Connection


class Database:
    """Transactions on a store's database; nested ones join the outermost.

    Args:
        url: an SQLAlchemy URL: `sqlite:///...` or `postgresql+psycopg://...`.

    Attributes:
        lock_connection: the connection to a server that holds the project lock; while it is set,
            all writes go through it.
    """

    def __init__(self, url: str | sa.URL) -> None:
        self.url = url if isinstance(url, sa.URL) else _parsed_url(url)
        try:
            self.engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        except ModuleNotFoundError as error:
            raise missing_extra(error) from error
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", self._keep_private)
            sa.event.listen(self.engine, "connect", _set_up_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self.lock_connection: Connection | None = None
        self._open: Connection | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def display_url(self) -> str:
        """The database's URL without its password."""
        return masked(self.url.render_as_string(hide_password=True), self._secrets)

    @property
    def _secrets(self) -> list[str]:
        """The password, and options of the URL that hold one."""
        options = {key: value for key, value in self.url.query.items() if "pass" in key.lower()}
        return [str(self.url.password or ""), *map(str, options.values())]

    def _keep_private(self, *_: object) -> None:
        """Make a new database file private; SQLite gives its auxiliary files the same mode."""
        path = Path(self.url.database or "")
        if path.is_file() and not path.stat().st_size:
            path.chmod(0o600)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection for reading."""
        if self._open is not None:
            yield self._open
            return
        with self.translating_errors(), self._connected_to_read() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield a connection in a transaction, which is committed at the end or rolled back."""
        if self._open is not None:
            yield self._open
            return
        with self.translating_errors(), self._connected() as connection, connection.begin():
            self._open = connection
            try:
                yield connection
            finally:
                self._open = None

    @contextlib.contextmanager
    def rolled_back(self) -> Iterator[None]:
        """Roll back whatever is written within."""
        with contextlib.suppress(_Rollback), self.writing():
            yield
            raise _Rollback

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Yield a connection for writing: the one that holds the project lock, if there is one.

        Thus the lock of a killed process is not released before its last transaction has ended, and
        a process that has lost its connection cannot write any more.
        """
        if self.lock_connection is None:
            with self.engine.connect() as connection:
                yield connection.execution_options(immediate=True)
            return
        if self.lock_connection.invalidated:
            raise StoreError(
                f"The connection to the store {self.display_url} was lost, and with it the project"
                f" lock.{RUN_AGAIN}"
            )
        yield self.lock_connection

    def _connected_to_read(self) -> Connection:
        """Return a connection; SQLite in a read-only folder is opened as immutable if possible."""
        try:
            return self.engine.connect()
        except OperationalError:
            path = Path(self.url.database or "").absolute()
            log = Path(f"{path}-wal")
            if not self.is_sqlite or not path.is_file() or (log.exists() and log.stat().st_size):
                raise
            options = {"uri": "true", "immutable": "1"}
            url = self.url.set(database=path.as_uri(), query=options)
            return sa.create_engine(url, poolclass=sa.NullPool).connect()

    @contextlib.contextmanager
    def translating_errors(self) -> Iterator[None]:
        """Translate errors of the database to StoreErrors with advice."""
        try:
            yield
        except StatementError as error:
            raise StoreError(
                f"The store {self.display_url} cannot be used:"
                f" {self._error_text(error.orig)}.{_advice(error)}"
            ) from error
        except SQLAlchemyError as error:
            raise StoreError(
                f"The store {self.display_url} cannot be used: {self._error_text(error)}"
            ) from error
        except UnicodeDecodeError as error:
            raise self.damaged(error) from error

    @contextlib.contextmanager
    def decoding(self) -> Iterator[None]:
        """Translate errors of decoding stored values to StoreErrors."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self.damaged(error) from error

    def damaged(self, error: object) -> StoreError:
        """Return the error for a database with invalid content."""
        return StoreError(
            f"The store {self.display_url} has invalid content: {self._error_text(error)}.{DAMAGED}"
        )

    def _error_text(self, error: object) -> str:
        return masked(" ".join(str(error).split()), self._secrets).rstrip(".?")

    def version(self) -> str | None:
        """Return the schema version of the database; `None` for an empty one."""
        with self.reading() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()

    def is_older(self) -> bool:
        """Return whether an earlier version of the package created the schema."""
        current = self.version()
        return current is not None and current < VERSION

    def check_version(self, *, older: bool = False) -> None:
        """Raise a StoreError unless the schema is that of this version of the package.

        Args:
            older: whether an older schema is accepted.
        """
        current = self.version()
        if current is not None and not re.fullmatch("[0-9]{4}", current):
            raise self.damaged(f"schema version {current!r}")
        if current is not None and current > VERSION:
            raise StoreError(
                f"The store {self.display_url} has schema version {current}, and this version of"
                f" labeling supports at most {VERSION}. It was used with a newer one: upgrade the"
                " package."
            )
        if current != VERSION and not older:
            raise StoreError(
                f"The store {self.display_url} has schema version {current}, and {VERSION} is"
                " needed: run a verb that writes, such as `labeling apply`, which migrates it."
            )

    def migrate(self) -> None:
        """Migrate the schema to the newest version, in one transaction.

        Raises:
            StoreError: the database was created by a newer version of this package.
        """
        if self.version() == VERSION:
            return
        self.check_version(older=True)
        from alembic import command
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        with self.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


class _Rollback(Exception):
    """Ends a transaction that is to be rolled back."""


def next_number(connection: Connection, table: sa.Table) -> int:
    """Return the number of the next row of a table with consecutively numbered rows."""
    return (connection.scalar(sa.select(sa.func.max(table.c.number))) or 0) + 1


def chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    """Yield distinct keys in lists that one statement can hold."""
    return more_itertools.chunked(dict.fromkeys(keys), IDS_PER_STATEMENT)


def sqlite_at(path: Path) -> sa.URL:
    """Return the URL of a database file, whatever characters its path has."""
    return sa.URL.create("sqlite", database=str(path))


def _parsed_url(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        parsed = sa.URL.create("invalid")
    if parsed.get_backend_name() == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    raise StoreError(
        "The address of a store must be that of a PostgreSQL database, such as"
        f" postgresql://user@host/name. Got one that begins with {url.partition(':')[0][:20]!r};"
        " without an address the store is a file."
    )


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


DAMAGED = (
    " The database is damaged: restore it from a backup. To start over without it, move the store's"
    " folder away; annotations can be pulled again from the annotation platform."
)
RUN_AGAIN = " Run the same command again; nothing stored before is lost."
ADVICE = {
    "full": f" Free disk space.{RUN_AGAIN}",
    "disk i/o": f" Is the disk full? Free disk space.{RUN_AGAIN}",
    "readonly": " The project's folder must be writable; nothing was changed.",
    "read-only": " The project's folder must be writable; nothing was changed.",
    "unable to open": " Its folder must exist and be writable.",
    **dict.fromkeys(("malformed", "could not decode", "no such"), DAMAGED),
    "not a database": f" The file is not a database, or damaged.{DAMAGED}",
    'database "': " Restore the database from a backup, or create an empty one to start over.",
    "password": " Give the password as PGPASSWORD or in ~/.pgpass.",
    **dict.fromkeys(("terminating", "closed the connection", "connection is"), RUN_AGAIN),
    "connection": " Are host, port and user right?",
}


def _advice(error: StatementError) -> str:
    message = str(error.orig).lower()
    return next((advice for excerpt, advice in ADVICE.items() if excerpt in message), "")
