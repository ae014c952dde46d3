"""Ownership of projects: a mark in the project's description, and tasks that others imported."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labeling.errors import LabelingError
from labeling.label_studio.client import StudioClient
from labeling.label_studio.task_queries import list_tasks
from labeling.label_studio.tasks import parse_task

MARK = re.compile(r"\[labeling:(?P<owner>[0-9a-f]*)(?P<adopted> adopted)?\]")
# Stored on servers: these texts stay as they are.
MADE = "Made by labeling, which knows this project by the sign at the end of this line."
USED = "Used by labeling, which knows this project by the sign at the end of this line."


@dataclass(frozen=True, slots=True)
class Mark:
    """The mark in a project's description that names its owner.

    Attributes:
        owner: the id of the owning store, as lower-case hexadecimal; empty without a store.
        adopted: whether the project existed before, with settings of its own.
    """

    owner: str
    adopted: bool = False

    def __post_init__(self) -> None:
        if not re.fullmatch("[0-9a-f]*", self.owner):
            raise LabelingError(
                f"An owner must be written in lower-case hexadecimal digits. Got {self.owner!r}."
            )

    def __str__(self) -> str:
        return f"[labeling:{self.owner}{' adopted' if self.adopted else ''}]"

    def is_of(self, owner: str) -> bool:
        """Whether this may be an owner's mark; without a store owners cannot be distinguished."""
        return not self.owner or not owner or self.owner == owner


def mark_in(description: str, owner: str) -> Mark | None:
    """Return an owner's mark in a description; `None` if there is none.

    >>> mark_in("Mails of May. [labeling:1f adopted]", "1f")
    Mark(owner='1f', adopted=True)
    >>> mark_in("Mails of May. [labeling:1f]", "2e")
    """
    return next((mark for mark in _marks(description) if mark.is_of(owner)), None)


def is_marked(description: str) -> bool:
    """Whether a description has the mark of any owner."""
    return bool(_marks(description))


def _marks(description: str) -> list[Mark]:
    return [
        Mark(match["owner"], match["adopted"] is not None) for match in MARK.finditer(description)
    ]


def marked(description: str, mark: Mark) -> str:
    """Return a description with a mark appended on a line of its own.

    >>> print(marked("Mails of May.", Mark("1f", adopted=True)))  # doctest: +NORMALIZE_WHITESPACE
    Mails of May.
    <BLANKLINE>
    Used by labeling, which knows this project by the sign at the end of this line.
    [labeling:1f adopted]
    """
    sentence = f"{USED if mark.adopted else MADE} {mark}"
    return f"{description.rstrip()}\n\n{sentence}" if description.strip() else sentence


def has_foreign_tasks(client: StudioClient, project_id: int) -> bool:
    """Whether a project has tasks that this package did not import."""
    return any(
        (task := parse_task(raw_task)) is None or not task.is_sent_by_us
        for raw_task in list_tasks(client, project_id, [], include="id,data,meta")
    )
