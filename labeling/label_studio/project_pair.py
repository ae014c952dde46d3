"""The annotators' and the reviewers' project, with one sync state for both."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.label_studio.client import StudioClient
from labeling.label_studio.project_handle import ProjectHandle
from labeling.label_studio.projects import ProjectSpec
from labeling.label_studio.sync_state import SyncState, parse_sync_state
from labeling.records import Problem


@dataclass(frozen=True, slots=True)
class ProjectPair:
    """Both projects at one sync state, for one operation.

    The operation changes the sync state in place; nothing is kept unless its caller takes
    `to_json`.

    Attributes:
        sync: the state, parsed anew for the operation.
        annotators: the annotators' project.
        reviewers: the reviewers' project.
    """

    sync: SyncState
    annotators: ProjectHandle
    reviewers: ProjectHandle

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
        creates: whether a project that does not exist is created as soon as something is sent.
    """

    client: StudioClient
    annotators: ProjectSpec
    reviewers: ProjectSpec
    creates: bool

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
        return ProjectPair(sync, annotators, reviewers)
