"""Keeping the loop going while people label: a pass, a pause, and a pass again."""

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
    """What one pass brought.

    Attributes:
        number: 1, 2, 3, ...
        news: how many annotations came since the last pass that is told of.
        problems: what people said that cannot be counted.
        awaited: on how many samples people are awaited.
        verdict: what all that was said comes to; `None` where nothing was new.
        rounds: where the loop stood and then stands; empty where nothing was new or asked.
        train: the training set that was written; `None` where nothing was.
        fault: why the platform was not reached, or the project held; empty where nothing failed.
        faults: how often something did, so far.
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
        """Return it as JSON knows it."""
        found: dict[str, Any] = {"pass": self.number, "new": self.news, "awaited": self.awaited}
        found["problems"] = [{"where": one.where, "what": one.what} for one in self.problems]
        if self.verdict is not None:
            found |= {
                "gold": len(self.verdict.gold),
                "pending": len(self.verdict.pending),
                "escalated": len(self.verdict.escalations),
                "unresolved": len(self.verdict.unresolved),
            }
        if self.rounds:
            found["round"] = self.rounds[-1].number
        if self.train is not None:
            found["training_set"] = len(self.train)
        if self.fault:
            found |= {"fault": self.fault, "faults": self.faults}
        return {**found, "done": self.is_last}


class Watch:
    """Passes over a project, which is held while one is made and free between two.

    Args:
        project: the project.
        runs: whether a pass goes on with the whole loop and exports; else it pulls and reviews.
    """

    def __init__(self, project: Project, *, runs: bool = True) -> None:
        self._project = project
        self._pass = self._run if runs else self._review
        self._told = self._annotations()
        self._seen: object = None  # what was known after the last pass that came to its end

    def passes(self, every: float, wait: Callable[[float], object] = time.sleep) -> Iterator[Pass]:
        """Yield what each pass brought, until nothing is left to do.

        A platform that is not reached, or a project that another verb holds, is waited for; every other
        error ends it.

        Args:
            every: seconds between two passes.
            wait: waits for so many seconds, or less where it knows that there is news.
        """
        faults = 0
        for number in itertools.count(1):
            try:
                found = self._pass()
            except (UnreachableError, ProjectLockedError) as error:
                faults += 1
                found = Pass(fault=str(error))
            yield dataclasses.replace(found, number=number, faults=faults)
            if found.is_last:
                return
            wait(every)

    def _run(self) -> Pass:
        its = self._project
        if self._seen is not None:
            its.pull()
            if self._seen == self._known():
                return self._ended()
        self._seen = None
        votes = its.votes()
        rounds = tuple(its.rounds(votes))
        train = its.export(rounds[-1], votes)
        found = self._ended(rounds[-1].verdict)
        # Whoever was asked may still answer; recorded votes have said all.
        is_last = its.config.replay is not None or not found.awaited
        return dataclasses.replace(found, rounds=rounds, train=train, is_last=is_last)

    def _review(self) -> Pass:
        self._project.pull()
        if self._seen is not None and self._seen == self._known():
            return self._ended()
        self._seen = None
        return self._ended(self._project.review())

    def _ended(self, verdict: Verdict | None = None) -> Pass:
        """Return what came of a pass, and remember what it has seen."""
        self._seen = self._known()
        told, self._told = self._told, self._annotations()
        store = self._project.store
        return Pass(
            news=self._told - told,
            problems=store.facts.problems(),
            awaited=self._project.people.awaited(),
            verdict=verdict,
        )

    def _known(self) -> object:
        """Return what changes with all that people say, and with what cannot be counted."""
        store = self._project.store
        return store.ledger.counts(), store.facts.problems()

    def _annotations(self) -> int:
        store = self._project.store
        return store.ledger.counts()[0] if store.ready() else 0
