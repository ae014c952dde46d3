"""The conversation with people: what is asked, what comes back, and what it comes to."""

from __future__ import annotations

import contextlib
import dataclasses
import logging
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from labeling.adjudication import Annotators, ReviewPolicy, review
from labeling.errors import DataError, LabelingError, PlatformError, counted, shown
from labeling.project.data import current_annotations, missing_or_changed
from labeling.project.outbox_policy import ask, ask_what_was_lost, heard_on
from labeling.project.policies import policy_in_force
from labeling.project.results import Pulled, Pushed
from labeling.records import (
    Annotation,
    AnnotationPlatform,
    AskAgain,
    Batch,
    Escalation,
    Kind,
    LabelSchema,
    SoftLabels,
    Verdict,
    expect,
    person_key,
    refuse_unsafe,
)
from labeling.store import Store

logger = logging.getLogger(__name__)

Samples = Callable[[], pd.DataFrame]
MEMORY = "platform"  # under which fact a platform's own memory is kept
UNNEEDED: tuple[Kind, ...] = ("ask again", "escalate")  # asked of a sample that is decided
REVIEWED = "reviewed"  # under which fact stands what the last review was based on


@dataclass(frozen=True, slots=True)
class AnnotationLoop:
    """Push, pull and review over a store: each may be killed anywhere and done again.

    Attributes:
        store: remembers what was asked and said; must be held.
        schema: the labels.
        policy: when a sample is settled.
        text: the column of the text that people are shown.
        annotators: gives who may be asked, of all samples or by sample; `None` is without limit.
        raw_texts: gives the texts as the files hold them where characters in them were replaced.
        is_trial: whether all that is done is taken back: then the platform is left as it is.
    """

    store: Store
    schema: LabelSchema
    policy: ReviewPolicy
    text: str
    annotators: Callable[[], Annotators | None] = lambda: None
    raw_texts: Callable[[], Mapping[Hashable, str]] = dict
    is_trial: bool = False

    def policy_in_force(self) -> ReviewPolicy:
        """Return the policy with `escalate` said; a project goes on as an earlier version began it."""
        return policy_in_force(self.policy, self.schema, self.store)

    def push(
        self,
        platform: AnnotationPlatform,
        samples: Samples,
        soft: Callable[[], SoftLabels | None] = lambda: None,
    ) -> Pushed:
        """Ask about the batch that waits; what the model holds goes to a platform that uses it.

        Raises:
            PlatformError: the platform did not take all of it.
        """
        number, state = self.store.batches.last()
        if state == "pushed":
            return Pushed(0, 0)
        there = samples()
        batch = self._still_there(self.store.batches.batch(number), there)
        votes = self.policy.min_votes
        held = soft() if getattr(platform, "uses_soft", False) else None
        with self.store.database.writing():  # from now on it is not chosen anew
            self.store.outbox.add([("ask", one, number, votes, ()) for one in batch.sample_ids])
            self.store.batches.set_state(number, "pushing")
        try:
            platform.push(batch, there, held, outbox=self.store.outbox)
        except LabelingError:
            self.take_back()
            raise
        self._leave_refused(platform)
        self.keep_memory(platform)
        _warn(platform)
        left = self.store.outbox.waiting("ask")
        if left:
            raise PlatformError(
                f"{len(left):,} of {counted(len(batch), 'sample')} of batch {number} were not taken by the"
                " platform; push again."
            )
        self.store.batches.set_state(number, "pushed")
        logger.info("pushed batch %d: %d samples", number, len(batch))
        return Pushed(number, len(batch))

    def _leave_refused(self, platform: AnnotationPlatform) -> None:
        """Ask nobody about samples that a platform does not take; why is kept among the problems."""
        refused = tuple(getattr(platform, "refused", ()))
        if refused:
            with self.store.database.writing():
                self._withdraw(refused)
                self.store.facts.set_problems(getattr(platform, "problems", ()))

    def take_back(self) -> None:
        """Let a batch be chosen anew of which nothing was sent yet."""
        number, state = self.store.batches.last()
        waiting = self.store.outbox.waiting("ask")
        sent = self.store.outbox.of_batch(number)
        if state == "pushing" and len(waiting) == sent and not any(one.begun for one in waiting):
            with self.store.database.writing():
                self.store.outbox.withdraw([one.sample_id for one in waiting], ["ask"])
                self.store.batches.set_state(number, "chosen")

    def _still_there(self, batch: Batch, samples: pd.DataFrame) -> Batch:
        """Return a batch without the samples that left the data since it was chosen."""
        gone = batch.sample_ids[samples.index.get_indexer(batch.sample_ids) < 0]
        if not len(gone):
            return batch
        logger.warning(
            "%d samples of the batch are no longer among the samples, and nobody is asked about"
            " them: %s.",
            *(len(gone), shown(gone)),
        )
        self._withdraw(gone)
        return Batch(batch.to_frame().drop(index=gone))

    def _withdraw(self, sample_ids: Collection[Hashable]) -> None:
        with self.store.database.writing():
            self.store.outbox.withdraw(sample_ids, ["ask", "ask again", "escalate"])
            self.store.batches.withdraw(sample_ids)

    def pull(self, platform: AnnotationPlatform) -> Pulled:
        """Append what people said since, and remember where their samples stand now."""
        said = _news(platform)
        with _kept_or_unread(platform), self.store.database.writing():
            news = self.store.ledger.append(said)
            if news:
                self._settle({one.sample_id for one in news})
            found = tuple(getattr(platform, "problems", ()))
            self.store.facts.set_problems(found)
            self.keep_memory(platform)  # with what it brought, or it would not bring it again
            known = self.store.ledger.counts()[0] - len(news)
        logger.info("pulled %d new annotations, %d problems", len(news), len(found))
        if not self.is_trial:  # only now: what is merged away must have been kept
            getattr(platform, "merge_copies", lambda: None)()
        return Pulled(news, known, found)

    def keep_memory(self, platform: AnnotationPlatform) -> None:
        """Remember what a platform wants to be given again."""
        memory = getattr(platform, "memory", None)
        if memory is not None and memory != self.store.facts.get(MEMORY):
            self.store.facts.put(MEMORY, memory)

    def add(self, said: Collection[Annotation], samples: pd.DataFrame) -> tuple[Annotation, ...]:
        """Append annotations from anywhere, and return those that were new."""
        named = [self._checked(one) for one in said]
        unknown = pd.Index([one.sample_id for one in named], dtype=object)
        unknown = unknown[samples.index.get_indexer(unknown) < 0]
        if len(unknown):
            raise DataError(
                f"Annotations must be about samples of the project. {len(unknown)} of {len(named)}"
                f" are not: {shown(unknown)}. Do the ids have the same type, 1 or '1'?"
            )
        with self.store.database.writing():
            news = self.store.ledger.append(named)
            self._settle({one.sample_id for one in news})
        return news

    def _checked(self, one: Annotation) -> Annotation:
        expect(one, Annotation, "Each annotation")
        if not isinstance(one.annotator, str) or not person_key(one.annotator):
            raise DataError(
                f"An annotator must be a non-empty text that can be seen. Got {one.annotator!r} for sample"
                f" {one.sample_id!r}."
            )
        refuse_unsafe([one.annotator], "The names of annotators")
        if one.label is None:
            return one
        return dataclasses.replace(one, label=self.schema.labels[self.schema.index(one.label)])

    def _settle(self, sample_ids: set[Hashable]) -> None:
        """Remember where samples stand; whether they are still in the data is seen by `review`."""
        said = current_annotations(
            self.store.ledger.annotations(sample_ids), self.schema, lambda _: ([], [])
        )
        silent = sample_ids - {one.sample_id for one in said}
        self.store.batches.settle(self.verdict(said), heard_on(said), silent)

    def verdict(self, said: Collection[Annotation]) -> Verdict:
        """Return what annotations come to; reviewers see what the model held at the beginning."""
        policy = self.policy_in_force()
        verdict = review(said, self.schema, policy=policy, annotators=self.annotators())
        held = self.store.batches.model_labels([one.sample_id for one in verdict.escalations])
        escalations = tuple(
            dataclasses.replace(one, model_label=held.get(one.sample_id))
            for one in verdict.escalations
        )
        return dataclasses.replace(verdict, escalations=escalations)

    def said(self, samples: pd.DataFrame) -> tuple[Annotation, ...]:
        """Return what each person last said of samples and labels that still are as they were."""
        return current_annotations(
            self.store.ledger.annotations(), self.schema, lambda ids: self._lost(ids, samples)
        )

    def _lost(
        self, sample_ids: Collection[Hashable], samples: pd.DataFrame
    ) -> tuple[list[Hashable], list[Hashable]]:
        digests = self.store.batches.text_digests(sample_ids)
        return missing_or_changed(sample_ids, samples, self.text, digests, self.raw_texts())

    def is_changed(self, sample_id: Hashable, samples: pd.DataFrame) -> bool:
        """Return whether people were shown another text of a sample than it has now."""
        return self.store.ready() and bool(self._lost([sample_id], samples)[1])

    def review(self, platform: AnnotationPlatform, samples: Samples) -> Verdict:
        """Decide on all that was said: ask again where votes are short, escalate conflicts."""
        return self._reviewed(platform, samples)[0]

    def _reviewed(self, platform: AnnotationPlatform, samples: Samples) -> tuple[Verdict, int]:
        """Return what all that was said comes to, and how much more was asked because of it."""
        verdict = self.decide(platform, samples())
        return verdict, self.deliver(platform, samples, verdict)

    def add_decision(self, decision: Annotation, samples: pd.DataFrame) -> None:
        """Append a reviewer's decision; of the sample nobody is asked any more who was not yet."""
        with self.store.database.writing():
            self.add([decision], samples)
            for kind in UNNEEDED:
                waiting = [one for one in self.store.outbox.waiting(kind) if not one.begun]
                if decision.sample_id in {one.sample_id for one in waiting}:
                    self.store.outbox.withdraw([decision.sample_id], [kind])

    def decide(self, platform: AnnotationPlatform, samples: pd.DataFrame) -> Verdict:
        """Decide on all that was said, and put into the outbox what is to be asked because of it."""
        gone, changed = self._lost(self.store.batches.awaited(), samples)
        outstanding_votes = count_outstanding(platform)
        with self.store.database.writing():
            self._withdraw([*gone, *changed])
            said = self.said(samples)
            verdict = self.verdict(said)
            self._tell_of_reopened(verdict)
            self.store.batches.settle(verdict, heard_on(said))
            ask(self.store, verdict, said, outstanding_votes)
            ask_what_was_lost(self.store, platform, verdict, self.policy.min_votes)
            self.store.facts.put(REVIEWED, reviewed(self.store, self.policy_in_force()))
        logger.info("reviewed %d annotations: %s", len(said), verdict)
        return verdict

    def _tell_of_reopened(self, verdict: Verdict) -> None:
        """Warn where another policy than that of the last review opens settled samples again."""
        last = (self.store.facts.get(REVIEWED) or "").partition(" ")[2]
        if not last or last == reviewed(self.store, self.policy_in_force()).partition(" ")[2]:
            return
        states = self.store.batches.states()
        unsettled = [question.sample_id for question in verdict.pending]
        unsettled += [escalation.sample_id for escalation in verdict.escalations]
        again = [sample_id for sample_id in unsettled if states.get(sample_id) == "settled"]
        if again:
            logger.warning(
                "%s open again, since `review` in the config is not"
                " what it was at the last review: %s.",
                counted(len(again), "sample that was settled is", "samples that were settled are"),
                shown(again),
            )

    def deliver(self, platform: AnnotationPlatform, samples: Samples, verdict: Verdict) -> int:
        """Hand to the platform what waits in the outbox after a review; return how much it took."""
        again = {one.sample_id: one for one in verdict.pending}
        pending = [
            again.get(one.sample_id) or AskAgain(one.sample_id, one.votes, one.not_annotators)
            for one in self.store.outbox.waiting("ask again")
        ]
        if pending:
            platform.ask_again(pending, samples(), outbox=self.store.outbox)
        raised = {one.sample_id: one for one in verdict.escalations}
        escalations = [
            raised.get(one.sample_id) or Escalation(one.sample_id, (), "settled meanwhile")
            for one in self.store.outbox.waiting("escalate")
        ]
        if escalations:
            platform.escalate(escalations, samples(), outbox=self.store.outbox)
        self._close(platform, verdict)
        self._write_back(platform, verdict)
        if pending or escalations:
            _warn(platform)
        left = self.store.outbox.waiting("ask again") + self.store.outbox.waiting("escalate")
        return len(pending) + len(escalations) - len(left)

    def _close(self, platform: AnnotationPlatform, verdict: Verdict) -> None:
        """Have a platform ask for no more votes on samples that are settled or with a reviewer."""
        close = getattr(platform, "close", None)
        if close is not None:
            settled = [gold.sample_id for gold in verdict.gold]
            close([*settled, *(escalation.sample_id for escalation in verdict.escalations)])

    def _write_back(self, platform: AnnotationPlatform, verdict: Verdict) -> None:
        """Tell a platform that wants to know what reviewers decided."""
        write = getattr(platform, "write_back", None)
        if write is not None:
            write([one for one in verdict.gold if one.source == "review"])
            self.keep_memory(platform)

    def settle_all(self, platform: AnnotationPlatform, samples: Samples) -> None:
        """Pull and review until nobody has more to say at the moment.

        What was asked before and did not arrive is asked first: an answer may hang on it.
        """
        if self.store.batches.last()[1] == "pushing":
            self.push(platform, samples)
        self.deliver(platform, samples, self.verdict(self.said(samples())))
        asked = 1
        while asked:
            self.pull(platform)
            asked = self._reviewed(platform, samples)[1]

    def met(self, said: Collection[Annotation]) -> set[Hashable]:
        """Return the samples that people were asked about or spoke of."""
        return {*self.store.batches.asked(), *(one.sample_id for one in said)}

    def awaited(self) -> int:
        """Return how many samples were asked about and are not settled."""
        return len(self.store.batches.awaited())


def reviewed(store: Store, policy: ReviewPolicy) -> str:
    """Return what a review is based on: how much was said, and when a sample is settled."""
    count = store.ledger.counts()[0]
    return f"{count} {policy.min_votes} {policy.max_votes} {policy.escalate}"


def _warn(platform: AnnotationPlatform) -> None:
    """Tell of what a platform could not ask as it should."""
    for one in getattr(platform, "problems", ()):
        logger.warning("%s: %s", one.where, one.what)


def count_outstanding(platform: AnnotationPlatform) -> dict[Hashable, int] | None:
    """Return how many votes on each sample are still out; `None` where a platform cannot tell."""
    count = getattr(platform, "outstanding_votes", None)
    return None if count is None else dict(count())


def _news(platform: AnnotationPlatform) -> tuple[Annotation, ...]:
    """Return what a platform has that may be new; some can tell it from what is known."""
    news = getattr(platform, "news", platform.pull)
    return tuple(news())


@contextlib.contextmanager
def _kept_or_unread(platform: AnnotationPlatform) -> Iterator[None]:
    """Have a platform bring its news again where they could not be kept."""
    try:
        yield
    except BaseException:
        getattr(platform, "unread", lambda: None)()
        raise
