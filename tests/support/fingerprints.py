"""Fingerprints of labeling functions."""

from labeling import LabelingFunction, labeling_function
from labeling.engine import fingerprint_of


def lf_of(function, **options):
    return labeling_function(name="rule", **options)(function)


def seen(lf):
    """Return the digest of a labeling function that has nothing unseen."""
    fingerprint = fingerprint_of(lf if isinstance(lf, LabelingFunction) else lf_of(lf))
    assert fingerprint.unseen == ()
    return fingerprint.digest
