"""Setup of projects: creates, adopts or updates them, and keeps what people have set up."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from labeling.errors import PlatformError, listed
from labeling.label_studio.client import StudioClient
from labeling.label_studio.config_edits import with_labels
from labeling.label_studio.config_reader import read_interface
from labeling.label_studio.interface import label_differences
from labeling.label_studio.labeling_config import is_generated, needs_update
from labeling.label_studio.ownership import Mark, has_foreign_tasks, mark_in, marked
from labeling.label_studio.projects import ProjectSpec, StudioProject
from labeling.rendering import Displayed

logger = logging.getLogger(__name__)

Outcome = Literal["made", "adopted", "changed", "unchanged"]
Pairs = Mapping[str, tuple[Any, Any]]

INSTRUCTIONS = ("expert_instruction", "show_instruction")
TASK_ORDER = ("sampling", "show_collab_predictions", "skip_queue", "show_skip_button")
OVERLAP = ("maximum_annotations", "overlap_cohort_percentage")
"""How many votes tasks wait for: changing these changes the existing tasks."""


@dataclass(frozen=True, slots=True)
class ProjectSetup(Displayed):
    """What setting up a project changed, or would change.

    Attributes:
        title: the project's title.
        id: the server's id; `None` if it would be created.
        outcome: `made`, `adopted` (it existed before and was not ours), `changed` or `unchanged`.
        changes: the changed settings, each with its value before and after; the values before are
            `None` for a new project.
        left: the settings that were kept as people have them, each with its value and the one that
            a new project would have.
    """

    title: str
    id: int | None
    outcome: Outcome
    changes: Pairs = field(default_factory=dict)
    left: Pairs = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes to a project before they are made; `project` is `None` if it will be created."""

    spec: ProjectSpec
    project: StudioProject | None
    setup: ProjectSetup

    def apply(self, client: StudioClient) -> tuple[StudioProject, ProjectSetup]:
        """Make the changes, and return the project as it is afterwards."""
        if self.project is None:
            created = self.spec.get_or_create(client)
            return created, dataclasses.replace(self.setup, id=created.id)
        project_id = self.project.id
        changes = {name: after for name, (_, after) in self.setup.changes.items()}
        if changes:
            logger.info("updating %r: %s", self.project.title, ", ".join(sorted(changes)))
            client.request_idempotent(
                f"setting up the project {self.project.title!r}",
                lambda sdk: sdk.projects.update(project_id, **changes),
            )
        return self.spec.require(client, project_id), self.setup


def plan(
    client: StudioClient, spec: ProjectSpec, cached_id: int | None = None, *, adopt: bool = False
) -> Plan:
    """Return the changes that a project needs; nothing is changed.

    In a project that existed before, the settings of its people are kept: its controls, texts, and
    everything that affects tasks of others. Missing labels are added.

    Args:
        client: the server's client.
        spec: which project it is, and how it should be.
        cached_id: the id that it had when it was last found.
        adopt: whether a project that is not ours may be used.

    Raises:
        PlatformError: the existing project is not ours, has labels that the schema lacks, or waits
            for another number of votes.
    """
    project = spec.find_any(client, cached_id)
    if project is None:
        settings = {name: (None, value) for name, value in spec.creation_settings().items()}
        return Plan(spec, None, ProjectSetup(str(spec.title_or_id), None, "made", settings))
    is_owned = spec.is_owned(client, project, cached_id)
    if not is_owned and not adopt:
        raise spec.ownership_error(client, project)
    changes, left = _Comparison(client, spec, project, is_owned).pairs()
    changed: Outcome = "changed" if changes else "unchanged"
    outcome: Outcome = changed if is_owned else "adopted"
    return Plan(spec, project, ProjectSetup(project.title, project.id, outcome, changes, left))


