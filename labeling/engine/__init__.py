"""Applies labeling functions to samples, in one process or several, and records their faults."""

from labeling.engine.applier import ROWS_AT_ONCE, apply_to_frame, apply_to_stream
from labeling.engine.columns.explain import Explanation, explain

__all__ = ["ROWS_AT_ONCE", "Explanation", "apply_to_frame", "apply_to_stream", "explain"]
