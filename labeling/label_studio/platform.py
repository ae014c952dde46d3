"""Annotators and reviewers in Label Studio: asked, heard, asked again, each once."""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Literal

import pandas as pd

from labeling.errors import PlatformError, UnreachableError
from labeling.label_studio.annotated_tasks import AnnotatedTasks, annotated_tasks
from labeling.label_studio.annotation_log import AnnotationLog
from labeling.label_studio.client import StudioClient
from labeling.label_studio.delivery import TaskDelivery
from labeling.label_studio.duplicate_tasks import merge_duplicates
from labeling.label_studio.ground_truth import write_back
from labeling.label_studio.importing import NewTask
from labeling.label_studio.own_messages import first_questions, more_questions, review_questions
from labeling.label_studio.project_handle import ProjectHandle, set_up_both
from labeling.label_studio.project_settings import (
    annotators_spec,
    check_options,
    reviewers_spec,
    reviewers_title,
)
from labeling.label_studio.project_setup import ProjectSetup
from labeling.label_studio.pulling import Known, Pull
from labeling.label_studio.reopening import close, reopen
from labeling.label_studio.sync_state import remembered
from labeling.label_studio.task_builder import Reasons, TaskBuilder
from labeling.label_studio.task_queries import open_tasks
from labeling.label_studio.tasks import ext_id_of
from labeling.label_studio.webhooks import registered_webhooks
from labeling.records import (
    Annotation,
    AskAgain,
    Batch,
    Escalation,
    GoldLabel,
    LabelSchema,
    Message,
    Outbox,
    Problem,
    SoftLabels,
    expect,
    waiting_on,
)

logger = logging.getLogger(__name__)


