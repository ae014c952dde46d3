"""Review policy of a project: as its config sets it, or as an earlier version started it."""

from __future__ import annotations

import dataclasses

from labeling.adjudication import ReviewPolicy
from labeling.config import Config
from labeling.errors import ConfigError, LabelingError, counted, listed, noun
from labeling.records import LabelSchema, person_key
from labeling.store import Store

ESCALATE_BEFORE = "escalate_before"
"""Key of the stored `escalate` of a project that an earlier version started."""


def policy_of(config: Config) -> ReviewPolicy:
    """Return the review policy of a config.

    Raises:
        ConfigError: a setting is invalid, or nothing would use it.
    """
    try:
        return ReviewPolicy(**dict(config.review))
    except LabelingError as error:
        raise ConfigError(f"key 'review': {error}") from None


def policy_in_force(policy: ReviewPolicy, schema: LabelSchema, store: Store) -> ReviewPolicy:
    """Return a policy with `escalate` resolved; started projects keep their rule."""
    if policy.rule == "majority" and keeps_majority_rule(policy, schema, store):
        policy = dataclasses.replace(policy, escalate="no_majority")
    return policy.for_schema(schema)


def keeps_majority_rule(policy: ReviewPolicy, schema: LabelSchema, store: Store) -> bool:
    """Return whether conflicts that would be escalated today are settled by majority.

    That is so in projects with annotations from before conflicts between two labels were escalated,
    unless the config sets `escalate`: settled samples must not be opened again unasked.
    """
    default = policy.for_schema(schema).escalate
    if (
        policy.rule != "majority"
        or policy.escalate is not None
        or default == "no_majority"
        or not store.ready()
    ):
        return False
    return store.facts.get(ESCALATE_BEFORE) == "no_majority"


def review_sentences(config: Config, schema: LabelSchema, store: Store | None = None) -> list[str]:
    """Return sentences that describe the review policy, and advice where no reviewer is named.

    Args:
        config: the project's config.
        schema: its labels.
        store: its store; `None` for a new project.
    """
    policy = policy_of(config)
    sentences = [policy.describe(schema)]
    if store is not None and keeps_majority_rule(policy, schema, store):
        sentences = [policy_in_force(policy, schema, store).describe(schema), STARTED_BEFORE]
    people = len(_annotators(config))
    if people in range(1, policy.min_votes):
        sentences.append(
            f"{counted(people, 'annotator')} cannot give {policy.min_votes} votes: every sample"
            " goes to a reviewer. Name more `annotators`, or lower `min_votes` of `review`."
        )
    both = _annotating_reviewers(config)
    if both:
        sentences.append(
            f"{listed(both)} {noun(len(both), 'is an annotator', 'are annotators')} too, and"
            f" {noun(len(both), 'reviews', 'review')} no sample that they annotated: name"
            " `reviewers` who do not annotate."
        )
    platform = without_reviewer(config)
    return [*sentences, NO_REVIEWER[platform]] if platform else sentences


STARTED_BEFORE = (
    "This project was started when a majority settled two labels, and continues so: a conflict that"
    " a third vote decides reaches no reviewer. Write `escalate: any_conflict` under `review:` to"
    " have conflicts reviewed, those settled so far as well, or `escalate: no_majority` to keep it."
)
NO_REVIEWER = {
    "files": (
        "No reviewer is named: a sample that is escalated waits in a review file until somebody"
        " who did not vote on it decides there, and writes their name. Name them as"
        " `reviewers: [...]` under `files:` and each gets files of their own."
    ),
    "replay": (
        "The replay has no reviewer: an escalated sample waits until one decides. Name"
        " recorded decisions as `reviewer: FILE` under `replay:`."
    ),
}


def _annotators(config: Config) -> tuple[str, ...]:
    return config.files.annotators if config.files is not None else ()


def _annotating_reviewers(config: Config) -> list[str]:
    """Return the reviewers who are annotators as well, if all of them are."""
    reviewers = config.files.reviewers if config.files is not None else ()
    annotators = set(map(person_key, _annotators(config)))
    both = [name for name in reviewers if person_key(name) in annotators]
    return both if len(both) == len(reviewers) else []


def without_reviewer(config: Config) -> str:
    """Return the platform of a config that names no reviewer; empty if it names one."""
    if config.files is not None and not config.files.reviewers:
        return "files"
    if config.replay is not None and config.replay.reviewer is None:
        return "replay"
    return ""
