"""All annotated tasks of any project that the token may see, whoever made it and whatever its controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.errors import PlatformError, near
from labeling.label_studio.client import StudioClient
from labeling.label_studio.projects import project_titles
from labeling.label_studio.task_queries import export_tasks, user_names


@dataclass(frozen=True, slots=True)
class AnnotatedTasks:
    """The annotated tasks of a project.

    Attributes:
        id: the project's id on the server.
        title: its title.
        tasks: as the server's JSON export has them; skipped ones, too.
        names: the e-mail addresses of the people by the server's ids.
    """

    id: int
    title: str
    tasks: list[Mapping[str, Any]] = field(repr=False)
    names: Mapping[int, str] = field(repr=False)


def annotated_tasks(line: StudioClient, wanted: str | int) -> AnnotatedTasks:
    """Return the annotated tasks of a project; nothing is changed.

    Args:
        line: to the server.
        wanted: the project's title or id.

    Raises:
        PlatformError: there is none, or there are several of that title.
        UnreachableError: the server does not answer.
    """
    every = project_titles(line)
    found = [(own, title) for own, title in every if wanted in (own, title)]
    if len(found) != 1:
        ids = f" There are {len(found)}, with the ids {', '.join(str(own) for own, _ in found)}."
        raise PlatformError(
            f"There must be one project {wanted!r} on {line.url} that this token may see."
            f"{ids if found else near(wanted, [title for _, title in every])} Give its id."
        )
    ((own, title),) = found
    return AnnotatedTasks(own, title, export_tasks(line, own), user_names(line))