class _Comparison:
    """Compares an existing project with its specification."""

    def __init__(
        self, client: StudioClient, spec: ProjectSpec, project: StudioProject, is_owned: bool
    ) -> None:
        self.spec, self.project = spec, project
        self.mark = mark_in(project.description, spec.owner)
        self.is_generated = is_generated(project.config, *spec.generated_configs)
        # Foreign tasks matter unless the mark says that we created the project.
        may_have_foreign = project.tasks > 0 and (self.mark is None or self.mark.adopted)
        self.has_foreign_tasks = may_have_foreign and has_foreign_tasks(client, project.id)
        self.is_adopted = (
            self.mark.adopted
            if self.mark is not None
            else not is_owned or self.has_foreign_tasks or not self.is_generated
        )

    def pairs(self) -> tuple[Pairs, Pairs]:
        """Return the settings to change and those to keep, with their actual and wanted values."""
        changes: dict[str, tuple[Any, Any]] = {}
        left: dict[str, tuple[Any, Any]] = {}
        config = self._config()
        if config != self.project.config:
            changes["label_config"] = (self.project.config, config)
        for name in (*OVERLAP, *TASK_ORDER, *INSTRUCTIONS):
            actual, wanted = self.project.settings.get(name), self.spec.settings[name]
            if (actual or None) != (wanted or None):
                (left if self._is_preserved(name) else changes)[name] = (actual, wanted)
        actual_keys, wanted_keys = sorted(self.project.interface.keys), self._wanted_keys()
        if "label_config" not in changes and not set(wanted_keys) <= set(actual_keys):
            left["shown"] = (actual_keys, wanted_keys)
        if self.mark is None:
            description = self.project.description
            mark = Mark(self.spec.owner, self.is_adopted)
            changes["description"] = (description, marked(description, mark))
        return changes, left

    def _is_preserved(self, name: str) -> bool:
        """Whether a setting is kept as it is."""
        if name in INSTRUCTIONS:
            is_empty = not self.spec.settings["expert_instruction"]
            has_own = bool(self.project.settings["expert_instruction"])
            return is_empty or (self.is_adopted and has_own)
        if name in OVERLAP and self.project.tasks and not self.has_foreign_tasks:
            self._require_overlap()
            return True
        return self.has_foreign_tasks

    def _require_overlap(self) -> None:
        wanted = self.spec.settings["maximum_annotations"]
        actual = self.project.settings["maximum_annotations"]
        if wanted != actual:
            raise PlatformError(
                f"The project {self.project.title!r} must wait for {wanted} annotations a task, and"
                f" waits for {actual}: Label Studio would change its {self.project.tasks} tasks,"
                f" too. Say so in the config (`review: {{min_votes: {actual}}}`), or use another"
                " project title."
            )

    def _config(self) -> str:
        """Return the labeling config that the project should have."""
        project, wanted = self.project, str(self.spec.settings["label_config"])
        actual, schema = project.interface, self.spec.schema
        would_lose_labels = not set(actual.labels) <= set(schema.labels)
        if self.is_generated and not self.is_adopted:
            if would_lose_labels and project.annotations:
                raise self._lost_labels_error()
            return wanted if needs_update(project.config, wanted) else project.config
        if would_lose_labels:
            raise self._lost_labels_error()
        missing = [label for label in schema.labels if label not in actual.labels]
        if not missing:
            return project.config
        return with_labels(project.config, actual.control, missing, type(actual))

    def _lost_labels_error(self) -> PlatformError:
        project, schema = self.project, self.spec.schema
        extra = [label for label in project.interface.labels if label not in schema.labels]
        return PlatformError(
            f"The project {project.title!r} cannot be used:"
            f" {label_differences(project.interface, schema)}. Its {project.annotations}"
            " annotations may have the labels that it would lose, or people may choose them later."
            f" Put {listed(extra, 10)} into `labels`, or use another project title. Nothing was"
            " changed."
        )

    def _wanted_keys(self) -> list[str]:
        """Return the keys of a task's data that people would see in a project of ours."""
        config = str(self.spec.settings["label_config"])
        wanted = read_interface(config, self.project.title, self.spec.schema)
        return sorted(wanted.keys - {wanted.text} | {self.project.interface.text})
