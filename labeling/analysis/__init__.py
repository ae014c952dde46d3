"""Statistics and charts of votes: labeling functions, annotators, label quality, class balance."""

from labeling.analysis.class_balance import (
    ClassBalanceGap,
    ClassProportion,
    class_balance_gaps,
    compare_class_balance,
)
from labeling.analysis.dependency.detection import dependencies
from labeling.analysis.dependency.families import VoterFamily, voter_families
from labeling.analysis.dependency.plot import dependency_picture
from labeling.analysis.inter_annotator import Agreement, agreement
from labeling.analysis.lf_analysis import lf_summary, voted_labels
from labeling.analysis.metrics import accuracy, confusion, scores
from labeling.analysis.plots import confusion_picture, cost_picture, lf_picture
from labeling.analysis.vote_explanations import vote_reasons
from labeling.records.estimates import Estimate, mean_change, mean_of, proportion

__all__ = [
    "Agreement",
    "ClassBalanceGap",
    "ClassProportion",
    "Estimate",
    "VoterFamily",
    "accuracy",
    "agreement",
    "class_balance_gaps",
    "compare_class_balance",
    "confusion",
    "confusion_picture",
    "cost_picture",
    "dependencies",
    "dependency_picture",
    "lf_picture",
    "lf_summary",
    "mean_change",
    "mean_of",
    "proportion",
    "scores",
    "vote_reasons",
    "voted_labels",
    "voter_families",
]
