"""When a sample is settled, as the config says, and as an earlier version began a project."""

from __future__ import annotations

import dataclasses

from labeling.adjudication import ReviewPolicy
from labeling.config import Config
from labeling.errors import ConfigError, LabelingError
from labeling.records import LabelSchema
from labeling.store import Store

ESCALATE_BEFORE = "escalate_before"
"""The name of the fact that says what settled a sample when an earlier version began the project."""


def policy_of(config: Config) -> ReviewPolicy:
    """Return the review policy of a config.

    Raises:
        ConfigError: numbers of votes, or an `escalate`, that cannot be.
    """
    section = config.review
    try:
        return ReviewPolicy(section.min_votes, section.max_votes, escalate=section.escalate)  # type: ignore[arg-type]
    except LabelingError as error:
        raise ConfigError(f"key 'review': {error}") from None


def policy_in_force(policy: ReviewPolicy, schema: LabelSchema, store: Store) -> ReviewPolicy:
    """Return a policy with `escalate` said; a project goes on as an earlier version began it."""
    if policy.escalate is None and goes_on_as_before(policy, schema, store):
        policy = dataclasses.replace(policy, escalate="no_majority")
    return policy.for_schema(schema)


def goes_on_as_before(policy: ReviewPolicy, schema: LabelSchema, store: Store) -> bool:
    """Return whether conflicts that would be escalated today are settled by majority.

    So it is where people spoke before conflicts between two labels were escalated, and the config
    does not say what it wants: what was settled must not be opened again unasked.
    """
    default = policy.for_schema(schema).escalate
    if policy.escalate is not None or default == "no_majority" or not store.ready():
        return False
    return store.history.get(ESCALATE_BEFORE) == "no_majority"


def review_sentences(config: Config, schema: LabelSchema, store: Store | None = None) -> list[str]:
    """Return what the review policy means, and what to do where nobody is named to decide.

    Args:
        config: of the project.
        schema: its labels.
        store: what it remembers; `None` for one that is about to begin.
    """
    policy = policy_of(config)
    found = [policy.describe(schema)]
    if store is not None and goes_on_as_before(policy, schema, store):
        found = [policy_in_force(policy, schema, store).describe(schema), BEGUN_BEFORE]
    if len(_annotators(config)) in range(1, policy.min_votes):
        found.append(
            f"{len(_annotators(config))} annotators cannot give {policy.min_votes} votes: every sample"
            " goes to a reviewer. Name more `annotators`, or lower `min_votes` of `review`."
        )
    return found + ([NO_REVIEWER[platform]] if (platform := without_reviewer(config)) else [])


BEGUN_BEFORE = (
    "This project was begun when a majority settled two labels, and goes on so: a conflict that a"
    " third vote decides reaches no reviewer. Write `escalate: any_conflict` under `review:` to"
    " have conflicts reviewed, those settled so far as well, or `escalate: no_majority` to keep it."
)
NO_REVIEWER = {
    "files": (
        "No reviewer is named: a sample in conflict waits in a review file until somebody who did not"
        " vote on it decides there, and writes their name. Name them as `reviewers: [...]` under"
        " `files:` and each gets files of their own."
    ),
    "replay": (
        "The replay has no reviewer: a sample in conflict waits until one decides. Name recorded"
        " decisions as `reviewer: FILE` under `replay:`."
    ),
}


def _annotators(config: Config) -> tuple[str, ...]:
    return config.files.annotators if config.files is not None else ()


def without_reviewer(config: Config) -> str:
    """Return where people label, if no reviewer is named there."""
    if config.files is not None and not config.files.reviewers:
        return "files"
    if config.replay is not None and config.replay.reviewer is None:
        return "replay"
    return ""
