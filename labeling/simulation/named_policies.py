"""Review policies by name, for comparisons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from labeling.adjudication import ReviewPolicy
from labeling.errors import LabelingError, near

FLAT = re.compile(r"flat-([1-9]\d*)")
NAMES = ("config", "flat-1", "flat-2", "flat-3", "flat-5", "two-then-third")


def named_policies(
    policies: Iterable[str] | Mapping[str, ReviewPolicy], config: ReviewPolicy | None = None
) -> dict[str, ReviewPolicy]:
    """Return policies by name.

    Args:
        policies: names, or own policies by a name of their own. `flat-K`: K votes on each sample,
            of which the most frequent counts. `two-then-third`: two votes, a third where they
            differ. `config`: that of the project.
        config: the project's policy, for the name `config`.

    Raises:
        LabelingError: an unknown name.

    >>> named_policies(["flat-3"])["flat-3"].min_votes
    3
    """
    if isinstance(policies, Mapping):
        return dict(policies)
    return {name: _policy(name, config) for name in policies}


def _policy(name: str, config: ReviewPolicy | None) -> ReviewPolicy:
    flat = FLAT.fullmatch(name)
    if flat:
        votes = int(flat.group(1))
        return ReviewPolicy(votes, votes, escalate="no_majority")
    if name == "two-then-third":
        return ReviewPolicy(2, 3, escalate="no_majority")
    if name == "config" and config is not None:
        return config
    raise LabelingError(
        f"A policy must be one of {', '.join(NAMES)} (any number of votes after `flat-`). Got"
        f" {name!r}.{near(name, NAMES)}"
    )
