"""`review`: adjudication of annotations, by probabilities that label models estimate."""

from __future__ import annotations

from collections.abc import Iterable

from labeling import adjudication
from labeling.adjudication import Annotators, ReviewPolicy
from labeling.errors import LabelingError
from labeling.records import Annotation, LabelSchema, SoftLabels, Verdict, annotation_votes


def review(
    annotations: Iterable[Annotation],
    schema: LabelSchema,
    *,
    policy: ReviewPolicy | None = None,
    soft: SoftLabels | None = None,
    annotators: Annotators | None = None,
) -> Verdict:
    """Return which samples are settled, which need more votes, and which go to a reviewer.

    Only a person's latest annotation of a sample counts, regardless of the spelling of the name. A
    skip is not a vote, and the person is not asked again.

    By the rule "majority" a label is gold if enough of at least `min_votes` votes agree on it, as
    set by `policy.escalate`. Otherwise more votes are requested one at a time while they may settle
    the sample: some label could still get enough of `max_votes` votes, and an annotator is left. If
    not, the sample is escalated.

    By the rule "posterior" people are weighed by their skill (`AnnotatorModel`, fitted to all these
    annotations), and `soft` is one more voter if `policy.model_voter` says so. The most probable
    label is gold once no further vote is worth it, as set by `policy.accept`, `budget` or `costs`;
    what stays doubtful is escalated within `expert_quota`. A label may change with votes on other
    samples, which tell more of people's skills.

    A reviewer's label settles an escalated sample; of several reviewers' labels the one that more
    than half of them gave. If there is none, the sample is unresolved until another reviewer
    decides. A review by someone who had annotated the sample is ignored, and the sample stays
    escalated. Each escalation names the probable cause of the disagreement; see
    `disagreement_causes`.

    Args:
        annotations: all annotations, in the order in which they were appended.
        schema: the labels.
        policy: `None` means `ReviewPolicy()`.
        soft: soft labels, from which reviewers get the model's label. As a voter they must be
            cross-fitted: not learned from the annotations of the sample that they are about.
        annotators: the available annotators, as names for all samples or as names by sample (a
            sample without an entry has none); `None` means no limit.

    Returns:
        A verdict whose samples keep the order of their first annotation.

    Raises:
        UnknownLabelError: the label of an annotation is not in the schema.
        LabelingError: the policy has a model as voter, and there are no soft labels.

    >>> import datetime
    >>> from labeling import Annotation, LabelSchema
    >>> now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    >>> rows = [
    ...     ("a", "ann", "spam"),
    ...     ("a", "bob", "spam"),
    ...     ("b", "ann", "spam"),
    ...     ("b", "bob", "ham"),
    ... ]
    >>> verdict = review([Annotation(*row, now, now) for row in rows], LabelSchema(["ham", "spam"]))
    >>> verdict
    Verdict(1 gold, 0 pending, 1 escalated, 0 unresolved)
    >>> verdict.escalations[0].reason
    'conflict: 1 x ham, 1 x spam'
    """
    policy = policy or adjudication.ReviewPolicy()
    annotations = tuple(annotations) if isinstance(annotations, Iterable) else annotations
    posterior, model_voted = None, frozenset[object]()
    if policy.rule == "posterior":
        from labeling.label_models import people_posterior, samples_of_model_voter

        if policy.model_voter and soft is None:
            raise LabelingError(
                "A policy with `model_voter` needs `soft`, a model's soft labels that have not"
                " learned the votes of the samples that they are about. Got none."
            )
        votes = annotation_votes(annotations, schema)
        voter = soft if policy.model_voter else None
        posterior = people_posterior(votes, voter)
        model_voted = samples_of_model_voter(posterior, voter)
    return adjudication.review(
        annotations,
        schema,
        policy=policy,
        soft=soft,
        annotators=annotators,
        posterior=posterior,
        model_voted=model_voted,
    )
