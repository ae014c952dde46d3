"""Questions on their way to the server, and the outbox that they come from."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labeling.label_studio.client import StudioClient
from labeling.label_studio.importing import NewTask, send
from labeling.label_studio.projects import StudioProject
from labeling.label_studio.reopening import wait_for
from labeling.label_studio.tasks import EXT_ID, Task, ext_id_of
from labeling.records import Message, Outbox, Problem


@dataclass(slots=True)
class TaskDelivery:
    """Questions to one project, some of which may have arrived before.

    Attributes:
        line: to the server.
        project: where they go.
        messages: the questions, one a sample.
        outbox: where they wait; `None` where nothing is remembered.
        progress: told how many more have arrived, whenever some have.
        made: how many tasks were made.
        refused: the samples that the server does not take, by ext_id, each with its words.
    """

    line: StudioClient
    project: StudioProject
    messages: Sequence[Message]
    outbox: Outbox | None
    progress: Callable[[int], object] = field(default=lambda _: None, repr=False)
    made: int = 0
    refused: dict[str, str] = field(default_factory=dict, repr=False)
    _arrived: set[str] = field(default_factory=set, repr=False)

    @property
    def arrived(self) -> list[Message]:
        """The questions that the server has."""
        return [one for one in self.messages if one.key in self._arrived]

    def send(self, tasks: Sequence[NewTask]) -> dict[str, Task]:
        """Send the tasks of samples that have none, and return those that were there, by ext_id."""
        before = send(
            *(self.line, self.project, tasks),
            begun=self._begin_samples,
            arrived=self._confirm_made,
            progress=self.progress,
            refused=self.refused.update,
        )
        self.made = len(self._arrived)
        votes = self._votes()
        short = {
            own: task.id
            for own, task in before.items()
            if not (task.is_labeled or task.asked) and task.overlap < votes[own]
        }
        wait_for(self.line, short, votes)  # a push that was killed left them so
        return before

    def _confirm_made(self, tasks: Mapping[str, int]) -> None:
        """Remember that tasks were made, once each waits for as many votes as were asked for.

        A project whose tasks wait for another number, which is that of other people's tasks, stays
        as it is.
        """
        usual = self.project.settings.get("maximum_annotations")
        votes = self._votes()
        other = {own: task for own, task in tasks.items() if votes[own] != usual}
        wait_for(self.line, other, votes)
        self.confirm(tasks)

    def _votes(self) -> dict[str, int]:
        return {ext_id_of(one.sample_id): one.votes for one in self.messages}

    def begin(self) -> None:
        """Remember that all are about to be sent."""
        if self.outbox is not None:
            self.outbox.begin(self.messages)

    def _begin_samples(self, ext_ids: Iterable[str]) -> None:
        if self.outbox is not None:
            own = self._by_ext_id()
            self.outbox.begin([own[one] for one in ext_ids])

    def confirm(self, tasks: Mapping[str, int]) -> None:
        """Remember that the questions about these samples arrived; by ext_id, with the tasks."""
        own = self._by_ext_id()
        self.confirm_keys({own[one].key: task for one, task in tasks.items()})

    def confirm_keys(self, tasks: Mapping[str, int]) -> None:
        """Remember that the questions of these keys arrived, and in which tasks."""
        self._arrived |= set(tasks)
        if self.outbox is not None and tasks:
            self.outbox.confirm({key: str(task) for key, task in tasks.items()})

    def not_sent(self) -> tuple[Problem, ...]:
        """Return what could not be sent, since the samples are not there to be shown."""
        return tuple(
            Problem(
                f"{self.project.title}, sample {one.sample_id!r}",
                "A sample must be among the samples, with a text, to be shown to people. It is not,"
                " and nobody is asked about it. Put it back as it was.",
            )
            for one in self.messages
            if one.key not in self._arrived and ext_id_of(one.sample_id) not in self.refused
        )

    def not_taken(self) -> dict[Hashable, Problem]:
        """Return the samples that the server does not take, each with why."""
        return {
            one.sample_id: Problem(
                f"{self.project.title}, sample {one.sample_id!r}",
                f"Label Studio does not take it: {self.refused[ext_id_of(one.sample_id)]}. Nobody is"
                " asked about it. Put its text right, and give it another id to have it asked.",
            )
            for one in self.messages
            if ext_id_of(one.sample_id) in self.refused
        }

    def other_texts(
        self, tasks: Iterable[NewTask], before: Mapping[str, Task]
    ) -> tuple[Problem, ...]:
        """Return which tasks that were there before show another text than their sample has."""
        key = self.project.interface.text
        texts = {str(one["data"][EXT_ID]): one["data"][key] for one in tasks}
        return tuple(
            Problem(
                f"{self.project.title}, task {task.id}, sample {task.sample_id!r}",
                "The task on the server must show the text of the sample. It shows another: it was"
                " sent before the text was changed. Delete it there to have it sent anew.",
            )
            for own, task in before.items()
            if task.data.get(key) != texts.get(own)
        )

    def _by_ext_id(self) -> dict[str, Message]:
        return {ext_id_of(one.sample_id): one for one in self.messages}
