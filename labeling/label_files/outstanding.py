"""Votes that are still to come, and files that were sent and are gone."""

from __future__ import annotations

import re
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from labeling.errors import counted, shown
from labeling.label_files.assignment import Roster, name_in_file
from labeling.label_files.own_messages import Asked
from labeling.label_files.row_key import plain_id
from labeling.label_files.sheets import Contents
from labeling.records import Annotation, Message, Problem

Sent = Mapping[Message, str]
"""The messages that were confirmed, and what each was confirmed as: names of files."""

FILE = re.compile(r"(.+?\.(?:csv|xlsx|jsonl))(?:, |$)", re.IGNORECASE | re.DOTALL)


@dataclass(slots=True)
class Responses:
    """Who spoke: of each sample as an annotator, and on each question."""

    of: dict[Hashable, set[str]] = field(default_factory=dict)
    on: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def in_ledger(cls, live: Iterable[Annotation], people: Roster) -> Responses:
        """Return who is heard in annotations, by the names that these people go by."""
        heard = cls()
        for one in live:
            person = one.annotator
            if not one.reviewer:
                person = people.resolve(person) or person
                heard.of.setdefault(one.sample_id, set()).add(person)
            key = one.platform_id.removesuffix(f"/{one.annotator}")
            heard.on.setdefault(key, set()).add(person)
        return heard


def outstanding_votes(
    asked: Mapping[str | int, Asked], heard: Responses, people: Roster
) -> dict[Hashable, int]:
    """Return how many votes on each sample the rows of the files may still bring, if any."""
    counts = {one: _of_sample(asked[one], heard, heard.of.get(one, ()), people) for one in asked}
    return {one: count for one, count in counts.items() if count}


def _of_sample(asked: Asked, heard: Responses, spoke: Collection[str], people: Roster) -> int:
    anybody, holders = 0, set[str]()  # votes of whoever comes, and people who have a row
    for key, ask in asked.asks.items():
        if ask.reviewer:
            continue
        if _is_open(asked.people[key], people):
            anybody += max(ask.votes - len(heard.on.get(key, ())), 0)
        else:
            holders |= asked.known(key, people)
    count = anybody + len(holders.difference(spoke))
    return min(count, len(set(people.names).difference(spoke))) if people.names else count


def _is_open(names: Collection[str], people: Roster) -> bool:
    """Return whether whoever comes may answer a question whose rows hold these names."""
    return not people.names or "" in names


@dataclass(frozen=True, slots=True)
class Check:
    """Finds out what became of the files that were sent.

    Attributes:
        sent: what was sent, and in which files.
        contents: what is in the folder.
        names: the names of all that is in the folder.
        asked: what the rows of the files ask about each sample.
    """

    sent: Sent
    contents: Contents
    names: Collection[str]
    asked: Mapping[str | int, Asked]

    def hidden(self, heard: Responses) -> dict[Hashable, int]:
        """Return how many votes are awaited of samples in files that cannot be read at the moment.

        A file that is there and has no rows counts too, and one that may be there by another name.
        """
        visible = {row.source.file for row in self.contents.rows}
        stems = set(map(_stem, self.names))
        unread = bool(self.contents.unread)
        hides = {
            value: any(
                unread or _stem(name) in stems for name in _files(value) if name not in visible
            )
            for value in set(self.sent.values())
        }
        asks = [one for one in self.sent if one.kind != "escalate"]
        found: dict[Hashable, int] = {one.sample_id: 0 for one in asks if hides[self.sent[one]]}
        for one in asks:
            if one.sample_id in found:
                found[one.sample_id] += max(one.votes - len(heard.on.get(one.key, ())), 0)
        return {one: count for one, count in found.items() if count}

    def gone(self, heard: Responses, people: Roster) -> Iterator[Problem]:
        """Yield a problem for each file that is gone, and with it questions that are open.

        What was asked again since is not told any more.
        """
        stems = set(map(_stem, self.names))
        files = {
            value: [name for name in _files(value) if _stem(name) not in stems]
            for value in set(self.sent.values())
        }
        last = {
            (one.sample_id, one.kind == "escalate"): one
            for one in sorted(self.sent, key=lambda one: one.number)
        }
        lost: dict[str, list[Hashable]] = {}
        for one in last.values():
            for name in self._lost(one, files[self.sent[one]], heard, people):
                lost.setdefault(name, []).append(one.sample_id)
        for name in sorted(lost):
            yield Problem(name, _gone(lost[name]))

    def _lost(
        self, one: Message, files: Sequence[str], heard: Responses, people: Roster
    ) -> list[str]:
        """Return which of the files that are gone hold a question that is open and nowhere else."""
        if not files:
            return []
        asked = self.asked.get(plain_id(one.sample_id), Asked())
        names = asked.people.get(one.key, set())
        if names and (one.kind == "escalate" or _is_open(names, people)):
            return []
        there = heard.on.get(one.key, set()) | {people.resolve(name) or name for name in names}
        if len(there) >= (min(one.votes, len(_files(self.sent[one]))) if names else one.votes):
            return []
        return [name for name in files if not any(_is_of(person, name) for person in there)]


def _is_of(person: str, file: str) -> bool:
    """Return whether a file was written for a person.

    >>> _is_of("bob", "batch-001.bob.csv"), _is_of("bob", "batch-001.bobby.csv")
    (True, False)
    """
    whose = _stem(file).rpartition(".")[2]
    return re.fullmatch(re.escape(name_in_file(person)) + "(-[0-9]+)?", whose) is not None


def _files(value: str) -> list[str]:
    """Return the names of files in what a message was confirmed as.

    >>> _files("batch-001.ann.csv, my copy, filled in.csv")
    ['batch-001.ann.csv', 'my copy, filled in.csv']
    """
    return FILE.findall(value)


def _stem(name: str) -> str:
    return PurePath(name).stem


def _gone(sample_ids: list[Hashable]) -> str:
    return (
        f"The file was sent, and is gone. {counted(len(sample_ids), 'sample in it waits', 'samples in it wait')}"
        f" for an answer:"
        f" {shown(sample_ids)}. Put it back, under any name; what is in no file is asked again."
    )
