"""The verbs of a project on annotators' work: check votes, reject lots, pause people."""

from __future__ import annotations

import dataclasses
import logging

from labeling.errors import DataError, listed, near
from labeling.project.data_test_verbs import DataTestVerbs
from labeling.project.results import Reviewed
from labeling.project.review_basis import REVIEWED
from labeling.project.taken_checks import take_checks
from labeling.project.vote_checks import (
    AnnotatorWork,
    VoteToCheck,
    annotator_table,
    check_requests,
    check_vote,
    votes_to_check,
)
from labeling.records import AnnotationPlatform, Label, VoteDecision, person_key

logger = logging.getLogger(__name__)


class WorkVerbs(DataTestVerbs):
    """What reviewers and the lead do about annotators' work."""

    def annotators(self) -> tuple[AnnotatorWork, ...]:
        """Return each annotator's work: counts, skill, evidence, gold, lots, and whether paused."""
        if not self.store.ready():
            return ()
        answers = self.people.current_answers(self.samples)
        return annotator_table(self.people.work, self.schema, answers)

    def votes_to_check(self) -> list[VoteToCheck]:
        """Return the votes that were drawn from lots and wait for a reviewer, by sample."""
        if not self.store.ready():
            return []
        return votes_to_check(self.people.work, self.samples, self.config.data.text)

    def settle(self, platform: AnnotationPlatform | None = None) -> Reviewed:
        """Adjudicate as `review` does, with the checks of reviewers; send them more to check."""
        with self._locked("review"):
            platform = platform or self.platform()
            self.take_checks(platform)
            reviewed = super().settle(platform)
            self.ask_checks(platform)
        where = [place for place in platform.locations(["checks"]) if place not in reviewed.where]
        if not where or not self.votes_to_check():
            return reviewed
        return dataclasses.replace(reviewed, where=(*reviewed.where, *where))

    def take_checks(self, platform: AnnotationPlatform) -> None:
        """Store what reviewers said of votes on a platform."""
        votes = self.votes_to_check()
        if votes:
            answers = platform.checks(check_requests(votes))
            for problem in take_checks(self.people, self.samples, votes, answers):
                logger.warning("%s: %s", problem.where, problem.what)

    def ask_checks(self, platform: AnnotationPlatform) -> None:
        """Show reviewers the votes that wait for a check, where a platform can."""
        votes = self.votes_to_check()
        if votes or self.config.annotators.lot_size:  # without votes, earlier questions are closed
            known = platform.problems
            platform.ask_checks(check_requests(votes), self.samples)
            self.people.save_state(platform.state)
            for problem in platform.problems:
                if problem not in known:
                    logger.warning("%s: %s", problem.where, problem.what)

    def check_vote(
        self,
        vote: VoteToCheck,
        decision: VoteDecision,
        *,
        by: str,
        reason: str = "",
        label: Label | None = None,
    ) -> None:
        """Store what a reviewer says of a vote; the next review decides the lot it is in.

        Args:
            vote: one of `votes_to_check()`.
            decision: `"accept"`: it is right. `"fix"`: another label is, which becomes the
                sample's by the reviewer's decision. `"reject"`: it is wrong, and is asked again.
            by: the reviewer, who did not vote on the sample.
            reason: why; a rejected vote's annotator is shown it.
            label: the right label, for `"fix"`; several labels, and spans, also as text.

        Raises:
            DataError: the vote has changed since, or what must be given is missing.
            UnknownLabelError: the label is not in the schema.
        """
        with self._locked("check"):
            check_vote(self.people, self.samples, vote, decision, by=by, reason=reason, label=label)

    def reject_lot(self, annotator: str, number: int, *, by: str, reason: str) -> int:
        """Reject all votes of a lot, whatever its checks say, and return how many there were.

        The next review adjudicates their samples without them, and asks again.

        Args:
            annotator: the annotator.
            number: of the lot.
            by: who rejects it.
            reason: why; the annotator is shown it.

        Raises:
            DataError: there is no such lot, it was decided before, or there is no reason.
        """
        if not reason.strip():
            raise DataError("A rejected lot must have a reason: the annotator is shown it.")
        with self._locked("reject lot"):
            work = self.people.work
            state = work.state()
            lots = work.lots(self.store.ledger.annotations(), state)
            key = person_key(annotator)
            drawn = state.lots.get((key, number))
            lot = next(
                (one for one in lots if (person_key(one.annotator), one.number) == (key, number)),
                None,
            )
            if lot is None or drawn is None or not lot.open_votes:
                known = [f"{one.annotator} {one.number}" for one in state.lots.values()]
                is_void = lot is not None and drawn is not None
                what = "no vote that counts in" if is_void else "no such"
                raise DataError(
                    "A lot must have been drawn from, and have votes that count. There is"
                    f" {what} lot {number} of {annotator!r}; lots are"
                    f" {listed(known, 10) or 'none'}."
                )
            n = work.reject_lot(lot, state.checks(drawn), reason, by=by)
            self.people.update_states(vote.sample_id for vote in lot.open_votes)
        return n

    def pause_annotator(self, name: str, *, reason: str, by: str = "") -> None:
        """Hold back an annotator's votes, and ask them nothing, until they are resumed.

        Raises:
            DataError: there is no such annotator, they are paused already, or there is no reason.
        """
        self._set_paused(name, reason, by, pause=True)

    def resume_annotator(self, name: str, *, reason: str, by: str = "") -> None:
        """Let an annotator's votes count again, and ask them again.

        Raises:
            DataError: the annotator is not paused, or there is no reason.
        """
        self._set_paused(name, reason, by, pause=False)

    def _set_paused(self, name: str, reason: str, by: str, *, pause: bool) -> None:
        if not reason.strip():
            raise DataError("Who is paused or resumed must be given a reason. It is empty.")
        with self._locked("pause" if pause else "resume"):
            work, key = self.people.work, person_key(name)
            paused = {one: state.name for one, state in work.state().paused.items()}
            known = paused if not pause else self._known_annotators()
            if key not in known or (pause and key in paused):
                is_paused = pause and key in paused
                what = "paused already" if is_paused else "not one of them"
                name = known.get(key, name)
                meant = "" if is_paused else near(name, known.values())
                who = "an annotator who is not paused" if pause else "a paused annotator"
                raise DataError(
                    f"The name must be that of {who}. {name!r} is {what}; there are"
                    f" {listed(known.values(), 20) or 'none'}.{meant}"
                )
            (work.pause if pause else work.resume)(known[key], reason, by=by)
            self.people.update_states(
                one.sample_id
                for one in self.store.ledger.annotations()
                if person_key(one.annotator) == key and not one.reviewer
            )
            self.store.facts.put(REVIEWED, "")  # a review asks for what is held back

    def annotator_name(self, name: str) -> str:
        """Return an annotator's name as the config spells it, or else as they annotated.

        Names that differ only in case, width or white space are one person's; a name of nobody is
        returned as it is.
        """
        return self._known_annotators().get(person_key(name), name)

    def _known_annotators(self) -> dict[str, str]:
        """Return who has annotated, or is named in the config, by `person_key`."""
        names = self.config.files.annotators if self.config.files is not None else ()
        active = (one.name for one in self.store.ledger.activity() if not one.reviewer)
        return {person_key(name): name for name in (*active, *names)}
