"""The annotators' and the reviewers' project, each as a platform uses it."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.errors import PlatformError, UnreachableError, shown
from labeling.label_studio.client import StudioClient
from labeling.label_studio.delivery import TaskDelivery
from labeling.label_studio.ownership import mark_in
from labeling.label_studio.project_settings import SAME, require_look
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
    first, second = (desk.plan(adopt=adopt) for desk in (annotators, reviewers))
    if first.setup.id is not None and first.setup.id == second.setup.id:
        raise PlatformError(SAME.format(first.setup.title))
    if dry_run:
        return first.setup, second.setup
    return annotators.carry_out(first), reviewers.carry_out(second)


@dataclass(frozen=True, slots=True)
class ProjectHandle:
    """One of the two projects: where it is looked for, and how far it was read.

    Attributes:
        line: to the server.
        place: where it is looked for, and how it is made.
        side: what is remembered of it; it is changed.
        schema: the labels.
        makes: whether it is made where it is not there and something is to be sent.
        people: who works there, for messages.
    """

    line: StudioClient
    place: ProjectSpec
    side: PullCursor
    schema: LabelSchema
    makes: bool
    people: str

    def found(self) -> StudioProject | None:
        """Return the project; `None` where there is none."""
        return self.place.found(self.line, self.side.id)

    def found_unless_gone(self) -> StudioProject | None:
        """Return the project; `None` where there is none, or not one that can be used.

        Raises:
            UnreachableError: the server does not answer.
        """
        try:
            return self.found()
        except UnreachableError:
            raise
        except PlatformError:
            return None

    def required(self) -> StudioProject:
        """Return the project, which must be there."""
        return self.place.required(self.line, self.side.id)

    def to_send_to(self) -> StudioProject:
        """Return the project, which must be ours and offer the schema's labels."""
        found = (self.found() or self.place.made(self.line)) if self.makes else self.required()
        self.side.id = found.id
        found.require_labels(self.schema)
        require_look(self.place, found)
        return found

    def order_by_our_scores(self, project: StudioProject) -> None:
        """Have the server give people samples in the order of the scores that were sent.

        The server takes the version of the first predictions by itself. In a project that was
        adopted, predictions of others may order their tasks, which stays so.
        """
        mark = mark_in(project.description, self.place.owner)
        is_adopted = mark is not None and mark.adopted
        if not is_adopted and project.model_version not in ("", MODEL_VERSION):
            self.line.ask(
                "choosing whose scores order the samples",
                lambda client: client.projects.update(project.id, model_version=MODEL_VERSION),
            )

    def plan(self, *, adopt: bool = False) -> Plan:
        """Return what is to be done to have the project as it should be; nothing is changed."""
        return plan(self.line, self.place, self.side.id, adopt=adopt)

    def carry_out(self, plan: Plan) -> ProjectSetup:
        """Make the project, or bring the one that is there up to date."""
        found, done = plan.carry_out(self.line)
        if self.side.id != found.id:  # of one that was deleted nothing holds
            self.side.reset(found.id)
        return done

    def check(self) -> None:
        """Raise an error unless the server answers and the project, if it is there, will do."""
        found = self.found()
        if found is not None:
            found.require_labels(self.schema)
            require_look(self.place, found)

    def remember(self, post: TaskDelivery) -> None:
        """Remember what is out: by it a task that was deleted is missed."""
        self.side.tasks = max(self.side.tasks, post.project.tasks + post.made)
        self.side.counted += post.made
        for one in post.arrived:
            self.side.lost.pop(ext_id_of(one.sample_id), None)

    def problems(self) -> list[Problem]:
        """Return what stands uncounted, and whose task was deleted before it was answered."""
        found = [one for _, one in sorted(self.side.problems.items())]
        uncounted = [one for one in found if one.what != NOT_OURS]
        others = [one for one in found if one.what == NOT_OURS]
        if len(others) > 1:
            what = (
                f"{len(others)} tasks with annotations have no `ext_id` of a sample in their data:"
                " they were not sent from here, and are not counted."
            )
            others = [Problem(f"{others[0].where} and others", what)]
        uncounted += others
        if not self.side.lost:
            return uncounted
        lost = shown(sorted(self.side.lost.values(), key=str))
        what = (
            f"Tasks were deleted on the server before {self.people} had answered in full:"
            f" {len(self.side.lost)} in all. A review asks again, in new ones."
        )
        return [*uncounted, Problem(f"{self.place.wanted}, samples {lost}", what)]
