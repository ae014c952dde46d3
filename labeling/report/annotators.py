"""Section on annotators: votes, agreement, each annotator's work, escalations, and problems."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass

import numpy as np

from labeling.adjudication import reviews_that_count
from labeling.analysis import Estimate, mean_of, proportion
from labeling.analysis.inline_charts import skill_picture
from labeling.records import (
    SETTLED_IN_WORDS,
    Annotation,
    LabelSchema,
    LabelSource,
    Problem,
    encode_answer,
    name_of,
)
from labeling.rendering.formatting import without_paths
from labeling.rendering.svg import Svg
from labeling.report import agreement
from labeling.report.agreement import AgreementSection
from labeling.report.annotator_details import (
    AnnotatorDetails,
    WorkOfAll,
    details_of,
    pause_of,
    work_of_all,
)
from labeling.report.annotator_facts import skill_of
from labeling.report.context import ReportContext

MOST_ESCALATIONS = 60
MOST_PROBLEMS = 50
MOST_ANNOTATORS = 30  # with details, and in the picture of skills: those with most votes
STATE_ORDER = {"waits": 0, "unresolved": 1, "decided": 2}

BySample = dict[Hashable, list[Annotation]]


@dataclass(frozen=True)
class Annotator:
    """Statistics of an annotator.

    Attributes:
        name: of the annotator.
        votes: labels given.
        skips: samples skipped.
        peers: agreement with the first-round votes of other annotators.
        reviewer: agreement with the decisions of reviewers.
        gold: agreement with given gold labels.
        lead: median of the seconds spent on a sample, where known.
        skill: the estimated share of right votes; `None` where it cannot be estimated.
        pause: why the annotator is paused; empty if they are not.
    """

    name: str
    votes: int
    skips: int
    peers: Estimate
    reviewer: Estimate
    gold: Estimate
    lead: float | None
    skill: Estimate | None
    pause: str = ""

    @property
    def counts(self) -> bool:
        """Whether anything counts of what the annotator answered."""
        return bool(self.votes or self.skips)


@dataclass(frozen=True)
class Escalation:
    """A sample that was escalated to a reviewer."""

    sample: Hashable
    text: str
    votes: list[Annotation]
    reason: str
    model_label: str | None
    state: str
    decisions: list[Annotation]


@dataclass(frozen=True)
class AnnotatorsSection:
    """Contents of the section."""

    votes: int
    skips: int
    samples: int
    reviews: int
    ignored_reviews: int
    settled: dict[str, int]
    settled_by: str
    annotators: list[Annotator]
    reviewers: list[tuple[str, int]]
    agreement: AgreementSection | None
    skills: Svg | None
    details: list[AnnotatorDetails]
    more_details: int
    escalated: list[Escalation]
    escalations: dict[str, int]
    problems: tuple[Problem, ...]
    more_problems: int
    has_gold: bool
    has_lead: bool


def section(context: ReportContext) -> AnnotatorsSection | None:
    """Return the section on annotators; `None` before any sample was selected or annotated."""
    problems = context.status.problems
    if not context.answers and not problems and not len(context.selections):
        return None
    annotations = [vote for vote in context.annotations if not vote.reviewer]
    reviews = reviews_that_count(context.annotations)
    n_reviews = sum(annotation.reviewer for annotation in context.annotations)
    work = work_of_all(context)
    annotators = annotators_of(context, work)
    most = sorted(annotators, key=lambda annotator: (-annotator.votes, annotator.name))
    shown = {annotator.name for annotator in most[:MOST_ANNOTATORS]}
    skills = work.skills[work.skills.index.isin(shown)]
    escalated = _escalated(context, reviews)
    return AnnotatorsSection(
        votes=sum(vote.label is not None for vote in annotations),
        skips=sum(vote.label is None for vote in annotations),
        samples=len({vote.sample_id for vote in annotations}),
        reviews=len(reviews),
        ignored_reviews=n_reviews - len(reviews),
        settled=_settled(context),
        settled_by=context.status.settled_by,
        annotators=annotators,
        reviewers=sorted(Counter(review.annotator for review in reviews).items()),
        agreement=agreement.section(context) if annotators else None,
        skills=skill_picture(skills) if len(skills) else None,
        details=[
            details_of(annotator.name, work, comparisons_of(annotator))
            for annotator in annotators
            if annotator.name in shown
        ],
        more_details=max(len(annotators) - MOST_ANNOTATORS, 0),
        escalated=_with_texts(context, escalated[:MOST_ESCALATIONS]),
        escalations=dict(Counter(escalation.state for escalation in escalated)),
        problems=tuple(_without_paths(context, problem) for problem in problems[:MOST_PROBLEMS]),
        more_problems=max(len(problems) - MOST_PROBLEMS, 0),
        has_gold=any(annotator.gold.n for annotator in annotators),
        has_lead=any(annotator.lead is not None for annotator in annotators),
    )


def _without_paths(context: ReportContext, problem: Problem) -> Problem:
    root = context.config.root
    return Problem(without_paths(problem.where, root), without_paths(problem.what, root))


def _settled(context: ReportContext) -> dict[str, int]:
    """Return how many samples were settled in which way: 2 : 1 is less certain than 2 : 0."""
    counts = Counter(gold.settled for gold in context.verdict.gold)
    return {words: counts[kind] for kind, words in SETTLED_IN_WORDS.items() if counts[kind]}


def annotators_of(context: ReportContext, work: WorkOfAll) -> list[Annotator]:
    """Return the statistics of each annotator, in the order of their names."""
    annotations = [vote for vote in context.annotations if not vote.reviewer]
    first_round = _by_sample(
        vote for vote in annotations if vote.round == 1 and vote.label is not None
    )
    reviewed = {
        gold.sample_id: name_of(gold.label)
        for gold in context.verdict.gold
        if gold.source == LabelSource.REVIEW
    }
    given = context.data.dev.to_dict()
    return [
        _annotator(name, votes, (first_round, reviewed, given), work)
        for name, votes in work.by_annotator.items()
    ]


def comparisons_of(annotator: Annotator) -> tuple[Estimate, Estimate, Estimate]:
    """Return the agreement with other annotators, with reviewers and with given gold labels."""
    return annotator.peers, annotator.reviewer, annotator.gold


def _annotator(
    name: str,
    annotations: list[Annotation],
    references: tuple[BySample, dict[Hashable, str], dict[Hashable, str]],
    work: WorkOfAll,
) -> Annotator:
    first_round, reviewed, given = references
    votes = [annotation for annotation in annotations if annotation.label is not None]
    lead_times = [vote.lead_seconds for vote in annotations if vote.lead_seconds is not None]
    return Annotator(
        name=name,
        votes=len(votes),
        skips=len(annotations) - len(votes),
        peers=_agreement_with_peers(votes, first_round),
        reviewer=_agreement_with_labels(votes, reviewed),
        gold=_agreement_with_labels(votes, given),
        lead=statistics.median(lead_times) if lead_times else None,
        skill=skill_of(name, work.skills)[0],
        pause=pause_of(name, work),
    )


def _agreement_with_peers(votes: list[Annotation], first_round: BySample) -> Estimate:
    """Return the agreement with other annotators in the first round.

    Later votes are requested only where first-round votes differ, which would bias the estimate.
    """
    agreements = []
    for vote in votes:
        others = [
            other
            for other in first_round.get(vote.sample_id, ())
            if other.annotator != vote.annotator
        ]
        if vote.round == 1 and others:
            agreements.append(sum(other.label == vote.label for other in others) / len(others))
    return mean_of(np.array(agreements, dtype=np.float64))


def _agreement_with_labels(votes: list[Annotation], labels: dict[Hashable, str]) -> Estimate:
    equal = [labels[vote.sample_id] == vote.label for vote in votes if vote.sample_id in labels]
    return proportion(sum(equal), len(equal))


def _by_sample(annotations: Iterable[Annotation]) -> BySample:
    by_sample: BySample = {}
    for annotation in annotations:
        by_sample.setdefault(annotation.sample_id, []).append(annotation)
    return by_sample


def _escalated(context: ReportContext, reviews: list[Annotation]) -> list[Escalation]:
    """Return the escalated samples: first those waiting, then unresolved, then decided ones.

    Of each of these, samples with votes that are furthest apart come first.
    """
    waiting = {escalation.sample_id for escalation in context.verdict.escalations}
    unresolved = set(context.verdict.unresolved)
    decisions = _by_sample(reviews)
    escalated = waiting | unresolved | set(decisions)
    if not escalated:
        return []
    relevant = [vote for vote in context.annotations if vote.sample_id in escalated]
    annotations = [vote for vote in context.annotations if not vote.reviewer]
    # The verdict without reviews gives the reason for the escalation, also after the decision.
    causes = (
        *context.project.people.verdict(annotations).escalations,
        *context.verdict.escalations,
    )
    cause_of = {cause.sample_id: cause for cause in causes}
    votes = _by_sample(annotations)
    result = []
    for sample in dict.fromkeys(vote.sample_id for vote in relevant):
        state = (
            "waits" if sample in waiting else "unresolved" if sample in unresolved else "decided"
        )
        reason, model_label = "resolved by later votes", None
        if sample in cause_of:
            reason, model_label = (
                cause_of[sample].explanation,
                encode_answer(cause_of[sample].model_label),
            )
        result.append(
            Escalation(
                sample=sample,
                text="",
                votes=votes.get(sample, []),
                reason=reason,
                model_label=model_label,
                state=state,
                decisions=decisions.get(sample, []),
            )
        )
    schema = context.project.schema
    return sorted(result, key=lambda escalation: _rank(escalation, schema))


def _rank(escalation: Escalation, schema: LabelSchema) -> tuple[int, int]:
    labels = [vote.label for vote in escalation.votes if vote.label is not None]
    return STATE_ORDER[escalation.state], -schema.spread(labels)


def _with_texts(context: ReportContext, escalated: list[Escalation]) -> list[Escalation]:
    texts = context.texts_of(escalation.sample for escalation in escalated)
    return [
        dataclasses.replace(escalation, text=texts.get(escalation.sample, ""))
        for escalation in escalated
    ]
