"""The conversation with people: what is asked, what comes back, and what it comes to."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass

import pandas as pd

from labeling.adjudication import ReviewPolicy, review
from labeling.errors import PlatformError
from labeling.records import (
    Annotation,
    AnnotationPlatform,
    AskAgain,
    Escalation,
    LabelSchema,
    Problem,
    SoftLabels,
    Verdict,
    live_annotations,
)
from labeling.store import Store

logger = logging.getLogger(__name__)

Samples = Callable[[], pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What a push did: the batch's number (0 where none waited), and how many samples it has."""

    batch: int
    samples: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull brought.

    Attributes:
        news: the annotations that were not known before.
        known: how many were.
        problems: what came back and could not be counted, for a person to mend.
    """

    news: tuple[Annotation, ...]
    known: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class People:
    """Push, pull and review over a store: each may be killed anywhere and done again.

    Attributes:
        store: remembers what was asked and said; must be held.
        schema: the labels.
        policy: when a sample is settled.
        annotators: who may be asked; `None` is without limit.
    """

    store: Store
    schema: LabelSchema
    policy: ReviewPolicy
    annotators: Collection[str] | None = None

    def push(
        self, platform: AnnotationPlatform, samples: Samples, soft: SoftLabels | None = None
    ) -> Pushed:
        """Ask about the batch that waits.

        Raises:
            PlatformError: the platform did not take all of it.
        """
        number, state = self.store.batches.last()
        if state == "pushed":
            return Pushed(0, 0)
        batch = self.store.batches.batch(number)
        votes = self.policy.min_votes
        with self.store.database.writing():  # from now on it is not chosen anew
            self.store.outbox.add([("ask", one, number, votes, ()) for one in batch.sample_ids])
            self.store.batches.set_state(number, "pushing")
        platform.push(batch, samples(), soft, outbox=self.store.outbox)
        _warn(platform)
        left = self.store.outbox.waiting("ask")
        if left:
            raise PlatformError(
                f"{len(left)} of {len(batch)} samples of batch {number} were not taken by the"
                " platform; push again."
            )
        self.store.batches.set_state(number, "pushed")
        logger.info("pushed batch %d: %d samples", number, len(batch))
        return Pushed(number, len(batch))

    def pull(self, platform: AnnotationPlatform) -> Pulled:
        """Append what people said since, and remember where their samples stand now."""
        said = platform.pull()
        with self.store.database.writing():
            news = self.store.ledger.append(said)
            if news:
                self._settle({one.sample_id for one in news})
            found = tuple(getattr(platform, "problems", ()))
            self.store.history.set_problems(found)
        logger.info("pulled %d new annotations, %d problems", len(news), len(found))
        return Pulled(news, len(said) - len(news), found)

    def add(self, said: Collection[Annotation]) -> tuple[Annotation, ...]:
        """Append annotations from anywhere, and return those that were new."""
        said = [
            one
            if one.label is None
            else dataclasses.replace(one, label=self.schema.labels[self.schema.index(one.label)])
            for one in said
        ]
        with self.store.database.writing():
            news = self.store.ledger.append(said)
            self._settle({one.sample_id for one in news})
        return news

    def _settle(self, sample_ids: set[Hashable]) -> None:
        said = self.store.ledger.annotations(sample_ids)
        self.store.batches.settle(self.verdict(said), _heard(said))

    def verdict(self, said: Collection[Annotation]) -> Verdict:
        """Return what annotations come to; reviewers see what the model held at the beginning."""
        verdict = review(said, self.schema, policy=self.policy, annotators=self.annotators)
        held = self.store.batches.model_labels([one.sample_id for one in verdict.escalations])
        escalations = tuple(
            dataclasses.replace(one, model_label=held.get(one.sample_id))
            for one in verdict.escalations
        )
        return dataclasses.replace(verdict, escalations=escalations)

    def review(self, platform: AnnotationPlatform, samples: Samples) -> Verdict:
        """Decide on all that was said: ask again where votes are short, escalate conflicts."""
        return self._reviewed(platform, samples)[0]

    def _reviewed(self, platform: AnnotationPlatform, samples: Samples) -> tuple[Verdict, int]:
        """Return what all that was said comes to, and how much more was asked because of it."""
        said = self.store.ledger.annotations()
        verdict = self.verdict(said)
        heard = _heard(said)
        with self.store.database.writing():
            self.store.batches.settle(verdict, heard)
            self._ask(verdict, heard)
        logger.info("reviewed %d annotations: %s", len(said), verdict)
        return verdict, self.deliver(platform, samples, verdict)

    def deliver(self, platform: AnnotationPlatform, samples: Samples, verdict: Verdict) -> int:
        """Hand to the platform what waits in the outbox after a review; return how much it took."""
        again = {one.sample_id: one for one in verdict.pending}
        pending = [
            again.get(one.sample_id) or AskAgain(one.sample_id, one.votes, one.not_annotators)
            for one in self.store.outbox.waiting("ask again")
        ]
        if pending:
            platform.ask_again(pending, outbox=self.store.outbox)
        raised = {one.sample_id: one for one in verdict.escalations}
        escalations = [
            raised.get(one.sample_id) or Escalation(one.sample_id, (), "settled meanwhile")
            for one in self.store.outbox.waiting("escalate")
        ]
        if escalations:
            platform.escalate(escalations, samples(), outbox=self.store.outbox)
        if pending or escalations:
            _warn(platform)
        left = self.store.outbox.waiting("ask again") + self.store.outbox.waiting("escalate")
        return len(pending) + len(escalations) - len(left)

    def settle_all(self, platform: AnnotationPlatform, samples: Samples) -> None:
        """Pull and review until nobody has more to say at the moment.

        What was asked before and did not arrive is asked first: an answer may hang on it.
        """
        if self.store.batches.last()[1] == "pushing":
            self.push(platform, samples)
        self.deliver(platform, samples, self.verdict(self.store.ledger.annotations()))
        asked = 1
        while asked:
            self.pull(platform)
            asked = self._reviewed(platform, samples)[1]

    def awaited(self) -> int:
        """Return how many samples were asked about and are not settled."""
        counts = self.store.batches.counts()
        return counts["asked"] + counts["collecting"] + counts["escalated"]

    def _ask(self, verdict: Verdict, heard: dict[Hashable, int]) -> None:
        """Put into the outbox what is to be asked and is not under way already."""
        asked = self.store.outbox.votes_asked([one.sample_id for one in verdict.pending])
        short = [(one, _still_needed(one, asked, heard)) for one in verdict.pending]
        ids = [one.sample_id for one in verdict.pending]
        ids += [one.sample_id for one in verdict.escalations]
        batch = self.store.batches.batch_of(ids)
        self.store.outbox.add(
            [
                *(
                    (
                        *("ask again", one.sample_id, batch.get(one.sample_id, 0)),
                        *(needed, one.not_annotators),
                    )
                    for one, needed in short
                    if needed > 0
                ),
                *(
                    ("escalate", one.sample_id, batch.get(one.sample_id, 0), 1, ())
                    for one in verdict.escalations
                ),
            ]
        )


def _warn(platform: AnnotationPlatform) -> None:
    """Tell of what a platform could not ask as it should."""
    for one in getattr(platform, "problems", ()):
        logger.warning("%s: %s", one.where, one.what)


def _still_needed(one: AskAgain, asked: dict[Hashable, int], heard: dict[Hashable, int]) -> int:
    """Return how many votes are needed beyond those that were asked for and are still to come."""
    to_come = asked.get(one.sample_id, 0) - heard.get(one.sample_id, 0)
    return one.votes_needed - max(to_come, 0)


def _heard(said: Collection[Annotation]) -> dict[Hashable, int]:
    """Return how many people spoke of each sample, skips included, reviewers not."""
    counts: dict[Hashable, int] = {}
    for one in live_annotations(said):
        counts[one.sample_id] = counts.get(one.sample_id, 0) + (not one.reviewer)
    return counts
