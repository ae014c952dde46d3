"""Agreement of annotators: overall, by stratum, label and pair, and on which samples it is low."""

from labeling.analysis.inter_annotator.by_label import (
    agreement_by_label,
    confused_labels,
    label_coincidences,
)
from labeling.analysis.inter_annotator.by_pair import agreement_by_pair, pair_matrix
from labeling.analysis.inter_annotator.by_sample import low_agreement
from labeling.analysis.inter_annotator.coefficients import Agreement
from labeling.analysis.inter_annotator.measures import agreement, agreement_by_stratum
from labeling.analysis.inter_annotator.set_agreement import SetAgreement
from labeling.analysis.inter_annotator.span_agreement import SpanAgreement

__all__ = [
    "Agreement",
    "SetAgreement",
    "SpanAgreement",
    "agreement",
    "agreement_by_label",
    "agreement_by_pair",
    "agreement_by_stratum",
    "confused_labels",
    "label_coincidences",
    "low_agreement",
    "pair_matrix",
]
