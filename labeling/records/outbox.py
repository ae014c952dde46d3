"""The outbox pattern: messages to an annotation platform, kept until the platform has them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from labeling.errors import StoreError
from labeling.records.ids import encode_id
from labeling.rendering import Displayed


class MessageKind(StrEnum):
    """What a message asks for."""

    ASK = "ask"
    """First votes on a sample."""

    ASK_AGAIN = "ask again"
    """More votes on a sample."""

    ESCALATE = "escalate"
    """A reviewer's decision on a sample."""


class MessageState(StrEnum):
    """How far the delivery of a message is."""

    WAITING = "waiting"
    """Delivery was not started."""

    BEGUN = "begun"
    """Delivery was started: the platform may have it."""

    SENT = "sent"
    """The platform has it."""


class BatchState(StrEnum):
    """How far a batch is."""

    CHOSEN = "chosen"
    """It can still be replaced by another choice."""

    PUSHING = "pushing"
    """Its messages are in the outbox; some may have been delivered."""

    PUSHED = "pushed"
    """The platform has all of it."""


class SampleState(StrEnum):
    """How far the annotation of a sample is."""

    CHOSEN = "chosen"
    """It is in a batch that was not pushed."""

    ASKED = "asked"
    """Annotators were asked, and none has answered."""

    COLLECTING = "collecting"
    """More votes are needed."""

    ESCALATED = "escalated"
    """It waits for a reviewer."""

    SETTLED = "settled"
    """Enough annotators agree."""

    REVIEWED = "reviewed"
    """A reviewer has decided."""

    UNRESOLVED = "unresolved"
    """The reviewer could not decide."""

    WITHDRAWN = "withdrawn"
    """It left the data before it was settled, or its text changed."""


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message before an outbox numbers it.

    Attributes:
        kind: what is asked for.
        sample_id: the sample.
        batch: the number of the batch that the sample was chosen in.
        votes: how many votes are asked for; 1 for a reviewer's decision.
        not_annotators: who must not be asked.
        after: how many votes (for a decision: how many reviews; for first votes: how many such
            messages) preceded the message. It distinguishes repeated messages of one kind about one
            sample.
    """

    kind: MessageKind
    sample_id: Hashable
    batch: int = 0
    votes: int = 1
    not_annotators: tuple[str, ...] = ()
    after: int = 0


@dataclass(frozen=True, slots=True)
class Message(Displayed):
    """A message to a platform about one sample.

    Attributes:
        number: its position in the order of asking, from 1.
        key: unique; the platform stores it with what it creates, to find it again.
        kind: what is asked for.
        sample_id: the sample.
        batch: the number of the batch that the sample was chosen in.
        votes: how many votes are asked for; 1 for a reviewer's decision.
        not_annotators: who must not be asked, since they annotated the sample before.
        begun: whether delivery was started before: look for it on the platform before sending.
    """

    number: int
    key: str
    kind: MessageKind
    sample_id: Hashable
    batch: int
    votes: int = 1
    not_annotators: tuple[str, ...] = ()
    begun: bool = False


class Outbox(Protocol):
    """Messages to a platform, each of which is delivered once.

    A platform takes the waiting messages, looks up which of the `begun` ones it has already, calls
    `begin` before it sends the others, and `confirm` when they have arrived.
    """

    def waiting(self, kind: MessageKind) -> tuple[Message, ...]:
        """Return the unconfirmed messages of a kind in order, at most one per sample."""
        ...

    def begin(self, messages: Iterable[Message]) -> None:
        """Record that delivery of these messages starts."""
        ...

    def confirm(self, platform_ids: Mapping[str, str]) -> None:
        """Record that the messages of these keys arrived, each with the platform's own id."""
        ...


class EphemeralOutbox(Displayed):
    """An outbox in memory, for a platform that is used without a store.

    Nothing outlives the process, so every message counts as begun: the platform looks for it before
    it sends it.

    >>> outbox = EphemeralOutbox()
    >>> outbox.replace(MessageKind.ASK, [NewMessage(MessageKind.ASK, "a", votes=2)])
    >>> [message.key for message in outbox.waiting(MessageKind.ASK)]
    ['ask: "a"']
    >>> outbox.confirm({'ask: "a"': "task 7"})
    >>> outbox.waiting(MessageKind.ASK), len(outbox.sent())
    ((), 1)
    """

    def __init__(self) -> None:
        self._waiting: dict[str, Message] = {}
        self._sent: dict[str, Message] = {}

    def replace(
        self, kind: MessageKind, messages: Iterable[NewMessage], *, first_number: int = 1
    ) -> None:
        """Make these the only waiting messages of a kind, even those that were sent before."""
        self._waiting = {key: old for key, old in self._waiting.items() if old.kind != kind}
        for number, new in enumerate(messages, first_number):
            key = message_key(kind, new.sample_id, new.after)
            self._waiting[key] = Message(
                number,
                key,
                kind,
                new.sample_id,
                new.batch,
                new.votes,
                new.not_annotators,
                begun=True,
            )

    def waiting(self, kind: MessageKind) -> tuple[Message, ...]:
        """Return the unconfirmed messages of a kind in order."""
        return tuple(message for message in self._waiting.values() if message.kind == kind)

    def sent(self) -> tuple[Message, ...]:
        """Return the confirmed messages, in the order of confirmation."""
        return tuple(self._sent.values())

    def begin(self, messages: Iterable[Message]) -> None:
        """Do nothing: every message counts as begun."""

    def confirm(self, platform_ids: Mapping[str, str]) -> None:
        """Record that the messages of these keys arrived."""
        for key in platform_ids:
            message = self._waiting.pop(key, None)
            if message is not None:
                self._sent.pop(key, None)
                self._sent[key] = message


def message_key(kind: MessageKind, sample_id: Hashable, after: int = 0) -> str:
    """Return the key of a message: the same in every outbox and on every platform.

    >>> message_key(MessageKind.ASK, "a"), message_key(MessageKind.ASK_AGAIN, 7, after=2)
    ('ask: "a"', 'ask again after 2: 7')
    """
    try:
        encoded = encode_id(sample_id)
    except StoreError:  # only platforms without a store may accept such an id
        encoded = repr(sample_id)
    if kind == MessageKind.ASK:  # nobody shall see that a sample with a gold label is asked again
        return f"{kind}: {' ' * after}{encoded}"
    count = f" after {after}" if after or kind == MessageKind.ASK_AGAIN else ""
    return f"{kind}{count}: {encoded}"


def waiting_on(
    outbox: Outbox, kind: MessageKind, sample_ids: Iterable[Hashable]
) -> tuple[Message, ...]:
    """Return the waiting messages of a kind about these samples, in order."""
    wanted = set(sample_ids)
    return tuple(message for message in outbox.waiting(kind) if message.sample_id in wanted)
