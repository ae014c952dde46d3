"""Annotators and reviewers in Label Studio: asked, heard, asked again, each once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from typing import Literal

import pandas as pd

from labeling.errors import LabelingError, near
from labeling.label_studio.asking import reopen
from labeling.label_studio.decisions import write_back
from labeling.label_studio.line import Line
from labeling.label_studio.memory import Side, remembered
from labeling.label_studio.own_messages import first_questions, more_questions, review_questions
from labeling.label_studio.places import annotators_place, reviewers_place, set_up
from labeling.label_studio.posting import Post
from labeling.label_studio.projects import Place, StudioProject
from labeling.label_studio.pulling import Known, Pull
from labeling.label_studio.reading import open_tasks, tasks_of
from labeling.label_studio.sending import NewTask
from labeling.label_studio.showing import Reasons, Showing
from labeling.label_studio.tasks import MODEL_VERSION, Task, ext_id_of
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
        expert_project: the title or id of the reviewers' project; `None` is `"<project>: review"`.
        text: the samples' column that is labeled.
        votes_per_sample: how many annotators are asked at first.
        prelabels: `"hidden"`: nothing leads annotators; `"shown"`: they see the label that the label
            model holds, its probabilities, and why the labeling functions vote as they do.
        reasons: gives the sentences to show for some samples; see `labeling.analysis.vote_reasons`.
        guidelines: a text for annotators, shown when they begin.
        timeout: seconds that a request may take.
        patience: seconds for which faults that may pass are waited out.
        makes_projects: whether `push` and `escalate` make a project that is not there.
        known: gives what is remembered of some samples; `None` remembers what this object pulled.
        sent: gives the questions that arrived about samples that are not settled; `None` takes those
            that this object sent.
        memory: what `memory` was after the last pull; `None` reads everything once.

    Attributes:
        uses_soft: whether `push` has a use for soft labels.

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
        patience: float = 15.0,
        makes_projects: bool = True,
        known: Known | None = None,
        sent: Callable[[], Iterable[Message]] | None = None,
        memory: str | None = None,
    ) -> None:
        if prelabels not in ("hidden", "shown"):
            raise LabelingError(
                f"`prelabels` must be 'hidden' or 'shown'. Got {prelabels!r}."
                f"{near(prelabels, ('hidden', 'shown'))}"
            )
        if isinstance(votes_per_sample, bool) or expect(votes_per_sample, int, "Votes") < 1:
            raise LabelingError(f"`votes_per_sample` must be 1 or more. Got {votes_per_sample!r}.")
        self.schema = expect(schema, LabelSchema, "`schema`")
        self.votes_per_sample = votes_per_sample
        self.makes_projects = makes_projects
        self._line = Line(url, token, timeout=timeout, patience=patience)
        self._showing = Showing(text, prelabels == "shown", reasons)
        expert = f"{project}: review" if expert_project is None else expert_project
        led = prelabels == "shown"
        self._annotators = annotators_place(
            *(project, schema), votes=votes_per_sample, led=led, guidelines=guidelines
        )
        self._reviewers = reviewers_place(expert, schema, led=led)
        self._memory = remembered(memory, self._line.url, project, expert)
        self._known = known
        self._open = sent
        self._said: dict[Annotation, None] = {}
        self._of_sample: dict[Hashable, list[Annotation]] = {}
        self._sent: list[Message] = []
        self._problems: dict[str, tuple[Problem, ...]] = {}

    def __repr__(self) -> str:
        return f"LabelStudio({self._line.url!r}, project={self._annotators.wanted!r})"

    @property
    def memory(self) -> str:
        """What is to be given to the next object for the same projects, as text; no secrets in it."""
        return self._memory.to_json()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be asked or counted, for a person to mend."""
        told = [one for found in self._problems.values() for one in found]
        for side in (self._memory.annotators, self._memory.reviewers):
            told += [one for _, one in sorted(side.problems.items())]
        return (*told, *self._lost_problems())

    @property
    def lost(self) -> tuple[Hashable, ...]:
        """The samples that wait for annotators and whose task was deleted on the server."""
        return tuple(self._memory.annotators.lost.values())

    @property
    def lost_reviews(self) -> tuple[Hashable, ...]:
        """The samples that wait for a reviewer and whose task was deleted on the server."""
        return tuple(self._memory.reviewers.lost.values())

    def init(self) -> tuple[StudioProject, StudioProject]:
        """Make both projects, or adopt those that are there, and return them.

        One that is there must offer the schema's labels; where it can be done without touching an
        annotation, its labeling config is brought up to date.

        Raises:
            PlatformError: a project that is there cannot be used.
        """
        found = set_up(self._line, self._annotators, self.schema)
        review = set_up(self._line, self._reviewers, self.schema)
        for side, project in ((self._memory.annotators, found), (self._memory.reviewers, review)):
            if side.id != project.id:  # of a project that was deleted nothing holds
                side.id, side.until, side.tasks, side.problems = project.id, None, 0, {}
        return found, review

    def check(self, samples: pd.DataFrame) -> None:
        """Raise an error unless the samples have the text, and both projects can be used."""
        self._showing.check(samples)
        for place, side in self._both():
            place.required(self._line, side.id).require_labels(self.schema)

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
        project = self._project(self._annotators, self._memory.annotators)
        messages = (
            waiting_on(outbox, "ask", batch.sample_ids)
            if outbox is not None
            else first_questions(batch.sample_ids, self.votes_per_sample)
        )
        tasks = self._showing.for_annotators(
            messages, samples, project.interface, soft=soft, batch=batch
        )
        post = Post(self._line, project, messages, outbox)
        before = post.send(tasks)
        post.confirm({own: task.id for own, task in before.items()})
        self._remember_sent(post, self._memory.annotators)
        if tasks and project.settings.get("model_version") != MODEL_VERSION:
            self._line.ask(
                "choosing whose scores order the samples",
                lambda client: client.projects.update(project.id, model_version=MODEL_VERSION),
            )
        self._problems["push"] = (*post.not_sent(), *post.other_texts(tasks, before))

    def pull(self) -> tuple[Annotation, ...]:
        """Return all annotations that are known, after reading what changed since the last pull.

        One that was deleted on the server is told as `deleted`; of a task that was deleted what was
        said stands.

        Raises:
            PlatformError: the project is not there.
            UnreachableError: the server does not answer; pull again.
        """
        for one in self.news():
            if one not in self._said:
                self._said[one] = None
                self._of_sample.setdefault(one.sample_id, []).append(one)
        return tuple(self._said)

    def news(self) -> tuple[Annotation, ...]:
        """Return the annotations that changed since the last pull, some of them once more.

        Raises:
            PlatformError: the project is not there.
            UnreachableError: the server does not answer; pull again.
        """
        known = self._known or self._pulled
        sent = self._open or (lambda: self._sent)
        pull = Pull(self._line, self.schema, self._memory, known, sent, self.votes_per_sample)
        annotators = self._annotators.required(self._line, self._memory.annotators.id)
        said = pull.news(annotators, self._memory.annotators, reviewer=False)
        reviewers = self._reviewers.found(self._line, self._memory.reviewers.id)
        if reviewers is not None:
            said += pull.news(reviewers, self._memory.reviewers, reviewer=True)
        return tuple(said)

    def to_come(self) -> dict[Hashable, int]:
        """Return how many votes annotators may still give of each sample that waits for some."""
        project = self._annotators.required(self._line, self._memory.annotators.id)
        found: dict[Hashable, int] = {}
        for one in open_tasks(self._line, project.id):
            found[one.sample_id] = found.get(one.sample_id, 0) + one.to_come
        return found

    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for more votes: tasks are opened again, for people who did not speak of them yet.

        Without an outbox, votes that are still `to_come` are not asked for again.

        Args:
            pending: what is asked.
            samples: needed only to make a task anew that was deleted.
            outbox: where what is to be asked waits.

        Raises:
            PlatformError: the project is not there.
            UnreachableError: the server does not answer; ask again.
        """
        ids = [one.sample_id for one in pending]
        project = self._project(self._annotators, self._memory.annotators)
        messages = (
            waiting_on(outbox, "ask again", ids)
            if outbox is not None
            else more_questions(pending, self.to_come(), self._tasks(project, ids))
        )

        post = Post(self._line, project, messages, outbox)
        post.begin()

        def remake(gone: Sequence[Message]) -> Sequence[NewTask]:
            if samples is None:
                return []
            return self._showing.for_annotators(gone, samples, project.interface)

        reopen(self._line, project, messages, remake, arrived=post.confirm_keys)
        for one in post.arrived:
            self._memory.annotators.lost.pop(ext_id_of(one.sample_id), None)
        self._remember_sent(post, self._memory.annotators)
        self._problems["ask again"] = post.not_sent()

    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Hand samples to reviewers: the votes by nobody's name, the reasons, and a rationale.

        Raises:
            PlatformError: the reviewers' project is not there.
            UnreachableError: the server does not answer; escalate again.
            DataError: the text's column is missing.
        """
        project = self._project(self._reviewers, self._memory.reviewers)
        of_sample = {one.sample_id: one for one in escalations}
        messages = (
            waiting_on(outbox, "escalate", of_sample)
            if outbox is not None
            else review_questions(escalations, self._tasks(project, of_sample))
        )
        tasks = self._showing.for_reviewers(messages, of_sample, samples, project.interface)
        post = Post(self._line, project, messages, outbox)
        before = post.send(tasks)
        again = [one for one in messages if ext_id_of(one.sample_id) in before]
        reopen(self._line, project, again, lambda _: [], arrived=post.confirm_keys)
        for one in post.arrived:
            self._memory.reviewers.lost.pop(ext_id_of(one.sample_id), None)
        self._remember_sent(post, self._memory.reviewers)
        self._problems["escalate"] = post.not_sent()

    def write_back(self, gold: Iterable[GoldLabel]) -> None:
        """Write what reviewers decided to the annotators' tasks, as ground truth; once each.

        Args:
            gold: labels; those that no reviewer gave are passed over.
        """
        decided = [one for one in gold if one.source == "review" and one.trace]
        if decided:
            project = self._annotators.required(self._line, self._memory.annotators.id)
            write_back(self._line, project, decided, self._memory)

    def _both(self) -> tuple[tuple[Place, Side], tuple[Place, Side]]:
        return (
            (self._annotators, self._memory.annotators),
            (self._reviewers, self._memory.reviewers),
        )

    def _project(self, place: Place, side: Side) -> StudioProject:
        """Return a project to send to, which must offer the schema's labels."""
        if self.makes_projects:
            found = place.found(self._line, side.id) or place.made(self._line)
        else:
            found = place.required(self._line, side.id)
        side.id = found.id
        found.require_labels(self.schema)
        return found

    def _remember_sent(self, post: Post, side: Side) -> None:
        """Remember what is out, by which a task that was deleted is missed."""
        side.tasks = max(side.tasks, post.project.tasks + post.made)
        if self._open is None:
            self._sent += post.arrived

    def _tasks(self, project: StudioProject, sample_ids: Iterable[Hashable]) -> dict[str, Task]:
        found = tasks_of(self._line, project.id, map(ext_id_of, sample_ids), annotations=True)
        return {one.ext_id: one for one in found}

    def _pulled(self, sample_ids: Collection[Hashable]) -> list[Annotation]:
        return [one for own in set(sample_ids) for one in self._of_sample.get(own, ())]

    def _lost_problems(self) -> list[Problem]:
        return [
            Problem(
                f"{side.wanted}, sample {own!r}",
                f"Its task was deleted on the server before {whom} had answered; a review asks again,"
                " in a new one.",
            )
            for (_, side), whom in zip(self._both(), ("annotators", "a reviewer"), strict=True)
            for own in side.lost.values()
        ]
