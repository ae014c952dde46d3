"""The annotation loop over a store: push batches, pull annotations, review them, ask for more."""

from __future__ import annotations

import dataclasses
import functools
import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from labeling.adjudication import Annotators, ReviewPolicy, furthest_apart_first, review
from labeling.errors import DataError, LabelingError, PlatformError, counted, listed
from labeling.project.annotation_checks import checked_annotation
from labeling.project.data import current_annotations, missing_or_changed
from labeling.project.decision_records import keep_frozen, record_basis
from labeling.project.hidden_gold import choose_hidden_gold, with_hidden
from labeling.project.model_voter import ModelVoter, weak_labels
from labeling.project.outbox_policy import (
    add_first_questions,
    add_lost_questions,
    add_questions,
    annotator_counts,
    escalate_unanswerable,
)
from labeling.project.pausing import pause_by_rule
from labeling.project.policies import policy_in_force
from labeling.project.release_conflicts import escalate_conflicts
from labeling.project.results import Pulled, Pushed
from labeling.project.review_basis import REVIEWED, review_basis, warn_of_reopened
from labeling.project.work_review import WorkReview, with_unheard
from labeling.records import (
    Annotation,
    AnnotationPlatform,
    AskAgain,
    Batch,
    BatchState,
    Escalation,
    LabelSchema,
    LabelSource,
    MessageKind,
    Verdict,
)
from labeling.store import Store

logger = logging.getLogger(__name__)

Samples = Callable[[], pd.DataFrame]
SYNC_STATE = "platform"  # key of the platform's sync state among the facts of the store


