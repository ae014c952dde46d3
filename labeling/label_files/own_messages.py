"""Messages where no outbox remembers what was asked: the files themselves do."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

from labeling.label_files.assignment import Roster
from labeling.label_files.cells import tidy
from labeling.label_files.columns import ANNOTATOR, ASK
from labeling.label_files.row_key import RowKey, parse_row_key, plain_id
from labeling.label_files.sheets import Row
from labeling.records import AskAgain, Kind, Message


@dataclass(slots=True)
class Asked:
    """What the files of a folder ask about one sample, by the keys of the questions."""

    asks: dict[str, RowKey] = field(default_factory=dict)
    people: dict[str, set[str]] = field(default_factory=dict)

    def known(self, key: str, people: Roster) -> set[str]:
        """Return who of these people has a row of a question."""
        found = map(people.resolve, self.people[key])
        return {one for one in found if one}

    def votes(self) -> int:
        """Return how many votes were asked for."""
        return sum(one.votes for one in self.asks.values() if not one.reviewer)


def asked_of(rows: Iterable[Row]) -> dict[str | int, Asked]:
    """Return what the rows ask about each sample."""
    found: dict[str | int, Asked] = {}
    for row in rows:
        ask = parse_row_key(row[ASK])
        if ask is not None:
            asked = found.setdefault(ask.sample_id, Asked())
            asked.asks[ask.key] = ask
            asked.people.setdefault(ask.key, set()).add(tidy(row[ANNOTATOR]))
    return found


def first_questions(
    ids: Iterable[Hashable], asked: dict[str | int, Asked], votes: int, batch: int
) -> tuple[Message, ...]:
    """Return a question about each sample that no file asks about, or that these keys ask about."""
    found = []
    for place, sample_id in enumerate(map(plain_id, ids), _next_number(asked)):
        key = _key("ask", sample_id)
        before = asked.get(sample_id, Asked()).asks
        if key in before or all(one.reviewer for one in before.values()):
            found.append(Message(place, key, "ask", sample_id, batch, votes, begun=True))
    return tuple(found)


def more_questions(
    pending: Sequence[AskAgain],
    asked: dict[str | int, Asked],
    outstanding_votes: Mapping[Hashable, int],
    batch: int,
) -> tuple[Message, ...]:
    """Return a question for each sample that needs more votes than are still to come."""
    found = []
    for place, one in enumerate(pending, _next_number(asked)):
        sample_id = plain_id(one.sample_id)
        before = asked.get(sample_id, Asked())
        needed = one.votes_needed - outstanding_votes.get(sample_id, 0)
        if needed > 0:
            keys = (_key("ask again", sample_id, after=n) for n in count(before.votes()))
            key = next(key for key in keys if key not in before.asks)
            barred = one.not_annotators
            found.append(Message(place, key, "ask again", sample_id, batch, needed, barred, True))
    return tuple(found)


def review_questions(ids: Iterable[Hashable], asked: dict[str | int, Asked]) -> tuple[Message, ...]:
    """Return a question for a reviewer about each sample."""
    return tuple(
        Message(place, _key("escalate", sample_id), "escalate", sample_id, 0, begun=True)
        for place, sample_id in enumerate(map(plain_id, ids), _next_number(asked))
    )


def _next_number(asked: dict[str | int, Asked]) -> int:
    return 1 + sum(len(one.asks) for one in asked.values())


def _key(kind: Kind, sample_id: str | int, after: int = 0) -> str:
    own = hashlib.blake2b(repr(sample_id).encode(), digest_size=6).hexdigest()
    return f"{kind} after {after} {own}" if after else f"{kind} {own}"
