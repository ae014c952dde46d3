"""Applies labeling functions to samples, in one process or several, and records their faults."""

from labeling.engine.applier import ROWS_AT_ONCE, apply_to_frame, apply_to_stream
from labeling.engine.cache_report import CacheReport, FunctionUse
from labeling.engine.columns.explain import Explanation, explain
from labeling.engine.fingerprints import LFFingerprint, fingerprint_of
from labeling.engine.vote_store import VoteStore

__all__ = [
    "ROWS_AT_ONCE",
    "CacheReport",
    "Explanation",
    "FunctionUse",
    "LFFingerprint",
    "VoteStore",
    "apply_to_frame",
    "apply_to_stream",
    "explain",
    "fingerprint_of",
]
