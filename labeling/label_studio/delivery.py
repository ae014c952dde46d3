"""Delivery of messages from an outbox to one Label Studio project."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from labeling.label_studio.client import StudioClient
from labeling.label_studio.importing import NewTask, import_tasks
from labeling.label_studio.projects import StudioProject
from labeling.label_studio.reopening import set_overlap
from labeling.label_studio.tasks import EXT_ID, Task, ext_id_of
from labeling.records import Message, Outbox, Problem


@dataclass(slots=True)
class TaskDelivery:
    """Messages to one project, some of which may have arrived before.

    Attributes:
        client: the server's client.
        project: where the messages go.
        messages: the messages, one per sample.
        outbox: where they wait.
        progress: called with the number of messages that arrived since the last call.
        created: how many tasks were created.
        refused: ext_id -> the server's reason, of samples that it does not accept.
    """

    client: StudioClient
    project: StudioProject
    messages: Sequence[Message]
    outbox: Outbox
    progress: Callable[[int], object] = field(default=lambda _: None, repr=False)
    created: int = 0
    refused: dict[str, str] = field(default_factory=dict, repr=False)
    _arrived: set[str] = field(default_factory=set, repr=False)

    @property
    def arrived(self) -> list[Message]:
        """The messages that the server has."""
        return [message for message in self.messages if message.key in self._arrived]

    def send(self, tasks: Sequence[NewTask]) -> dict[str, Task]:
        """Import the tasks of samples that have none; return those that existed, by ext_id."""
        existing = import_tasks(
            self.client,
            self.project,
            tasks,
            on_begin=self._begin_samples,
            on_arrived=self._confirm_created,
            on_progress=self.progress,
            on_refused=self.refused.update,
        )
        self.created = len(self._arrived)
        votes = self._votes()
        too_few = {
            ext_id: task.id
            for ext_id, task in existing.items()
            if not (task.is_labeled or task.asked) and task.overlap < votes[ext_id]
        }
        set_overlap(self.client, too_few, votes)  # a push that was killed left them so
        return existing

    def repeated(self, existing: Mapping[str, Task]) -> list[Message]:
        """Return first questions about samples that people have seen: hidden gold, asked again."""
        return [
            message
            for message in self.messages
            if message.not_annotators and ext_id_of(message.sample_id) in existing
        ]

    def _confirm_created(self, task_ids: Mapping[str, int]) -> None:
        """Confirm new tasks, once each waits for as many votes as were asked for.

        The project's own default stays as it is: it applies to tasks of other people.
        """
        default = self.project.settings.get("maximum_annotations")
        votes = self._votes()
        others = {
            ext_id: task_id for ext_id, task_id in task_ids.items() if votes[ext_id] != default
        }
        set_overlap(self.client, others, votes)
        self.confirm(task_ids)

    def _votes(self) -> dict[str, int]:
        return {ext_id_of(message.sample_id): message.votes for message in self.messages}

    def begin(self) -> None:
        """Record in the outbox that delivery of all messages starts."""
        self.outbox.begin(self.messages)

    def _begin_samples(self, ext_ids: Iterable[str]) -> None:
        messages = self._messages_by_ext_id()
        self.outbox.begin([messages[ext_id] for ext_id in ext_ids])

    def confirm(self, task_ids: Mapping[str, int]) -> None:
        """Record in the outbox that messages arrived; ext_id -> task id."""
        messages = self._messages_by_ext_id()
        self.confirm_keys({messages[ext_id].key: task_id for ext_id, task_id in task_ids.items()})

    def confirm_keys(self, task_ids: Mapping[str, int]) -> None:
        """Record in the outbox that messages arrived; message key -> task id."""
        self._arrived |= set(task_ids)
        if task_ids:
            self.outbox.confirm({key: str(task_id) for key, task_id in task_ids.items()})

    def unsent_problems(self) -> tuple[Problem, ...]:
        """Return a problem for each message whose sample is missing, so that it was not sent."""
        return tuple(
            Problem(
                f"{self.project.title}, sample {message.sample_id!r}",
                "A sample must be among the samples, with a text, to be shown to people. It is not,"
                " and nobody is asked about it. Put it back as it was.",
            )
            for message in self.messages
            if message.key not in self._arrived and ext_id_of(message.sample_id) not in self.refused
        )

    def refused_problems(self) -> dict[Hashable, Problem]:
        """Return the samples that the server does not accept, each with the reason."""
        return {
            message.sample_id: Problem(
                f"{self.project.title}, sample {message.sample_id!r}",
                f"Label Studio does not accept it: {self.refused[ext_id_of(message.sample_id)]}."
                " Nobody is asked about it. Correct its text, and give it another id to have it"
                " asked.",
            )
            for message in self.messages
            if ext_id_of(message.sample_id) in self.refused
        }

    def other_texts(
        self, tasks: Iterable[NewTask], existing: Mapping[str, Task]
    ) -> tuple[Problem, ...]:
        """Return a problem for each existing task that shows another text than its sample has."""
        text = self.project.interface.text
        texts = {str(task["data"][EXT_ID]): task["data"][text] for task in tasks}
        return tuple(
            Problem(
                f"{self.project.title}, task {task.id}, sample {task.sample_id!r}",
                "The task on the server must show the text of the sample. It shows another: it was"
                " sent before the text was changed. Delete it there to have it sent again.",
            )
            for ext_id, task in existing.items()
            if task.data.get(text) != texts.get(ext_id)
        )

    def _messages_by_ext_id(self) -> dict[str, Message]:
        return {ext_id_of(message.sample_id): message for message in self.messages}
