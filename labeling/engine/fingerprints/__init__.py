"""Fingerprints of labeling functions: what votes depend on, by content, and which columns."""

from labeling.engine.fingerprints.lf_fingerprint import LFFingerprint, fingerprint_of

__all__ = ["LFFingerprint", "fingerprint_of"]
