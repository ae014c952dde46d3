"""`sql_values`: values for `lookup` from a table of a database."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.errors import LoadError, listed, near
from labeling.functions.credentials import Secret, need, revealed
from labeling.records import masked

if TYPE_CHECKING:
    import sqlalchemy as sa

logger = logging.getLogger(__name__)


def sql_values(
    url: Secret, table: str, column: str, *, label_column: str | None = None
) -> list[Any] | dict[Any, Any]:
    """Return the distinct values of a column of an SQL table, for `lookup`; they are read now.

    Rows whose value (or label) is NULL are left out, and counted in the log.

    Args:
        url: the database's url as SQLAlchemy writes it. To keep a password out of the code, give
            `"env:NAME"` of an environment variable, or a function that returns the url.
        table: a table or view; `"schema.table"` if it is not in the default schema.
        column: the column of the values.
        label_column: the column of each value's label.

    Returns:
        the sorted values; with `label_column` a mapping from value to label.

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

    database_url = _database_url(revealed(url, "the url of a database"))
    columns = [column] if label_column is None else [column, label_column]
    # The error is not chained: a driver's message may quote the whole url.
    try:
        rows = _distinct_rows(database_url, table, columns)
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        if isinstance(error, LoadError):
            raise
        raise LoadError(
            f"Table {table!r} of {_masked_url(database_url)} cannot be read:"
            f" {_reason(error, database_url)}"
        ) from None
    complete = [row for row in rows if None not in row]
    logger.info(
        "read %d values of %s.%s from %s, left out %d with NULL",
        len(complete),
        table,
        column,
        _masked_url(database_url),
        len(rows) - len(complete),
    )
    return _mapping(complete, table, column) if label_column else [value for (value,) in complete]


def _database_url(text: str) -> sa.URL:
    """Return a parsed url; an SQLite file must exist."""
    import sqlalchemy as sa

    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):
        raise LoadError(
            "The url of a database must read like 'sqlite:///crm.db' or"
            " 'postgresql+psycopg://user@host/name'. Got one that does not (it is not shown, since"
            " it may hold a password)."
        ) from None
    is_in_memory = url.database in (None, "", ":memory:") or "mode=memory" in str(url.database)
    is_file = url.get_backend_name() == "sqlite" and not is_in_memory
    if is_file and not Path(str(url.database).removeprefix("file:")).exists():
        # SQLite would make an empty database, and report that it has no such table.
        raise LoadError(f"There is no database file {url.database!r}.")
    return url


def _distinct_rows(url: sa.URL, table: str, columns: list[str]) -> list[tuple[Any, ...]]:
    """Return the distinct rows, sorted; names go through reflection, never into SQL text."""
    import sqlalchemy as sa

    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        schema, table_name = None, table
        if not inspector.has_table(table) and "." in table:
            schema, table_name = table.rsplit(".", 1)
        if not inspector.has_table(table_name, schema=schema):
            names = [*inspector.get_table_names(schema), *inspector.get_view_names(schema)]
            raise LoadError(
                f"There is no table {table!r} in {_masked_url(url)}.{near(table_name, names)}"
                f" It has {listed(sorted(names), 20) or 'none'}."
            )
        reflected = sa.Table(table_name, sa.MetaData(), schema=schema, autoload_with=connection)
        for column in columns:
            if column not in reflected.columns:
                names = reflected.columns.keys()
                raise LoadError(
                    f"Table {table!r} of {_masked_url(url)} has no column {column!r}."
                    f"{near(column, names)} It has {listed(names, 20)}."
                )
        selected = [reflected.columns[column] for column in columns]
        query = sa.select(*selected).distinct().order_by(*selected)
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


def _masked_url(url: sa.URL) -> str:
    """Return a url without its password, and without options, which may hold a password too."""
    return url.set(query={}).render_as_string(hide_password=True)


def _reason(error: Exception, url: sa.URL) -> str:
    text = " ".join(str(getattr(error, "orig", None) or error).split())
    options = [value for value in url.query.values() if isinstance(value, str)]
    return f"{type(error).__name__}: {masked(text, [str(url.password or ''), *options])}"
