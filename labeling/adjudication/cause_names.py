"""The names of causes of disagreement, in reasons of decisions too."""

from __future__ import annotations

from enum import StrEnum

from labeling.errors import LabelingError, listed, near


class Cause(StrEnum):
    """Why people disagree on a sample, or with a model."""

    AMBIGUOUS = "ambiguous sample"
    UNRELIABLE = "unreliable annotator"
    GUIDELINE = "guideline gap"
    SLIP = "slip"
    DATA = "data problem"
    MODEL = "people against labeling functions"


def with_cause(reason: str, cause: str) -> str:
    """Return the reason of a decision that names the cause which the reviewer found.

    Raises:
        LabelingError: no such cause.

    >>> with_cause("typed too fast", "slip")
    'slip: typed too fast'
    """
    causes = [each.value for each in Cause]
    if cause not in causes:
        raise LabelingError(
            f"The cause of a disagreement must be one of {listed(causes, limit=len(causes))}. Got"
            f" {cause!r}.{near(cause, causes)}"
        )
    return f"{cause}: {reason}"


def cause_of_decision(reason: str) -> str:
    """Return the cause that the reason of a decision begins with; empty if it names none.

    >>> cause_of_decision("slip: typed too fast"), cause_of_decision("both agree")
    ('slip', '')
    """
    first = reason.partition(": ")[0]
    return first if first in [each.value for each in Cause] else ""
