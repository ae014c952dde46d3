"""Rows of tables that have at most one row a sample: read and replaced by sample."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from labeling.store.database import Connection, chunks


def rows_by_sample(
    connection: Connection, table: sa.Table, keys: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Return the rows of these samples, in the order of the samples."""
    rows: dict[str, dict[str, Any]] = {}
    for chunk in chunks(keys):
        query = sa.select(table).where(table.c.sample.in_(chunk)).order_by(table.c.sample)
        rows |= {row["sample"]: dict(row) for row in connection.execute(query).mappings()}
    return rows


def replace_rows(connection: Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert rows, each in place of the one that its sample has."""
    for chunk in chunks(row["sample"] for row in rows):
        connection.execute(sa.delete(table).where(table.c.sample.in_(chunk)))
    if rows:
        connection.execute(sa.insert(table), rows)
