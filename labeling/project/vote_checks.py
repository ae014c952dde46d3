"""Checks of annotators' votes by reviewers, and the table of annotators."""

from __future__ import annotations

import hashlib
import math
import statistics
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from labeling.errors import DataError, listed, near
from labeling.project.annotation_loop import AnnotationLoop
from labeling.project.annotator_skills import annotator_skills
from labeling.project.manual_decisions import decision_on
from labeling.project.pausing import scores_on_gold
from labeling.project.work_review import WorkReview
from labeling.records import (
    Annotation,
    CheckRequest,
    EventKind,
    Label,
    LabelSchema,
    VoteDecision,
    encode_answer,
    encode_label,
    label_in_words,
    live_annotations,
    person_key,
    rejected_annotations,
)
from labeling.records.estimates import Estimate, undefined
from labeling.records.ids import encode_id
from labeling.rendering import Displayed
from labeling.work_review import Checks, LotDecision, WorkState

DECISIONS = ("accept", "fix", "reject")
UNJUDGED = "no two people share a sample, and nobody has labeled one with a gold label"


@dataclass(frozen=True, slots=True)
class VoteToCheck(Displayed):
    """A vote that was drawn for a reviewer to check.

    Attributes:
        sample_id: the sample.
        text: its text.
        label: the label that the annotator gave, of any kind.
        comment: what the annotator wrote.
        annotator: the person; reviewers are not shown the name unless they ask for it.
        key: identifies the vote on a platform, and tells nothing about the person.
        voters: who annotated the sample; none of them may check the vote.
    """

    sample_id: Hashable
    text: str
    label: Label
    comment: str = ""
    annotator: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    voters: tuple[str, ...] = field(default=(), repr=False)

    def may_be_checked_by(self, name: str) -> bool:
        """Return whether a person did not annotate the sample.

        >>> vote = VoteToCheck("a", "win", "spam", annotator="bob", voters=("Ann", "bob"))
        >>> vote.may_be_checked_by("ann"), vote.may_be_checked_by("dora")
        (False, True)
        """
        return person_key(name) not in {*map(person_key, self.voters), person_key(self.annotator)}


@dataclass(frozen=True, slots=True, repr=False)
class AnnotatorWork(Displayed):
    """An annotator's work so far, as far as it can be judged.

    Attributes:
        name: the person's name.
        votes: how many votes count, or would if the person was not paused.
        skips: how many samples they skipped.
        rejected: how many votes were rejected and not given again.
        skill: the share of right votes by all votes, with a credible interval; its n are votes, its
            note the verdict, see `AnnotatorModel.skills`.
        gold: the share of right answers to hidden gold that was given, with Wilson's interval.
        checked: the share of right votes among those drawn from lots uniformly and checked, with
            the exact interval.
        gold_skill: the share of right votes among those on samples with a given gold label, hidden
            or not, with Wilson's interval.
        chance: the share of right votes if they were independent of the truth; NaN if unknown.
        e_guessing: the evidence that votes are independent of the truth: an e-value, or NaN.
        e_inverting: the evidence that they are wrong more often than by chance, likewise.
        lots: how many lots were accepted, were rejected, and are being checked.
        seconds: the median time for a vote in seconds; `None` where no platform measured it.
        timed: the number of votes that it is the median of.
        paused: why the person is paused; empty if they are not.
    """

    name: str
    votes: int
    skips: int
    rejected: int
    skill: Estimate
    gold: Estimate
    checked: Estimate
    gold_skill: Estimate
    chance: float = math.nan
    e_guessing: float = math.nan
    e_inverting: float = math.nan
    lots: tuple[int, int, int] = (0, 0, 0)
    seconds: float | None = None
    timed: int = 0
    paused: str = ""


def votes_to_check(work: WorkReview, samples: pd.DataFrame, text: str) -> list[VoteToCheck]:
    """Return the votes that wait for a check, by sample: the order reveals nobody.

    Args:
        work: the work review of the project.
        samples: the project's samples; votes on others cannot be checked.
        text: the column of their text.
    """
    state = work.state()
    ledger = work.store.ledger.annotations()
    votes = {
        (vote.sample_id, person_key(vote.annotator)): vote
        for vote in live_annotations(ledger)
        if not vote.reviewer
    }
    voters = _voters(ledger)
    found = []
    for (key, number), lot in sorted(state.lots.items()):
        if lot.decision != LotDecision.CONTINUE:
            continue
        for sample_id in state.unchecked(lot):
            vote = votes.get((sample_id, key))
            if vote is not None and vote.label is not None and sample_id in samples.index:
                shown = str(samples.at[sample_id, text])
                found.append(
                    VoteToCheck(
                        sample_id,
                        shown,
                        vote.label,
                        vote.reason,
                        vote.annotator,
                        _vote_key(sample_id, key, number, encode_label(vote.label)),
                        voters[sample_id],
                    )
                )
    return sorted(
        found, key=lambda vote: (repr(vote.sample_id), encode_label(vote.label), vote.annotator)
    )


