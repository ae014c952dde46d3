"""Work review of a project: which answers are votes, and what reviewers say of an annotator's."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from labeling.config import AnnotatorsSection
from labeling.errors import counted
from labeling.records import (
    Annotation,
    AskAgain,
    EventKind,
    LabelSource,
    Verdict,
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
    gold_scores,
    is_below,
    lots_of,
    work_state,
)
from labeling.work_review.fairness import GoldScore
from labeling.work_review.state import KINDS, ids_to_json

logger = logging.getLogger(__name__)

MORE = 0.2  # share of a lot that is drawn besides where the checks so far decide nothing
SINCE_EVER = ""  # before every time in ISO 8601


@dataclass(frozen=True, slots=True)
class WorkReview:
    """What becomes of annotators' work; all of it is derived from the ledgers of a store.

    Attributes:
        store: the ledgers; for what changes them it must be locked.
        settings: the section `annotators` of the config.
        seed: the project's.
        given_gold: returns the gold labels that were given and are not locked, index = sample ids.
    """

    store: Store
    settings: AnnotatorsSection = field(default_factory=AnnotatorsSection)
    seed: int = 0
    given_gold: Callable[[], pd.Series] = lambda: pd.Series(dtype=object)

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

        Answers to hidden gold measure people, and the votes of paused people are held back.
        """
        state = state or self.state()
        return tuple(
            one
            for one in annotations
            if one.reviewer
            or (
                not state.is_gold_answer(one.sample_id, one.annotator)
                and person_key(one.annotator) not in state.paused
            )
        )

    def void_answers(
        self, annotations: Collection[Annotation], state: WorkState
    ) -> list[Annotation]:
        """Return the answers that people gave and that are no votes now: rejected or held back.

        Args:
            annotations: the ledger, or all of it about some samples.
            state: the state.
        """
        rejected = [one for one in rejected_annotations(annotations) if not one.reviewer]
        held = [
            one
            for one in live_annotations(annotations)
            if not one.reviewer and person_key(one.annotator) in state.paused
        ]
        return [
            one
            for one in (*rejected, *held)
            if not state.is_gold_answer(one.sample_id, one.annotator)
        ]

    def rework(self, request: AskAgain, state: WorkState) -> AskAgain:
        """Return a question with the reasons why earlier answers were rejected."""
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
                about = {"annotator": vote.annotator, "reason": reason, "label": vote.label}
                self.store.events.append(
                    EventKind.REWORK_ASKED,
                    actor=by,
                    sample_id=vote.sample_id,
                    about={**about, "checked": True} if checked else about,
                )
        return len(votes)

    def gold_scores(self, state: WorkState, *, since: bool = False) -> dict[str, GoldScore]:
        """Return everyone's score on hidden gold that was given, by `person_key`.

        Samples that a reviewer decided are left out: they are harder than others.

        Args:
            state: the state.
            since: whether only answers after the person was resumed count.
        """
        gold = {sample_id: str(label) for sample_id, label in self.given_gold().items()}
        asked = [sample_id for sample_id in state.gold_asked if sample_id in gold]
        answers = self.store.ledger.annotations(asked) if asked else ()
        return gold_scores(
            [
                one
                for one in answers
                if not since
                or one.updated_at.isoformat()
                > state.resumed.get(person_key(one.annotator), SINCE_EVER)
            ],
            gold,
        )

    def fairly_checked(self, state: WorkState, *, since: bool = False) -> dict[str, Checks]:
        """Return all checks of each person's randomly drawn work: hidden gold, and lots."""
        checks: dict[str, Checks] = {
            key: score.checks for key, score in self.gold_scores(state, since=since).items()
        }
        for (key, _), lot in sorted(state.lots.items()):
            after = state.resumed.get(key, SINCE_EVER) if since else SINCE_EVER
            checks[key] = checks.get(key, Checks()) + state.checks(lot, after)
        return checks

    def pause_by_rule(self, names: Mapping[str, str], spammers: Mapping[str, str]) -> None:
        """Pause who is below the accuracy of the config beyond doubt, and who votes at random.

        Who was resumed is judged by what came after, and not again by their votes' independence.

        Args:
            names: `person_key` -> name of all annotators.
            spammers: `person_key` -> why a person's votes carry no information.
        """
        with self.store.database.writing():
            state = self.state()
            for key, reason in self._reasons_to_pause(state, spammers):
                if key in names and key not in state.paused:
                    self.pause(names[key], reason)

    def _reasons_to_pause(
        self, state: WorkState, spammers: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        bound = self.settings.pause_below
        if bound is not None:
            for key, checks in sorted(self.fairly_checked(state, since=True).items()):
                if is_below(checks, bound, self.settings.alpha):
                    yield (
                        key,
                        f"{checks.n - checks.wrong} of {checks.n} answers to hidden gold and votes"
                        f" checked at random were right, and at least {bound:.0%} must be",
                    )
        for key, reason in sorted(spammers.items()):
            if key not in state.resumed:
                yield key, reason

    def pause(self, annotator: str, reason: str, *, by: str = "") -> None:
        """Hold back an annotator's work, and ask them nothing, until they are resumed."""
        about = {"annotator": annotator, "reason": reason}
        self.store.events.append(EventKind.ANNOTATOR_PAUSED, actor=by, about=about)
        logger.warning("%s is paused: %s.", annotator, reason.rstrip("."))

    def resume(self, annotator: str, reason: str, *, by: str = "") -> None:
        """Let an annotator's work count again."""
        about = {"annotator": annotator, "reason": reason}
        self.store.events.append(EventKind.ANNOTATOR_RESUMED, actor=by, about=about)


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


def reviewed_labels(settled: Mapping[Hashable, Mapping[str, object]]) -> dict[Hashable, str]:
    """Return the labels of stored verdicts that reviewers gave."""
    return {
        sample_id: str(row["label"])
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
