"""Review policies by name, for comparisons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from labeling.adjudication import ReviewPolicy
from labeling.errors import LabelingError, near
from labeling.records import expect

FLAT = re.compile(r"flat-([1-9]\d*)")
POSTERIOR = re.compile(
    r"posterior(?P<model>\+model)?(?::(?P<least>\d+)-(?P<most>\d+))?"
    r"(?:@(?P<accept>\d*\.?\d+)|/(?P<budget>\d*\.?\d+))?"
)
NAMES = ("config", "flat-1", "flat-3", "two-then-third", "posterior", "posterior+model")
MOST_VOTES = 3


def named_policies(
    policies: Iterable[str] | Mapping[str, ReviewPolicy],
    config: ReviewPolicy | None = None,
    *,
    has_reviewer: bool = False,
) -> dict[str, ReviewPolicy]:
    """Return policies by name.

    Args:
        policies: names, or own policies by a name of their own. `flat-K`: K votes on each sample,
            of which the most frequent counts. `two-then-third`: two votes, a third where they
            differ. `posterior`: two to three votes by the rule "posterior", `posterior+model` one
            to three with the end model as a voter; `posterior:2-5` up to five, `posterior@0.9`
            until a label has this probability, `posterior/1.5` this many votes a sample on average.
            `config`: that of the project.
        config: the project's policy, for the name `config`.
        has_reviewer: whether recorded decisions of a reviewer are replayed; without, the rule
            "posterior" escalates nothing.

    Raises:
        LabelingError: an unknown name, or a policy that cannot be.

    >>> named_policies(["flat-3"])["flat-3"].min_votes
    3
    >>> policy = named_policies(["posterior+model:1-5/1.5"])["posterior+model:1-5/1.5"]
    >>> policy.min_votes, policy.max_votes, policy.budget, policy.model_voter
    (1, 5, 1.5, True)
    """
    if isinstance(policies, Mapping):
        return {
            name: expect(policy, ReviewPolicy, f"Policy {name!r}")
            for name, policy in policies.items()
        }
    return {name: _policy(name, config, has_reviewer) for name in policies}


def _policy(name: str, config: ReviewPolicy | None, has_reviewer: bool) -> ReviewPolicy:
    flat, posterior = FLAT.fullmatch(name), POSTERIOR.fullmatch(name)
    if flat:
        votes = int(flat.group(1))
        return ReviewPolicy(votes, votes, escalate="no_majority")
    if name == "two-then-third":
        return ReviewPolicy(2, 3, escalate="no_majority")
    if posterior:
        accept, budget = posterior["accept"], posterior["budget"]
        has_model = posterior["model"] is not None
        return ReviewPolicy(
            int(posterior["least"] or (1 if has_model else 2)),
            int(posterior["most"] or MOST_VOTES),
            rule="posterior",
            model_voter=has_model,
            accept=None if accept is None else float(accept),
            budget=None if budget is None else float(budget),
            expert_quota=None if has_reviewer else 0.0,
        )
    if name == "config" and config is not None:
        return config
    raise LabelingError(
        f"A policy must be one of {', '.join(NAMES)}; `flat-` takes any number of votes, and"
        " `posterior` a range of votes (posterior:2-5), a probability (posterior@0.9) or an average"
        f" number of votes (posterior/1.5). Got {name!r}.{near(name, NAMES)}"
    )
