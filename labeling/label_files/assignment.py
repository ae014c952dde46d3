"""Assigns samples to annotators, and resolves the names that people type."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.errors import LabelingError, listed, near, repeated
from labeling.label_files.cells import tidy
from labeling.records import Message, person_key, random_order, refuse_unsafe


class Roster:
    """The people who may be asked; an empty roster admits anybody.

    Raises:
        LabelingError: a name that is no text, empty, with odd white space, or given twice but for
            how it is written.

    >>> Roster(["Ann", "Bob"], "annotators").resolve(" ann ")
    'Ann'
    >>> anybody = Roster([], "annotators")
    >>> anybody.resolve("Eve"), anybody.resolve(" eve ")
    ('Eve', 'Eve')
    """

    def __init__(self, names: Iterable[str], what: str) -> None:
        self.names = (names,) if isinstance(names, str) else tuple(names)
        self.what = what
        wrong = [
            name
            for name in self.names
            if not isinstance(name, str) or tidy(name) != name or not person_key(name)
        ]
        if wrong:
            raise LabelingError(
                f"`{what}` must be names with single spaces inside and none around, so that they"
                f" are the same wherever they are typed. Got {listed(wrong)}."
            )
        refuse_unsafe(self.names, f"`{what}`")
        duplicates = repeated(person_key(name) for name in self.names)
        if duplicates:
            raise LabelingError(
                f"`{what}` must differ by more than case, width, white space and invisible"
                f" characters, since such names are one person's. Given twice:"
                f" {listed(duplicates)}."
            )
        self._by_key = {person_key(name): name for name in self.names}

    def resolve(self, name: str) -> str | None:
        """Return the person of a typed name; `None` if there is no such person.

        An empty roster resolves every name, to the spelling that it first saw.
        """
        if self.names:
            return self._by_key.get(person_key(name))
        return self._by_key.setdefault(person_key(name), tidy(name))

    def hint(self, name: str) -> str:
        """Return a sentence with all names, and the one that may be meant."""
        return f"{self.what} are {listed(self.names, 20)}.{near(name, self.names)}"


def is_excluded(name: str, excluded: Collection[str]) -> bool:
    """Return whether a person is among those who are not to be asked."""
    return person_key(name) in set(map(person_key, excluded))


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which person gets which question.

    Attributes:
        rows: message and person (`""`: anybody), in the order of the messages.
        short: messages with fewer eligible people than votes are asked for, and how many.
    """

    rows: tuple[tuple[Message, str], ...]
    short: tuple[tuple[Message, int], ...] = ()


def assign(
    messages: Sequence[Message],
    people: Roster,
    already_has_row: Mapping[str, Collection[str]],
    already_has_sample: Mapping[str, Collection[str]],
    preferred: Mapping[str, Collection[str]] | None = None,
) -> Assignment:
    """Assign messages to people so that all get equally many, and any two share some samples.

    The assignment depends on the samples and the people, not on their order. Rows that exist are
    not assigned again, and nobody gets a sample twice.

    Args:
        messages: the questions, in order.
        people: who may be asked.
        already_has_row: who has a row already, by the message's key.
        already_has_sample: who has a row of the sample for another question, and gets no second
            one, by the message's key.
        preferred: who is asked before others, by the message's key: whose own votes are asked
            again.
    """
    if not people.names:
        return Assignment(
            tuple((message, "") for message in messages if message.key not in already_has_row)
        )
    planned = _plan(messages, people.names, already_has_sample, preferred or {})
    rows: list[tuple[Message, str]] = []
    for message in messages:
        assigned = already_has_row.get(message.key, ())
        if "" not in assigned:
            missing = [name for name in planned[message.key] if name not in assigned]
            needed = max(message.votes - len(assigned), 0)
            rows += [(message, name) for name in missing[:needed]]
    short = [
        (message, len(planned[message.key]))
        for message in messages
        if len(planned[message.key]) < message.votes
    ]
    return Assignment(tuple(rows), tuple(short))


def _plan(
    messages: Sequence[Message],
    names: Sequence[str],
    already_has_sample: Mapping[str, Collection[str]],
    preferred: Mapping[str, Collection[str]],
) -> dict[str, list[str]]:
    """Return the people for each message: those with the smallest load, ties broken by a hash."""
    load = dict.fromkeys(sorted(names), 0)
    ids = pd.Index([repr(message.sample_id) for message in messages], dtype=object)
    planned: dict[str, list[str]] = {}
    for index in random_order(ids, np.random.default_rng(0)).tolist():
        message = messages[index]
        excluded = (*message.not_annotators, *already_has_sample.get(message.key, ()))
        eligible = [name for name in load if not is_excluded(name, excluded)]
        own = preferred.get(message.key, ())
        eligible.sort(key=lambda name: (name not in own, load[name], _hash(ids[index], name)))
        planned[message.key] = eligible[: message.votes]
        for name in planned[message.key]:
            load[name] += 1
    return planned


def _hash(sample_id: str, name: str) -> bytes:
    text = f"{sample_id} {name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=8).digest()
