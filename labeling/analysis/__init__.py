"""Statistics and charts of votes: labeling functions, annotators, label quality, class balance."""

from labeling.analysis.calibration import Calibration, calibration
from labeling.analysis.class_balance import (
    ClassBalanceGap,
    ClassProportion,
    class_balance_gaps,
    compare_class_balance,
)
from labeling.analysis.dependency.detection import dependencies
from labeling.analysis.dependency.families import VoterFamily, voter_families
from labeling.analysis.dependency.plot import dependency_picture
from labeling.analysis.estimated_shares import estimated_accuracy, estimated_class_balance
from labeling.analysis.f1_change import f1_change
from labeling.analysis.inter_annotator import (
    Agreement,
    SetAgreement,
    SpanAgreement,
    agreement,
    agreement_by_label,
    agreement_by_pair,
    agreement_by_stratum,
    confused_labels,
    label_coincidences,
    low_agreement,
    pair_matrix,
)
from labeling.analysis.label_errors import LabelErrors, label_errors
from labeling.analysis.label_quality import LabelQuality, label_quality
from labeling.analysis.lanes import SpanLanes, span_lanes
from labeling.analysis.lf_analysis import lf_summary, voted_labels
from labeling.analysis.metrics import accuracy, confusion, scores
from labeling.analysis.part_errors import PartErrors
from labeling.analysis.plots import (
    agreement_picture,
    confusion_picture,
    cost_picture,
    label_confusion_picture,
    lf_picture,
    skill_picture,
)
from labeling.analysis.problems import KnownProblem, ProblemList, problem_history
from labeling.analysis.quality_views import quality_views
from labeling.analysis.set_quality import SetScores, set_scores
from labeling.analysis.slices.finding import FoundSlices, find_slices
from labeling.analysis.slices.masks import Slices
from labeling.analysis.slices.measuring import SliceQuality, slice_quality
from labeling.analysis.span_quality import SpanScores, span_scores
from labeling.analysis.vote_explanations import vote_reasons
from labeling.records.estimates import Estimate, mean_change, mean_of, proportion

__all__ = [
    "Agreement",
    "Calibration",
    "ClassBalanceGap",
    "ClassProportion",
    "Estimate",
    "FoundSlices",
    "KnownProblem",
    "LabelErrors",
    "LabelQuality",
    "PartErrors",
    "ProblemList",
    "SetAgreement",
    "SetScores",
    "SliceQuality",
    "Slices",
    "SpanAgreement",
    "SpanLanes",
    "SpanScores",
    "VoterFamily",
    "accuracy",
    "agreement",
    "agreement_by_label",
    "agreement_by_pair",
    "agreement_by_stratum",
    "agreement_picture",
    "calibration",
    "class_balance_gaps",
    "compare_class_balance",
    "confused_labels",
    "confusion",
    "confusion_picture",
    "cost_picture",
    "dependencies",
    "dependency_picture",
    "estimated_accuracy",
    "estimated_class_balance",
    "f1_change",
    "find_slices",
    "label_coincidences",
    "label_confusion_picture",
    "label_errors",
    "label_quality",
    "lf_picture",
    "lf_summary",
    "low_agreement",
    "mean_change",
    "mean_of",
    "pair_matrix",
    "problem_history",
    "proportion",
    "quality_views",
    "scores",
    "set_scores",
    "skill_picture",
    "slice_quality",
    "span_lanes",
    "span_scores",
    "vote_reasons",
    "voted_labels",
    "voter_families",
]
