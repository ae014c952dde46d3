"""Review of annotators' work by sample: lots, acceptance plans, hidden gold, and who is paused."""

from labeling.work_review.answer_scores import answer_score
from labeling.work_review.fairness import GoldScore, Losses, gold_scores, is_below
from labeling.work_review.lots import (
    Lot,
    LotPlan,
    LotVote,
    disagreement,
    draw_order,
    lots_of,
)
from labeling.work_review.plans import AcceptancePlan, Checks, LotDecision
from labeling.work_review.state import DrawnLot, WorkState, work_state

__all__ = [
    "AcceptancePlan",
    "Checks",
    "DrawnLot",
    "GoldScore",
    "Losses",
    "Lot",
    "LotDecision",
    "LotPlan",
    "LotVote",
    "WorkState",
    "answer_score",
    "disagreement",
    "draw_order",
    "gold_scores",
    "is_below",
    "lots_of",
    "work_state",
]
