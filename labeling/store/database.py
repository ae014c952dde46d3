"""The database itself: SQLite in WAL mode or PostgreSQL, its transactions, its schema's version."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError, StatementError

from labeling.errors import StoreError, missing_extra
from labeling.records import masked

VERSION = "0003"
"""The newest migration; a test compares it with the migrations' folder."""

MIGRATIONS = Path(__file__).with_name("migrations")
PATIENCE = 60_000  # milliseconds that SQLite waits for another's transaction

Connection = sa.Connection


class Database:
    """Transactions on a store's database; nested ones belong to the outermost.

    Args:
        url: of SQLAlchemy: `sqlite:///...` or `postgresql+psycopg://...`.

    Attributes:
        holding: a server's connection that holds the project; while there is one, it alone writes.
    """

    def __init__(self, url: str | sa.URL) -> None:
        self.url = url if isinstance(url, sa.URL) else _known(url)
        try:
            self.engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        except ModuleNotFoundError as error:
            raise missing_extra(error) from error
        if self.is_sqlite:
            sa.event.listen(self.engine, "connect", self._keep_private)
            sa.event.listen(self.engine, "connect", _set_up_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self.holding: Connection | None = None
        self._open: Connection | None = None

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def shown(self) -> str:
        """Where the database is, without its password."""
        return masked(self.url.render_as_string(hide_password=True), self._secrets)

    @property
    def _secrets(self) -> list[str]:
        """What must not be shown: the password, also where it stands among the options."""
        options = {key: value for key, value in self.url.query.items() if "pass" in key.lower()}
        return [str(self.url.password or ""), *map(str, options.values())]

    def _keep_private(self, *_: object) -> None:
        """Take others' rights to a file that was just made; SQLite makes those beside it likewise."""
        path = Path(self.url.database or "")
        if path.is_file() and not path.stat().st_size:
            path.chmod(0o600)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection to read from."""
        if self._open is not None:
            yield self._open
            return
        with self.explained(), self._connected_to_read() as connection:
            yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are kept together at the end, or not at all."""
        if self._open is not None:
            yield self._open
            return
        with self.explained(), self._connected() as connection, connection.begin():
            self._open = connection
            try:
                yield connection
            finally:
                self._open = None

    @contextlib.contextmanager
    def trying(self) -> Iterator[None]:
        """Take back at the end whatever was written, as if it had never been."""
        with contextlib.suppress(_TakenBack), self.writing():
            yield
            raise _TakenBack

    @contextlib.contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Give a connection to write over: the one that holds the project, where there is one.

        So the lock of a process that was killed is not free before its last transaction is over, and
        who has lost the connection can write nothing more.
        """
        if self.holding is None:
            with self.engine.connect() as connection:
                yield connection.execution_options(immediate=True)
            return
        if self.holding.invalidated:
            raise StoreError(
                f"The connection to the store {self.shown} was lost, and with it the hold on the"
                f" project.{AGAIN}"
            )
        yield self.holding

    def _connected_to_read(self) -> Connection:
        """Return a connection; SQLite must write to read, unless nobody else can be writing."""
        try:
            return self.engine.connect()
        except OperationalError:
            path = Path(self.url.database or "").absolute()
            log = Path(f"{path}-wal")
            if not self.is_sqlite or not path.is_file() or (log.exists() and log.stat().st_size):
                raise
            as_it_is = {"uri": "true", "immutable": "1"}
            url = self.url.set(database=path.as_uri(), query=as_it_is)
            return sa.create_engine(url, poolclass=sa.NullPool).connect()

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what a database says when it cannot go on into a StoreError."""
        try:
            yield
        except StatementError as error:
            raise StoreError(
                f"The store {self.shown} cannot be used: {self._told(error.orig)}.{_advice(error)}"
            ) from error
        except SQLAlchemyError as error:
            raise StoreError(
                f"The store {self.shown} cannot be used: {self._told(error)}"
            ) from error
        except UnicodeDecodeError as error:
            raise self.damaged(error) from error

    @contextlib.contextmanager
    def decoding(self) -> Iterator[None]:
        """Turn what is wrong with stored values into a StoreError."""
        try:
            yield
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self.damaged(error) from error

    def damaged(self, error: object) -> StoreError:
        """Return the error for a database whose content makes no sense."""
        return StoreError(
            f"The store {self.shown} holds what was never written there: {self._told(error)}.{DAMAGED}"
        )

    def _told(self, error: object) -> str:
        return masked(" ".join(str(error).split()), self._secrets).rstrip(".?")

    def version(self) -> str | None:
        """Return the version of the schema that the database has; `None` for an empty one."""
        with self.reading() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found = connection.execute(sa.text("SELECT version_num FROM alembic_version"))
            return found.scalar()

    def is_older(self) -> bool:
        """Return whether an earlier version of the package made the schema."""
        found = self.version()
        return found is not None and found < VERSION

    def check_version(self, *, older: bool = False) -> None:
        """Raise a StoreError unless the schema is that of this version of the package.

        Args:
            older: an older schema will do.
        """
        found = self.version()
        if found is not None and not re.fullmatch("[0-9]{4}", found):
            raise self.damaged(f"schema version {found!r}")
        if found is not None and found > VERSION:
            raise StoreError(
                f"The store {self.shown} has schema version {found}, and this version of labeling"
                f" knows {VERSION} at most. It was used with a newer one: upgrade the package."
            )
        if found != VERSION and not older:
            raise StoreError(
                f"The store {self.shown} has schema version {found}, and {VERSION} is needed: run a"
                " verb that writes, such as `labeling apply`, which brings it up to date."
            )

    def migrate(self) -> None:
        """Bring the schema to the newest version, in one transaction.

        Raises:
            StoreError: the database was made by a newer version of this package.
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


class _TakenBack(Exception):
    """A try is over: its transaction must not be kept."""


def next_number(connection: Connection, table: sa.Table) -> int:
    """Return the number of the next row of a table whose rows are numbered one after the other."""
    return (connection.scalar(sa.select(sa.func.max(table.c.number))) or 0) + 1


def sqlite_at(path: Path) -> sa.URL:
    """Return the address of a database in a file, whatever signs its path has."""
    return sa.URL.create("sqlite", database=str(path))


def _known(url: str) -> sa.URL:
    try:
        found = sa.make_url(url)
    except (ArgumentError, ValueError):
        found = sa.URL.create("nothing")
    if found.get_backend_name() == "postgresql":
        return found.set(drivername="postgresql+psycopg")
    raise StoreError(
        "The address of a store must be that of a PostgreSQL database, such as"
        f" postgresql://user@host/name. Got one that begins with {url.partition(':')[0][:20]!r};"
        " without an address the store is a file."
    )


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions are begun below, and not by the driver
    for pragma in (
        *(f"busy_timeout={PATIENCE}", "journal_mode=WAL"),
        *("synchronous=FULL", "foreign_keys=ON"),
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


DAMAGED = (
    " The database is damaged: restore it from a backup. To begin anew without it, move the project's"
    " folder of memory away; what people wrote can be pulled again from where they label."
)
AGAIN = " Run the same again; nothing of before is lost."
ADVICE = {
    "full": " Make room on the disk and run the same again; nothing of before is lost.",
    "disk i/o": " Is the disk full? Make room and run the same again; nothing of before is lost.",
    "readonly": " The project's folder must be writable; nothing was changed.",
    "read-only": " The project's folder must be writable; nothing was changed.",
    "unable to open": " Its folder must exist and be writable.",
    **dict.fromkeys(("malformed", "could not decode", "no such"), DAMAGED),
    "not a database": f" The file is something else, or damaged.{DAMAGED}",
    'database "': " Restore the database from a backup, or make an empty one to begin anew.",
    "password": " Give the password as PGPASSWORD or in ~/.pgpass.",
    **dict.fromkeys(("terminating", "closed the connection", "connection is"), AGAIN),
    "connection": " Are host, port and user right?",
}


def _advice(error: StatementError) -> str:
    said = str(error.orig).lower()
    return next((advice for sign, advice in ADVICE.items() if sign in said), "")
