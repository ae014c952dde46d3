"""The part of the Label Studio platform that manages its projects: setup, state, webhooks."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Collection, Hashable
from contextlib import AbstractContextManager

import pandas as pd

from labeling.errors import PlatformError, UnreachableError
from labeling.label_studio.annotated_tasks import AnnotatedTasks, annotated_tasks
from labeling.label_studio.client import StudioClient
from labeling.label_studio.duplicate_tasks import merge_duplicates
from labeling.label_studio.project_handle import set_up_both
from labeling.label_studio.project_pair import PairSpec
from labeling.label_studio.project_setup import ProjectSetup
from labeling.label_studio.sync_state import task_streams
from labeling.label_studio.task_builder import TaskBuilder
from labeling.label_studio.webhooks import registered_webhooks
from labeling.records import AnnotationPlatform, Problem
from labeling.rendering import View

logger = logging.getLogger(__name__)


class ProjectAdmin(AnnotationPlatform):
    """Two projects on a server: creates them, updates them, and reports on them."""

    _client: StudioClient
    _pair: PairSpec
    _task_builder: TaskBuilder

    def __repr__(self) -> str:
        return f"LabelStudio({self._client.url!r}, project={self._pair.annotators.title_or_id!r})"

    def _view(self) -> View:
        from labeling.records.people_views import platform_view

        titles = (self._pair.annotators.title_or_id, self._pair.reviewers.title_or_id)
        places = self.locations(("annotators", "reviewers"))
        return platform_view(
            self,
            f"Server: {self._client.url}.",
            f"Annotators' project: {titles[0]!r}; reviewers' project: {titles[1]!r}.",
            *(f"Labeled at {place}." for place in places),
        )

    @property
    def memory(self) -> str:
        """The sync state: the same as `state`."""
        return self.state

    def problems_in(self, state: str) -> tuple[Problem, ...]:
        """Return what a sync state lists as refused, not counted or lost."""
        return self._pair.at(state).problems()

    @property
    def lost(self) -> tuple[Hashable, ...]:
        """The samples that wait for annotators and whose task was deleted on the server."""
        return tuple(self._pair.at(self.state).sync.annotators.lost.values())

    @property
    def lost_reviews(self) -> tuple[Hashable, ...]:
        """The samples that wait for a reviewer and whose task was deleted on the server."""
        return tuple(self._pair.at(self.state).sync.reviewers.lost.values())

    def locations(self, who: Collection[str]) -> tuple[str, ...]:
        """Return the addresses where annotators and reviewers label."""
        streams = task_streams(self.state, self._client.url)
        return tuple(streams[group] for group in who if group in streams)

    def init(
        self, *, adopt: bool = False, dry_run: bool = False
    ) -> tuple[ProjectSetup, ProjectSetup]:
        """Create both projects, or update those that exist; return what was done.

        A project that was not created from here is used only with `adopt`. What people have set up
        in it stays: its controls, texts and instructions, and whatever concerns tasks of others;
        missing labels are added. Even in a project that was created from here, no text is replaced
        by an empty one, and no label is removed that annotations use.

        Args:
            adopt: whether projects that were not created from here may be used.
            dry_run: whether only to return what would be done.

        Returns:
            For the annotators' and the reviewers' project, what was done to each setting.

        Raises:
            PlatformError: an existing project cannot be used, or is not ours.
        """
        pair = self._pair.at(self.state)
        setups = set_up_both(pair.annotators, pair.reviewers, adopt=adopt, dry_run=dry_run)
        if not dry_run:
            self.state = pair.to_json()
        return setups

    def check(self, samples: pd.DataFrame) -> None:
        """Raise an error unless the samples have the text and the server can be used.

        A project may be missing still; one that exists must offer the labels.
        """
        pair = self._pair.at(self.state)
        self._task_builder.check(samples)
        pair.annotators.check()
        pair.reviewers.check()

    def merge_duplicates(self) -> None:
        """Merge several tasks of the same sample that were found, as a manual import creates them.

        One of each is kept, with all votes. What cannot be merged stays, with a warning.

        Raises:
            UnreachableError: the server does not answer.
        """
        sync = self._pair.at(self.state).sync
        for cursor in (sync.annotators, sync.reviewers):
            if not cursor.copies or cursor.id is None:
                continue
            try:
                merge_duplicates(self._client, cursor.id, cursor.copies, cursor.held)
            except UnreachableError:
                raise
            except PlatformError as error:
                logger.warning("Several tasks of the same sample stay: %s", error)

    def annotated_tasks(self, project: str | int | None = None) -> AnnotatedTasks:
        """Return the annotated tasks of any project on the server; nothing is changed.

        Args:
            project: its title or id; `None` is the annotators' project.

        Raises:
            PlatformError: there is none, or there are several of that title.
            UnreachableError: the server does not answer.
        """
        wanted = self._pair.annotators.title_or_id if project is None else project
        return annotated_tasks(self._client, wanted)

    def listen(self, hook_url: str, secret: str) -> AbstractContextManager[None]:
        """Send a webhook for each annotation while the context lasts; see `WebhookReceiver`.

        Raises:
            PlatformError: a project is missing, or the server does not send to this address.
            UnreachableError: the server does not answer.
        """
        pair = self._pair.at(self.state)
        project_ids = (pair.annotators.require().id, pair.reviewers.require().id)
        return registered_webhooks(self._client, project_ids, hook_url, secret)

    def merge_copies(self) -> None:
        """Do what `merge_duplicates` does.

        Deprecated: use `merge_duplicates`.
        """
        warnings.warn(
            "`LabelStudio.merge_copies` is deprecated: use `merge_duplicates`.",
            DeprecationWarning,
            stacklevel=2,
        )
        self.merge_duplicates()
