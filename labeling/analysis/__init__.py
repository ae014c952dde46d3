"""Numbers and pictures that describe voters, labeling functions and annotators alike."""

from labeling.analysis.agreement_of_votes import Agreement, agreement
from labeling.analysis.dependencies_of_votes import dependencies
from labeling.analysis.dependency_pictures import dependency_picture
from labeling.analysis.estimates import Estimate, mean_change, mean_of, proportion
from labeling.analysis.label_shares import LabelShare, ShareGap, compared_shares, share_gaps
from labeling.analysis.lf_table import lf_summary, voted_labels
from labeling.analysis.pictures import confusion_picture, cost_picture, lf_picture
from labeling.analysis.quality import accuracy, confusion, scores
from labeling.analysis.reasons import vote_reasons

__all__ = [
    "Agreement",
    "Estimate",
    "LabelShare",
    "ShareGap",
    "accuracy",
    "agreement",
    "compared_shares",
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
    "share_gaps",
    "vote_reasons",
    "voted_labels",
]
