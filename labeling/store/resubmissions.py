"""What is appended although the ledger has it: of A, B, A said at one time, A is what counts.

The ledger knows an annotation by its digest, and takes what is known for something read again. Where a
person's statements bear one time, that is not enough: the order in which they came decides which
counts, and an annotation that was known may have come after another. It is appended again exactly
where the list of all that ever came and the ledger would otherwise differ.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from labeling.records import person_key
from labeling.store.database import Connection
from labeling.store.tables import ledger

Row = Mapping[str, Any]
Speaker = tuple[str, str, bool]
Versions = dict[str, tuple[str, str]]
"""A speaker's platform ids in the order of their newest versions, with time and digest of each."""

MARK = "#"  # before the number of an annotation that was appended again, in its digest


def repeated(
    connection: Connection, rows: Sequence[Row], known: Collection[str], at_once: int
) -> set[int]:
    """Return the places of rows to append although their digest is known.

    Args:
        connection: to the ledger.
        rows: what is to be appended, in order.
        known: digests that the ledger has.
        at_once: how many samples one statement may name.
    """
    seen, fresh = set(known), []
    for row in rows:
        fresh.append(row["digest"] not in seen)
        seen.add(row["digest"])
    doubtful = {_speaker(row) for row, is_new in zip(rows, fresh, strict=True) if not is_new}
    samples = {sample for sample, _, _ in doubtful}
    of_speaker: dict[Speaker, list[int]] = {speaker: [] for speaker in doubtful}
    for place, row in enumerate(rows):
        of_speaker.get(_speaker(row), []).append(place)
    tied = _tied(rows) | set(_tied_in_ledger(connection, sorted(samples), at_once))
    there = _in_ledger(connection, sorted(samples & tied), at_once)
    found: set[int] = set()
    for speaker, places in of_speaker.items():
        before = there.get(speaker, [])
        new = [rows[place] for place in places if fresh[place]]
        every = [rows[place] for place in places]
        if speaker[0] in tied and _versions([*before, *new]) != _versions([*before, *every]):
            found |= {place for place in places if not fresh[place]}
    return found


def _speaker(row: Row) -> Speaker:
    return row["sample"], person_key(row["annotator"]), bool(row["reviewer"])


def _tied(rows: Sequence[Row]) -> set[str]:
    """Return the samples of which somebody says several things of one time."""
    unlike = {row["digest"]: row for row in rows}.values()
    times = Counter((_speaker(row), row["updated_at"]) for row in unlike)
    return {speaker[0] for (speaker, _), count in times.items() if count > 1}


def _tied_in_ledger(connection: Connection, samples: Sequence[str], at_once: int) -> Iterator[str]:
    """Yield those of these samples of which several things were said at one time."""
    when = (ledger.c.sample, ledger.c.updated_at)
    several = sa.select(ledger.c.sample).group_by(*when).having(sa.func.count() > 1)
    for start in range(0, len(samples), at_once):
        some = samples[start : start + at_once]
        yield from connection.scalars(several.where(ledger.c.sample.in_(some)))


def _in_ledger(
    connection: Connection, samples: Sequence[str], at_once: int
) -> dict[Speaker, list[Row]]:
    """Return what the ledger holds of some samples, by speaker, in order."""
    found: dict[Speaker, list[Row]] = {}
    names = ("sample", "annotator", "reviewer", "platform_id", "updated_at", "digest")
    query = sa.select(*(ledger.c[name] for name in names)).order_by(ledger.c.number)
    for start in range(0, len(samples), at_once):
        some = samples[start : start + at_once]
        for row in connection.execute(query.where(ledger.c.sample.in_(some))).mappings():
            plain = {**row, "digest": row["digest"].partition(MARK)[0]}
            found.setdefault(_speaker(plain), []).append(plain)
    return found


def _versions(rows: Iterable[Row]) -> list[tuple[str, tuple[str, str]]]:
    """Return the newest version of each platform id, in order, as `live_annotations` finds them."""
    found: Versions = {}
    for row in rows:
        own, version = row["platform_id"], (row["updated_at"], row["digest"])
        if own not in found or version[0] >= found[own][0]:
            found.pop(own, None)
            found[own] = version
    return list(found.items())
