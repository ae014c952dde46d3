"""What is asked of an annotation platform, remembered until the platform has it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["ask", "ask again", "escalate"]


@dataclass(frozen=True, slots=True)
class Message:
    """One thing asked of a platform about one sample.

    Attributes:
        number: its place in the order in which things were asked, from 1.
        key: unique for ever; a platform keeps it with what it makes, to find it again.
        kind: `ask` for first votes, `ask again` for more, `escalate` for a reviewer's decision.
        sample_id: the sample.
        batch: the number of the batch that the sample was chosen in.
        votes: how many votes are asked for; 1 for a reviewer's decision.
        not_annotators: who is not to be asked, since they spoke of the sample before.
        begun: whether sending was begun before: it may have arrived, so look before you repeat.
    """

    number: int
    key: str
    kind: Kind
    sample_id: Hashable
    batch: int
    votes: int = 1
    not_annotators: tuple[str, ...] = ()
    begun: bool = False


class Outbox(Protocol):
    """Messages to a platform that outlive the process: each is delivered once.

    A platform takes those that wait, looks up which of the `begun` ones it has already, calls
    `begin` before it sends the others and `confirm` when it has them.
    """

    def waiting(self, kind: Kind) -> tuple[Message, ...]:
        """Return the messages of a kind that are not confirmed, in order; one a sample at most."""
        ...

    def begin(self, messages: Iterable[Message]) -> None:
        """Remember that these are about to be sent."""
        ...

    def confirm(self, platform_ids: Mapping[str, str]) -> None:
        """Remember that these keys arrived, and what the platform calls each."""
        ...


def waiting_on(outbox: Outbox, kind: Kind, sample_ids: Iterable[Hashable]) -> tuple[Message, ...]:
    """Return the messages of a kind that wait, of these samples only, in order."""
    wanted = set(sample_ids)
    return tuple(one for one in outbox.waiting(kind) if one.sample_id in wanted)
