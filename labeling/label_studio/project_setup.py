"""Setting projects up: made, adopted or brought up to date, and what is left as people have it."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labeling.errors import PlatformError, shown
from labeling.label_studio.client import StudioClient
from labeling.label_studio.config_edits import with_choices
from labeling.label_studio.interface import differences, read_interface
from labeling.label_studio.labeling_config import is_generated, needs_update
from labeling.label_studio.ownership import Mark, has_other_tasks, mark_in, marked
from labeling.label_studio.projects import ProjectSpec, StudioProject

logger = logging.getLogger(__name__)

Outcome = Literal["made", "adopted", "changed", "unchanged"]
Pairs = Mapping[str, tuple[Any, Any]]

TEXTS = ("expert_instruction", "show_instruction")
OF_ALL_TASKS = ("sampling", "show_collab_predictions", "skip_queue", "show_skip_button")
OVERLAP = ("maximum_annotations", "overlap_cohort_percentage")
"""How many votes tasks wait for: changed, it would change tasks that are there."""


@dataclass(frozen=True, slots=True)
class ProjectSetup:
    """What setting a project up did, or would do.

    Attributes:
        title: what people call the project.
        id: the server's own id; `None` of one that would be made.
        outcome: `made`, `adopted` (it was there before and is not ours), `changed` or `unchanged`.
        changes: the settings that were changed, each with what it was before and is now; `None` is
            before a project was made.
        left: the settings that stay as people have them, each with what it is and what a project of
            ours would have.
    """

    title: str
    id: int | None
    outcome: Outcome
    changes: Pairs = field(default_factory=dict)
    left: Pairs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to a project; `found` is `None` where it is to be made."""

    place: ProjectSpec
    found: StudioProject | None
    setup: ProjectSetup

    def apply(self, line: StudioClient) -> tuple[StudioProject, ProjectSetup]:
        """Do it, and return the project as it is then."""
        if self.found is None:
            made = self.place.get_or_create(line)
            return made, dataclasses.replace(self.setup, id=made.id)
        own = self.found.id
        changes = {name: after for name, (_, after) in self.setup.changes.items()}
        if changes:
            logger.info("bringing %r up to date: %s", self.found.title, ", ".join(sorted(changes)))
            line.request_idempotent(
                f"setting up the project {self.found.title!r}",
                lambda client: client.projects.update(own, **changes),
            )
        return self.place.require(line, own), self.setup


def plan(
    line: StudioClient, place: ProjectSpec, remembered: int | None = None, *, adopt: bool = False
) -> Plan:
    """Return what is to be done to a project; nothing is changed.

    Of a project that was there before, what people have set up stays: its controls, texts, and all
    that concerns tasks of others. Labels are added in place.

    Args:
        line: to the server.
        place: where the project is looked for, and what it should be.
        remembered: the id that it had when it was last found.
        adopt: whether it may be one that is not ours.

    Raises:
        PlatformError: one that is there is not ours, has labels that the schema has not, or waits for
            another number of votes.
    """
    found = place.find_any(line, remembered)
    if found is None:
        news = {name: (None, value) for name, value in place.creation_settings().items()}
        return Plan(place, None, ProjectSetup(str(place.title_or_id), None, "made", news))
    is_ours = place.is_ours(line, found, remembered)
    if not is_ours and not adopt:
        raise place.ownership_error(line, found)
    changes, left = _Difference(line, place, found, is_ours).pairs()
    changed: Outcome = "changed" if changes else "unchanged"
    outcome: Outcome = changed if is_ours else "adopted"
    return Plan(place, found, ProjectSetup(found.title, found.id, outcome, changes, left))


class _Difference:
    """What differs between a project that is there and one that would be made."""

    def __init__(
        self, line: StudioClient, place: ProjectSpec, found: StudioProject, is_ours: bool
    ) -> None:
        self.place, self.found = place, found
        self.mark = mark_in(found.description, place.owner)
        self.is_our_design = is_generated(found.config, *place.designs)
        # Whether tasks of others are there matters where it is not known that we made the project.
        asked = found.tasks > 0 and (self.mark is None or self.mark.adopted)
        self.has_others = asked and has_other_tasks(line, found.id)
        self.is_adopted = (
            self.mark.adopted
            if self.mark is not None
            else not is_ours or self.has_others or not self.is_our_design
        )

    def pairs(self) -> tuple[Pairs, Pairs]:
        """Return what is to be changed, and what is left, each with what is there and is wanted."""
        changes: dict[str, tuple[Any, Any]] = {}
        left: dict[str, tuple[Any, Any]] = {}
        config = self._config()
        if config != self.found.config:
            changes["label_config"] = (self.found.config, config)
        for name in (*OVERLAP, *OF_ALL_TASKS, *TEXTS):
            there, wanted = self.found.settings.get(name), self.place.settings[name]
            if (there or None) != (wanted or None):
                (left if self._stays(name) else changes)[name] = (there, wanted)
        there, wanted = sorted(self.found.interface.keys), self._shown_by_design()
        if "label_config" not in changes and not set(wanted) <= set(there):
            left["shown"] = (there, wanted)
        if self.mark is None:
            before = self.found.description
            mark = Mark(self.place.owner, self.is_adopted)
            changes["description"] = (before, marked(before, mark))
        return changes, left

    def _stays(self, name: str) -> bool:
        """Whether a setting is left as it is."""
        if name in TEXTS:
            is_empty = not self.place.settings["expert_instruction"]
            return is_empty or (self.is_adopted and bool(self.found.settings["expert_instruction"]))
        if name in OVERLAP and self.found.tasks and not self.has_others:
            self._require_votes()
            return True
        return self.has_others

    def _require_votes(self) -> None:
        wanted, there = (one.settings["maximum_annotations"] for one in (self.place, self.found))
        if wanted != there:
            raise PlatformError(
                f"The project {self.found.title!r} must wait for {wanted} annotations a task, and"
                f" waits for {there}: Label Studio would change its {self.found.tasks} tasks, too."
                f" Say so in the config (`review: {{min_votes: {there}}}`), or use another project"
                " title."
            )

    def _config(self) -> str:
        """Return the labeling config that the project is to have."""
        found, wanted = self.found, str(self.place.settings["label_config"])
        there, schema = found.interface, self.place.schema
        is_lost = not set(there.labels) <= set(schema.labels)
        if self.is_our_design and not self.is_adopted:
            if is_lost and found.annotations:
                raise self._lost_labels()
            return wanted if needs_update(found.config, wanted) else found.config
        if is_lost:
            raise self._lost_labels()
        missing = [label for label in schema.labels if label not in there.labels]
        return with_choices(found.config, there.control, missing) if missing else found.config

    def _lost_labels(self) -> PlatformError:
        found = self.found
        besides = [one for one in found.interface.labels if one not in self.place.schema.labels]
        return PlatformError(
            f"The project {found.title!r} cannot be used: {differences(found.interface, self.place.schema)}."
            f" Its {found.annotations} annotations may bear the labels that it would lose, or people"
            f" may choose them later. Put {shown(besides, 10)} into `labels`, or use another project"
            " title. Nothing was changed."
        )

    def _shown_by_design(self) -> list[str]:
        """Return which keys of a task's data people would see in a project of ours."""
        config, labels = str(self.place.settings["label_config"]), self.place.schema.labels
        wanted = read_interface(config, self.found.title, labels)
        return sorted(wanted.keys - {wanted.text} | {self.found.interface.text})