def _voters(ledger: Iterable[Annotation]) -> dict[Hashable, tuple[str, ...]]:
    """Return who annotated each sample, sorted; an annotation that was deleted does not count."""
    voters: dict[Hashable, set[str]] = {}
    for one in ledger:
        if not one.reviewer and not one.deleted:
            voters.setdefault(one.sample_id, set()).add(one.annotator)
    return {sample_id: tuple(sorted(names)) for sample_id, names in voters.items()}


def check_vote(
    people: AnnotationLoop,
    samples: pd.DataFrame,
    vote: VoteToCheck,
    decision: VoteDecision,
    *,
    by: str,
    reason: str = "",
    label: Label | None = None,
) -> None:
    """Store what a reviewer says of a vote.

    Args:
        people: the annotation loop of the project; its store must be locked.
        samples: the project's samples.
        vote: the vote.
        decision: `"accept"`: it is right; `"fix"`: another label is, which becomes the sample's by
            the reviewer's decision; `"reject"`: it is wrong, and is asked again.
        by: the reviewer, who did not vote on the sample.
        reason: why; a rejected vote's annotator is shown it.
        label: the right label, for `"fix"`; several labels, and spans, also as text.

    Raises:
        DataError: the vote has changed since, or what must be given is missing.
        UnknownLabelError: the label is not in the schema.
    """
    current = _current(people, vote)
    _require(decision, by, reason)
    _require_no_vote(people, vote, by)
    events = people.store.events
    about = {"annotator": vote.annotator, "label": encode_label(vote.label)}
    with people.store.database.writing():
        if decision == "accept":
            kind = EventKind.VOTE_ACCEPTED
            events.append(kind, actor=by, sample_id=vote.sample_id, about=about)
        elif decision == "reject":
            people.work.reject_votes([current], reason, by=by, checked=True)
            people.update_states([vote.sample_id])
        else:
            given = label_in_words(vote.label)
            because = reason or f"a vote for {given!r} was fixed"
            fix = "" if label is None else label
            fixing = decision_on(people, samples, vote.sample_id, fix, by=by, reason=because)
            if fixing.label == vote.label:
                raise DataError(f"A fix must give another label than the vote. Both are {given!r}.")
            people.add_decision(fixing, samples)
            fixed = {**about, "instead": encode_answer(fixing.label)}
            events.append(EventKind.VOTE_FIXED, actor=by, sample_id=vote.sample_id, about=fixed)


def check_requests(votes: Iterable[VoteToCheck]) -> list[CheckRequest]:
    """Return votes as a platform shows them to reviewers: without the annotator's name."""
    return [
        CheckRequest(vote.key, vote.sample_id, vote.label, vote.comment, vote.voters)
        for vote in votes
    ]


def _vote_key(sample_id: Hashable, person: str, lot: int, label: str) -> str:
    """Return a key that a vote loses when its label changes: what was said of it is outdated."""
    text = f"{encode_id(sample_id)} {lot} {person} {label}".encode("utf-8", "surrogatepass")
    return f"check {hashlib.blake2b(text, digest_size=8).hexdigest()}"


def _current(people: AnnotationLoop, vote: VoteToCheck) -> Annotation:
    """Return the version of a vote that counts."""
    ledger = people.store.ledger.annotations([vote.sample_id])
    for one in live_annotations(ledger):
        is_it = person_key(one.annotator) == person_key(vote.annotator) and not one.reviewer
        if is_it and one.label == vote.label:
            return one
    raise DataError(
        f"The vote {label_in_words(vote.label)!r} on sample {vote.sample_id!r} is not there any"
        " more: it was changed, deleted or rejected. Read the votes to check again."
    )


