"""What each annotator answered, beside what gold labels, reviewers and the others say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from labeling.analysis import Estimate
from labeling.analysis.part_answers import Answers, shared_f1
from labeling.records import Annotation, Label, LabelSource, annotation_votes, person_key
from labeling.report.context import ReportContext
from labeling.report.part_section import id_index


@dataclass(frozen=True)
class PersonWithParts:
    """What is known of the answers of an annotator.

    Attributes:
        name: of the annotator.
        annotations: the current ones that count, skips included, without reviews.
        first_round: the answers of the first round, by sample. Later ones are asked for where the
            first differ, on harder samples.
        truth: what these are compared with: labels that do not depend on this person's answers.
        sources: how many samples of the truth come from where.
        peers: F1 with the first-round answers of other annotators.
        reviewer: F1 with the decisions of reviewers.
        gold: F1 with given gold labels.
    """

    name: str
    annotations: tuple[Annotation, ...]
    first_round: Answers
    truth: Answers
    sources: Mapping[str, int]
    peers: Estimate
    reviewer: Estimate
    gold: Estimate

    @property
    def answers(self) -> dict[Hashable, Any]:
        """All answers, by sample."""
        return answers_of(self.annotations)


def answers_of(annotations: Collection[Annotation]) -> dict[Hashable, Any]:
    """Return the labels of annotations by sample, without skips."""
    return {vote.sample_id: vote.label for vote in annotations if vote.label is not None}


def people_of(context: ReportContext) -> list[PersonWithParts]:
    """Return what is known of the answers of each annotator, in the order of their names.

    Those of whom nothing counts are among them: paused people, and those whose answers were all
    rejected or deleted.
    """
    by_name = _by_name(context)
    first_round = {
        name: answers_of([vote for vote in votes if vote.round == 1])
        for name, votes in by_name.items()
    }
    reviewed: dict[Hashable, Label] = {
        gold.sample_id: gold.label
        for gold in context.verdict.gold
        if gold.source == LabelSource.REVIEW
    }
    given = context.data.dev.to_dict()
    others = _answers_of_others(context, first_round, given.keys() | reviewed.keys())
    people = []
    for name in sorted(by_name):
        answers = first_round[name]
        sources = {"others": others[name], "reviewers": reviewed, "gold labels": given}
        known = {
            source: {sample: labels[sample] for sample in answers if sample in labels}
            for source, labels in sources.items()
        }
        peers = [first_round[other] for other in first_round if other != name]
        people.append(
            PersonWithParts(
                name,
                tuple(by_name[name]),
                answers,
                {**known["others"], **known["reviewers"], **known["gold labels"]},
                _counted(known),
                shared_f1(answers, *peers),
                shared_f1(answers_of(by_name[name]), reviewed),
                shared_f1(answers_of(by_name[name]), given),
            )
        )
    return people


def _by_name(context: ReportContext) -> dict[str, list[Annotation]]:
    """Return the current annotations of everybody who ever annotated."""
    by_name: dict[str, list[Annotation]] = {}
    for vote in context.annotations:
        if not vote.reviewer:
            by_name.setdefault(vote.annotator, []).append(vote)
    if context.store is not None:
        for vote in context.store.ledger.annotations():
            if not vote.reviewer:
                by_name.setdefault(vote.annotator, [])
    return by_name


def _counted(known: Mapping[str, Answers]) -> dict[str, int]:
    """Return how many samples are taken from where: gold labels before reviewers before others."""
    source = {sample: name for name, labels in known.items() for sample in labels}
    return dict(sorted(Counter(source.values()).items()))


def _answers_of_others(
    context: ReportContext, first_round: Mapping[str, Answers], known: Collection[Hashable]
) -> dict[str, dict[Hashable, Any]]:
    """Return what the other annotators say of each one's samples, weighed by their skills.

    All their answers count, those of later rounds too. The skills are fitted to everybody's
    answers; the answers of the person themselves are not weighed.

    Args:
        context: the state of the project.
        first_round: the samples and answers of each person.
        known: samples that need no answer of others.
    """
    from labeling.label_models import AnnotatorModel

    annotations = [vote for vote in context.annotations if not vote.reviewer]
    answered: dict[Hashable, set[str]] = {}
    for vote in annotations:
        if vote.label is not None:
            answered.setdefault(vote.sample_id, set()).add(person_key(vote.annotator))
    shared = {
        name: [
            sample
            for sample in answers
            if sample not in known and answered[sample] - {person_key(name)}
        ]
        for name, answers in first_round.items()
    }
    if not any(shared.values()):
        return {name: {} for name in first_round}
    votes: Any = annotation_votes(annotations, context.project.schema)
    model: Any = AnnotatorModel().fit(votes)
    found: dict[str, dict[Hashable, Any]] = {}
    for name, samples in shared.items():
        others = [voter for voter in votes.voters if person_key(voter) != person_key(name)]
        part = votes.of_voters(others).of_samples(id_index(samples)) if samples else None
        labels = {} if part is None else model.predict(part).to_labels().to_dict()
        found[name] = {sample: label for sample, label in labels.items() if label is not None}
    return found
