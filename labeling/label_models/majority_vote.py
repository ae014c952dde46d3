"""Majority vote: every vote counts the same."""

from __future__ import annotations

from labeling.label_models.base import VoteModel
from labeling.label_models.patterns import Floats, Patterns, vote_shares
from labeling.records import Votes


class MajorityVote(VoteModel):
    """The share of a sample's votes that each label has; a tie stays a tie.

    It learns nothing: gold labels and a class balance are checked and leave no trace, and votes of
    voters it never saw are counted like all others.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0, 1], [-1, -1, -1]], schema=LabelSchema(["ham", "spam"]))
    >>> soft = MajorityVote().fit(votes).predict_proba(votes)
    >>> soft.to_array().round(2).tolist(), soft.covered.tolist()
    ([[0.67, 0.33], [0.5, 0.5]], [True, False])
    """

    def _voters_for(self, votes: Votes) -> tuple[str, ...]:
        return tuple(sorted(votes.voters))

    def _learn(self, patterns: Patterns, class_shares: Floats | None) -> None:
        self.report_ = ("Each vote counts the same; nothing is learned.",)

    def _posterior(self, patterns: Patterns) -> Floats:
        return vote_shares(patterns)
