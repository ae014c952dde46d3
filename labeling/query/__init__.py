"""Active learning: which samples to select for annotation, what they measure, when to stop."""

from labeling.query.audit import (
    AUDIT_STRATA,
    batches_of,
    label_accuracy,
    labels_needed,
    lf_accuracy,
)
from labeling.query.by_uncertainty import SET_STRATEGIES, SPAN_STRATEGIES
from labeling.query.mixtures import rare_labels
from labeling.query.modal import ModalStrategy, from_modal
from labeling.query.part_audit import PartQuality, part_quality
from labeling.query.scores import SCORES
from labeling.query.selection import (
    MODAL_STRATEGIES,
    STRATEGIES,
    check_request,
    check_strategy,
    select,
)
from labeling.query.stopping import StoppingRule, code_kappa, label_kappa

__all__ = [
    "AUDIT_STRATA",
    "MODAL_STRATEGIES",
    "SCORES",
    "SET_STRATEGIES",
    "SPAN_STRATEGIES",
    "STRATEGIES",
    "ModalStrategy",
    "PartQuality",
    "StoppingRule",
    "batches_of",
    "check_request",
    "check_strategy",
    "code_kappa",
    "from_modal",
    "label_accuracy",
    "label_kappa",
    "labels_needed",
    "lf_accuracy",
    "part_quality",
    "rare_labels",
    "select",
]
