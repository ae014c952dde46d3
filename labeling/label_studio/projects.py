"""Projects on the server: finds, creates and reads the annotators' and the reviewers' project."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError, listed, near
from labeling.label_studio.client import NotFoundError, StudioClient, TransientError
from labeling.label_studio.config_reader import read_interface
from labeling.label_studio.interface import (
    Interface,
    controls_in,
    label_differences,
    parse_config,
)
from labeling.label_studio.labeling_config import is_generated
from labeling.label_studio.ownership import (
    Mark,
    has_foreign_tasks,
    is_marked,
    mark_in,
    marked,
)
from labeling.records import LabelSchema

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Sdk

logger = logging.getLogger(__name__)

PAGE_SIZE = 500
LONGEST_TITLE = 50  # characters that the server accepts


@dataclass(frozen=True, slots=True)
class StudioProject:
    """A snapshot of a project on the server.

    Attributes:
        id: the server's id.
        title: the project's title.
        config: its labeling config.
        interface: where labels are in its annotations.
        description: its description.
        settings: those of its settings that this package sets.
        model_version: the model version whose predictions order its tasks; empty before the first.
        tasks: the number of its tasks.
        annotations: the number of its annotations, skips included.
    """

    id: int
    title: str
    config: str = field(repr=False)
    interface: Interface
    description: str = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    model_version: str = ""
    tasks: int = 0
    annotations: int = 0

    def require_labels(self, schema: LabelSchema) -> None:
        """Raise a PlatformError unless the project offers exactly the schema's labels."""
        difference = label_differences(self.interface, schema)
        if difference:
            raise PlatformError(
                f"The labeling config of {self.title!r} must offer the labels of the schema,"
                f" {listed(schema.labels, 10)}: {difference}. Nothing was sent. `labeling studio"
                " init` updates it unless annotations would lose their labels; or change `labels`."
            )

    def contents(self) -> str:
        """Return a sentence on what the project contains, for messages."""
        controls = ", ".join(controls_in(parse_config(self.config, self.title))[:10]) or "none"
        return (
            f"It contains {self.tasks} tasks and {self.annotations} annotations; its controls:"
            f" {controls}."
        )


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """Which project is used, and how it is created if it does not exist.

    Attributes:
        title_or_id: its title, or its id on the server.
        schema: the labels.
        settings: the settings of a new project, by the SDK's names.
        generated_configs: all labeling configs that this package generates for such a project.
        owner: the owner in the mark of a new project; see `Mark`.
    """

    title_or_id: str | int
    schema: LabelSchema = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    generated_configs: tuple[str, ...] = field(default=(), repr=False)
    owner: str = field(default="", repr=False)

    def find(self, client: StudioClient, cached_id: int | None = None) -> StudioProject | None:
        """Return the project, which must be owned by this spec; `None` if there is none.

        Args:
            client: the server's client.
            cached_id: the id that it had when it was last found.

        Raises:
            PlatformError: there are several of that title, its labeling config cannot be used, or
                it is owned by somebody else.
        """
        project_id = self.title_or_id if isinstance(self.title_or_id, int) else cached_id
        if project_id is None:
            project = self.find_by_title(client)
        else:
            project = self.find_by_id(client, project_id)
            if project is None:
                raise self._deleted_error(client, project_id)
        if project is not None and not self.is_owned(client, project, cached_id):
            raise self.ownership_error(client, project)
        return project

    def require(self, client: StudioClient, cached_id: int | None = None) -> StudioProject:
        """Return the project, which must exist and be owned by this spec.

        Raises:
            PlatformError: there is none, or none that can be used.
        """
        project = self.find(client, cached_id)
        if project is None:
            titles = [title for _, title in project_titles(client)]
            raise PlatformError(
                f"There is no project {self.title_or_id!r} on {client.url} that this token may see."
                f"{near(self.title_or_id, titles)} `labeling studio init` creates it."
            )
        return project

    def find_any(self, client: StudioClient, cached_id: int | None = None) -> StudioProject | None:
        """Return the project of any owner; if the last known one was deleted, search by its title.

        Raises:
            PlatformError: there are several of that title, there is none of that id, or its
                labeling config cannot be used.
        """
        if isinstance(self.title_or_id, int):
            project = self.find_by_id(client, self.title_or_id)
            if project is None:
                raise self._deleted_error(client, self.title_or_id)
            return project
        cached = None if cached_id is None else self.find_by_id(client, cached_id)
        return cached or self.find_by_title(client)

    def is_owned(
        self, client: StudioClient, project: StudioProject, cached_id: int | None = None
    ) -> bool:
        """Whether a project was created or adopted for this spec.

        Earlier versions wrote no marks: their projects are recognized by the tasks, or without
        tasks by the labeling config.
        """
        if project.id == cached_id or mark_in(project.description, self.owner) is not None:
            return True
        if is_marked(project.description):
            return False
        if not project.tasks:
            return is_generated(project.config, *self.generated_configs)
        return not has_foreign_tasks(client, project.id)

    def ownership_error(self, client: StudioClient, project: StudioProject) -> PlatformError:
        """Return the error that a project is owned by somebody else, with the ways out."""
        is_others = is_marked(project.description)
        maker = "for another project folder by labeling" if is_others else "by somebody else"
        return PlatformError(
            f"The project {project.title!r} (id {project.id}) on {client.url} was made {maker}. "
            f"{project.contents()} Nothing was read or changed. Choose another title (`project` and"
            " `expert_project`), or adopt it: `labeling studio init --adopt`, or"
            " `LabelStudio.init(adopt=True)`, keeps its controls, texts and settings, and adds the"
            " missing labels; with `--dry-run` it only reports what would change."
        )

    def find_by_title(self, client: StudioClient) -> StudioProject | None:
        """Return the project of this title and any owner.

        Raises:
            PlatformError: there are several, or its labeling config cannot be used.
        """
        ids = [
            project_id for project_id, title in project_titles(client) if title == self.title_or_id
        ]
        if len(ids) > 1:
            raise PlatformError(
                f"There must be one project {self.title_or_id!r} on {client.url}. There are"
                f" {len(ids)}, with the ids {', '.join(map(str, ids))}: give `project` the id of"
                " the right one, or another title."
            )
        return self.find_by_id(client, ids[0]) if ids else None

    def get_or_create(self, client: StudioClient) -> StudioProject:
        """Return the project, created if there is none; created once, whatever fails."""
        action = f"making the project {self.title_or_id!r}"
        settings = {"title": str(self.title_or_id), **self.creation_settings()}

        def attempt() -> StudioProject:
            # An answer may have been lost, and another process may have made one at this moment.
            ids = self._set_duplicates_aside(client)
            if ids:
                return self._owned(client, ids[0]) if len(ids) == 1 else self.require(client)
            logger.info("making the project %r in Label Studio", self.title_or_id)
            created = client.request_once(action, lambda sdk: sdk.projects.create(**settings))
            return self.require(client, self._keep_first(client, int(created.id or 0)))

        if isinstance(self.title_or_id, int):
            return self.require(client)
        return client.with_retries(action, attempt)

    def _owned(self, client: StudioClient, project_id: int) -> StudioProject:
        """Return the project of an id that was just listed; it must be owned by this spec."""
        project = self.find_by_id(client, project_id)
        if project is None:
            raise TransientError("its project was there a moment ago, and is not found")
        if not self.is_owned(client, project):
            raise self.ownership_error(client, project)
        return project

    def creation_settings(self) -> dict[str, Any]:
        """Return all settings of a new project."""
        return {"description": marked("", Mark(self.owner)), **self.settings}

    def _keep_first(self, client: StudioClient, created_id: int) -> int:
        """Return the first project of this title, after setting aside the others of ours.

        Another process may have been first, and a server that finds its database locked makes the
        same project twice.
        """
        return min(self._set_duplicates_aside(client), default=created_id)

    def _set_duplicates_aside(self, client: StudioClient) -> list[int]:
        """Set aside all but the first project of this title that are ours and have no tasks.

        Returns:
            The ids of the projects that still have this title, in order.
        """
        titles = project_titles(client)
        ids = [project_id for project_id, title in titles if title == self.title_or_id]
        kept = ids[:1]
        for project_id in ids[1:]:
            project = self.find_by_id(client, project_id)
            mark = None if project is None else mark_in(project.description, self.owner)
            if project is not None and mark is not None and not (mark.adopted or project.tasks):
                self._set_aside(client, project_id)
            elif project is not None:
                kept.append(project_id)
        return kept

    def _set_aside(self, client: StudioClient, project_id: int) -> None:
        """Rename an empty project of ours, so that only the first one has the title.

        It is not deleted: while Label Studio deletes a project it counts no annotation of any
        project, and after two deletions at the same time none until it is restarted.
        """
        title = surplus_title(str(self.title_or_id), project_id)
        with contextlib.suppress(NotFoundError):
            client.request_idempotent(
                "renaming a duplicate project",
                lambda sdk: sdk.projects.update(project_id, title=title),
            )
            logger.warning(
                "The project %r was made more than once at the same moment: the first is used, and"
                " an empty one is now called %r. Delete it when nobody labels.",
                self.title_or_id,
                title,
            )

    def find_by_id(self, client: StudioClient, project_id: int) -> StudioProject | None:
        """Return the project of an id and any owner; `None` if there is none.

        Raises:
            PlatformError: its labeling config cannot be used.
        """
        try:
            fields = client.request_idempotent(
                f"reading the project {self.title_or_id!r}", lambda sdk: _read(sdk, project_id)
            )
        except NotFoundError:
            return None
        title, config = str(fields.get("title")), str(fields.get("label_config"))
        return StudioProject(
            id=project_id,
            title=title,
            config=config,
            interface=read_interface(config, title, self.schema),
            description=str(fields.get("description") or ""),
            settings={name: fields.get(name) for name in self.settings},
            model_version=str(fields.get("model_version") or ""),
            tasks=int(fields.get("task_number") or 0),
            annotations=int(fields.get("total_annotations_number") or 0)
            + int(fields.get("skipped_annotations_number") or 0),
        )

    def _deleted_error(self, client: StudioClient, project_id: int) -> PlatformError:
        return PlatformError(
            f"The project {self.title_or_id!r} (id {project_id}) is not on {client.url}: it was"
            " deleted, or this token may not see it. The annotations pulled from it are kept."
            " `labeling studio init` creates a new one."
        )


