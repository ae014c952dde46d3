"""Label Studio as an annotation platform: asks annotators and reviewers, fetches annotations."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Sequence
from typing import Literal

import pandas as pd

from labeling.errors import PlatformError, UnreachableError
from labeling.label_studio.client import StudioClient
from labeling.label_studio.delivery import TaskDelivery
from labeling.label_studio.ground_truth import write_back
from labeling.label_studio.importing import NewTask
from labeling.label_studio.prelabels import SoftAnswers
from labeling.label_studio.project_pair import PairSpec
from labeling.label_studio.project_settings import check_options, reviewers_title
from labeling.label_studio.pulling import KnownAnnotations, Pull
from labeling.label_studio.reopening import close, reopen
from labeling.label_studio.task_builder import Reasons, TaskBuilder, reasons_in
from labeling.label_studio.task_queries import find_tasks, open_tasks
from labeling.label_studio.tasks import ext_id_of, outstanding_votes
from labeling.label_studio.vote_checks import ChecksInStudio
from labeling.records import (
    Annotation,
    AskAgain,
    Batch,
    Escalation,
    Fetched,
    GoldLabel,
    LabelSchema,
    LabelSource,
    Message,
    MessageKind,
    NewMessage,
    Outbox,
    Problem,
    expect,
    live_annotations,
    waiting_on,
)


class LabelStudio(ChecksInStudio):
    """People label in Label Studio: annotators in one project, reviewers in another.

    Every sample has one task per project, identified by `ext_id` in the task's data. Whatever fails
    on the way, and whoever else pushes, nothing is asked twice and no vote is lost: each retry
    first looks what has arrived. A skip stays a skip. An annotation with a label outside the schema
    is not counted, and is listed in `problems` until it is corrected.

    The community edition has no roles: an annotator can open the sample in the reviewers' project,
    but their review is not counted (see `labeling.review`).

    Args:
        url: the server's address.
        project: the title of the annotators' project, or its id on the server.
        schema: the labels.
        token: a personal access token or a legacy token; `None` takes that of LABEL_STUDIO_API_KEY,
            of the keyring, or of a server of `labeling studio up`.
        expert_project: the title or id of the reviewers' project; `None` is `"<project>: review"`
            (`"project <id>: review"` if `project` is an id).
        text: the samples' column that is labeled.
        votes_per_sample: how many annotators are asked at first.
        prelabels: `"hidden"`: annotators see no suggestion; `"shown"`: they see the label model's
            label, its probabilities, and why the labeling functions vote as they do.
        reasons: returns the sentences to show for samples; see `labeling.analysis.vote_reasons`.
        guidelines: a text for annotators, shown when they begin.
        timeout: seconds that a request may take.
        retry_for: seconds for which transient errors are retried.
        patience: deprecated name of `retry_for`.
        makes_projects: whether `push` and `escalate` create a project that does not exist.
        known: returns the stored annotations of samples; `None` takes those that this object
            pulled.
        sent: returns the delivered messages about unsettled samples; `None` takes those that this
            object sent.
        memory: the sync state (see `state`) after the last pull; `None` reads everything once.
        owner: of which store new projects are, to tell apart projects of the same title. Lower-case
            hexadecimal digits.
        shows_rework: whether annotators see why an earlier vote on a sample was rejected.

    Raises:
        PlatformError: the address is invalid.
        LabelingError: an argument is invalid.

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
        known: KnownAnnotations | None = None,
        sent: Callable[[], Iterable[Message]] | None = None,
        memory: str | None = None,
        owner: str = "",
        shows_rework: bool = False,
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
        self._client = StudioClient(url, token, timeout=timeout, retry_for=retry_for)
        shows_prelabels = prelabels == "shown"
        self._task_builder = TaskBuilder(text, shows_prelabels, reasons)
        self._pair = PairSpec.from_options(
            self._client,
            (project, reviewers_title(project, expert_project)),
            schema,
            votes_per_sample,
            shows_prelabels=shows_prelabels,
            guidelines=guidelines,
            owner=owner,
            creates=makes_projects,
        )
        self._pair = self._pair.showing_rework() if shows_rework else self._pair
        self.state = self._pair.at(memory).to_json()
        self._known = known
        self._sent_messages = sent
        self._refused: tuple[Hashable, ...] = ()

    @property
    def refused(self) -> tuple[Hashable, ...]:
        """The samples that the server refused at the last push: nobody is asked about them."""
        return self._refused

    def push(
        self,
        batch: Batch,
        samples: pd.DataFrame,
        soft: SoftAnswers | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask annotators about the samples of a batch; pushing twice asks once.

        The server presents the least certain sample first.

        Args:
            batch: the chosen samples.
            samples: one row per sample, index = ids.
            soft: the label model's soft labels, sets or spans; without them the batch's scores give
                the order.
            outbox: holds the messages to deliver; `None` asks for the whole batch.

        Raises:
            PlatformError: the project is missing or offers other labels, or an id cannot be used.
            UnreachableError: the server does not answer; push again.
            DataError: the text's column is missing.
        """
        kind = MessageKind.ASK
        pair = self._pair.at(self.state)
        project = pair.annotators.for_sending()
        new = (
            NewMessage(kind, sample_id, votes=self.votes_per_sample)
            for sample_id in batch.sample_ids
        )
        outbox = self.outbox_or_own(outbox, kind, new)
        messages = waiting_on(outbox, kind, batch.sample_ids)
        tasks = self._task_builder.annotator_tasks(
            messages, samples, project.interface, soft=soft, batch=batch
        )
        delivery = TaskDelivery(self._client, project, messages, outbox, self.progress)
        existing = delivery.send(tasks)
        repeated = delivery.repeated(existing)
        reopen(self._client, project, repeated, lambda _: [], on_arrived=delivery.confirm_keys)
        delivery.confirm({ext_id: task.id for ext_id, task in existing.items()})
        pair.annotators.remember(delivery)
        refused = delivery.refused_problems()
        self._refused = tuple(refused)
        pair.sync.set_refused(
            {ext_id_of(sample_id): problem for sample_id, problem in refused.items()},
            samples.index,
        )
        self.state = pair.to_json()
        if tasks:
            pair.annotators.order_by_our_scores(project)
        self._record_problems(
            "push", (*delivery.unsent_problems(), *delivery.other_texts(tasks, existing))
        )

    def fetch(self, state: str) -> Fetched:
        """Return the annotations that changed since a sync state, and the state after them.

        An annotation that was deleted on the server comes as `deleted`; annotations of a deleted
        task stay.

        Raises:
            PlatformError: the annotators' project is missing.
            UnreachableError: the server does not answer; fetch again.
        """
        pair = self._pair.at(state)
        pull = Pull(
            self._client,
            self.schema,
            pair.sync,
            self._known or self.known_annotations,
            self._sent_messages or self.own_outbox.sent,
            self.votes_per_sample,
        )
        project = pair.annotators.require()
        annotations = pull.read(project, pair.annotators.cursor, reviewer=False)
        problems: tuple[Problem, ...] = ()
        try:
            reviewers = pair.reviewers.find()
        except UnreachableError:
            raise
        except PlatformError as error:  # the annotators' votes count all the same
            problems = (Problem(str(pair.reviewers.spec.title_or_id), str(error)),)
        else:
            if reviewers is not None:
                annotations += pull.read(reviewers, pair.reviewers.cursor, reviewer=True)
        return Fetched(tuple(annotations), (*problems, *pull.miscounts), pair.to_json())

    def news(self) -> tuple[Annotation, ...]:
        """Return the annotations that changed since the last pull.

        Deprecated: use `fetch`, and `accept` once its result is stored.
        """
        warnings.warn(
            "`LabelStudio.news` is deprecated: use `fetch` and `accept`.",
            DeprecationWarning,
            stacklevel=2,
        )
        fetched = self.fetch(self.state)
        self.accept(fetched)
        return fetched.annotations

    def outstanding_votes(self) -> dict[Hashable, int]:
        """Return how many votes annotators may still give, by sample, where tasks wait for some."""
        project = self._pair.at(self.state).annotators.require()
        return outstanding_votes(open_tasks(self._client, project.id))

    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for more votes: tasks are reopened, for people who did not annotate them yet.

        Without an outbox, `outstanding_votes` are not asked for again.

        Args:
            pending: the samples and how many votes they need.
            samples: needed only to restore a task that was deleted.
            outbox: holds the messages to deliver.

        Raises:
            PlatformError: the project is missing.
            UnreachableError: the server does not answer; ask again.
        """
        kind = MessageKind.ASK_AGAIN
        pair = self._pair.at(self.state)
        project = pair.annotators.for_sending()
        outbox = self.outbox_or_own(outbox, kind, self._more_messages(pending))
        messages = waiting_on(outbox, kind, [request.sample_id for request in pending])
        delivery = TaskDelivery(self._client, project, messages, outbox, self.progress)
        delivery.begin()

        def restored(deleted: Sequence[Message]) -> Sequence[NewTask]:
            if samples is None:
                return []
            return self._task_builder.annotator_tasks(deleted, samples, project.interface)

        reopen(
            self._client,
            project,
            messages,
            restored,
            rework={ext_id_of(own.sample_id): reasons_in(own) for own in pending if own.rejected},
            on_arrived=delivery.confirm_keys,
            on_refused=delivery.refused.update,
        )
        pair.annotators.remember(delivery)
        self.state = pair.to_json()
        problems = (*delivery.unsent_problems(), *delivery.refused_problems().values())
        self._record_problems(kind, problems)

    def _more_messages(self, pending: Sequence[AskAgain]) -> Iterator[NewMessage]:
        """Yield a message about each sample that needs more votes than are outstanding.

        It is identified by how many people had annotated the sample when votes were short: so the
        same question is not asked twice, whoever answers in between.
        """
        project = self._pair.at(self.state).annotators.require()
        ext_ids = [ext_id_of(request.sample_id) for request in pending]
        tasks = find_tasks(self._client, project.id, ext_ids, annotations=True)
        outstanding = outstanding_votes(tasks)
        for request in pending:
            votes = request.votes_needed - outstanding.get(request.sample_id, 0)
            if votes > 0:
                annotators = request.not_annotators
                yield NewMessage(
                    MessageKind.ASK_AGAIN,
                    request.sample_id,
                    votes=votes,
                    not_annotators=annotators,
                    after=len(annotators),
                )

    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask reviewers to decide; they see the votes without names, and why they are asked.

        Annotators are not asked for more votes on these samples.

        Raises:
            PlatformError: the reviewers' project is missing.
            UnreachableError: the server does not answer; escalate again.
            DataError: the text's column is missing.
        """
        kind = MessageKind.ESCALATE
        pair = self._pair.at(self.state)
        project = pair.reviewers.for_sending()
        by_sample = {escalation.sample_id: escalation for escalation in escalations}
        self.close(by_sample)  # first: a run that is killed after it repeats it
        outbox = self.outbox_or_own(outbox, kind, self._review_messages(by_sample))
        messages = waiting_on(outbox, kind, by_sample)
        tasks = self._task_builder.reviewer_tasks(messages, by_sample, samples, project.interface)
        delivery = TaskDelivery(self._client, project, messages, outbox, self.progress)
        existing = delivery.send(tasks)
        repeated = [message for message in messages if ext_id_of(message.sample_id) in existing]
        reopen(self._client, project, repeated, lambda _: [], on_arrived=delivery.confirm_keys)
        pair.reviewers.remember(delivery)
        self.state = pair.to_json()
        problems = (*delivery.unsent_problems(), *delivery.refused_problems().values())
        self._record_problems(kind, problems)

    def _review_messages(self, sample_ids: Collection[Hashable]) -> Iterator[NewMessage]:
        """Yield a message about each sample, identified by its reviews so far: none counted."""
        reviews: dict[Hashable, int] = {}
        for annotation in live_annotations(self.known_annotations(sample_ids)):
            count = reviews.get(annotation.sample_id, 0)
            reviews[annotation.sample_id] = count + annotation.reviewer
        for sample_id in sample_ids:
            yield NewMessage(MessageKind.ESCALATE, sample_id, after=reviews.get(sample_id, 0))

    def close(self, sample_ids: Iterable[Hashable]) -> None:
        """Stop asking annotators about samples; their annotations stay.

        Who has one of them open can still submit it. If the annotators' project is missing, there
        is nothing to close.

        Raises:
            UnreachableError: the server does not answer; close again.
        """
        project = self._pair.at(self.state).annotators.find_or_none()
        if project is not None:
            close(self._client, project.id, sample_ids)

    def write_back(self, gold: Iterable[GoldLabel]) -> None:
        """Write reviewers' decisions to the annotators' tasks as ground truth, once each.

        Args:
            gold: all gold labels so far; only those of reviewers are written. A decision that was
                written before and is missing here is removed from its task.
        """
        pair = self._pair.at(self.state)
        decided = [label for label in gold if label.source == LabelSource.REVIEW and label.trace]
        if decided or pair.sync.written:
            project = pair.annotators.require()
            if pair.annotators.cursor.id is None:
                pair.annotators.cursor.id = project.id
            write_back(self._client, project, decided, pair.sync)
            self.state = pair.to_json()
