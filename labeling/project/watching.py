"""Repeats pull, review and export at intervals while people label."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labeling.errors import ProjectLockedError, UnreachableError
from labeling.records import Problem, Verdict

if TYPE_CHECKING:
    from labeling.datasets import TrainingSet
    from labeling.project.loop import Project
    from labeling.project.results import Round


@dataclass(frozen=True, slots=True)
class Pass:
    """The result of one pass.

    Attributes:
        number: 1, 2, 3, ...
        news: how many annotations came since the last pass.
        problems: annotations that cannot be counted.
        awaited: on how many samples people are awaited.
        verdict: the verdict on all annotations; `None` if nothing was new.
        rounds: the rounds of the loop; empty if nothing was new or asked.
        train: the training set that was written; `None` if none was.
        fault: why the platform was not reached or the project locked; empty if nothing failed.
        faults: how many passes failed so far.
        is_last: whether nobody is awaited and nothing is left to ask.
    """

    number: int = 0
    news: int = 0
    problems: tuple[Problem, ...] = ()
    awaited: int = 0
    verdict: Verdict | None = None
    rounds: tuple[Round, ...] = ()
    train: TrainingSet | None = None
    fault: str = ""
    faults: int = 0
    is_last: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the pass as JSON values."""
        values: dict[str, Any] = {"pass": self.number, "new": self.news, "awaited": self.awaited}
        values["problems"] = [
            {"where": problem.where, "what": problem.what} for problem in self.problems
        ]
        if self.verdict is not None:
            values |= {
                "gold": len(self.verdict.gold),
                "pending": len(self.verdict.pending),
                "escalated": len(self.verdict.escalations),
                "unresolved": len(self.verdict.unresolved),
            }
        if self.rounds:
            values["round"] = self.rounds[-1].number
        if self.train is not None:
            values["training_set"] = len(self.train)
        if self.fault:
            values |= {"fault": self.fault, "faults": self.faults}
        return {**values, "done": self.is_last}


class Watch:
    """Repeated passes over a project, which is locked during a pass and free in between.

    Args:
        project: the project.
        runs: whether a pass runs the whole loop and exports; otherwise it pulls and reviews.
    """

    def __init__(self, project: Project, *, runs: bool = True) -> None:
        self._project = project
        self._pass = self._run if runs else self._review
        self._reported = self._count_annotations()
        self._basis: object = None  # of the last pass that was completed

    def passes(self, every: float, wait: Callable[[float], object] = time.sleep) -> Iterator[Pass]:
        """Yield the result of each pass, until nothing is left to do.

        An unreachable platform, or a project that another process has locked, is tried again after
        the next wait; any other error ends the iteration.

        Args:
            every: seconds between two passes.
            wait: waits for this many seconds, or less if it learns of new annotations.
        """
        faults = 0
        for number in itertools.count(1):
            try:
                result = self._pass()
            except (UnreachableError, ProjectLockedError) as error:
                faults += 1
                result = Pass(fault=str(error))
            yield dataclasses.replace(result, number=number, faults=faults)
            if result.is_last:
                return
            wait(every)

    def _run(self) -> Pass:
        project = self._project
        if self._basis is not None:
            project.pull()
            if self._basis == self._current_basis():
                return self._completed()
        self._basis = None
        votes = project.votes()
        platform = project.platform()
        rounds = tuple(project.rounds(votes, platform))
        train = project.export(rounds[-1], votes)
        result = self._completed(rounds[-1].verdict)
        is_last = platform.answers_at_once or not result.awaited
        return dataclasses.replace(result, rounds=rounds, train=train, is_last=is_last)

    def _review(self) -> Pass:
        self._project.pull()
        if self._basis is not None and self._basis == self._current_basis():
            return self._completed()
        self._basis = None
        return self._completed(self._project.review())

    def _completed(self, verdict: Verdict | None = None) -> Pass:
        """Return the result of a pass, and remember what it was based on."""
        self._basis = self._current_basis()
        before, self._reported = self._reported, self._count_annotations()
        return Pass(
            news=self._reported - before,
            problems=self._project.store.facts.problems(),
            awaited=self._project.people.count_awaited(),
            verdict=verdict,
        )

    def _current_basis(self) -> object:
        """Return what changes with every annotation, and with every problem."""
        store = self._project.store
        return store.ledger.counts(), store.facts.problems()

    def _count_annotations(self) -> int:
        store = self._project.store
        return store.ledger.counts()[0] if store.ready() else 0
