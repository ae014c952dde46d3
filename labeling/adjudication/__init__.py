"""Adjudication of annotations: gold labels, samples that need more votes, and escalations."""

from labeling.adjudication.cases import furthest_apart_first
from labeling.adjudication.cause_names import Cause, cause_of_decision, with_cause
from labeling.adjudication.causes import (
    Disagreement,
    WeakLabel,
    disagreement_causes,
)
from labeling.adjudication.policy import Escalate, ReviewPolicy
from labeling.adjudication.reviewing import Annotators, review
from labeling.records import reviews_that_count

__all__ = [
    "Annotators",
    "Cause",
    "Disagreement",
    "Escalate",
    "ReviewPolicy",
    "WeakLabel",
    "cause_of_decision",
    "disagreement_causes",
    "furthest_apart_first",
    "review",
    "reviews_that_count",
    "with_cause",
]
