"""The annotators' and the reviewers' project, each as a platform uses it."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.errors import PlatformError, UnreachableError, shown
from labeling.label_studio.client import StudioClient
from labeling.label_studio.delivery import TaskDelivery
from labeling.label_studio.ownership import mark_in
from labeling.label_studio.project_settings import SAME, require_display
from labeling.label_studio.project_setup import Plan, ProjectSetup, plan
from labeling.label_studio.projects import ProjectSpec, StudioProject
from labeling.label_studio.pulling import NOT_OURS
from labeling.label_studio.sync_state import PullCursor
from labeling.label_studio.tasks import MODEL_VERSION, ext_id_of
from labeling.records import LabelSchema, Problem


def set_up_both(
    annotators: ProjectHandle, reviewers: ProjectHandle, *, adopt: bool, dry_run: bool
) -> tuple[ProjectSetup, ProjectSetup]:
    """Make both projects or bring them up to date; nothing is changed where one of them cannot be.

    Raises:
        PlatformError: a project that is there cannot be used, or both are the same.
    """
    first, second = (handle.plan(adopt=adopt) for handle in (annotators, reviewers))
    if first.setup.id is not None and first.setup.id == second.setup.id:
        raise PlatformError(SAME.format(first.setup.title))
    if dry_run:
        return first.setup, second.setup
    return annotators.apply(first), reviewers.apply(second)


@dataclass(frozen=True, slots=True)
class ProjectHandle:
    """One of the two projects: where it is looked for, and how far it was read.

    Attributes:
        line: to the server.
        spec: where it is looked for, and how it is made.
        cursor: what is remembered of it; it is changed.
        schema: the labels.
        makes: whether it is made where it is not there and something is to be sent.
        people: who works there, for messages.
    """

    line: StudioClient
    spec: ProjectSpec
    cursor: PullCursor
    schema: LabelSchema
    makes: bool
    people: str

    def find(self) -> StudioProject | None:
        """Return the project; `None` where there is none."""
        return self.spec.find(self.line, self.cursor.id)

    def find_or_none(self) -> StudioProject | None:
        """Return the project; `None` where there is none, or not one that can be used.

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
        """Return the project, which must be there."""
        return self.spec.require(self.line, self.cursor.id)

    def for_sending(self) -> StudioProject:
        """Return the project, which must be ours and offer the schema's labels."""
        found = (
            (self.find() or self.spec.get_or_create(self.line)) if self.makes else self.require()
        )
        self.cursor.id = found.id
        found.require_labels(self.schema)
        require_display(self.spec, found)
        return found

    def order_by_our_scores(self, project: StudioProject) -> None:
        """Have the server give people samples in the order of the scores that were sent.

        The server takes the version of the first predictions by itself. In a project that was
        adopted, predictions of others may order their tasks, which stays so.
        """
        mark = mark_in(project.description, self.spec.owner)
        is_adopted = mark is not None and mark.adopted
        if not is_adopted and project.model_version not in ("", MODEL_VERSION):
            self.line.request_idempotent(
                "choosing whose scores order the samples",
                lambda client: client.projects.update(project.id, model_version=MODEL_VERSION),
            )

    def plan(self, *, adopt: bool = False) -> Plan:
        """Return what is to be done to have the project as it should be; nothing is changed."""
        return plan(self.line, self.spec, self.cursor.id, adopt=adopt)

    def apply(self, plan: Plan) -> ProjectSetup:
        """Make the project, or bring the one that is there up to date."""
        found, done = plan.apply(self.line)
        if self.cursor.id != found.id:  # of one that was deleted nothing holds
            self.cursor.reset(found.id)
        return done

    def check(self) -> None:
        """Raise an error unless the server answers and the project, if it is there, will do."""
        found = self.find()
        if found is not None:
            found.require_labels(self.schema)
            require_display(self.spec, found)

    def remember(self, post: TaskDelivery) -> None:
        """Remember what is out: by it a task that was deleted is missed."""
        self.cursor.tasks = max(self.cursor.tasks, post.project.tasks + post.made)
        self.cursor.counted += post.made
        for one in post.arrived:
            self.cursor.lost.pop(ext_id_of(one.sample_id), None)

    def problems(self) -> list[Problem]:
        """Return what stands uncounted, and whose task was deleted before it was answered."""
        found = [one for _, one in sorted(self.cursor.problems.items())]
        uncounted = [one for one in found if one.what != NOT_OURS]
        others = [one for one in found if one.what == NOT_OURS]
        if len(others) > 1:
            what = (
                f"{len(others)} tasks with annotations have no `ext_id` of a sample in their data:"
                " they were not sent from here, and are not counted."
            )
            others = [Problem(f"{others[0].where} and others", what)]
        uncounted += others
        if not self.cursor.lost:
            return uncounted
        lost = shown(sorted(self.cursor.lost.values(), key=str))
        what = (
            f"Tasks were deleted on the server before {self.people} had answered in full:"
            f" {len(self.cursor.lost)} in all. A review asks again, in new ones."
        )
        return [*uncounted, Problem(f"{self.spec.title_or_id}, samples {lost}", what)]
