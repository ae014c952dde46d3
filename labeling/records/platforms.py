"""The interfaces between rooms: annotation platforms and label models."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol, Self

import pandas as pd

from labeling.records.annotations import (
    Annotation,
    Batch,
    Problem,
)
from labeling.records.gold import ClassBalance, Gold
from labeling.records.outbox import EphemeralOutbox, MessageKind, NewMessage, Outbox
from labeling.records.soft_labels import SoftLabels
from labeling.records.verdicts import AskAgain, Escalation, GoldLabel
from labeling.records.vote_checks import CheckAnswer, CheckRequest
from labeling.records.votes import Votes
from labeling.rendering import Displayed, View


class Aggregator(Protocol):
    """A label model: it combines votes, of labeling functions and of people alike."""

    def fit(
        self, votes: Votes, *, gold: Gold | None = None, class_balance: ClassBalance | None = None
    ) -> Self:
        """Fit the model on votes, and on gold labels of some of their samples."""
        ...

    def predict_proba(self, votes: Votes) -> SoftLabels:
        """Return the probability of each label for each sample of the votes."""
        ...


@dataclass(frozen=True, slots=True, repr=False)
class Fetched(Displayed):
    """The result of `AnnotationPlatform.fetch`: a value, which changes nothing until it is
    accepted.

    Attributes:
        annotations: all annotations that may be new; those that are known already do no harm.
        problems: what this fetch could not count, for a person to fix.
        state: the sync state after this fetch, to be stored with its annotations.
    """

    annotations: tuple[Annotation, ...] = ()
    problems: tuple[Problem, ...] = ()
    state: str = ""


class AnnotationPlatform(Displayed, ABC):
    """A place where people label: Label Studio, files, recorded votes, or one of your own.

    A subclass writes four methods: `push`, `ask_again` and `escalate` deliver the messages that
    wait in an outbox, and `fetch` returns the annotations. All else has a default.

    Attributes:
        uses_soft: whether `push` uses soft labels; they are computed only then.
        answers_at_once: whether all answers are there as soon as people were asked, so that none
            arrives later.
        state: the sync state, as text: a project stores it and passes it to the next object. It
            holds no secrets.
        progress: called with the number of messages delivered since the last call.
        paused: the names of annotators who must not be asked; what they answer is fetched all the
            same.
    """

    uses_soft: bool = False
    answers_at_once: bool = False
    state: str = ""
    paused: frozenset[str] = frozenset()
    progress: Callable[[int], object] = staticmethod(lambda _delivered: None)
    _annotations: Mapping[Annotation, None] = MappingProxyType({})
    _problems: Mapping[str, tuple[Problem, ...]] = MappingProxyType({})

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"  # attributes of another platform may be secrets

    def _view(self) -> View:
        from labeling.records.people_views import platform_view

        return platform_view(self)

    @abstractmethod
    def push(
        self,
        batch: Batch,
        samples: pd.DataFrame,
        soft: SoftLabels | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for the first votes on the samples of a batch; pushing twice asks once.

        With an `outbox`, only its waiting messages about these samples are delivered.
        """

    @abstractmethod
    def ask_again(
        self,
        pending: Sequence[AskAgain],
        samples: pd.DataFrame | None = None,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask for more votes, from people who have not annotated the sample yet."""

    @abstractmethod
    def escalate(
        self,
        escalations: Sequence[Escalation],
        samples: pd.DataFrame,
        *,
        outbox: Outbox | None = None,
    ) -> None:
        """Ask a reviewer to decide on samples."""

    @abstractmethod
    def fetch(self, state: str) -> Fetched:
        """Return the annotations that are new since a sync state, and the state after them.

        The platform object itself stays as it is until `accept`: a caller that cannot store the
        result drops it, and the same annotations are fetched again.

        Args:
            state: the sync state of the last fetch that was stored; empty for the first.
        """

    def accept(self, fetched: Fetched) -> None:
        """Take over the result of a fetch, once it is stored."""
        self.state = fetched.state
        self._annotations = {**self._annotations, **dict.fromkeys(fetched.annotations)}
        self._record_problems("pull", fetched.problems)

    def inform(self, rejected: Iterable[Annotation], paused: Iterable[str]) -> None:
        """Take over what was decided about people's work since the platform was made.

        Args:
            rejected: the versions by which annotations were rejected; see `rejection_of`.
            paused: the names of all annotators who are paused.
        """
        self._annotations = {**self._annotations, **dict.fromkeys(rejected)}
        self.paused = frozenset(paused)

    def pull(self) -> tuple[Annotation, ...]:
        """Return all annotations known, after fetching the new ones."""
        self.accept(self.fetch(self.state))
        self.merge_duplicates()
        return tuple(self._annotations)

    def known_annotations(
        self, sample_ids: Collection[Hashable] | None = None
    ) -> tuple[Annotation, ...]:
        """Return the annotations accepted by this object, of some samples or all."""
        if sample_ids is None:
            return tuple(self._annotations)
        wanted = set(sample_ids)
        return tuple(found for found in self._annotations if found.sample_id in wanted)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What could not be asked or counted, for a person to fix."""
        return (*_flat(self._problems), *self.problems_in(self.state))

    def problems_after(self, fetched: Fetched) -> tuple[Problem, ...]:
        """Return what `problems` will be once a fetch is accepted."""
        problems = {**self._problems, "pull": fetched.problems}
        return (*_flat(problems), *self.problems_in(fetched.state))

    def problems_in(self, state: str) -> tuple[Problem, ...]:
        """Return the problems that a sync state holds until they are fixed."""
        return ()

    @property
    def lost(self) -> tuple[Hashable, ...]:
        """Samples that wait for annotators and that the platform has lost: they are asked again."""
        return ()

    @property
    def lost_reviews(self) -> tuple[Hashable, ...]:
        """Samples that wait for a reviewer and that the platform has lost."""
        return ()

    @property
    def refused(self) -> tuple[Hashable, ...]:
        """Samples that the platform did not accept at the last push: nobody is asked about them."""
        return ()

    @property
    def own_headers(self) -> dict[str, str]:
        """Column headers of the platform that were renamed, since the samples use their names."""
        return {}

    def check(self, samples: pd.DataFrame) -> None:
        """Raise an error unless these samples can be pushed."""

    def outstanding_votes(self) -> Mapping[Hashable, int] | None:
        """Return how many votes are still to come, by sample; `None` if it cannot be told."""
        return None

    def close(self, sample_ids: Iterable[Hashable]) -> None:
        """Stop asking annotators about samples."""

    def ask_checks(self, requests: Sequence[CheckRequest], samples: pd.DataFrame) -> None:
        """Let reviewers check votes, each once; where a platform cannot, a command does.

        Args:
            requests: all votes that wait for a check.
            samples: one row per sample, index = ids.
        """

    def checks(self, requests: Sequence[CheckRequest]) -> tuple[CheckAnswer, ...]:
        """Return the answers of reviewers to `ask_checks`; those known already do no harm.

        Args:
            requests: all votes that wait for a check.
        """
        return ()

    def write_back(self, gold: Iterable[GoldLabel]) -> None:
        """Show annotators what reviewers decided; `gold` is all that reviewers decided so far."""

    def merge_duplicates(self) -> None:
        """Merge what the platform holds several times, once all its annotations are stored."""

    def locations(self, who: Collection[str]) -> tuple[str, ...]:
        """Return the addresses or files where people find what they were asked last.

        Args:
            who: any of `annotators` and `reviewers`.
        """
        return ()

    @functools.cached_property
    def own_outbox(self) -> EphemeralOutbox:
        """The messages of this object, where no outbox of a store is given."""
        return EphemeralOutbox()

    def outbox_or_own(
        self,
        outbox: Outbox | None,
        kind: MessageKind,
        messages: Iterable[NewMessage],
        *,
        first_number: int = 1,
    ) -> Outbox:
        """Return the outbox of a store or, without one, this object's own with these messages.

        Args:
            outbox: the store's; `None` if there is none.
            kind: of the messages.
            messages: read only if there is no store.
            first_number: the number of the first one.
        """
        if outbox is not None:
            return outbox
        self.own_outbox.replace(kind, messages, first_number=first_number)
        return self.own_outbox

    def _record_problems(self, step: str, problems: Iterable[Problem]) -> None:
        """Replace the problems of a step, such as `push`."""
        self._problems = {**self._problems, step: tuple(problems)}


def _flat(problems: Mapping[str, tuple[Problem, ...]]) -> tuple[Problem, ...]:
    return tuple(problem for of_step in problems.values() for problem in of_step)
