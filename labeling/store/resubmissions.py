"""Detection of known annotations that must be appended to the ledger again.

The ledger identifies an annotation by its digest and skips known ones as read twice. Among a
person's annotations with equal update times this is not enough: the order of arrival decides which
is current, and a known annotation may have arrived again after another (A, B, A: A is current). It
is appended again exactly if the ledger and the list of all arrivals would otherwise differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import more_itertools
import sqlalchemy as sa

from labeling.records import person_key
from labeling.store.database import Connection
from labeling.store.tables import ledger

Row = Mapping[str, Any]
VoteKey = tuple[str, str, bool]
"""A sample, the `person_key` of who annotated it, and whether as a reviewer."""
Versions = dict[str, tuple[str, str]]
"""Update time and digest by platform id, in the order of their newest versions."""

MARK = "#"  # before the number of an annotation that was appended again, in its digest


def resubmitted(
    connection: Connection, rows: Sequence[Row], stored_digests: Collection[str], chunk_size: int
) -> set[int]:
    """Return the positions of rows to append although their digest is in the ledger.

    Args:
        connection: to the ledger.
        rows: the arriving annotations, in order.
        stored_digests: those of their digests that are in the ledger.
        chunk_size: the maximum number of samples in a statement.
    """
    seen, is_new = set(stored_digests), []
    for row in rows:
        is_new.append(row["digest"] not in seen)
        seen.add(row["digest"])
    doubtful = {_vote_key(row) for row, new in zip(rows, is_new, strict=True) if not new}
    samples = {sample for sample, _, _ in doubtful}
    positions_of: dict[VoteKey, list[int]] = {key: [] for key in doubtful}
    for position, row in enumerate(rows):
        positions_of.get(_vote_key(row), []).append(position)
    tied = _tied(rows) | set(_tied_in_ledger(connection, sorted(samples), chunk_size))
    ledger_rows = _in_ledger(connection, sorted(samples & tied), chunk_size)
    result: set[int] = set()
    for key, positions in positions_of.items():
        before = ledger_rows.get(key, [])
        new_rows = [rows[position] for position in positions if is_new[position]]
        all_rows = [rows[position] for position in positions]
        if key[0] in tied and _versions([*before, *new_rows]) != _versions([*before, *all_rows]):
            result |= {position for position in positions if not is_new[position]}
    return result


def _vote_key(row: Row) -> VoteKey:
    return row["sample"], person_key(row["annotator"]), bool(row["reviewer"])


def _tied(rows: Sequence[Row]) -> set[str]:
    """Return the samples with different annotations by one person with equal update times."""
    distinct = {row["digest"]: row for row in rows}.values()
    times = Counter((_vote_key(row), row["updated_at"]) for row in distinct)
    return {key[0] for (key, _), count in times.items() if count > 1}


def _tied_in_ledger(
    connection: Connection, samples: Sequence[str], chunk_size: int
) -> Iterator[str]:
    """Yield those of these samples that have several annotations with equal update times."""
    key = (ledger.c.sample, ledger.c.updated_at)
    several = sa.select(ledger.c.sample).group_by(*key).having(sa.func.count() > 1)
    for chunk in more_itertools.chunked(samples, chunk_size):
        yield from connection.scalars(several.where(ledger.c.sample.in_(chunk)))


def _in_ledger(
    connection: Connection, samples: Sequence[str], chunk_size: int
) -> dict[VoteKey, list[Row]]:
    """Return the rows of the ledger on these samples by vote key, in order."""
    rows_of: dict[VoteKey, list[Row]] = {}
    names = ("sample", "annotator", "reviewer", "platform_id", "updated_at", "digest")
    query = sa.select(*(ledger.c[name] for name in names)).order_by(ledger.c.number)
    for chunk in more_itertools.chunked(samples, chunk_size):
        for row in connection.execute(query.where(ledger.c.sample.in_(chunk))).mappings():
            unmarked = {**row, "digest": row["digest"].partition(MARK)[0]}
            rows_of.setdefault(_vote_key(unmarked), []).append(unmarked)
    return rows_of


def _versions(rows: Iterable[Row]) -> list[tuple[str, tuple[str, str]]]:
    """Return the newest version of each platform id, in the order of `live_annotations`."""
    versions: Versions = {}
    for row in rows:
        platform_id, version = row["platform_id"], (row["updated_at"], row["digest"])
        if platform_id not in versions or version[0] >= versions[platform_id][0]:
            versions.pop(platform_id, None)
            versions[platform_id] = version
    return list(versions.items())
