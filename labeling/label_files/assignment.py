"""Who is asked about which sample, and what people are called."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.errors import LabelingError, near, repeated, shown
from labeling.label_files.cells import tidy
from labeling.records import Message, order_by_chance, person_key, refuse_unsafe

LONGEST = 40  # characters of a name in the name of a file


class Roster:
    """The people who may be asked; nobody named means whoever comes.

    Raises:
        LabelingError: a name that is no text, empty, with odd white space, or given twice but for how it is written.

    >>> Roster(["Ann", "Bob"], "annotators").resolve(" ann ")
    'Ann'
    >>> whoever = Roster([], "annotators")
    >>> whoever.resolve("Eve"), whoever.resolve(" eve ")
    ('Eve', 'Eve')
    """

    def __init__(self, names: Iterable[str], what: str) -> None:
        self.names = (names,) if isinstance(names, str) else tuple(names)
        self.what = what
        wrong = [
            one
            for one in self.names
            if not isinstance(one, str) or tidy(one) != one or not person_key(one)
        ]
        if wrong:
            raise LabelingError(
                f"`{what}` must be names with single spaces inside and none around, so that they are"
                f" the same wherever they are typed. Got {shown(wrong)}."
            )
        refuse_unsafe(self.names, f"`{what}`")
        doubled = repeated(person_key(name) for name in self.names)
        if doubled:
            raise LabelingError(
                f"`{what}` must differ by more than case, width, white space and signs that nobody"
                f" sees, since such names are one person's. Given twice: {shown(doubled)}."
            )
        self._by_key = {person_key(name): name for name in self.names}

    def resolve(self, name: str) -> str | None:
        """Return the person of a name as typed, or `None` where people are named and none is it.

        With nobody named, whoever comes is called as they were when first met.
        """
        if self.names:
            return self._by_key.get(person_key(name))
        return self._by_key.setdefault(person_key(name), tidy(name))

    def hint(self, name: str) -> str:
        """Return who there is, and who may be meant."""
        return f"{self.what} are {shown(self.names, 20)}.{near(name, self.names)}"


def is_barred(name: str, barred: Collection[str]) -> bool:
    """Return whether a person is among those who are not to be asked."""
    return person_key(name) in set(map(person_key, barred))


def name_in_file(person: str) -> str:
    """Return what stands for a person in the name of a file: different for different people.

    >>> name_in_file("ann"), name_in_file("../ann")
    ('ann', 'ann-0dd1f074')
    """
    plain = re.sub(r"[^\w-]+", "_", person).strip("_")[:LONGEST]
    if plain == person:
        return plain
    digest = hashlib.blake2b(person.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{plain}-{digest}" if plain else digest


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who is to get which question.

    Attributes:
        rows: message and person (`""`: whoever comes), in the order of the messages.
        short: messages for which fewer people are there than votes are asked for, and how many.
    """

    rows: tuple[tuple[Message, str], ...]
    short: tuple[tuple[Message, int], ...] = ()


def assign(
    messages: Sequence[Message],
    people: Roster,
    there: Mapping[str, Collection[str]],
    held: Mapping[str, Collection[str]],
) -> Assignment:
    """Deal messages to people so that all get equally many, and any two meet on some.

    Who gets a sample depends on the samples that are dealt and the people, not on an order. What is
    there already is not dealt again, and nobody gets a sample twice.

    Args:
        messages: the questions, in order.
        people: who may be asked.
        there: who has a row already, by the message's key.
        held: who has a row of the sample for another question, and is not to get one more.
    """
    if not people.names:
        return Assignment(tuple((one, "") for one in messages if one.key not in there))
    planned = _plan(messages, people.names, held)
    rows: list[tuple[Message, str]] = []
    for one in messages:
        has = there.get(one.key, ())
        if "" not in has:
            missing = [name for name in planned[one.key] if name not in has]
            rows += [(one, name) for name in missing[: max(one.votes - len(has), 0)]]
    short = [(one, len(planned[one.key])) for one in messages if len(planned[one.key]) < one.votes]
    return Assignment(tuple(rows), tuple(short))


def _plan(
    messages: Sequence[Message], names: Sequence[str], held: Mapping[str, Collection[str]]
) -> dict[str, list[str]]:
    """Return who is to answer each message: those who have least, and of these by chance."""
    load = dict.fromkeys(sorted(names), 0)
    ids = pd.Index([repr(one.sample_id) for one in messages], dtype=object)
    planned: dict[str, list[str]] = {}
    for place in order_by_chance(ids, np.random.default_rng(0)).tolist():
        one = messages[place]
        barred = (*one.not_annotators, *held.get(one.key, ()))
        free = [name for name in load if not is_barred(name, barred)]
        free.sort(key=lambda name: (load[name], _chance(ids[place], name)))
        planned[one.key] = free[: one.votes]
        for name in planned[one.key]:
            load[name] += 1
    return planned


def _chance(sample_id: str, name: str) -> bytes:
    both = f"{sample_id} {name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(both, digest_size=8).digest()
