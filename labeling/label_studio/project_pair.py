"""The annotators' and the reviewers' project, with one sync state, and that of vote checks."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from labeling.label_studio.client import StudioClient
from labeling.label_studio.project_handle import ProjectHandle
from labeling.label_studio.project_settings import (
    annotators_spec,
    checks_spec,
    checks_title,
    reviewers_spec,
    showing_rework,
)
from labeling.label_studio.projects import ProjectSpec
from labeling.label_studio.sync_state import SyncState, parse_sync_state
from labeling.records import LabelSchema, Problem


@dataclass(frozen=True, slots=True)
class ProjectPair:
    """Both projects at one sync state, for one operation.

    The operation changes the sync state in place; nothing is kept unless its caller takes
    `to_json`.

    Attributes:
        sync: the state, parsed anew for the operation.
        annotators: the annotators' project.
        reviewers: the reviewers' project.
        checks: the project in which reviewers check votes.
    """

    sync: SyncState
    annotators: ProjectHandle
    reviewers: ProjectHandle
    checks: ProjectHandle

    def to_json(self) -> str:
        """Return the sync state after the operation."""
        return self.sync.to_json()

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems that the sync state holds until they are fixed."""
        return (
            *self.sync.refused.values(),
            *self.annotators.problems(),
            *self.reviewers.problems(),
        )


@dataclass(frozen=True, slots=True)
class PairSpec:
    """Both projects as they are looked up and created.

    Attributes:
        client: the server's client.
        annotators: the annotators' project.
        reviewers: the reviewers' project.
        checks: the project in which reviewers check votes; it is always created when one waits.
        creates: whether a project that does not exist is created as soon as something is sent.
    """

    client: StudioClient
    annotators: ProjectSpec
    reviewers: ProjectSpec
    checks: ProjectSpec
    creates: bool

    @classmethod
    def from_options(
        cls,
        client: StudioClient,
        projects: tuple[str | int, str | int],
        schema: LabelSchema,
        votes_per_sample: int,
        *,
        shows_prelabels: bool,
        guidelines: str,
        owner: str,
        creates: bool,
    ) -> PairSpec:
        """Return both projects with the settings that the options of `LabelStudio` mean.

        Args:
            client: the server's client.
            projects: the titles or ids of the annotators' and the reviewers' project.
            schema: the labels.
            votes_per_sample: how many annotators are asked at first.
            shows_prelabels: whether annotators see the model's label, and why.
            guidelines: a text for annotators, shown when they begin.
            owner: of which store new projects are.
            creates: whether projects that do not exist are created.
        """
        annotators = annotators_spec(
            projects[0],
            schema,
            votes_per_sample,
            shows_prelabels=shows_prelabels,
            guidelines=guidelines,
            owner=owner,
        )
        reviewers = reviewers_spec(
            projects[1],
            schema,
            shows_prelabels=shows_prelabels,
            guidelines=guidelines,
            owner=owner,
        )
        checks = checks_spec(checks_title(projects[0]), schema, guidelines=guidelines, owner=owner)
        return cls(client, annotators, reviewers, checks, creates)

    def showing_rework(self) -> PairSpec:
        """Return both projects, that of annotators with the reasons why votes were rejected."""
        return dataclasses.replace(self, annotators=showing_rework(self.annotators))

    def at(self, state: str | None) -> ProjectPair:
        """Return both projects at a stored sync state.

        Raises:
            PlatformError: the text is not a sync state.
        """
        sync = parse_sync_state(
            state,
            self.client.url,
            self.annotators.title_or_id,
            self.reviewers.title_or_id,
            self.checks.title_or_id,
        )
        annotators = ProjectHandle(
            self.client,
            self.annotators,
            sync.annotators,
            self.annotators.schema,
            self.creates,
            "annotators",
        )
        reviewers = ProjectHandle(
            self.client,
            self.reviewers,
            sync.reviewers,
            self.reviewers.schema,
            self.creates,
            "a reviewer",
        )
        checks = ProjectHandle(
            self.client, self.checks, sync.checks, self.checks.schema, True, "a reviewer"
        )
        return ProjectPair(sync, annotators, reviewers, checks)