@dataclass(frozen=True, slots=True)
class AnnotationLoop:
    """Push, pull and review over a store; each can be killed at any point and repeated.

    Attributes:
        store: the store of messages and annotations; it must be locked.
        schema: the labels.
        policy: when a sample is settled.
        text: the column of the text that people see.
        annotators: returns who may be asked, of all samples or by sample; `None` is anybody.
        raw_texts: returns the original texts of samples in which characters were replaced.
        model_voter: the end model as a voter, for policies that have one.
        is_dry_run: whether the store is rolled back afterwards: then the platform is not changed.
        work: which answers are votes, and how annotators' work is reviewed.
    """

    store: Store
    schema: LabelSchema
    policy: ReviewPolicy
    text: str
    annotators: Callable[[], Annotators | None] = lambda: None
    raw_texts: Callable[[], Mapping[Hashable, str]] = dict
    is_dry_run: bool = False
    work: WorkReview = field(kw_only=True)
    model_voter: ModelVoter = field(kw_only=True)

    def policy_in_force(self) -> ReviewPolicy:
        """Return the policy with `escalate` filled in; see `policies.policy_in_force`."""
        return policy_in_force(self.policy, self.schema, self.store)

    def push(
        self,
        platform: AnnotationPlatform,
        samples: Samples,
        soft: Callable[[], Any] = lambda: None,
    ) -> Pushed:
        """Ask annotators about the waiting batch; soft labels go to platforms that use them.

        Raises:
            PlatformError: the platform did not accept all of it.
        """
        number, state = self.store.batches.last()
        if state == BatchState.PUSHED:
            return Pushed(0, 0)
        frame = samples()
        batch = self._without_removed(self.store.batches.batch(number), frame)
        votes = self.policy.min_votes
        soft_labels = soft() if platform.uses_soft else None
        with self.store.database.writing():  # from now on the batch cannot be replaced
            gold = choose_hidden_gold(self.work, number, len(batch), frame, self.annotators())
            paused = self.work.paused_names() if platform.answers_at_once else ()
            add_first_questions(self.store.outbox, number, batch, votes, gold, paused)
            self.store.batches.set_state(number, BatchState.PUSHING)
        try:
            hidden = [message.sample_id for message in gold]
            platform.push(with_hidden(batch, hidden), frame, soft_labels, outbox=self.store.outbox)
        except LabelingError:
            self.release_unsent_batch()
            raise
        self._withdraw_refused(platform)
        self.store.outbox.withdraw(hidden, [MessageKind.ASK])  # what nobody could be asked
        self.save_state(platform.state)
        _warn_of_problems(platform)
        unsent = self.store.outbox.waiting(MessageKind.ASK)
        if unsent:
            raise PlatformError(
                f"{len(unsent):,} of {counted(len(batch), 'sample')} of batch {number} were not"
                " accepted by the platform; push again."
            )
        self.store.batches.set_state(number, BatchState.PUSHED)
        logger.info("pushed batch %d: %d samples", number, len(batch))
        return Pushed(number, len(batch))

    def _withdraw_refused(self, platform: AnnotationPlatform) -> None:
        """Ask nobody about samples that a platform refuses; the reasons are among the problems."""
        if platform.refused:
            with self.store.database.writing():
                self._withdraw(platform.refused)
                self.store.facts.set_problems(platform.problems)

    def release_unsent_batch(self) -> None:
        """Let a batch be replaced again if none of it was sent."""
        number, state = self.store.batches.last()
        waiting = self.store.outbox.waiting(MessageKind.ASK)
        is_all = len(waiting) == self.store.outbox.count_in_batch(number)
        if state == BatchState.PUSHING and is_all and not any(one.begun for one in waiting):
            with self.store.database.writing():
                sample_ids = [message.sample_id for message in waiting]
                self.store.outbox.withdraw(sample_ids, [MessageKind.ASK])
                self.store.batches.set_state(number, BatchState.CHOSEN)

    def _without_removed(self, batch: Batch, samples: pd.DataFrame) -> Batch:
        """Return a batch without the samples that were removed from the data since."""
        removed = batch.sample_ids[samples.index.get_indexer(batch.sample_ids) < 0]
        if not len(removed):
            return batch
        logger.warning(
            "%d samples of the batch are no longer among the samples, and nobody is asked about"
            " them: %s.",
            len(removed),
            listed(removed),
        )
        self._withdraw(removed)
        return Batch(batch.to_frame().drop(index=removed))

    def _withdraw(self, sample_ids: Collection[Hashable]) -> None:
        with self.store.database.writing():
            self.store.outbox.withdraw(sample_ids, list(MessageKind))
            self.store.batches.withdraw(sample_ids)

    def pull(self, platform: AnnotationPlatform) -> Pulled:
        """Append the new annotations to the ledger, and update the states of their samples."""
        fetched = platform.fetch(platform.state)
        problems = platform.problems_after(fetched)
        with (
            self.store.database.writing()
        ):  # annotations and state together: neither without the other
            new = self.store.ledger.append(fetched.annotations)
            if new:
                self._settle({annotation.sample_id for annotation in new})
            self.store.facts.set_problems(problems)
            self.save_state(fetched.state)
            known = self.store.ledger.counts()[0] - len(new)
        platform.accept(fetched)
        logger.info("pulled %d new annotations, %d problems", len(new), len(problems))
        if not self.is_dry_run:  # only now: what is merged away is in the ledger
            platform.merge_duplicates()
        return Pulled(new, known, problems)

    def save_state(self, state: str) -> None:
        """Store a platform's sync state, if it has one and it changed."""
        if state and state != self.store.facts.get(SYNC_STATE):
            self.store.facts.put(SYNC_STATE, state)

    def add(
        self, annotations: Collection[Annotation], samples: pd.DataFrame
    ) -> tuple[Annotation, ...]:
        """Append annotations of any origin, and return those that were new."""
        checked = [
            checked_annotation(annotation, self.schema, samples, self.text)
            for annotation in annotations
        ]
        unknown = pd.Index([annotation.sample_id for annotation in checked], dtype=object)
        unknown = unknown[samples.index.get_indexer(unknown) < 0]
        if len(unknown):
            raise DataError(
                f"Annotations must be about samples of the project. {len(unknown)} of"
                f" {len(checked)} are not: {listed(unknown)}. Do the ids have the same type, 1 or"
                " '1'?"
            )
        with self.store.database.writing():
            new = self.store.ledger.append(checked)
            self._settle({annotation.sample_id for annotation in new})
        return new

    def _settle(self, sample_ids: set[Hashable]) -> None:
        """Update the states of samples; only `review` checks whether they are still in the data."""
        # What others said elsewhere tells how far to trust people, unless votes are only counted.
        is_counted = self.policy.rule == "majority"
        ledger = self.store.ledger.annotations(sample_ids if is_counted else None)
        current = self.work.counted(current_annotations(ledger, self.schema, lambda _: ([], [])))
        void = self.work.void_answers(ledger, self.work.state())
        answers = (*current, *void)
        verdict = with_unheard(self.verdict(current), void, self.policy.min_votes)
        without = sample_ids - {one.sample_id for one in answers}
        verdict, counts = verdict.of_samples(sample_ids), annotator_counts(answers)
        basis = record_basis(self.store, self.policy_in_force(), has_news=True)
        self.store.batches.settle(verdict, counts, without, basis)

    def update_states(self, sample_ids: Iterable[Hashable]) -> None:
        """Update the states of samples after which of their answers are votes has changed."""
        with self.store.database.writing():
            self._settle(set(sample_ids))

    def verdict(self, annotations: Collection[Annotation], *, fits: bool = False) -> Verdict:
        """Return the verdict on annotations; its escalations have the label of the model.

        If labels are ordered, those with votes furthest apart come first: reviewers get them so.

        Args:
            annotations: everyone's current annotations.
            fits: whether a model that is a voter learns from them first; otherwise the one of the
                last review votes.
        """
        policy = self.policy_in_force()
        posterior, model_voted = self.model_voter.posterior(
            annotations, policy, fits=fits, saves=not self.is_dry_run
        )
        verdict = review(
            annotations,
            self.schema,
            policy=policy,
            annotators=self.work.available(self.annotators()),
            posterior=posterior,
            model_voted=model_voted,
            weak=functools.partial(weak_labels, self.store),
        )
        verdict = keep_frozen(self.store, verdict, annotations, policy)
        model_labels = self.store.batches.model_labels(
            [escalation.sample_id for escalation in verdict.escalations]
        )
        escalations = tuple(
            dataclasses.replace(escalation, model_label=model_labels.get(escalation.sample_id))
            for escalation in furthest_apart_first(verdict.escalations, self.schema)
        )
        return dataclasses.replace(verdict, escalations=escalations)

    def current_annotations(self, samples: pd.DataFrame) -> tuple[Annotation, ...]:
        """Return the current answers that are votes or decisions; see `WorkReview.counted`."""
        return self.work.counted(self.current_answers(samples))

    def current_answers(self, samples: pd.DataFrame) -> tuple[Annotation, ...]:
        """Return everyone's last annotation of each sample, if text and labels did not change."""
        return current_annotations(
            self.store.ledger.annotations(),
            self.schema,
            lambda sample_ids: self._missing_or_changed(sample_ids, samples),
        )

    def _missing_or_changed(
        self, sample_ids: Collection[Hashable], samples: pd.DataFrame
    ) -> tuple[list[Hashable], list[Hashable]]:
        digests = self.store.batches.text_digests(sample_ids)
        return missing_or_changed(sample_ids, samples, self.text, digests, self.raw_texts())

    def is_changed(self, sample_id: Hashable, samples: pd.DataFrame) -> bool:
        """Return whether people saw another text of a sample than it has now."""
        return self.store.ready() and bool(self._missing_or_changed([sample_id], samples)[1])

    def review(self, platform: AnnotationPlatform, samples: Samples) -> Verdict:
        """Adjudicate all annotations: ask again where votes are short, escalate conflicts."""
        verdict = self.decide(platform, samples())
        self.deliver(platform, samples, verdict)
        return verdict

    def add_decision(self, decision: Annotation, samples: pd.DataFrame) -> None:
        """Append a reviewer's decision, and withdraw unsent questions about its sample."""
        with self.store.database.writing():
            self.add([decision], samples)
            for kind in (MessageKind.ASK_AGAIN, MessageKind.ESCALATE):
                unsent = [one for one in self.store.outbox.waiting(kind) if not one.begun]
                if decision.sample_id in {message.sample_id for message in unsent}:
                    self.store.outbox.withdraw([decision.sample_id], [kind])

    def decide(self, platform: AnnotationPlatform, samples: pd.DataFrame) -> Verdict:
        """Adjudicate all annotations, and put the questions that follow into the outbox."""
        missing, changed = self._missing_or_changed(self.store.batches.awaited(), samples)
        outstanding_votes = platform.outstanding_votes()
        with self.store.database.writing():
            self._withdraw([*missing, *changed])
            self.work.advance()
            current = self.current_answers(samples)
            pause_by_rule(self.work, self.schema, current)
            annotations = self.work.counted(current)
            void = self.work.void_answers(self.store.ledger.annotations(), self.work.state())
            left_out = self._missing_or_changed({one.sample_id for one in void}, samples)
            verdict = self.verdict(annotations, fits=True)
            least, gone = self.policy.min_votes, [*left_out[0], *left_out[1]]
            verdict = with_unheard(verdict, void, least, gone)
            who = self.work.available(self.annotators())
            verdict = escalate_unanswerable(self.store, verdict, annotations, who)
            verdict = escalate_conflicts(self.store, verdict, annotations, samples.index)
            warn_of_reopened(self.store, self.policy_in_force(), verdict)
            answers = (*annotations, *void)
            basis = record_basis(self.store, self.policy_in_force(), has_news=False)
            self.store.batches.settle(verdict, annotator_counts(answers), basis=basis)
            rejected, paused = self.work.rejected(), self.work.paused_names()
            platform.inform(rejected, paused)
            excluded = paused if platform.answers_at_once else ()
            add_questions(self.store, verdict, answers, outstanding_votes, excluded)
            add_lost_questions(self.store, platform, verdict, self.policy.min_votes)
            self.store.facts.put(REVIEWED, review_basis(self.store, self.policy_in_force()))
        logger.info("reviewed %d annotations: %s", len(annotations), verdict)
        return verdict

    def deliver(self, platform: AnnotationPlatform, samples: Samples, verdict: Verdict) -> int:
        """Deliver the messages that wait after a review; return how many the platform accepted."""
        pending_of = {request.sample_id: request for request in verdict.pending}
        pending = [
            self.work.rework(
                pending_of.get(message.sample_id)
                or AskAgain(message.sample_id, message.votes, message.not_annotators)
            )
            for message in self.store.outbox.waiting(MessageKind.ASK_AGAIN)
        ]
        if pending:
            platform.ask_again(pending, samples(), outbox=self.store.outbox)
        escalation_of = {escalation.sample_id: escalation for escalation in verdict.escalations}
        escalations = [
            escalation_of.get(message.sample_id)
            or Escalation(message.sample_id, (), "settled meanwhile")
            for message in self.store.outbox.waiting(MessageKind.ESCALATE)
        ]
        if escalations:
            platform.escalate(escalations, samples(), outbox=self.store.outbox)
        asked = self.work.open_gold()
        settled = [gold.sample_id for gold in verdict.gold if gold.sample_id not in asked]
        platform.close([*settled, *escalation_of])
        platform.write_back([gold for gold in verdict.gold if gold.source == LabelSource.REVIEW])
        self.save_state(platform.state)
        if pending or escalations:
            _warn_of_problems(platform)
        unsent = (
            *self.store.outbox.waiting(MessageKind.ASK_AGAIN),
            *self.store.outbox.waiting(MessageKind.ESCALATE),
        )
        return len(pending) + len(escalations) - len(unsent)

    def settle_all(self, platform: AnnotationPlatform, samples: Samples) -> None:
        """Pull and review until no further annotation arrives.

        Messages that were not delivered before are delivered first: answers may depend on them.
        """
        if self.store.batches.last()[1] == BatchState.PUSHING:
            self.push(platform, samples)
        self.deliver(platform, samples, self.verdict(self.current_annotations(samples())))
        delivered = 1
        while delivered:
            self.pull(platform)
            delivered = self.deliver(platform, samples, self.decide(platform, samples()))

    def asked_or_annotated(self, annotations: Collection[Annotation]) -> set[Hashable]:
        """Return the samples that people were asked about, or annotated unasked."""
        annotated = (annotation.sample_id for annotation in annotations)
        return {*self.store.batches.asked(), *annotated}

    def count_awaited(self) -> int:
        """Return how many samples people were asked about that are not settled."""
        return len(self.store.batches.awaited())


def _warn_of_problems(platform: AnnotationPlatform) -> None:
    for problem in platform.problems:
        logger.warning("%s: %s", problem.where, problem.what)
