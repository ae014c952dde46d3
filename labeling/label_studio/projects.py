"""The two projects on the server: one for annotators, one for reviewers; found, made or adopted."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from labeling.errors import PlatformError, near, shown
from labeling.label_studio.labeling_config import Interface, differences, read_interface
from labeling.label_studio.line import Line, NotThereError, PassingFault
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
        interface: where labels stand in its annotations.
        settings: those of its settings that matter here.
        model_version: whose predictions order its tasks; empty before the first.
        tasks: how many tasks it has.
        annotations: how many annotations it has, skips included.
    """

    id: int
    title: str
    interface: Interface
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


@dataclass(frozen=True, slots=True)
class Place:
    """Where a project is looked for, and what is made where it is not there.

    Attributes:
        wanted: its title, or its id on the server.
        settings: how it is made, by the names of the SDK.
    """

    wanted: str | int
    settings: Mapping[str, Any] = field(repr=False)

    def found(self, line: Line, remembered: int | None = None) -> StudioProject | None:
        """Return the project; `None` where there is none.

        Args:
            line: to the server.
            remembered: the id that it had when it was last found.

        Raises:
            PlatformError: there are several of that title, or its labeling config does not do.
        """
        for own in dict.fromkeys((self.wanted, remembered)):
            if isinstance(own, int):
                return self._by_id(line, own)
        titled = [one for one in titles(line) if one[1] == self.wanted]
        if len(titled) > 1:
            raise PlatformError(
                f"There must be one project {self.wanted!r} on {line.url}. There are {len(titled)},"
                f" with the ids {', '.join(str(one) for one, _ in titled)}: give `project` the id of"
                " the right one, or another title."
            )
        return self._by_id(line, titled[0][0]) if titled else None

    def required(self, line: Line, remembered: int | None = None) -> StudioProject:
        """Return the project.

        Raises:
            PlatformError: there is none, or not one that does.
        """
        found = self.found(line, remembered)
        if found is None:
            others = [title for _, title in titles(line)]
            raise PlatformError(
                f"There is no project {self.wanted!r} on {line.url} that this token may see."
                f"{near(self.wanted, others)} `labeling studio init` makes it."
            )
        return found

    def made(self, line: Line) -> StudioProject:
        """Return the project, which is made where there is none; made once, whatever fails."""

        def attempt() -> StudioProject:
            found = self.found(line)
            if found is not None:
                return found
            logger.info("making the project %r in Label Studio", self.wanted)
            about = line.call(
                f"making the project {self.wanted!r}",
                lambda client: client.projects.create(title=str(self.wanted), **self.settings),
            )
            return self._by_id(line, self._only(line, int(about.id or 0)))

        if isinstance(self.wanted, int):
            return self.required(line)
        return line.patiently(f"making the project {self.wanted!r}", attempt)

    def _only(self, line: Line, made: int) -> int:
        """Return the first project of this title: two may make one at the same moment."""
        first = min((own for own, title in titles(line) if title == self.wanted), default=made)
        if first != made:
            with contextlib.suppress(NotThereError):
                line.ask("deleting a copy", lambda client: client.projects.delete(made))
        return first

    def _by_id(self, line: Line, own: int) -> StudioProject:
        try:
            about = line.ask(
                f"reading the project {self.wanted!r}", lambda client: _read(client, own)
            )
        except NotThereError:
            raise PlatformError(
                f"The project {self.wanted!r} (id {own}) is not on {line.url}: it was deleted, or this"
                " token may not see it. What was pulled from it stays remembered. `labeling studio"
                " init` makes it anew."
            ) from None
        title = str(about.get("title"))
        return StudioProject(
            id=own,
            title=title,
            interface=read_interface(str(about.get("label_config")), title),
            settings={name: about.get(name) for name in self.settings},
            model_version=str(about.get("model_version") or ""),
            tasks=int(about.get("task_number") or 0),
            annotations=int(about.get("total_annotations_number") or 0)
            + int(about.get("skipped_annotations_number") or 0),
        )


def titles(line: Line) -> Sequence[tuple[int, str]]:
    """Return the id and title of every project that can be seen, in the order of ids."""

    def read(client: Client) -> list[tuple[int, str]]:
        pages: Any = client.projects.list(page_size=PAGE, include="id,title")
        return sorted((int(one.id or 0), str(one.title)) for one in pages)

    return line.ask("listing the projects", read)


def _read(client: Client, own: int) -> Mapping[str, Any]:
    about: Mapping[str, Any] = client.projects.get(own).model_dump()
    if about.get("id") != own or not about.get("label_config"):
        raise PassingFault("an answer without the project")
    return about
