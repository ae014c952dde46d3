"""A walk over everything that a labeling function uses, which hashes it on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Handler = Callable[["Walk", Any, str], None]
Fallback = Callable[["Walk", Any, str], bool]


class Walk:
    """Hashes objects by content; equal contents have equal hashes in all processes.

    Each part is hashed with its length, so that no two sequences of parts are the same bytes. An
    object that is met again is hashed as its number, so circles end.

    Args:
        handlers: by exact type, what hashes its objects.
        fallbacks: tried one after another on objects of other types; each returns whether the
            object was its.

    Attributes:
        unseen: noun phrases for what cannot be hashed, in the order in which it was met.
        has_state: whether an object was met that a function could change in place.
        may_change_state: whether a function was met that could change an object in place.
    """

    def __init__(self, handlers: Mapping[type, Handler], fallbacks: Sequence[Fallback]) -> None:
        self.unseen: dict[str, None] = {}
        self.has_state = False
        self.may_change_state = False
        self._handlers, self._fallbacks = handlers, fallbacks
        self._hash = hashlib.blake2b(digest_size=20)
        self._numbers: dict[int, int] = {}
        self._alive: list[Any] = []  # an id is unique only among objects that exist

    def digest(self) -> str:
        """Return the hash of all parts so far."""
        return self._hash.hexdigest()

    def put(self, *parts: str) -> None:
        """Hash texts."""
        for part in parts:
            self.put_bytes(part.encode("utf-8", "surrogatepass"))

    def put_bytes(self, data: bytes | memoryview) -> None:
        """Hash bytes."""
        size = data.nbytes if isinstance(data, memoryview) else len(data)
        self._hash.update(b"%d:" % size)
        self._hash.update(data)

    def add(self, value: Any, name: str) -> None:
        """Hash an object.

        Args:
            value: the object.
            name: what messages call it, if it cannot be hashed.
        """
        handler = self._handlers.get(type(value))
        if handler is not None:
            handler(self, value, name)
        elif not any(fallback(self, value, name) for fallback in self._fallbacks):
            self.miss(f"{name} (a {type(value).__name__})")

    def miss(self, what: str) -> None:
        """Record something that cannot be hashed."""
        self.put("unseen", what)
        self.unseen[what] = None

    def is_known(self, value: Any) -> bool:
        """Number an object; return whether it was met before, whose number is then hashed."""
        number = self._numbers.get(id(value))
        if number is not None:
            self.put(f"again {number}")
            return True
        self._numbers[id(value)] = len(self._numbers)
        self._alive.append(value)
        return False

    def digest_of(self, value: Any, name: str) -> str:
        """Return the hash of an object by itself, for members of sets, which have no order."""
        inner = Walk(self._handlers, self._fallbacks)
        inner._alive = self._alive
        inner.add(value, name)
        self.unseen.update(inner.unseen)
        self.has_state |= inner.has_state
        self.may_change_state |= inner.may_change_state
        return inner.digest()
