"""Annotated tasks of any project that the token may see, whatever its owner and controls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from labeling.errors import PlatformError, near
from labeling.label_studio.client import StudioClient
from labeling.label_studio.projects import project_titles
from labeling.label_studio.task_queries import export_tasks, user_names
from labeling.rendering import Displayed


@dataclass(frozen=True, slots=True)
class AnnotatedTasks(Displayed):
    """The annotated tasks of a project.

    Attributes:
        id: the project's id on the server.
        title: its title.
        tasks: the tasks of the server's JSON export, skipped ones included.
        names: the e-mail addresses of the users, by the server's ids.
    """

    id: int
    title: str
    tasks: list[Mapping[str, Any]] = field(repr=False)
    names: Mapping[int, str] = field(repr=False)


def annotated_tasks(client: StudioClient, title_or_id: str | int) -> AnnotatedTasks:
    """Return the annotated tasks of a project; nothing is changed.

    Args:
        client: the server's client.
        title_or_id: the project's title or id.

    Raises:
        PlatformError: there is none, or there are several of that title.
        UnreachableError: the server does not answer.
    """
    projects = project_titles(client)
    matches = [project for project in projects if title_or_id in project]
    if len(matches) != 1:
        ids = ", ".join(str(project_id) for project_id, _ in matches)
        hint = (
            f" There are {len(matches)}, with the ids {ids}."
            if matches
            else near(title_or_id, [title for _, title in projects])
        )
        raise PlatformError(
            f"There must be one project {title_or_id!r} on {client.url} that this token may see."
            f"{hint} Give its id."
        )
    ((project_id, title),) = matches
    return AnnotatedTasks(project_id, title, export_tasks(client, project_id), user_names(client))
