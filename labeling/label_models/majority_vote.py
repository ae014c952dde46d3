"""Majority vote: every vote counts the same."""

from __future__ import annotations

from labeling.label_models.base import VoteModel
from labeling.label_models.patterns import Floats, Patterns, vote_shares
from labeling.records import Votes


class MajorityVote(VoteModel):
    """The share of each label among the votes of a sample; a tie stays a tie.

    Nothing is estimated: gold labels and a class balance are checked and ignored, and votes of
    voters it was not fitted on count like all others.

    >>> from labeling.records import LabelSchema
    >>> votes = Votes.from_array([[0, 0, 1], [-1, -1, -1]], schema=LabelSchema(["ham", "spam"]))
    >>> soft = MajorityVote().fit(votes).predict_proba(votes)
    >>> soft.to_array().round(2).tolist(), soft.covered.tolist()
    ([[0.67, 0.33], [0.5, 0.5]], [True, False])
    """

    def _voters_for(self, votes: Votes) -> tuple[str, ...]:
        return tuple(sorted(votes.voters))

    def _fit(self, patterns: Patterns, class_balance: Floats | None) -> None:
        self.report_ = ("Each vote counts the same; nothing is estimated.",)

    def _posterior(self, patterns: Patterns) -> Floats:
        return vote_shares(patterns)
