"""A sample's current annotations, as the rules of adjudication see them."""

from __future__ import annotations

import collections
from collections.abc import Collection, Hashable, Iterable
from dataclasses import dataclass

from labeling.adjudication.part_votes import PartVote
from labeling.records import (
    Annotation,
    AskAgain,
    Escalation,
    GoldLabel,
    Label,
    LabelSchema,
    encode_label,
    first_spellings,
)
from labeling.records.label_parts import Place

Outcome = GoldLabel | AskAgain | Escalation | None
"""What becomes of a sample; `None` = a reviewer saw it and gave no decisive label."""


@dataclass(frozen=True, slots=True)
class Case:
    """A sample that no reviewer has decided on.

    Attributes:
        sample_id: the sample.
        votes: the annotators' current annotations, skips included.
        tally: the number of votes for each label, as it is stored.
        voters: who annotated it, by `person_key`.
        left: how many votes can still be asked for: up to the policy's `max_votes`, and of people
            who are available and have not annotated it.
        model_label: the label model's label, for the reviewer.
        has_ignored_review: whether there is a review by someone who had annotated the sample.
    """

    sample_id: Hashable
    votes: tuple[Annotation, ...]
    tally: collections.Counter[str]
    voters: dict[str, str]
    left: int
    model_label: Label | None
    has_ignored_review: bool

    @property
    def labels(self) -> list[Label]:
        """The labels of the votes, without skips."""
        return [vote.label for vote in self.votes if vote.label is not None]

    @property
    def n_votes(self) -> int:
        """Number of votes, without skips."""
        return self.tally.total()

    @property
    def skips(self) -> int:
        """Number of people who skipped the sample."""
        return len(self.votes) - self.n_votes

    def ask(self, votes_needed: int) -> AskAgain:
        """Return the question for more votes, as many as people are left for at most."""
        needed = min(votes_needed, self.left)
        return AskAgain(self.sample_id, needed, tuple(sorted(self.voters.values())))

    def escalated(
        self, why: str, settled: Label | None = None, disputed: Iterable[str | Place] = ()
    ) -> Escalation:
        """Return the escalation with a reason: why, the votes, and the skips.

        Args:
            why: the reason without the skips.
            settled: the label without the parts that are disputed.
            disputed: the labels, or the places of spans, on which people do not agree enough.
        """
        skipped = f", {self.skips} skipped" if self.skips else ""
        ignored = (
            "; a review by someone who had annotated the sample was ignored"
            if self.has_ignored_review
            else ""
        )
        reason = why + skipped + ignored
        return Escalation(
            self.sample_id,
            self.votes,
            reason,
            self.model_label,
            settled=settled,
            disputed=tuple(disputed),
        )

    def counts(self) -> str:
        """Return the votes as text, such as `1 x ham, 2 x spam`."""
        return ", ".join(f"{count} x {label}" for label, count in sorted(self.tally.items()))


def case_of(
    sample_id: Hashable,
    live: Collection[Annotation],
    *,
    max_votes: int,
    annotators: Collection[str] | None,
    model_label: Label | None,
) -> Case:
    """Return the case of a sample.

    Args:
        sample_id: the sample.
        live: its current annotations, of annotators and reviewers.
        max_votes: the maximum number of votes.
        annotators: the available annotators; `None` means no limit.
        model_label: the label model's label, if known.
    """
    votes = tuple(annotation for annotation in live if not annotation.reviewer)
    voters = first_spellings(vote.annotator for vote in votes)
    tally = tally_of(votes)
    left = max_votes - tally.total()
    if annotators is not None:
        left = min(left, len(first_spellings(annotators).keys() - voters))
    if len(votes) - tally.total() >= max_votes:
        left = 0  # so many skipped it that asking on is no use
    return Case(sample_id, votes, tally, voters, max(left, 0), model_label, len(live) > len(votes))


def tally_of(annotations: Iterable[Annotation | PartVote]) -> collections.Counter[str]:
    """Return the number of votes for each label, as it is stored; skips are not counted."""
    return collections.Counter(
        str(encode_label(annotation.label))
        for annotation in annotations
        if annotation.label is not None
    )


def furthest_apart_first(
    escalations: Iterable[Escalation], schema: LabelSchema
) -> list[Escalation]:
    """Return escalations of ordered labels, those with votes furthest apart first.

    Stars of 1 and 5 need a reviewer more than stars of 4 and 5. Of equal distances, and of labels
    that are not ordered, all stay as they are.
    """
    if not schema.ordered:
        return list(escalations)

    def spread(escalation: Escalation) -> int:
        labels = [vote.label for vote in escalation.annotations if vote.label is not None]
        return schema.spread(labels)

    return sorted(escalations, key=spread, reverse=True)
