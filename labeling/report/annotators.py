"""The section on people: who said how much, how far they agree, and what a reviewer decided."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from labeling.adjudication import reviews_that_count
from labeling.analysis import Agreement, Estimate, agreement, mean_of, proportion
from labeling.records import Annotation, Problem, annotation_votes
from labeling.report.context import ReportContext
from labeling.report.formatting import without_paths

MOST_ESCALATIONS = 60
MOST_PROBLEMS = 50

BySample = dict[Hashable, list[Annotation]]


@dataclass(frozen=True)
class Annotator:
    """Somebody who labels.

    Attributes:
        name: theirs.
        votes: labels given.
        skips: samples skipped.
        peers: how often another who was asked first said the same.
        reviewer: how often a reviewer decided as they had said.
        gold: how often a gold label that was given is what they had said.
        lead: the median of the seconds a label took, where known.
    """

    name: str
    votes: int
    skips: int
    peers: Estimate
    reviewer: Estimate
    gold: Estimate
    lead: float | None


@dataclass(frozen=True)
class Escalated:
    """A sample that its annotators could not settle."""

    sample: Hashable
    text: str
    votes: list[Annotation]
    why: str
    model: str | None
    state: str
    decisions: list[Annotation]


@dataclass(frozen=True)
class PeopleSection:
    """What the section shows."""

    votes: int
    skips: int
    samples: int
    reviews: int
    ignored_reviews: int
    settled: dict[str, int]
    annotators: list[Annotator]
    reviewers: list[tuple[str, int]]
    random: Agreement | None
    every: Agreement | None
    escalated: list[Escalated]
    escalations: dict[str, int]
    problems: tuple[Problem, ...]
    more_problems: int
    has_gold: bool
    has_lead: bool


def section(known: ReportContext) -> PeopleSection | None:
    """Return the section on people; `None` before anybody was asked or spoke."""
    problems = known.status.problems
    if not known.said and not problems and not len(known.choices):
        return None
    said = [one for one in known.said if not one.reviewer]
    reviews = reviews_that_count(known.said)
    annotators = _annotators(known, said, reviews)
    escalated = _escalated(known, reviews)
    return PeopleSection(
        votes=sum(one.label is not None for one in said),
        skips=sum(one.label is None for one in said),
        samples=len({one.sample_id for one in said}),
        reviews=len(reviews),
        ignored_reviews=sum(one.reviewer for one in known.said) - len(reviews),
        settled=_settled(known),
        annotators=annotators,
        reviewers=sorted(Counter(one.annotator for one in reviews).items()),
        random=_agreement(known, said, set(known.at_random.index)),
        every=_agreement(known, said, None),
        escalated=_with_texts(known, escalated[:MOST_ESCALATIONS]),
        escalations=dict(Counter(one.state for one in escalated)),
        problems=tuple(
            Problem(*(without_paths(text, known.config.root) for text in (one.where, one.what)))
            for one in problems[:MOST_PROBLEMS]
        ),
        more_problems=max(len(problems) - MOST_PROBLEMS, 0),
        has_gold=any(one.gold.n for one in annotators),
        has_lead=any(one.lead is not None for one in annotators),
    )


def _settled(known: ReportContext) -> dict[str, int]:
    """Return how many samples people settled in which way: 2 : 1 is not as sure as 2 : 0."""
    by_votes = [gold for gold in known.verdict.gold if gold.source == "agreement"]
    unanimous = sum(gold.votes_for == gold.votes_cast for gold in by_votes)
    counts = {
        "by equal votes": unanimous,
        "by most votes, against others": len(by_votes) - unanimous,
        "by a reviewer": sum(gold.source == "review" for gold in known.verdict.gold),
    }
    return {how: count for how, count in counts.items() if count}


def _agreement(
    known: ReportContext, said: list[Annotation], drawn: set[Hashable] | None
) -> Agreement | None:
    """Return how far those asked first agree: a third was asked because two differed."""
    first = [one for one in said if one.round == 1 and (drawn is None or one.sample_id in drawn)]
    return agreement(annotation_votes(first, known.project.schema)) if first else None


def _annotators(
    known: ReportContext, said: list[Annotation], reviews: list[Annotation]
) -> list[Annotator]:
    of_person: dict[str, list[Annotation]] = {}
    for one in said:
        of_person.setdefault(one.annotator, []).append(one)
    first = _by_sample(one for one in said if one.round == 1 and one.label is not None)
    decided = {one.sample_id: one.label for one in known.verdict.gold if one.source == "review"}
    given = known.data.dev.to_dict()
    return [_annotator(name, own, first, decided, given) for name, own in sorted(of_person.items())]


def _annotator(
    name: str,
    own: list[Annotation],
    first: BySample,
    decided: dict[Hashable, str],
    given: dict[Hashable, str],
) -> Annotator:
    votes = [one for one in own if one.label is not None]
    leads = [one.lead_seconds for one in own if one.lead_seconds is not None]
    return Annotator(
        name=name,
        votes=len(votes),
        skips=len(own) - len(votes),
        peers=_with_peers(votes, first),
        reviewer=_with_labels(votes, decided),
        gold=_with_labels(votes, given),
        lead=statistics.median(leads) if leads else None,
    )


def _with_peers(votes: list[Annotation], first: BySample) -> Estimate:
    """Return how often others said the same: of the first votes alone, as later ones are asked for
    where the first differ."""
    shares = []
    for one in votes:
        others = [
            other for other in first.get(one.sample_id, ()) if other.annotator != one.annotator
        ]
        if one.round == 1 and others:
            shares.append(sum(other.label == one.label for other in others) / len(others))
    return mean_of(np.array(shares, dtype=np.float64))


def _with_labels(votes: list[Annotation], labels: dict[Hashable, str]) -> Estimate:
    known = [labels[one.sample_id] == one.label for one in votes if one.sample_id in labels]
    return proportion(sum(known), len(known))


def _by_sample(said: Iterable[Annotation]) -> BySample:
    found: BySample = {}
    for one in said:
        found.setdefault(one.sample_id, []).append(one)
    return found


def _escalated(known: ReportContext, reviews: list[Annotation]) -> list[Escalated]:
    """Return the samples that went to a reviewer: those that wait, are unresolved, are decided."""
    waiting = {one.sample_id for one in known.verdict.escalations}
    unresolved = set(known.verdict.unresolved)
    heard = _by_sample(reviews)
    wanted = waiting | unresolved | set(heard)
    if not wanted:
        return []
    said = [one for one in known.said if one.sample_id in wanted and not one.reviewer]
    # What annotators alone come to tells why a reviewer was asked, also after the decision.
    before = {one.sample_id: one for one in known.project.people.verdict(said).escalations}
    before |= {one.sample_id: one for one in known.verdict.escalations}
    votes = _by_sample(said)
    order = dict.fromkeys(one.sample_id for one in known.said if one.sample_id in wanted)
    found = []
    for sample in order:
        state = (
            "waits" if sample in waiting else "unresolved" if sample in unresolved else "decided"
        )
        why, model = "votes that came later settle it", None
        if sample in before:
            why, model = before[sample].reason, before[sample].model_label
        found.append(
            Escalated(sample, "", votes.get(sample, []), why, model, state, heard.get(sample, []))
        )
    rank = {"waits": 0, "unresolved": 1, "decided": 2}
    return sorted(found, key=lambda one: rank[one.state])


def _with_texts(known: ReportContext, escalated: list[Escalated]) -> list[Escalated]:
    texts = known.texts_of(one.sample for one in escalated)
    return [dataclasses.replace(one, text=texts.get(one.sample, "")) for one in escalated]
