"""`review`: a pure fold of the ledger of annotations."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping

from labeling.adjudication.cases import Case, Outcome, case_of
from labeling.adjudication.causes import WeakLabel, disagreement_causes
from labeling.adjudication.majority_rule import decide_by_majority
from labeling.adjudication.policy import ReviewPolicy
from labeling.adjudication.posterior_rule import decide_by_posterior
from labeling.errors import DataError, LabelingError, UnknownLabelError
from labeling.records import (
    Annotation,
    AnySoft,
    AskAgain,
    Escalation,
    GoldLabel,
    Label,
    LabelSchema,
    LabelSource,
    SoftLabels,
    Verdict,
    checked_label,
    counting_reviews,
    expect,
    live_annotations,
    reviewed_label,
)

Annotators = Collection[str] | Mapping[Hashable, Collection[str]]
WeakLabels = Callable[[Collection[Hashable]], Mapping[Hashable, WeakLabel]]
"""Returns a model's label and its probability of some samples, of those that it has."""


def review(
    annotations: Iterable[Annotation],
    schema: LabelSchema,
    *,
    policy: ReviewPolicy | None = None,
    soft: AnySoft | None = None,
    annotators: Annotators | None = None,
    posterior: SoftLabels | None = None,
    model_voted: Collection[Hashable] = frozenset(),
    weak: WeakLabels | None = None,
) -> Verdict:
    """Return the verdict on annotations; see `labeling.review`, which estimates the posterior.

    Args:
        annotations: all annotations, in the order in which they were appended.
        schema: the labels.
        policy: `None` means `ReviewPolicy()`.
        soft: soft labels, from which reviewers get the label model's label.
        annotators: the available annotators, as names for all samples or as names by sample (a
            sample without an entry has none); `None` means no limit.
        posterior: probabilities of the labels by people's votes, for the rule "posterior".
        model_voted: the samples on which a model was one more voter in `posterior`.
        weak: returns a model's label and its probability of escalated samples, with which people
            are compared; `None` takes them from `soft`.

    Raises:
        UnknownLabelError: the label of an annotation is not in the schema.
        LabelingError: the rule needs a posterior and there is none.
    """
    of_sample: dict[Hashable, list[Annotation]] = {}
    policy = (policy or ReviewPolicy()).for_schema(expect(schema, LabelSchema, "`schema`"))
    if policy.rule == "posterior" and posterior is None:
        raise LabelingError(
            "The rule 'posterior' needs `posterior`, probabilities by people's votes;"
            " `labeling.review` estimates them itself."
        )
    for annotation in live_annotations(annotations):
        of_sample.setdefault(annotation.sample_id, []).append(_named(annotation, schema))
    model_labels: dict[Hashable, Label] = {}
    if soft is not None:
        _check_soft(soft, schema)
        model_labels = soft.to_labels().dropna().to_dict()
    outcomes: dict[Hashable, Outcome] = dict.fromkeys(of_sample)
    cases: list[Case] = []
    for sample_id, live in of_sample.items():
        reviews = counting_reviews(live)
        if reviews:
            outcomes[sample_id] = _reviewed(sample_id, live, reviews)
        else:
            case = case_of(
                sample_id,
                live,
                max_votes=policy.max_votes,
                annotators=_annotators_of(sample_id, annotators),
                model_label=model_labels.get(sample_id),
            )
            cases.append(case)
    decided = _decided(cases, policy, posterior, of_sample)
    outcomes |= {case.sample_id: outcome for case, outcome in zip(cases, decided, strict=True)}
    verdict = _with_model_voter(_verdict(outcomes), model_voted)
    if not verdict.escalations:
        return verdict
    escalated = [escalation.sample_id for escalation in verdict.escalations]
    return _with_causes(verdict, of_sample, _weak_labels(soft) if weak is None else weak(escalated))


def _decided(
    cases: list[Case],
    policy: ReviewPolicy,
    posterior: SoftLabels | None,
    of_sample: Mapping[Hashable, list[Annotation]],
) -> list[Outcome]:
    """Return the outcomes of the samples that no reviewer has decided on."""
    if posterior is None or policy.rule == "majority":
        return [decide_by_majority(case, policy) for case in cases]
    waiting = {case.sample_id for case in cases}
    reviewed = [live for sample_id, live in of_sample.items() if sample_id not in waiting]
    votes = sum(
        not annotation.reviewer and annotation.label is not None
        for live in reviewed
        for annotation in live
    )
    return decide_by_posterior(
        cases, policy, posterior, n_reviewed=len(reviewed), votes_on_reviewed=votes
    )