def surplus_title(title: str, project_id: int) -> str:
    """Return what the second project of a title is called: short enough for the server.

    >>> surplus_title("mails", 7)
    'mails (surplus 7)'
    """
    suffix = f" (surplus {project_id})"
    return f"{title[: LONGEST_TITLE - len(suffix)]}{suffix}"


def task_count(client: StudioClient, project_id: int) -> int:
    """Return the number of tasks of a project."""
    fields = client.request_idempotent("counting the tasks", lambda sdk: _read(sdk, project_id))
    return int(fields.get("task_number") or 0)


def project_titles(client: StudioClient) -> Sequence[tuple[int, str]]:
    """Return the id and title of every visible project, in the order of ids."""

    def read(sdk: Sdk) -> list[tuple[int, str]]:
        # In this order: a project that is made between the server's count and its query is cut off,
        # and not the first one.
        pages: Any = sdk.projects.list(page_size=PAGE_SIZE, include="id,title", ordering="id")
        return sorted((int(project.id or 0), str(project.title)) for project in pages)

    return client.request_idempotent("listing the projects", read)


def _read(sdk: Sdk, project_id: int) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = sdk.projects.get(project_id).model_dump()
    if fields.get("id") != project_id or not fields.get("label_config"):
        raise TransientError("a response without the project")
    return fields