def _require(decision: str, by: str, reason: str) -> None:
    if decision not in DECISIONS:
        raise DataError(
            f"A check must be one of {listed(DECISIONS)}. Got {decision!r}."
            f"{near(decision, DECISIONS)}"
        )
    if not person_key(by):
        raise DataError("A check must name the reviewer (`by`). The name is empty.")
    if decision == "reject" and not reason.strip():
        raise DataError(
            "A rejected vote must have a reason: its annotator is asked again, and shown it."
        )


def _require_no_vote(people: AnnotationLoop, vote: VoteToCheck, by: str) -> None:
    if person_key(by) == person_key(vote.annotator):
        raise DataError(
            f"Nobody checks their own vote. {by!r} gave the one on sample {vote.sample_id!r}."
        )
    voters = _voters(people.store.ledger.annotations([vote.sample_id])).get(vote.sample_id, ())
    if person_key(by) in set(map(person_key, voters)):
        raise DataError(
            f"A vote must be checked by somebody who did not annotate its sample. {by!r} annotated"
            f" sample {vote.sample_id!r}."
        )


def annotator_table(
    work: WorkReview, schema: LabelSchema, answers: Collection[Annotation]
) -> tuple[AnnotatorWork, ...]:
    """Return a row for each annotator, sorted by name.

    Args:
        work: the work review of the project.
        schema: the labels.
        answers: everyone's current answers, by which skills are judged.
    """
    state = work.state()
    ledger = work.store.ledger.annotations()
    names = {
        person_key(one.annotator): one.annotator
        for one in live_annotations(ledger)
        if not one.reviewer
    }
    names |= {key: paused.name for key, paused in state.paused.items()}
    votes = [
        one
        for one in live_annotations(ledger)
        if not one.reviewer and not state.is_gold_answer(one.sample_id, one.annotator)
    ]
    skills = {
        person_key(str(name)): row
        for name, row in annotator_skills(work, answers, schema).to_dict("index").items()
    }
    scores = scores_on_gold(work, state)
    rejected = [person_key(one.annotator) for one in rejected_annotations(ledger)]
    return tuple(
        _row(
            name,
            [vote for vote in votes if person_key(vote.annotator) == key],
            rejected.count(key),
            state,
            skill=skills.get(key),
            gold=scores[key].accuracy if key in scores else undefined(0, "none asked"),
        )
        for key, name in sorted(names.items(), key=lambda item: item[1])
    )


def _row(
    name: str,
    votes: Collection[Annotation],
    rejected: int,
    state: WorkState,
    *,
    skill: Mapping[Hashable, Any] | None,
    gold: Estimate,
) -> AnnotatorWork:
    lots = state.lots_of(name)
    error = sum((state.checks(lot) for lot in lots), Checks()).error()
    decisions = [lot.decision for lot in lots]
    seconds = [vote.lead_seconds for vote in votes if vote.lead_seconds is not None]
    paused = state.paused.get(person_key(name))
    return AnnotatorWork(
        name,
        votes=sum(vote.label is not None for vote in votes),
        skips=sum(vote.label is None for vote in votes),
        rejected=rejected,
        skill=_skill(skill),
        gold=gold,
        checked=Estimate(1 - error.value, 1 - error.high, 1 - error.low, error.n, error.note),
        gold_skill=_gold_skill(skill),
        chance=_number(skill, "chance"),
        e_guessing=_number(skill, "e_guessing"),
        e_inverting=_number(skill, "e_inverting"),
        lots=(
            decisions.count(LotDecision.ACCEPT),
            decisions.count(LotDecision.REJECT),
            decisions.count(LotDecision.CONTINUE),
        ),
        seconds=statistics.median(seconds) if seconds else None,
        timed=len(seconds),
        paused="" if paused is None else paused.reason,
    )


def _skill(row: Mapping[Hashable, Any] | None) -> Estimate:
    """Return the skill in a row of `annotator_skills`, with the verdict as its note."""
    if row is None:
        return undefined(0, UNJUDGED)
    ends = float(row["low"]), float(row["high"])
    return Estimate(float(row["skill"]), *ends, int(row["n_votes"]), str(row["verdict"]))


def _gold_skill(row: Mapping[Hashable, Any] | None) -> Estimate:
    """Return the share of right votes on gold labels in a row of `annotator_skills`."""
    if row is None or not row["n_gold"]:
        return undefined(0, "no votes on samples with a gold label")
    ends = float(row["gold_low"]), float(row["gold_high"])
    return Estimate(float(row["gold_skill"]), *ends, int(row["n_gold"]))


def _number(row: Mapping[Hashable, Any] | None, name: str) -> float:
    return math.nan if row is None else float(row[name])
