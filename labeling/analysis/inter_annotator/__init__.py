"""Agreement of annotators: overall, by stratum, label and pair, and on which samples it is low."""

from labeling.analysis.inter_annotator.by_label import (
    agreement_by_label,
    confused_labels,
    label_coincidences,
)
from labeling.analysis.inter_annotator.by_pair import agreement_by_pair, pair_matrix
from labeling.analysis.inter_annotator.by_sample import low_agreement
from labeling.analysis.inter_annotator.coefficients import (
    Agreement,
    agreement,
    agreement_by_stratum,
)

__all__ = [
    "Agreement",
    "agreement",
    "agreement_by_label",
    "agreement_by_pair",
    "agreement_by_stratum",
    "confused_labels",
    "label_coincidences",
    "low_agreement",
    "pair_matrix",
]