def _with_model_voter(verdict: Verdict, model_voted: Collection[Hashable]) -> Verdict:
    """Return a verdict whose gold labels tell whether a model was one more voter."""
    gold = tuple(
        dataclasses.replace(label, model_voter=True)
        if label.probability is not None and label.sample_id in model_voted
        else label
        for label in verdict.gold
    )
    return dataclasses.replace(verdict, gold=gold)


def _verdict(outcomes: Mapping[Hashable, Outcome]) -> Verdict:
    gold: list[GoldLabel] = []
    pending: list[AskAgain] = []
    escalations: list[Escalation] = []
    unresolved: list[Hashable] = []
    for sample_id, outcome in outcomes.items():
        match outcome:
            case GoldLabel():
                gold.append(outcome)
            case AskAgain():
                pending.append(outcome)
            case Escalation():
                escalations.append(outcome)
            case None:
                unresolved.append(sample_id)
    return Verdict(tuple(gold), tuple(pending), tuple(escalations), tuple(unresolved))


def _with_causes(
    verdict: Verdict,
    of_sample: Mapping[Hashable, list[Annotation]],
    weak: Mapping[Hashable, WeakLabel],
) -> Verdict:
    """Return a verdict whose escalations name the probable cause of the disagreement."""
    live = [annotation for annotations in of_sample.values() for annotation in annotations]
    causes = disagreement_causes(live, weak=weak)
    escalations = tuple(
        dataclasses.replace(escalation, cause=found.cause.value, cause_reason=found.reason)
        if (found := causes.get(escalation.sample_id)) is not None
        else escalation
        for escalation in verdict.escalations
    )
    return dataclasses.replace(verdict, escalations=escalations)


def _weak_labels(soft: AnySoft | None) -> dict[Hashable, WeakLabel]:
    """Return the model's labels with their probabilities; whole sets and spans have none."""
    if not isinstance(soft, SoftLabels):
        return {}
    labels, confidence = soft.to_labels().tolist(), soft.confidence().tolist()
    return {
        sample_id: WeakLabel(label, probability)
        for sample_id, label, probability in zip(
            soft.sample_ids.tolist(), labels, confidence, strict=True
        )
        if label is not None
    }


def _named(annotation: Annotation, schema: LabelSchema) -> Annotation:
    """Return an annotation with its label as the schema stores it, also if it was given by code."""
    if annotation.label is None:
        return annotation
    try:
        label = checked_label(annotation.label, schema)
    except (DataError, UnknownLabelError) as error:
        raise type(error)(
            f"In the annotation of sample {annotation.sample_id!r} by {annotation.annotator!r}:"
            f" {error}"
        ) from None
    if isinstance(label, str) and label == annotation.label:
        return annotation
    return dataclasses.replace(annotation, label=label)


def _check_soft(soft: object, schema: LabelSchema) -> None:
    if not isinstance(soft, AnySoft):
        raise LabelingError(
            f"`soft` must be SoftLabels, SoftSpans or SoftSets. Got a {type(soft).__name__}."
        )
    if soft.schema.kind != schema.kind:
        raise LabelingError(
            f"`soft` must have labels of kind {schema.kind.value!r}, as `schema` has. Got"
            f" {soft.schema!r}."
        )


def _annotators_of(sample_id: Hashable, annotators: Annotators | None) -> Collection[str] | None:
    if isinstance(annotators, Mapping):
        return annotators.get(sample_id, ())
    return annotators


def _reviewed(
    sample_id: Hashable, live: Collection[Annotation], reviews: Collection[Annotation]
) -> GoldLabel | None:
    """Return the gold label that most reviewers gave; `None` if no label has more than half."""
    votes = [annotation for annotation in live if not annotation.reviewer]
    label = reviewed_label(reviews)
    if label is None:
        return None
    deciding = [review for review in reviews if review.label is not None]
    return GoldLabel(sample_id, label, LabelSource.REVIEW.value, (*votes, *deciding))
