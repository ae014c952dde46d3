"""Work review of a project: which answers are votes, and what reviewers say of an annotator's."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from labeling.adjudication import Annotators
from labeling.config import AnnotatorsSection
from labeling.errors import counted
from labeling.records import (
    Annotation,
    AskAgain,
    EventKind,
    Label,
    LabelSource,
    SoftLabels,
    Verdict,
    encode_answer,
    live_annotations,
    person_key,
    rejected_annotations,
    rejection_of,
)
from labeling.store import Store
from labeling.work_review import (
    AcceptancePlan,
    Checks,
    DrawnLot,
    Lot,
    LotDecision,
    LotPlan,
    WorkState,
    disagreement,
    draw_order,
    lots_of,
    work_state,
)
from labeling.work_review.state import KINDS, SampleAndPerson, ids_to_json

logger = logging.getLogger(__name__)

MORE = 0.2  # share of a lot that is drawn besides where the checks so far decide nothing


@dataclass(frozen=True, slots=True)
class WorkReview:
    """What becomes of annotators' work; all of it is derived from the ledgers of a store.

    Attributes:
        store: the ledgers; for what changes them it must be locked.
        settings: the section `annotators` of the config.
        seed: the project's.
        given_gold: returns the gold labels that were given and are not locked, index = sample ids.
        reference: returns soft labels that no annotator has influenced; `None` if there are none.
    """

    store: Store
    settings: AnnotatorsSection = field(default_factory=AnnotatorsSection)
    seed: int = 0
    given_gold: Callable[[], pd.Series] = lambda: pd.Series(dtype=object)
    reference: Callable[[], SoftLabels | None] = lambda: None

    @property
    def plan(self) -> AcceptancePlan:
        """When a lot is accepted or rejected."""
        return AcceptancePlan(self.settings.max_error, self.settings.alpha)

    def state(self) -> WorkState:
        """Return what happened to the work of annotators so far."""
        if not self.store.ready():
            return WorkState()
        return work_state(self.store.events.all(KINDS))

    def counted(
        self, annotations: Iterable[Annotation], state: WorkState | None = None
    ) -> tuple[Annotation, ...]:
        """Return the annotations that are votes or reviewers' decisions.

        Answers to hidden gold measure people, and the votes of paused people are held back. Who
        annotated a sample does not decide on it as its reviewer, even if their vote is none now.
        """
        state = state or self.state()
        live = tuple(annotations)
        biased = _unheard_people(live, state)
        return tuple(
            one
            for one in live
            if (_sample_and_person(one) not in biased if one.reviewer else _is_vote(one, state))
        )

    def void_answers(
        self, annotations: Collection[Annotation], state: WorkState
    ) -> list[Annotation]:
        """Return the answers that people gave and that do not count now, for work review.

        These are the votes that were rejected or are held back, and what their authors said as
        reviewers of the same samples.

        Args:
            annotations: the ledger, or all of it about some samples.
            state: the state.
        """
        rejected = [one for one in rejected_annotations(annotations) if not one.reviewer]
        live = live_annotations(annotations)
        biased = _unheard_people(live, state)
        held = [
            one
            for one in live
            if (
                _sample_and_person(one) in biased
                if one.reviewer
                else person_key(one.annotator) in state.paused
            )
        ]
        return [
            one
            for one in (*rejected, *held)
            if one.reviewer or not state.is_gold_answer(one.sample_id, one.annotator)
        ]

    def available(self, annotators: Annotators | None) -> Annotators | None:
        """Return who may be asked: without paused people.

        Recorded votes are used once: who gave one that was rejected has no other.
        """
        state = self.state()
        if annotators is None or not (state.paused or state.rework):
            return annotators
        if not isinstance(annotators, Mapping):
            return [name for name in annotators if person_key(name) not in state.paused]
        used = {
            (vote.sample_id, person_key(vote.annotator))
            for vote in rejected_annotations(self.store.ledger.annotations())
        }
        return {
            sample_id: [
                name
                for name in names
                if person_key(name) not in state.paused
                and (sample_id, person_key(name)) not in used
            ]
            for sample_id, names in annotators.items()
        }

    def rejected(self) -> tuple[Annotation, ...]:
        """Return the versions by which votes were rejected that nobody has updated since."""
        if not self.state().rework:
            return ()
        return rejected_annotations(self.store.ledger.annotations())

    def paused_names(self) -> tuple[str, ...]:
        """Return who is paused, sorted."""
        return tuple(sorted(paused.name for paused in self.state().paused.values()))

    def open_gold(self) -> set[Hashable]:
        """Return the hidden samples that have fewer answers than they were asked for."""
        state = self.state()
        asked: dict[Hashable, int] = {}
        for of_batch in state.gold_of_batch.values():
            for sample_id in of_batch:
                asked[sample_id] = asked.get(sample_id, 0) + 1
        answers = live_annotations(self.store.ledger.annotations(asked)) if asked else ()
        for answer in answers:
            if not answer.reviewer and state.is_gold_answer(answer.sample_id, answer.annotator):
                asked[answer.sample_id] -= 1
        return {sample_id for sample_id, count in asked.items() if count > 0}

    def rework(self, request: AskAgain) -> AskAgain:
        """Return a question with the reasons why earlier answers were rejected."""
        state = self.state()
        reasons = tuple(
            (vote.annotator, state.rework.get((vote.sample_id, person_key(vote.annotator)), ""))
            for vote in rejected_annotations(self.store.ledger.annotations([request.sample_id]))
            if not vote.reviewer
        )
        return dataclasses.replace(request, rejected=reasons) if reasons else request

    def lots(self, ledger: Collection[Annotation], state: WorkState) -> tuple[Lot, ...]:
        """Return the lots of all annotators."""
        votes = [one for one in ledger if not state.is_gold_answer(one.sample_id, one.annotator)]
        plan = LotPlan(max(self.settings.lot_size, 1), self.settings.first_lot)
        return lots_of(votes, plan) if self.settings.lot_size else ()

    def advance(self) -> None:
        """Draw from lots that are full, and decide those whose drawn votes were checked."""
        if not self.settings.lot_size:
            return
        with self.store.database.writing():
            state = self.state()
            ledger = self.store.ledger.annotations()
            doubts = disagreement(live_annotations(ledger))
            for lot in self.lots(ledger, state):
                if lot.is_full:
                    self._advance(lot, doubts, state)

    def _advance(
        self, lot: Lot, doubts: Mapping[tuple[Hashable, str], float], state: WorkState
    ) -> None:
        drawn = state.lots.get((person_key(lot.annotator), lot.number))
        order = draw_order(lot, doubts, self.seed)
        if drawn is None:
            self._draw(lot, order.take(self._share(lot, state)))
            return
        awaited = set(state.unchecked(drawn)) & {vote.sample_id for vote in lot.open_votes}
        if awaited or drawn.decision != LotDecision.CONTINUE:
            return
        own = state.checks(drawn)
        earlier = [
            state.checks(one) for one in state.accepted_since_rejection(lot.annotator, lot.number)
        ]
        size = own.n + len(set(order.uniform) - set(drawn.uniform))
        match self.plan.decide(own, lot_size=max(size, 1), earlier=earlier):
            case LotDecision.ACCEPT:
                about = _about(lot, own)
                self.store.events.append(EventKind.LOT_ACCEPTED, about=about)
            case LotDecision.REJECT:
                self.reject_lot(lot, own, _lot_reason(own, self.settings.max_error))
            case LotDecision.CONTINUE:
                share = len(drawn.drawn) / max(drawn.size, 1) + MORE
                self._draw(lot, order.take(min(share, 1.0)))

    def _share(self, lot: Lot, state: WorkState) -> float:
        plan = LotPlan(self.settings.lot_size, self.settings.first_lot)
        accepted = state.accepted_since_rejection(lot.annotator, lot.number)
        return plan.share(lot.number, has_full_lot_accepted=any(one.number > 1 for one in accepted))

    def _draw(self, lot: Lot, taken: tuple[tuple[Hashable, ...], tuple[Hashable, ...]]) -> None:
        about = {
            "annotator": lot.annotator,
            "lot": lot.number,
            "size": len(lot.open_votes),
            "uniform": ids_to_json(taken[0]),
            "doubtful": ids_to_json(taken[1]),
        }
        self.store.events.append(EventKind.LOT_SAMPLED, about=about)

    def reject_lot(self, lot: Lot, own: Checks, reason: str, *, by: str = "") -> int:
        """Reject all votes of a lot that count, and return how many there were.

        Their samples are adjudicated without them by the next review.

        Args:
            lot: the lot.
            own: the checks of its uniformly drawn votes.
            reason: why; the annotator sees it where they are asked again.
            by: who rejected it; empty for the plan.
        """
        with self.store.database.writing():
            about = {**_about(lot, own), "reason": reason}
            self.store.events.append(EventKind.LOT_REJECTED, actor=by, about=about)
            n = self.reject_votes(lot.open_votes, reason, by=by)
        if n:
            logger.warning(
                "Lot %d of %s was rejected, and %s must be given again: %s",
                lot.number,
                lot.annotator,
                counted(n, "vote"),
                reason,
            )
        return n

    def reject_votes(
        self, votes: Collection[Annotation], reason: str, *, by: str = "", checked: bool = False
    ) -> int:
        """Reject votes: each gets a later version that does not count, and is asked again.

        Args:
            votes: the versions that count now.
            reason: why; the annotator sees it.
            by: who rejects them; empty for the plan.
            checked: whether each was looked at, and found wrong.
        """
        with self.store.database.writing():
            self.store.ledger.append(rejection_of(vote) for vote in votes)
            for vote in votes:
                about = {
                    "annotator": vote.annotator,
                    "reason": reason,
                    "label": encode_answer(vote.label),
                }
                self.store.events.append(
                    EventKind.REWORK_ASKED,
                    actor=by,
                    sample_id=vote.sample_id,
                    about={**about, "checked": True} if checked else about,
                )
        return len(votes)

    def pause(self, annotator: str, reason: str, *, by: str = "") -> None:
        """Hold back an annotator's work, and ask them nothing, until they are resumed."""
        about = {"annotator": annotator, "reason": reason}
        self.store.events.append(EventKind.ANNOTATOR_PAUSED, actor=by, about=about)
        logger.warning("%s is paused: %s.", annotator, reason.rstrip("."))

    def resume(self, annotator: str, reason: str, *, by: str = "") -> None:
        """Let an annotator's work count again."""
        about = {"annotator": annotator, "reason": reason}
        self.store.events.append(EventKind.ANNOTATOR_RESUMED, actor=by, about=about)


