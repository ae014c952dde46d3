"""Votes per label: what each review policy costs, and how often its labels are the gold ones.

*Rated texts*: some samples of each set, all asked about; a vote is the sign of one real rating,
drawn without replacement; the raters are anonymous. *Crowds*: identified people's recorded votes.
Without a reviewer: a sample that is not settled has the most frequent of its votes, ties are split.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

import labeling as lb
from labeling.project.model_voter import first_votes
from labeling.records import live_annotations
from labeling.replay import Replay
from labeling.simulation.replaying import people_answers
from tests.benchmarks.human_cost.sets import TextSet
from tests.benchmarks.quality.data import VoteSet

TEXTS = 700
ITEMS = 1000
MOST_VOTES = 5
BASELINES = ("flat 3", "two, then a third")
BUDGETS = (1.2, 1.35, 1.5, 1.75, 2.0, 2.5, 3.0)  # votes a sample, with the model as a voter
ACCEPTS = (0.8, 0.9, 0.97)


@dataclass(frozen=True, slots=True)
class Point:
    """Votes a sample, and the share of samples whose label is the gold one."""

    cost: float
    accuracy: float


def majority_policies() -> dict[str, lb.ReviewPolicy]:
    """Return the policies that count votes."""
    flat = {
        f"flat {k}" if k > 1 else "1 vote": lb.ReviewPolicy(k, k, escalate="no_majority")
        for k in (1, 3, 5)
    }
    return {**flat, "two, then a third": lb.ReviewPolicy(2, 3, escalate="no_majority")}


def posterior_policies(with_model: bool) -> dict[str, lb.ReviewPolicy]:
    """Return the policies that estimate a posterior, by budget and by threshold.

    The part of a name before `@` is its family: its policies are one curve.
    """
    least = 1 if with_model else 2
    family = f"posterior{'+model' if with_model else ''} {least}-{MOST_VOTES}"
    make = functools.partial(
        lb.ReviewPolicy,
        least,
        MOST_VOTES,
        rule="posterior",
        model_voter=with_model,
        expert_quota=0.0,
    )
    return {
        **{
            f"{family} by budget@{budget:g}": make(budget=budget)
            for budget in BUDGETS
            if budget >= least
        },
        **{f"{family}@{accept:g}": make(accept=accept) for accept in ACCEPTS},
    }


def settled(
    recorded: pd.DataFrame,
    gold: Mapping[object, str],
    schema: lb.LabelSchema,
    policy: lb.ReviewPolicy,
    seed: int,
    soft: lb.SoftLabels | None = None,
) -> Point:
    """Return what a policy costs and comes to, once no vote is missing."""
    ids = pd.Index(list(gold))
    platform = Replay(recorded, schema, votes_per_sample=policy.min_votes, rng=seed)
    platform.push(lb.Batch(pd.DataFrame({"stratum": "random"}, index=ids)), pd.DataFrame())
    while True:
        annotations = platform.pull()
        verdict = lb.review(
            annotations,
            schema,
            policy=policy,
            soft=soft if policy.model_voter else None,
            annotators=platform.annotators,
        )
        platform.ask_again(verdict.pending)
        if len(platform.pull()) == len(annotations):
            break
    answers = people_answers(live_annotations(annotations), verdict, schema)
    hits = [answers[own][schema.index(label)] for own, label in gold.items() if own in answers]
    return Point(len(annotations) / len(ids), float(np.sum(hits)) / len(ids))


def rated_votes(data: TextSet, seed: int) -> pd.DataFrame:
    """Return five real votes on each sample, in random order, from anonymous raters."""
    rng = np.random.default_rng([seed, 2])
    rows = [
        (sample_id, f"rater {number}", data.schema.labels[code])
        for sample_id, ratings in zip(data.samples.index, data.ratings, strict=True)
        for number, code in enumerate(rng.permutation(ratings)[:MOST_VOTES], start=1)
    ]
    return pd.DataFrame(rows, columns=["sample", "annotator", "label"])


def voices_of(data: TextSet, recorded: pd.DataFrame, seed: int) -> lb.SoftLabels:
    """Return the end model's cross-fitted answer once each sample has its first vote."""
    platform = Replay(recorded, data.schema, votes_per_sample=1, rng=seed)
    batch = lb.Batch(pd.DataFrame({"stratum": "random"}, index=data.samples.index))
    platform.push(batch, data.samples)
    firsts = first_votes(platform.pull())
    soft = lb.LabelModel().fit(data.votes).predict_proba(data.votes)
    end = lb.EndModel().fit(data.samples, soft, gold=firsts, votes=data.votes)
    return end.predict_proba(data.samples, soft=soft, votes=data.votes)


def on_texts(data: TextSet, seed: int) -> dict[str, Point]:
    """Return each policy's point on a set of rated texts."""
    rows = np.random.default_rng([seed, 3]).permutation(len(data.gold))[:TEXTS]
    drawn = data.drawn(np.sort(rows))
    recorded = rated_votes(drawn, seed)
    gold = dict(
        zip(drawn.samples.index, [data.schema.labels[code] for code in drawn.gold], strict=True)
    )
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        soft = voices_of(drawn, recorded, seed)
        policies = {
            **majority_policies(),
            **posterior_policies(with_model=False),
            **posterior_policies(with_model=True),
        }
        points = {
            name: settled(recorded, gold, data.schema, policy, seed, soft)
            for name, policy in policies.items()
        }
    right = soft.to_array().argmax(axis=1) == drawn.gold
    return {"model alone": Point(0, float(right.mean())), **points}


def on_crowd(data: VoteSet, seed: int) -> dict[str, Point]:
    """Return each policy's point on identified people's votes."""
    votes = data.votes.to_array()
    possible = np.flatnonzero((data.gold >= 0) & ((votes >= 0).sum(axis=1) >= 2))
    rows = np.sort(np.random.default_rng([seed, 3]).permutation(possible)[:ITEMS])
    labels = data.votes.schema.labels
    places, people = np.nonzero(votes[rows] >= 0)
    recorded = pd.DataFrame(
        {
            "sample": rows[places],
            "annotator": [f"p{person}" for person in people],
            "label": [labels[code] for code in votes[rows][places, people]],
        }
    )
    gold = {row: labels[data.gold[row]] for row in rows.tolist()}
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        policies = {**majority_policies(), **posterior_policies(with_model=False)}
        return {
            name: settled(recorded, gold, data.votes.schema, policy, seed)
            for name, policy in policies.items()
        }
