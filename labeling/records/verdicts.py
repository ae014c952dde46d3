"""Verdicts on annotated samples: gold labels, questions for more votes, and escalations."""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass

from labeling.records.annotations import Annotation, LabelSource
from labeling.records.label_parts import Place, votes_for
from labeling.records.label_texts import label_repr
from labeling.records.spans import Label
from labeling.rendering import Displayed, View

SETTLED_IN_WORDS = {
    "one_vote": "by one vote",
    "unanimous": "unanimously",
    "majority": "by majority",
    "posterior": "by posterior, without a majority of votes",
    "review": "by a reviewer",
    "uncounted": "by votes that the next review will count",
}
"""How samples were settled, as the store counts them, in words; see `GoldLabel.settled`."""


_ESCALATED_FOR = {
    "no vote": "without a vote",
    "too few votes": "with too few votes",
    "conflict": "in conflict",
    "Two releases": "on which two releases disagree",
    "no majority": "without a majority",
    "less than": "with too few equal votes",
    "tie": "with a tie of the most probable labels",
    "'": "with a doubtful label",
    '"': "with a doubtful label",
}
"""How the reason of an escalation begins, and what the sample is like."""


def escalated_in_words(reasons: Iterable[str]) -> str:
    """Return for which reasons samples were escalated, each with its number.

    Args:
        reasons: of escalations, as `Escalation.reason` has them.

    >>> escalated_in_words(["conflict: 1 x a, 1 x b", "no vote, 3 skipped", "no vote"])
    '2 without a vote, 1 in conflict'
    """
    counts = collections.Counter(
        next(
            (words for begin, words in _ESCALATED_FOR.items() if reason.startswith(begin)),
            "for another reason",
        )
        for reason in reasons
    )
    order = [*dict.fromkeys(_ESCALATED_FOR.values()), "for another reason"]
    return ", ".join(f"{counts[words]:,} {words}" for words in order if counts[words])


@dataclass(frozen=True, slots=True)
class GoldLabel(Displayed):
    """A label that is taken as true, and the annotations it is based on.

    Attributes:
        sample_id: the sample.
        label: a label name, the set of the sample's labels, or its spans.
        source: `agreement` of annotators, `review` by a reviewer, or `given` from outside; see
            `LabelSource`.
        trace: the annotations of annotators and reviewers that it is based on.
        probability: its probability by the votes, where the review policy estimates it.
        model_voter: whether the end model was one more voter on the sample.

    >>> GoldLabel("c1", "spam", "agreement", probability=0.93, model_voter=True).decided_by
    'posterior 0.930 (0 of 0 votes; the model voter)'
    """

    sample_id: Hashable
    label: Label
    source: str = LabelSource.GIVEN.value
    trace: tuple[Annotation, ...] = ()
    probability: float | None = None
    model_voter: bool = False

    def __repr__(self) -> str:
        trace = f", {len(self.trace)} annotations" if self.trace else ""
        sure = f", p = {self.probability:.3f}" if self.probability is not None else ""
        return (
            f"GoldLabel({self.sample_id!r}, {label_repr(self.label)}, {self.source!r}{trace}{sure})"
        )

    def _view(self) -> View:
        from labeling.records.people_views import gold_label_view

        return gold_label_view(self)

    @property
    def votes_cast(self) -> int:
        """Number of annotators who voted on the sample, without skips and reviewers."""
        return sum(
            annotation.label is not None for annotation in self.trace if not annotation.reviewer
        )

    @property
    def votes_for(self) -> int:
        """Number of these votes that are for the label.

        Of a set of labels or of spans it is the least of any label, or of any place with spans.
        """
        labels = [vote.label for vote in self.trace if not vote.reviewer and vote.label is not None]
        return votes_for(self.label, labels)

    @property
    def settled(self) -> str:
        """How people settled the sample: a key of `SETTLED_IN_WORDS`; empty for a given label."""
        if self.source == LabelSource.REVIEW:
            return "review"
        if self.source != LabelSource.AGREEMENT:
            return ""
        n_for, votes_cast = self.votes_for, self.votes_cast
        if 2 * n_for <= votes_cast:
            return "posterior"
        if n_for < votes_cast:
            return "majority"
        return "one_vote" if votes_cast == 1 else "unanimous"

    @property
    def decided_by(self) -> str:
        """What decided the label, in words: votes, a posterior of votes, or reviewers."""
        if self.source == LabelSource.REVIEW:
            reviews = [annotation for annotation in self.trace if annotation.reviewer]
            n_for = sum(review.label == self.label for review in reviews)
            return f"{n_for} of {len(reviews)} reviewers" if len(reviews) > 1 else "a reviewer"
        if self.source != LabelSource.AGREEMENT:
            return str(self.source)
        votes = votes_in_words(self.votes_for, self.votes_cast)
        if self.probability is None:
            return votes if self.trace else "annotators"
        model = "; the model voter" if self.model_voter else ""
        return f"posterior {self.probability:.3f} ({votes}{model})"


