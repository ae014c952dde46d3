"""`KnownProblem`: a named pattern of failures."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from labeling.errors import ConfigError, listed, near
from labeling.records import is_number, is_whole_number
from labeling.rendering import Displayed

STATUSES = ("open", "watching", "fixed", "accepted")
LEAST_HARM, MOST_HARM = 1, 5


@dataclass(frozen=True, slots=True)
class KnownProblem(Displayed):
    """A named pattern of failures.

    Attributes:
        name: unique in its list.
        description: what fails, and how to see it.
        slice: the name of the slicing function that finds its rows; empty where `ids` does.
        ids: the ids of its test rows, where no function finds them.
        affected: the share of users or requests that meet it, 0 to 1; `None` takes the share of
            samples that are in the slice.
        harm: of one error, from 1 (a nuisance) to 5 (must not happen).
        owner: who looks after it.
        status: "open", "watching", "fixed" or "accepted".

    >>> KnownProblem("sarcasm", slice="is_sarcastic", harm=4).status
    'open'
    """

    name: str
    description: str = ""
    slice: str = ""
    ids: tuple[Hashable, ...] = ()
    affected: float | None = None
    harm: int = 1
    owner: str = ""
    status: str = "open"

    def __post_init__(self) -> None:
        object.__setattr__(self, "ids", tuple(self.ids))
        for field in ("name", "description", "slice", "owner", "status"):
            if not isinstance(getattr(self, field), str):
                raise self._error(f"{field!r} must be a text", getattr(self, field))
        if not self.name.strip():
            raise self._error("the name must not be empty", self.name)
        if bool(self.slice) == bool(self.ids):
            raise self._error("there must be either 'slice' or 'ids'", (self.slice, self.ids))
        affected = self.affected
        if affected is not None and not (is_number(affected) and 0 <= affected <= 1):
            raise self._error("'affected' must be a share from 0 to 1", affected)
        if not is_whole_number(self.harm) or not LEAST_HARM <= self.harm <= MOST_HARM:
            raise self._error("'harm' must be a whole number from 1 to 5", self.harm)
        if self.status not in STATUSES:
            wrong = f"'status' must be one of {listed(STATUSES)}{near(self.status, STATUSES)}"
            raise self._error(wrong, self.status)

    def _error(self, wrong: str, given: object) -> ConfigError:
        return ConfigError(f"Of problem {self.name!r} {wrong}. Got {given!r}.")
