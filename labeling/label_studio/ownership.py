"""Whose a project is: ours by a mark in its description, by what is remembered, or by its tasks."""

from __future__ import annotations

import re
from dataclasses import dataclass

from labeling.errors import LabelingError
from labeling.label_studio.client import StudioClient
from labeling.label_studio.task_queries import list_tasks
from labeling.label_studio.tasks import parse_task

MARK = re.compile(r"\[labeling:(?P<owner>[0-9a-f]*)(?P<adopted> adopted)?\]")
MADE = "Made by labeling, which knows this project by the sign at the end of this line."
USED = "Used by labeling, which knows this project by the sign at the end of this line."


@dataclass(frozen=True, slots=True)
class Mark:
    """The sign in a project's description that tells whose it is.

    Attributes:
        owner: which store's it is, as lower-case hexadecimal; empty where there is no store.
        adopted: whether the project was there before, with what people had set up.
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
        """Whether this may be the mark of an owner; who has no store cannot be told apart."""
        return not self.owner or not owner or self.owner == owner


def mark_in(description: str, owner: str) -> Mark | None:
    """Return an owner's mark in a description; `None` where there is none.

    >>> mark_in("Mails of May. [labeling:1f adopted]", "1f")
    Mark(owner='1f', adopted=True)
    >>> mark_in("Mails of May. [labeling:1f]", "2e")
    """
    return next((one for one in _marks(description) if one.is_of(owner)), None)


def is_marked(description: str) -> bool:
    """Whether a description holds anybody's mark."""
    return bool(_marks(description))


def _marks(description: str) -> list[Mark]:
    found = MARK.finditer(description)
    return [Mark(one["owner"], one["adopted"] is not None) for one in found]


def marked(description: str, mark: Mark) -> str:
    """Return a description with a mark, in a line of its own behind what is there.

    >>> print(marked("Mails of May.", Mark("1f", adopted=True)))
    Mails of May.
    <BLANKLINE>
    Used by labeling, which knows this project by the sign at the end of this line. [labeling:1f adopted]
    """
    line = f"{USED if mark.adopted else MADE} {mark}"
    return f"{description.rstrip()}\n\n{line}" if description.strip() else line


def has_other_tasks(line: StudioClient, project: int) -> bool:
    """Whether a project has tasks that were not sent by this package."""
    found = list_tasks(line, project, [], include="id,data,meta")
    return any((task := parse_task(one)) is None or not task.is_sent_by_us for one in found)
