"""The two projects on the server: one for annotators, one for reviewers; found, made or adopted."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError, near, shown
from labeling.label_studio.client import NotFoundError, StudioClient, TransientError
from labeling.label_studio.interface import (
    Interface,
    controls_in,
    differences,
    parsed,
    read_interface,
)
from labeling.label_studio.labeling_config import is_generated
from labeling.label_studio.ownership import (
    Mark,
    has_other_tasks,
    is_marked,
    mark_in,
    marked,
)
from labeling.records import LabelSchema

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Client

logger = logging.getLogger(__name__)

PAGE = 500


@dataclass(frozen=True, slots=True)
class StudioProject:
    """A project of the server as it was when it was looked at.

    Attributes:
        id: the server's own id.
        title: what people call it.
        config: its labeling config.
        interface: where labels stand in its annotations.
        description: what an administrator reads of it.
        settings: those of its settings that matter here.
        model_version: whose predictions order its tasks; empty before the first.
        tasks: how many tasks it has.
        annotations: how many annotations it has, skips included.
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
        """Raise a PlatformError unless people can choose just the schema's labels."""
        found = differences(self.interface, schema)
        if found:
            raise PlatformError(
                f"The labeling config of {self.title!r} must offer the labels of the schema,"
                f" {shown(schema.labels, 10)}: {found}. Nothing was sent. `labeling studio init`"
                " brings it up to date where no annotation stands against it, or change `labels`."
            )

    def contents(self) -> str:
        """Return in words what the project holds."""
        controls = ", ".join(controls_in(parsed(self.config, self.title))[:10]) or "none"
        return (
            f"It holds {self.tasks} tasks and {self.annotations} annotations; its controls:"
            f" {controls}."
        )


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """Where a project is looked for, and what is made where it is not there.

    Attributes:
        title_or_id: its title, or its id on the server.
        schema: the labels.
        settings: how it is made, by the names of the SDK.
        designs: the labeling configs that are made in such a place.
        owner: whose the projects are that are made; see `Mark`.
    """

    title_or_id: str | int
    schema: LabelSchema = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    designs: tuple[str, ...] = field(default=(), repr=False)
    owner: str = field(default="", repr=False)

    def find(self, line: StudioClient, remembered: int | None = None) -> StudioProject | None:
        """Return the project, which must be ours; `None` where there is none.

        Args:
            line: to the server.
            remembered: the id that it had when it was last found.

        Raises:
            PlatformError: there are several of that title, its labeling config does not do, or it is
                somebody else's.
        """
        own = self.title_or_id if isinstance(self.title_or_id, int) else remembered
        found = self.find_by_title(line) if own is None else self.find_by_id(line, own)
        if found is None and own is not None:
            raise self._gone(line, own)
        if found is not None and not self.is_ours(line, found, remembered):
            raise self.ownership_error(line, found)
        return found

    def require(self, line: StudioClient, remembered: int | None = None) -> StudioProject:
        """Return the project, which must be ours.

        Raises:
            PlatformError: there is none, or not one that does.
        """
        found = self.find(line, remembered)
        if found is None:
            others = [title for _, title in project_titles(line)]
            raise PlatformError(
                f"There is no project {self.title_or_id!r} on {line.url} that this token may see."
                f"{near(self.title_or_id, others)} `labeling studio init` makes it."
            )
        return found

    def find_any(self, line: StudioClient, remembered: int | None = None) -> StudioProject | None:
        """Return the project, whosever it is; one that was remembered and is gone is looked for anew.

        Raises:
            PlatformError: there are several of that title, there is none of that id, or its labeling
                config does not do.
        """
        if isinstance(self.title_or_id, int):
            found = self.find_by_id(line, self.title_or_id)
            if found is None:
                raise self._gone(line, self.title_or_id)
            return found
        again = None if remembered is None else self.find_by_id(line, remembered)
        return again or self.find_by_title(line)

    def is_ours(
        self, line: StudioClient, found: StudioProject, remembered: int | None = None
    ) -> bool:
        """Whether a project was made or adopted for this place.

        Versions before wrote no marks: what they made is known by its tasks, or without any by the
        labeling config.
        """
        if found.id == remembered or mark_in(found.description, self.owner) is not None:
            return True
        if is_marked(found.description):
            return False
        if not found.tasks:
            return is_generated(found.config, *self.designs)
        return not has_other_tasks(line, found.id)

    def ownership_error(self, line: StudioClient, found: StudioProject) -> PlatformError:
        """Return the error that says whose a project may be, and what can be done."""
        is_others = is_marked(found.description)
        made = "for another project folder by labeling" if is_others else "by somebody else"
        return PlatformError(
            f"The project {found.title!r} (id {found.id}) on {line.url} was made {made}. "
            f"{found.contents()} Nothing was read or changed. Choose another title (`project` and"
            " `expert_project`), or adopt it: `labeling studio init --adopt`, or"
            " `LabelStudio.init(adopt=True)`, keeps its controls, texts and settings, and adds the"
            " labels that it lacks; with `--dry-run` it only says what would change."
        )

    def find_by_title(self, line: StudioClient) -> StudioProject | None:
        """Return the project of this title, whosever it is.

        Raises:
            PlatformError: there are several, or its labeling config does not do.
        """
        ids = [own for own, title in project_titles(line) if title == self.title_or_id]
        if len(ids) > 1:
            raise PlatformError(
                f"There must be one project {self.title_or_id!r} on {line.url}. There are {len(ids)},"
                f" with the ids {', '.join(map(str, ids))}: give `project` the id of"
                " the right one, or another title."
            )
        return self.find_by_id(line, ids[0]) if ids else None

    def get_or_create(self, line: StudioClient) -> StudioProject:
        """Return the project, which is made where there is none; made once, whatever fails."""
        about = {"title": str(self.title_or_id), **self.creation_settings()}

        def attempt() -> StudioProject:
            found = self.find(line)
            if found is not None:
                return found
            logger.info("making the project %r in Label Studio", self.title_or_id)
            new = line.request_once(
                f"making the project {self.title_or_id!r}",
                lambda client: client.projects.create(**about),
            )
            own = self._only(line, int(new.id or 0))
            return self.require(line, own)

        if isinstance(self.title_or_id, int):
            return self.require(line)
        return line.with_retries(f"making the project {self.title_or_id!r}", attempt)

    def creation_settings(self) -> dict[str, Any]:
        """Return all settings of a project that is made."""
        return {"description": marked("", Mark(self.owner)), **self.settings}

    def _only(self, line: StudioClient, made: int) -> int:
        """Return the first project of this title: two may make one at the same moment."""
        first = min(
            (own for own, title in project_titles(line) if title == self.title_or_id), default=made
        )
        if first != made:
            with contextlib.suppress(NotFoundError):
                line.request_idempotent(
                    "deleting a copy", lambda client: client.projects.delete(made)
                )
        return first

    def find_by_id(self, line: StudioClient, own: int) -> StudioProject | None:
        """Return the project of an id of the server's, whosever it is; `None` where there is none.

        Raises:
            PlatformError: its labeling config does not do.
        """
        try:
            about = line.request_idempotent(
                f"reading the project {self.title_or_id!r}", lambda client: _read(client, own)
            )
        except NotFoundError:
            return None
        title, config = str(about.get("title")), str(about.get("label_config"))
        return StudioProject(
            id=own,
            title=title,
            config=config,
            interface=read_interface(config, title, self.schema.labels),
            description=str(about.get("description") or ""),
            settings={name: about.get(name) for name in self.settings},
            model_version=str(about.get("model_version") or ""),
            tasks=int(about.get("task_number") or 0),
            annotations=int(about.get("total_annotations_number") or 0)
            + int(about.get("skipped_annotations_number") or 0),
        )

    def _gone(self, line: StudioClient, own: int) -> PlatformError:
        return PlatformError(
            f"The project {self.title_or_id!r} (id {own}) is not on {line.url}: it was deleted, or this"
            " token may not see it. What was pulled from it stays remembered. `labeling studio"
            " init` makes it anew."
        )


def task_count(line: StudioClient, project: int) -> int:
    """Return how many tasks a project has."""
    about = line.request_idempotent("counting the tasks", lambda client: _read(client, project))
    return int(about.get("task_number") or 0)


def project_titles(line: StudioClient) -> Sequence[tuple[int, str]]:
    """Return the id and title of every project that can be seen, in the order of ids."""

    def read(client: Client) -> list[tuple[int, str]]:
        pages: Any = client.projects.list(page_size=PAGE, include="id,title")
        return sorted((int(one.id or 0), str(one.title)) for one in pages)

    return line.request_idempotent("listing the projects", read)


def _read(client: Client, own: int) -> Mapping[str, Any]:
    about: Mapping[str, Any] = client.projects.get(own).model_dump()
    if about.get("id") != own or not about.get("label_config"):
        raise TransientError("an answer without the project")
    return about