class LabelStudio:
    """People label in Label Studio: annotators in one of its projects, reviewers in another.

    Every sample has one task in a project, found again by `ext_id` in the task's data. Whatever fails
    on the way, and whoever pushes besides, nothing is asked twice and no vote is lost: each repeat
    looks first what has arrived. A skip is kept as a skip; an annotation whose label is none of the
    schema is not counted, and stands in `problems` until it is mended.

    The community edition knows no roles: who voted on a sample can open it in the reviewers' project,
    but is not heard there (see `labeling.review`).

    Args:
        url: the server's address.
        project: the title of the annotators' project, or its id on the server.
        schema: the labels.
        token: a personal access token, or one of the older kind; `None` takes that of
            LABEL_STUDIO_API_KEY, of the keyring, or of a server of `labeling studio up`.
        expert_project: the title or id of the reviewers' project; `None` is `"<project>: review"`
            (`"project <id>: review"` of one that is given by its id).
        text: the samples' column that is labeled.
        votes_per_sample: how many annotators are asked at first.
        prelabels: `"hidden"`: nothing leads annotators; `"shown"`: they see the label that the label
            model holds, its probabilities, and why the labeling functions vote as they do.
        reasons: gives the sentences to show for some samples; see `labeling.analysis.vote_reasons`.
        guidelines: a text for annotators, shown when they begin.
        timeout: seconds that a request may take.
        retry_for: seconds for which transient errors are retried.
        patience: deprecated name of `retry_for`.
        makes_projects: whether `push` and `escalate` make a project that is not there.
        known: gives what is remembered of some samples; `None` remembers what this object pulled.
        sent: gives the questions that arrived about samples that are not settled; `None` takes those
            that this object sent.
        memory: what `memory` was after the last pull; `None` reads everything once.
        owner: of which store projects that are made are; so a namesake of another store's is told
            apart. Lower-case hexadecimal digits.

    Attributes:
        uses_soft: whether `push` has a use for soft labels.
        progress: called with the number of questions that have arrived since it was last called.

    Raises:
        PlatformError: the address is none.
        LabelingError: an argument that cannot be used.

    >>> LabelStudio("http://localhost:8080", project="spam", schema=LabelSchema(["ham", "spam"]))
    LabelStudio('http://localhost:8080', project='spam')
    """

    uses_soft = True

    def __init__(
        self,
        url: str,
        *,
        project: str | int,
        schema: LabelSchema,
        token: str | None = None,
        expert_project: str | int | None = None,
        text: str = "text",
        votes_per_sample: int = 2,
        prelabels: Literal["hidden", "shown"] = "hidden",
        reasons: Reasons | None = None,
        guidelines: str = "",
        timeout: float = 60.0,
        retry_for: float = 15.0,
        patience: float | None = None,
        makes_projects: bool = True,
        known: Known | None = None,
        sent: Callable[[], Iterable[Message]] | None = None,
        memory: str | None = None,
        owner: str = "",
    ) -> None:
        check_options(prelabels, votes_per_sample)
        if patience is not None:
            warnings.warn(
                "LabelStudio(patience=...) is deprecated: use retry_for=...",
                DeprecationWarning,
                stacklevel=2,
            )
            retry_for = patience
        self.schema = expect(schema, LabelSchema, "`schema`")
        self.votes_per_sample = votes_per_sample
        self._line = StudioClient(url, token, timeout=timeout, retry_for=retry_for)
        self._showing = TaskBuilder(text, prelabels == "shown", reasons)
        expert = reviewers_title(project, expert_project)
        led = prelabels == "shown"
        self._memory = remembered(memory, self._line.url, project, expert)
        place = annotators_spec(
            *(project, schema, votes_per_sample),
            shows_prelabels=led,
            guidelines=guidelines,
            owner=owner,
        )
        self._annotators = ProjectHandle(
            *(self._line, place, self._memory.annotators, schema, makes_projects, "annotators")
        )
        place = reviewers_spec(
            expert, schema, shows_prelabels=led, guidelines=guidelines, owner=owner
        )
        self._reviewers = ProjectHandle(
            *(self._line, place, self._memory.reviewers, schema, makes_projects, "a reviewer")
        )
        self._known = known
        self._before = copy.deepcopy(self._memory)
        self.progress: Callable[[int], object] = lambda _: None
        self._open = sent
        self._heard = AnnotationLog()
        self._sent: list[Message] = []
        self._problems: dict[str, tuple[Problem, ...]] = {}
        self._refused: tuple[Hashable, ...] = ()

    def __repr__(self) -> str:
        return f"LabelStudio({self._line.url!r}, project={self._annotators.spec.title_or_id!r})"

    @property
    def memory(self) -> str:
        """What is to be given to the next object for the same projects, as text; no secrets in it."""
        return self._memory.to_json()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be asked or counted, for a person to mend."""
        told = (one for found in self._problems.values() for one in found)
        refused = self._memory.refused.values()
        return (*told, *refused, *self._annotators.problems(), *self._reviewers.problems())

    @property
    def lost(self) -> tuple[Hashable, ...]:
        """The samples that wait for annotators and whose task was deleted on the server."""
        return tuple(self._annotators.cursor.lost.values())

    @property
    def lost_reviews(self) -> tuple[Hashable, ...]:
        """The samples that wait for a reviewer and whose task was deleted on the server."""
        return tuple(self._reviewers.cursor.lost.values())

    def init(
        self, *, adopt: bool = False, dry_run: bool = False
    ) -> tuple[ProjectSetup, ProjectSetup]:
        """Make both projects, or bring those that are there up to date; return what was done.

        A project that was not made from here is adopted only where that is asked for. What people
        have set up in it stays: its controls, texts and instructions, and whatever concerns tasks of
        others; labels that it lacks are added. Of one that was made from here, too, no text is erased
        by an empty one, and no labels are taken from annotations.

        Args:
            adopt: whether projects that were not made from here may be used.
            dry_run: whether only to say what would be done.

        Returns:
            Of the annotators' and the reviewers' project what was done, setting by setting.

        Raises:
            PlatformError: a project that is there cannot be used, or is not ours.
        """
        return set_up_both(self._annotators, self._reviewers, adopt=adopt, dry_run=dry_run)

    def check(self, samples: pd.DataFrame) -> None:
        """Raise an error unless the samples have the text and the server can be worked with.

        A project that is not there yet is no error; one that is there must offer the labels.
        """
        self._showing.check(samples)
        self._annotators.check()
        self._reviewers.check()

    def push(
        self,
        batch: Batch,
        samples: pd.DataFrame,
        soft: SoftLabels | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask annotators about the samples of a batch; pushing twice asks once.

        The server gives people the least certain sample first.

        Args:
            batch: the samples chosen.
            samples: one row a sample, index = ids.
            soft: what the label model holds; without it the order is that of the batch's scores.
            outbox: where what is to be asked waits; `None` asks for the whole batch.

        Raises:
            PlatformError: there is no such project, it offers other labels, or an id cannot be used.
            UnreachableError: the server does not answer; push again.
            DataError: the text's column is missing.
        """
        project = self._annotators.for_sending()
        messages = (
            waiting_on(outbox, "ask", batch.sample_ids)
            if outbox is not None
            else first_questions(batch.sample_ids, self.votes_per_sample)
        )
        tasks = self._showing.annotator_tasks(
            messages, samples, project.interface, soft=soft, batch=batch
        )
        post = TaskDelivery(self._line, project, messages, outbox, self.progress)
        before = post.send(tasks)
        post.confirm({own: task.id for own, task in before.items()})
        self._remember(self._annotators, post)
        if tasks:
            self._annotators.order_by_our_scores(project)
        self._problems["push"] = (*post.not_sent(), *post.other_texts(tasks, before))
        self._note_refused(post, samples)

    def pull(self) -> tuple[Annotation, ...]:
        """Return all annotations that are known, after reading what changed since the last pull.

        One that was deleted on the server is told as `deleted`; of a task that was deleted what was
        said stands.

        Raises:
            PlatformError: the project is not there.
            UnreachableError: the server does not answer; pull again.
        """
        self._heard.add(self.news())
        self.merge_copies()
        return self._heard.annotations()

    def news(self) -> tuple[Annotation, ...]:
        """Return the annotations that changed since the last pull, some of them once more.

        Raises:
            PlatformError: the project is not there.
            UnreachableError: the server does not answer; pull again.
        """
        known = self._known or self._heard.annotations
        sent = self._open or (lambda: self._sent)
        pull = Pull(self._line, self.schema, self._memory, known, sent, self.votes_per_sample)
        self._before = copy.deepcopy(self._memory)
        try:
            annotators = self._annotators.require()
            said = pull.news(annotators, self._annotators.cursor, reviewer=False)
            said += self._decisions(pull)
        except BaseException:
            self.unread()
            raise
        return tuple(said)

    def _decisions(self, pull: Pull) -> list[Annotation]:
        """Return what reviewers decided; that their project is gone keeps no annotator's vote back."""
        self._problems["pull"] = ()
        try:
            reviewers = self._reviewers.find()
        except UnreachableError:
            raise
        except PlatformError as error:
            self._problems["pull"] = (Problem(str(self._reviewers.spec.title_or_id), str(error)),)
            return []
        if reviewers is None:
            return []
        return pull.news(reviewers, self._reviewers.cursor, reviewer=True)

    def merge_copies(self) -> None:
        """Merge tasks of the same sample that `news` has found, as an import by hand makes them.

        One of each is kept, with all votes. What cannot be merged stays, and is told of.

        Raises:
            UnreachableError: the server does not answer.
        """
        for side in (self._annotators.cursor, self._reviewers.cursor):
            if not side.copies or side.id is None:
                continue
            try:
                merge_duplicates(self._line, side.id, side.copies, side.held)
            except UnreachableError:
                raise
            except PlatformError as error:
                logger.warning("Several tasks of the same sample stay: %s", error)

    def annotated_tasks(self, project: str | int | None = None) -> AnnotatedTasks:
        """Return the annotated tasks of any project on the server, whoever made it; nothing is changed.

        Args:
            project: its title or id; `None` is the annotators' project.

        Raises:
            PlatformError: there is none, or there are several of that title.
            UnreachableError: the server does not answer.
        """
        wanted = self._annotators.spec.title_or_id if project is None else project
        return annotated_tasks(self._line, wanted)

    def unread(self) -> None:
        """Forget that `news` was called: what it brought could not be kept, and comes again."""
        self._memory.restore(self._before)

    def listen(self, hook_url: str, secret: str) -> AbstractContextManager[None]:
        """Have an address told of each annotation for as long as the context lasts; see `Hook`.

        Raises:
            PlatformError: a project is not there, or the server sends nothing to this address.
            UnreachableError: the server does not answer.
        """
        projects = (self._annotators.require().id, self._reviewers.require().id)
        return registered_webhooks(self._line, projects, hook_url, secret)

    def outstanding_votes(self) -> dict[Hashable, int]:
        """Return how many votes annotators may still give of each sample that waits for some."""
        project = self._annotators.require()
        found: dict[Hashable, int] = {}
        for one in open_tasks(self._line, project.id):
            found[one.sample_id] = found.get(one.sample_id, 0) + one.outstanding_votes
        return found

    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for more votes: tasks are opened again, for people who did not speak of them yet.

        Without an outbox, votes that are still `outstanding_votes` are not asked for again.

        Args:
            pending: what is asked.
            samples: needed only to make a task anew that was deleted.
            outbox: where what is to be asked waits.

        Raises:
            PlatformError: the project is not there.
            UnreachableError: the server does not answer; ask again.
        """
        ids = [one.sample_id for one in pending]
        project = self._annotators.for_sending()
        messages = (
            waiting_on(outbox, "ask again", ids)
            if outbox is not None
            else more_questions(pending, self.outstanding_votes())
        )

        post = TaskDelivery(self._line, project, messages, outbox, self.progress)
        post.begin()

        def remake(gone: Sequence[Message]) -> Sequence[NewTask]:
            if samples is None:
                return []
            return self._showing.annotator_tasks(gone, samples, project.interface)

        told = post.refused.update
        reopen(self._line, project, messages, remake, arrived=post.confirm_keys, refused=told)
        self._remember(self._annotators, post)
        self._problems["ask again"] = (*post.not_sent(), *post.not_taken().values())

    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Hand samples to reviewers: the votes by nobody's name, the reasons, and a rationale.

        Annotators are asked for no more votes on them.

        Raises:
            PlatformError: the reviewers' project is not there.
            UnreachableError: the server does not answer; escalate again.
            DataError: the text's column is missing.
        """
        project = self._reviewers.for_sending()
        self.close(
            [one.sample_id for one in escalations]
        )  # before: a run that is killed does it again
        of_sample = {one.sample_id: one for one in escalations}
        messages = (
            waiting_on(outbox, "escalate", of_sample)
            if outbox is not None
            else review_questions(escalations, self._heard.reviews)
        )
        tasks = self._showing.reviewer_tasks(messages, of_sample, samples, project.interface)
        post = TaskDelivery(self._line, project, messages, outbox, self.progress)
        before = post.send(tasks)
        again = [one for one in messages if ext_id_of(one.sample_id) in before]
        reopen(self._line, project, again, lambda _: [], arrived=post.confirm_keys)
        self._remember(self._reviewers, post)
        self._problems["escalate"] = (*post.not_sent(), *post.not_taken().values())

    def close(self, sample_ids: Iterable[Hashable]) -> None:
        """Ask annotators for no more votes on samples; what they said stays.

        Whoever has one of them open may still answer it. Where the annotators' project is gone, there
        is nothing to close.

        Raises:
            UnreachableError: the server does not answer; do it again.
        """
        project = self._annotators.find_or_none()
        if project is not None:
            close(self._line, project.id, sample_ids)

    def write_back(self, gold: Iterable[GoldLabel]) -> None:
        """Write what reviewers decided to the annotators' tasks, as ground truth; once each.

        Args:
            gold: all labels so far; those that no reviewer gave are passed over. A decision that was
                written before, and is none any more, is taken out.
        """
        decided = [one for one in gold if one.source == "review" and one.trace]
        if decided or self._memory.written:
            write_back(self._line, self._annotators.require(), decided, self._memory)

    @property
    def refused(self) -> tuple[Hashable, ...]:
        """The samples that the server did not take at the last push; nobody is asked about them."""
        return self._refused

    def _note_refused(self, post: TaskDelivery, samples: pd.DataFrame) -> None:
        """Remember what the server did not take, as long as it is among the samples."""
        news = post.not_taken()
        self._memory.note_refused({ext_id_of(own): one for own, one in news.items()}, samples.index)
        self._refused = tuple(news)

    def _remember(self, desk: ProjectHandle, post: TaskDelivery) -> None:
        desk.remember(post)
        if self._open is None:
            self._sent += post.arrived
