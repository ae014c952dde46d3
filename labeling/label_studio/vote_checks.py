"""Votes that reviewers check in Label Studio: a project of their own, with a task for each vote."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

import pandas as pd

from labeling.errors import PlatformError, UnreachableError
from labeling.label_studio.check_answers import CheckAnswers
from labeling.label_studio.client import StudioClient
from labeling.label_studio.importing import import_tasks
from labeling.label_studio.project_admin import ProjectAdmin
from labeling.label_studio.project_pair import ProjectPair
from labeling.label_studio.reopening import close, set_overlap
from labeling.label_studio.task_queries import open_tasks
from labeling.label_studio.tasks import Task
from labeling.records import (
    CheckAnswer,
    CheckRequest,
    Problem,
)


class ChecksInStudio(ProjectAdmin):
    """Lets reviewers check votes in a third project, which is created when the first one waits.

    A task is identified by the key of its request. So each vote has one task, whatever fails, and
    a vote that changes has another. Tasks of votes that need no check any more are closed.
    """

    def ask_checks(self, requests: Sequence[CheckRequest], samples: pd.DataFrame) -> None:
        """Show reviewers the votes that wait for a check, each once.

        Whatever is wrong with the project is listed in `problems`: the votes can be checked by
        `labeling annotators check` all the same.

        Args:
            requests: all votes that wait for a check.
            samples: one row per sample, index = ids.

        Raises:
            UnreachableError: the server does not answer; ask again.
            DataError: the text's column is missing.
        """
        pair = self._pair.at(self.state)
        if not requests and pair.checks.cursor.id is None:
            return
        try:
            problems = self._ask_checks(pair, requests, samples)
        except UnreachableError:
            raise
        except PlatformError as error:
            problems = [_problem_of(pair, error)]
        self.state = pair.to_json()
        self._record_problems("ask checks", problems)

    def _ask_checks(
        self, pair: ProjectPair, requests: Sequence[CheckRequest], samples: pd.DataFrame
    ) -> list[Problem]:
        project = pair.checks.up_to_date()
        refused: dict[str, str] = {}
        tasks = self._task_builder.check_tasks(requests, samples, project.interface)
        import_tasks(self._client, project, tasks, on_refused=refused.update)
        keys = {request.key for request in requests}
        settled = [
            task.ext_id for task in open_tasks(self._client, project.id) if task.ext_id not in keys
        ]
        close(self._client, project.id, settled)
        answers = CheckAnswers(self._client, pair.sync, project)
        existing = answers.tasks(requests)
        answered, _ = answers.of(requests, existing)
        _reopen(self._client, existing, {answer.key for answer in answered})
        return [
            Problem(f"{project.title}, {key}", f"Label Studio does not accept it: {reason}.")
            for key, reason in sorted(refused.items())
        ]

    def checks(self, requests: Sequence[CheckRequest]) -> tuple[CheckAnswer, ...]:
        """Return the answers of reviewers to votes that wait for a check.

        Of several answers about one vote the earliest counts. Skips, answers by people who
        annotated the sample, and rejections without a reason do not; the last two are listed in
        `problems`.

        Raises:
            UnreachableError: the server does not answer; ask again.
        """
        pair = self._pair.at(self.state)
        answers: list[CheckAnswer] = []
        try:
            project = pair.checks.find() if requests else None
            problems: list[Problem] = []
            if project is not None:
                reader = CheckAnswers(self._client, pair.sync, project)
                answers, problems = reader.of(requests, reader.tasks(requests))
        except UnreachableError:
            raise
        except PlatformError as error:
            problems = [_problem_of(pair, error)]
        self._record_problems("checks", problems)
        return tuple(answers)


def _reopen(client: StudioClient, tasks: Iterable[Task], answered: Collection[str]) -> None:
    """Ask another reviewer where a task is completed and no answer counts."""
    completed = [task for task in tasks if task.is_labeled or task.n_annotations >= task.overlap]
    void = [task for task in completed if task.ext_id not in answered]
    set_overlap(
        client,
        {task.ext_id: task.id for task in void},
        {task.ext_id: task.n_annotations + 1 for task in void},
    )


def _problem_of(pair: ProjectPair, error: PlatformError) -> Problem:
    return Problem(str(pair.checks.spec.title_or_id), str(error))