def votes_in_words(votes_for: int, votes_cast: int) -> str:
    """Return how many votes a label has; a single vote for it is not called unanimous.

    >>> votes_in_words(1, 1), votes_in_words(0, 1), votes_in_words(2, 3)
    ('one vote', '0 of 1 votes', '2 of 3 votes')
    """
    if votes_for == votes_cast == 1:
        return "one vote"
    return f"{votes_for} of {votes_cast} votes"


@dataclass(frozen=True, slots=True)
class AskAgain(Displayed):
    """A sample that needs more votes: how many, and which annotators to exclude.

    Attributes:
        sample_id: the sample.
        votes_needed: how many votes.
        not_annotators: who must not be asked.
        rejected: who gave a vote that was rejected, each with the reason, which they are shown.
    """

    sample_id: Hashable
    votes_needed: int
    not_annotators: tuple[str, ...]
    rejected: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Escalation(Displayed):
    """A sample on which the votes are not decisive, for a reviewer to decide.

    Attributes:
        sample_id: the sample.
        annotations: the annotators' annotations of it.
        reason: why it was escalated.
        model_label: the label model's most probable label, if known.
        cause: the probable cause of the disagreement, such as "ambiguous sample"; empty if unknown.
        cause_reason: what points to this cause, with numbers and without names.
        settled: of sets of labels and of spans, the label without its disputed parts.
        disputed: the labels, or the places of spans (start and end), that are disputed.
    """

    sample_id: Hashable
    annotations: tuple[Annotation, ...]
    reason: str
    model_label: Label | None = None
    cause: str = ""
    cause_reason: str = ""
    settled: Label | None = None
    disputed: tuple[str | Place, ...] = ()

    def __repr__(self) -> str:
        names = [field.name for field in dataclasses.fields(self)]
        values = (f"{name}={label_repr(getattr(self, name))}" for name in names)
        return f"Escalation({', '.join(values)})"

    def _view(self) -> View:
        from labeling.records.people_views import escalation_view

        return escalation_view(self)

    @property
    def explanation(self) -> str:
        """The reason and the probable cause, as a reviewer reads them."""
        if not self.cause:
            return self.reason
        return f"{self.reason}. Probable cause: {self.cause} ({self.cause_reason})"


@dataclass(frozen=True, slots=True)
class Verdict(Displayed):
    """The outcome of adjudicating all annotations so far.

    Attributes:
        gold: the samples that are settled.
        pending: the samples that need more votes.
        escalations: the samples that wait for a reviewer.
        unresolved: the samples that a reviewer has seen without giving a decisive label.
    """

    gold: tuple[GoldLabel, ...]
    pending: tuple[AskAgain, ...]
    escalations: tuple[Escalation, ...]
    unresolved: tuple[Hashable, ...] = ()

    def _view(self) -> View:
        from labeling.records.people_views import verdict_view

        return verdict_view(self, SETTLED_IN_WORDS)

    def of_samples(self, sample_ids: Collection[Hashable]) -> Verdict:
        """Return the verdict on some samples."""
        ids = set(sample_ids)
        return Verdict(
            tuple(gold for gold in self.gold if gold.sample_id in ids),
            tuple(request for request in self.pending if request.sample_id in ids),
            tuple(escalation for escalation in self.escalations if escalation.sample_id in ids),
            tuple(sample_id for sample_id in self.unresolved if sample_id in ids),
        )

    def __repr__(self) -> str:
        return (
            f"Verdict({len(self.gold)} gold, {len(self.pending)} pending,"
            f" {len(self.escalations)} escalated, {len(self.unresolved)} unresolved)"
        )
