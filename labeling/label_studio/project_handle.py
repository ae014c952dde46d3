"""Handles of the annotators' and the reviewers' project: specification, cursor and operations."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.errors import PlatformError, UnreachableError, listed
from labeling.label_studio.client import StudioClient
from labeling.label_studio.delivery import TaskDelivery
from labeling.label_studio.ownership import mark_in
from labeling.label_studio.project_settings import SAME_PROJECT, require_display
from labeling.label_studio.project_setup import Plan, ProjectSetup, plan
from labeling.label_studio.projects import ProjectSpec, StudioProject
from labeling.label_studio.pulling import NOT_OURS
from labeling.label_studio.sync_state import PullCursor
from labeling.label_studio.tasks import MODEL_VERSION, ext_id_of
from labeling.records import LabelSchema, Problem


def set_up_both(
    annotators: ProjectHandle, reviewers: ProjectHandle, *, adopt: bool, dry_run: bool
) -> tuple[ProjectSetup, ProjectSetup]:
    """Create both projects or update them; if one of them cannot be used, nothing is changed.

    Raises:
        PlatformError: an existing project cannot be used, or both are the same.
    """
    plans = (annotators.plan(adopt=adopt), reviewers.plan(adopt=adopt))
    first, second = (plan.setup for plan in plans)
    if first.id is not None and first.id == second.id:
        raise PlatformError(SAME_PROJECT.format(first.title))
    if dry_run:
        return first, second
    return annotators.apply(plans[0]), reviewers.apply(plans[1])


@dataclass(frozen=True, slots=True)
class ProjectHandle:
    """One of the two projects: its specification, and how far it was read.

    Attributes:
        client: the server's client.
        spec: which project it is, and how it is created.
        cursor: its part of the sync state; it is updated in place.
        schema: the labels.
        creates: whether sending creates a project that does not exist.
        people: who works there, for messages: "annotators".
    """

    client: StudioClient
    spec: ProjectSpec
    cursor: PullCursor
    schema: LabelSchema
    creates: bool
    people: str

    def find(self) -> StudioProject | None:
        """Return the project; `None` if there is none."""
        return self.spec.find(self.client, self.cursor.id)

    def find_or_none(self) -> StudioProject | None:
        """Return the project; `None` if there is none, or none that can be used.

        Raises:
            UnreachableError: the server does not answer.
        """
        try:
            return self.find()
        except UnreachableError:
            raise
        except PlatformError:
            return None

    def require(self) -> StudioProject:
        """Return the project, which must exist."""
        return self.spec.require(self.client, self.cursor.id)

    def for_sending(self) -> StudioProject:
        """Return the project to send tasks to, which must be ours and offer the schema's labels."""
        if self.creates and self.cursor.id is None:
            project = self.spec.get_or_create(self.client)
        else:
            project = self.require()
        self.cursor.id = project.id
        project.require_labels(self.schema)
        require_display(self.spec, project)
        return project

    def up_to_date(self) -> StudioProject:
        """Return the project, created if it does not exist, and with its settings up to date."""
        project, _ = self.plan().apply(self.client)
        self.cursor.id = project.id
        return project

    def order_by_our_scores(self, project: StudioProject) -> None:
        """Have the server order samples by the scores of our predictions.

        The server uses the model version of the first predictions by default. In an adopted
        project, predictions of others may order the tasks; this is left as it is.
        """
        mark = mark_in(project.description, self.spec.owner)
        is_adopted = mark is not None and mark.adopted
        if not is_adopted and project.model_version not in ("", MODEL_VERSION):
            self.client.request_idempotent(
                "choosing whose scores order the samples",
                lambda sdk: sdk.projects.update(project.id, model_version=MODEL_VERSION),
            )

    def plan(self, *, adopt: bool = False) -> Plan:
        """Return the changes that creating or updating the project needs; nothing is changed."""
        return plan(self.client, self.spec, self.cursor.id, adopt=adopt)

    def apply(self, plan: Plan) -> ProjectSetup:
        """Create the project, or update the existing one."""
        project, setup = plan.apply(self.client)
        if self.cursor.id != project.id:  # the cursor of a deleted project is of no use
            self.cursor.reset(project.id)
        return setup

    def check(self) -> None:
        """Raise an error unless the server answers and the project, if it exists, can be used."""
        project = self.find()
        if project is not None:
            project.require_labels(self.schema)
            require_display(self.spec, project)

    def remember(self, delivery: TaskDelivery) -> None:
        """Record the delivered tasks in the cursor, so that deleted ones are missed later."""
        self.cursor.tasks = max(self.cursor.tasks, delivery.project.tasks + delivery.created)
        self.cursor.counted += delivery.created
        for message in delivery.arrived:
            self.cursor.lost.pop(ext_id_of(message.sample_id), None)

    def problems(self) -> list[Problem]:
        """Return the annotations that could not be counted, and the tasks that were deleted."""
        problems = [problem for _, problem in sorted(self.cursor.problems.items())]
        ours = [problem for problem in problems if problem.what != NOT_OURS]
        foreign = [problem for problem in problems if problem.what == NOT_OURS]
        if len(foreign) > 1:
            summary = (
                f"{len(foreign)} tasks with annotations have no `ext_id` of a sample in their data:"
                " they were not sent from here, and are not counted."
            )
            foreign = [Problem(f"{foreign[0].where} and others", summary)]
        return [*ours, *foreign, *self._lost_problem()]

    def _lost_problem(self) -> list[Problem]:
        if not self.cursor.lost:
            return []
        sample_ids = listed(sorted(self.cursor.lost.values(), key=str))
        summary = (
            f"Tasks were deleted on the server before {self.people} had answered in full:"
            f" {len(self.cursor.lost)} in all. A review asks again, in new ones."
        )
        return [Problem(f"{self.spec.title_or_id}, samples {sample_ids}", summary)]
