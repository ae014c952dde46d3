"""Verdicts on annotated samples: gold labels, questions for more votes, and escalations."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from dataclasses import dataclass

from labeling.records.annotations import Annotation, LabelSource


@dataclass(frozen=True, slots=True)
class GoldLabel:
    """A label that is taken as true, and the annotations it is based on.

    Attributes:
        sample_id: the sample.
        label: a label name.
        source: `agreement` of annotators, `review` by a reviewer, or `given` from outside; see
            `LabelSource`.
        trace: the annotations of annotators and reviewers that it is based on.
        probability: its probability by the votes, where the review policy estimates it.
    """

    sample_id: Hashable
    label: str
    source: str = LabelSource.GIVEN.value
    trace: tuple[Annotation, ...] = ()
    probability: float | None = None

    def __repr__(self) -> str:
        trace = f", {len(self.trace)} annotations" if self.trace else ""
        sure = f", p = {self.probability:.3f}" if self.probability is not None else ""
        return f"GoldLabel({self.sample_id!r}, {self.label!r}, {self.source!r}{trace}{sure})"

    @property
    def votes_cast(self) -> int:
        """Number of annotators who voted on the sample, without skips and reviewers."""
        return sum(
            annotation.label is not None for annotation in self.trace if not annotation.reviewer
        )

    @property
    def votes_for(self) -> int:
        """Number of these votes that are for the label."""
        return sum(
            annotation.label == self.label for annotation in self.trace if not annotation.reviewer
        )


@dataclass(frozen=True, slots=True)
class AskAgain:
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
class Escalation:
    """A sample on which the votes are not decisive, for a reviewer to decide.

    Attributes:
        sample_id: the sample.
        annotations: the annotators' annotations of it.
        reason: why it was escalated.
        model_label: the label model's most probable label, if known.
        cause: the probable cause of the disagreement, such as "ambiguous sample"; empty if unknown.
        cause_reason: what points to this cause, with numbers and without names.
    """

    sample_id: Hashable
    annotations: tuple[Annotation, ...]
    reason: str
    model_label: str | None = None
    cause: str = ""
    cause_reason: str = ""

    @property
    def explanation(self) -> str:
        """The reason and the probable cause, as a reviewer reads them."""
        if not self.cause:
            return self.reason
        return f"{self.reason}. Probable cause: {self.cause} ({self.cause_reason})"


@dataclass(frozen=True, slots=True)
class Verdict:
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
