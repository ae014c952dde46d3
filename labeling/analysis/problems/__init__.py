"""Problem lists: named patterns of failures, their error, and its history over releases."""

from labeling.analysis.problems.history import ProblemHistory, problem_history
from labeling.analysis.problems.listing import ProblemList
from labeling.analysis.problems.measuring import MeasuredProblem, ProblemTable
from labeling.analysis.problems.problem import KnownProblem

__all__ = [
    "KnownProblem",
    "MeasuredProblem",
    "ProblemHistory",
    "ProblemList",
    "ProblemTable",
    "problem_history",
]
