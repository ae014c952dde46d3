"""`review`: adjudication of annotations, by probabilities that label models estimate."""

from __future__ import annotations

from collections.abc import Iterable

from labeling import adjudication
from labeling.adjudication import Annotators, ReviewPolicy
from labeling.errors import LabelingError
from labeling.records import (
    Annotation,
    AnySoft,
    LabelSchema,
    SoftLabels,
    Verdict,
    Votes,
    annotation_votes,
)


def review(
    annotations: Iterable[Annotation],
    schema: LabelSchema,
    *,
    policy: ReviewPolicy | None = None,
    soft: AnySoft | None = None,
    annotators: Annotators | None = None,
) -> Verdict:
    """Return which samples are settled, which need more votes, and which go to a reviewer.

    Only a person's latest annotation of a sample counts, regardless of the spelling of the name. A
    skip is not a vote, and the person is not asked again.

    By the rule "majority" a label is gold if enough of at least `min_votes` votes agree on it, as
    set by `policy.escalate`. Otherwise more votes are requested one at a time while they may settle
    the sample: some label could still get enough of `max_votes` votes, and an annotator is left. If
    not, the sample is escalated.

    Of a sample with several labels each label is decided by itself, and of one with spans each
    place in which spans overlap: the same spans, or none, must have enough votes. The sample is
    gold once all of it is decided. Escalations name what is disputed, with `Escalation.settled` for
    the rest; a reviewer's set or spans are those of the whole sample.

    By the rule "posterior", for samples with one label, people are weighed by their skill
    (`AnnotatorModel`, fitted to all these annotations), and `soft` is one more voter if
    `policy.model_voter` says so. The most probable label is gold once no further vote is worth it,
    as set by `policy.accept`, `budget` or `costs`; what stays doubtful is escalated within
    `expert_quota`. A label may change with votes on other samples, which tell more of people's
    skills.

    A reviewer's label settles an escalated sample; of several reviewers' labels the one that more
    than half of them gave. If there is none, the sample is unresolved until another reviewer
    decides. A review by someone who had annotated the sample is ignored, and the sample stays
    escalated. Each escalation names the probable cause of the disagreement; see
    `disagreement_causes`.

    Args:
        annotations: all annotations, in the order in which they were appended.
        schema: the labels.
        policy: `None` means `ReviewPolicy()`.
        soft: soft labels, spans or sets, from which reviewers get the model's label. As a voter
            they must be cross-fitted: not learned from the annotations of the sample that they are
            about.
        annotators: the available annotators, as names for all samples or as names by sample (a
            sample without an entry has none); `None` means no limit.

    Returns:
        A verdict whose samples keep the order of their first annotation.

    Raises:
        UnknownLabelError: the label of an annotation is not in the schema.
        DataError: it has another form than the schema's kind.
        LabelingError: the policy has a model as voter, and there are no soft labels; or the rule is
            "posterior" and samples do not have one label each.

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
    >>> marked = [
    ...     Annotation("a", who, [(0, 3, "PER"), (8, end, "PER")], now, now)
    ...     for who, end in [("ann", 11), ("bob", 12)]
    ... ]
    >>> policy = ReviewPolicy(max_votes=2)
    >>> disputed = review(marked, LabelSchema(["PER"], kind="spans"), policy=policy).escalations[0]
    >>> disputed.reason
    'no majority on 8-12: 1 x PER 8-11, 1 x PER 8-12'
    >>> disputed.settled
    (Span(start=0, end=3, label='PER'),)
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
        if not isinstance(votes, Votes):
            raise LabelingError(
                "The rule 'posterior' weighs the votes of samples that have one label each. Got"
                f" {schema!r}: use rule='majority' for each label and each place, or fit"
                " AnnotatorModel on annotation_votes(annotations, schema) for probabilities."
            )
        voter = soft if policy.model_voter and isinstance(soft, SoftLabels) else None
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
