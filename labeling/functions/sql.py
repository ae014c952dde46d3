"""Known values read from a table of a database."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.errors import LoadError, near, shown
from labeling.functions.credentials import Secret, need, revealed
from labeling.records import masked

if TYPE_CHECKING:
    import sqlalchemy as sa

logger = logging.getLogger(__name__)


def sql_values(
    url: Secret, table: str, column: str, *, label_column: str | None = None
) -> list[Any] | dict[Any, Any]:
    """Return the different values of a column of an SQL table, for `lookup`; read once, here.

    NULL is no value; rows whose value (or label) is NULL are left out, and counted in the log.

    Args:
        url: where the database is, as SQLAlchemy writes it. So that no password stands in the
            code: `"env:NAME"` of an environment variable, or a function that returns the url.
        table: a table or view; `"schema.table"` where it is not in the default schema.
        column: the column of the values.
        label_column: the column of each value's label.

    Returns:
        the values in their order; with `label_column` a mapping from value to label.

    Raises:
        LoadError: the database, table or column cannot be read, or a value has two labels.
        MissingExtraError: SQLAlchemy is not installed.

    >>> import sqlite3, tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> database = sqlite3.connect(f"{folder.name}/crm.db")
    >>> _ = database.execute("CREATE TABLE bots (name TEXT)")
    >>> _ = database.execute("INSERT INTO bots VALUES ('bot2'), ('bot1')")
    >>> database.commit()
    >>> sql_values(f"sqlite:///{folder.name}/crm.db", "bots", "name")
    ['bot1', 'bot2']
    >>> database.close(), folder.cleanup()
    (None, None)
    """
    need("sqlalchemy")
    import sqlalchemy as sa

    where = _address(revealed(url, "the url of a database"))
    columns = [column] if label_column is None else [column, label_column]
    # Its own message: the chained error of a driver may quote the whole url.
    try:
        rows = _rows(where, table, columns)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        if isinstance(error, LoadError):
            raise
        raise LoadError(
            f"Table {table!r} of {_shown(where)} cannot be read: {_reason(error, where)}"
        ) from None
    there = [row for row in rows if None not in row]
    logger.info(
        "read %d values of %s.%s from %s, left out %d with NULL",
        *(len(there), table, column, _shown(where), len(rows) - len(there)),
    )
    return _mapping(there, table, column) if label_column else [value for (value,) in there]


def _address(url: str) -> sa.URL:
    import sqlalchemy as sa

    try:
        where = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise LoadError(
            "The url of a database must read like 'sqlite:///crm.db' or"
            " 'postgresql+psycopg://user@host/name'. Got one that does not (it is not shown, since"
            " it may hold a password)."
        ) from None
    memory = where.database in (None, "", ":memory:") or "mode=memory" in str(where.database)
    is_file = where.get_backend_name() == "sqlite" and not memory
    if is_file and not Path(str(where.database).removeprefix("file:")).exists():
        # SQLite would make an empty one, and say that it has no such table.
        raise LoadError(f"There is no database file {where.database!r}.")
    return where


def _rows(where: sa.URL, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """Return the different rows in order; names go through reflection, never into SQL text."""
    import sqlalchemy as sa

    engine = sa.create_engine(where, poolclass=sa.NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        schema, plain = None, table
        if not inspector.has_table(table) and "." in table:
            schema, plain = table.rsplit(".", 1)
        if not inspector.has_table(plain, schema=schema):
            names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
            raise LoadError(
                f"There is no table {table!r} in {_shown(where)}.{near(plain, names)}"
                f" It has {shown(sorted(names), 20) or 'none'}."
            )
        reflected = sa.Table(plain, sa.MetaData(), schema=schema, autoload_with=connection)
        for column in columns:
            if column not in reflected.columns:
                known = reflected.columns.keys()
                raise LoadError(
                    f"Table {table!r} of {_shown(where)} has no column {column!r}."
                    f"{near(column, known)} It has {shown(known, 20)}."
                )
        chosen = [reflected.columns[column] for column in columns]
        query = sa.select(*chosen).distinct().order_by(*chosen)
        return [tuple(row) for row in connection.execute(query)]


def _mapping(rows: list[tuple[Any, ...]], table: str, column: str) -> dict[Any, Any]:
    labels: dict[Any, Any] = {}
    for value, label in rows:
        if labels.setdefault(value, label) != label:
            raise LoadError(
                f"Each value of {column!r} in table {table!r} must have one label. {value!r} has"
                f" {labels[value]!r} and {label!r}."
            )
    return labels


def _shown(where: sa.URL) -> str:
    """Return a url without password and options, which may hold one."""
    return where.set(query={}).render_as_string(hide_password=True)


def _reason(error: Exception, where: sa.URL) -> str:
    text = " ".join(str(getattr(error, "orig", None) or error).split())
    options = [value for value in where.query.values() if isinstance(value, str)]
    return f"{type(error).__name__}: {masked(text, [str(where.password or ''), *options])}"