def _is_vote(annotation: Annotation, state: WorkState) -> bool:
    """Return whether an annotator's annotation is a vote, and not a measure or held back."""
    is_measure = state.is_gold_answer(annotation.sample_id, annotation.annotator)
    return not is_measure and person_key(annotation.annotator) not in state.paused


def _unheard_people(live: Iterable[Annotation], state: WorkState) -> set[SampleAndPerson]:
    """Return who annotated which sample without a vote that counts, or had one rejected."""
    unheard = {
        _sample_and_person(one) for one in live if not one.reviewer and not _is_vote(one, state)
    }
    return unheard | state.rework.keys()


def _sample_and_person(annotation: Annotation) -> SampleAndPerson:
    return annotation.sample_id, person_key(annotation.annotator)


def with_unheard(
    verdict: Verdict, void: Iterable[Annotation], votes: int, left_out: Collection[Hashable] = ()
) -> Verdict:
    """Return a verdict that asks again about samples all of whose answers are no votes.

    Args:
        verdict: on the answers that are votes.
        void: the others; see `WorkReview.void_answers`.
        votes: how many are asked for.
        left_out: samples that left the data or have another text.
    """
    judged = {
        *(gold.sample_id for gold in verdict.gold),
        *(request.sample_id for request in verdict.pending),
        *(escalation.sample_id for escalation in verdict.escalations),
        *verdict.unresolved,
        *left_out,
    }
    unheard = dict.fromkeys(one.sample_id for one in void if one.sample_id not in judged)
    requests = (AskAgain(sample_id, votes, ()) for sample_id in unheard)
    return dataclasses.replace(verdict, pending=(*verdict.pending, *requests))


def reviewed_labels(settled: Mapping[Hashable, Mapping[str, Any]]) -> dict[Hashable, Label]:
    """Return the labels of stored verdicts that reviewers gave."""
    return {
        sample_id: row["label"]
        for sample_id, row in settled.items()
        if row["source"] == LabelSource.REVIEW
    }


def _about(lot: Lot, own: Checks) -> dict[str, object]:
    return {"annotator": lot.annotator, "lot": lot.number, "n": own.n, "wrong": own.wrong}


def _lot_reason(own: Checks, max_error: float) -> str:
    return (
        f"{own.wrong} of {counted(own.n, 'checked vote')} in this part of your work were wrong, and"
        f" at most {max_error:.0%} may be. Please read the guidelines, and label these again"
    )


def drawn_lots(state: WorkState) -> list[DrawnLot]:
    """Return the lots that votes were drawn of, by annotator and number."""
    return [state.lots[key] for key in sorted(state.lots)]
