"""One simulated run: batches are chosen, recorded votes replayed, reviewed, and models fitted."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import labeling
from labeling.adjudication import ReviewPolicy
from labeling.project.model_voter import first_votes
from labeling.query import select
from labeling.records import (
    Annotation,
    AskAgain,
    LabelSchema,
    SoftLabels,
    Stratum,
    Verdict,
    live_annotations,
    random_order,
)
from labeling.records.decisions import shared_wins
from labeling.rendering import Displayed
from labeling.replay import Replay
from labeling.simulation.models import SimulatedModels
from labeling.simulation.recorded_votes import RecordedVotes

Floats = npt.NDArray[np.float64]
SMALLEST_BATCH = 0.05
"""A rest of a budget that pays for fewer samples than this share of its votes is left unspent."""
DIGITS = 6  # of scores that are kept: ties share 1/2, 1/3, ...


@dataclass(frozen=True, slots=True)
class Checkpoint(Displayed):
    """Costs and scores of a run at one budget.

    Attributes:
        budget: votes that might be spent.
        votes: votes that annotators gave; never more than the budget.
        reviews: decisions of a reviewer.
        cost: of both, by the policy's `costs`; by default a decision costs as much as 5 votes.
        asked: samples that people were asked about.
        settled: samples among these with an accepted label.
        labels: the score of each asked sample: 1 where people's label is the true one, a fraction
            where votes tie. A sample that is not settled has the most frequent of its votes.
        pool: the same for all samples that may be asked about; the end model labels the rest.
        model: the same for the end model on each sample kept aside, in the order of the split.
        rare: how far the end model gives each sample kept aside the rare label; empty without one.
    """

    budget: int
    votes: int
    reviews: int
    cost: float
    asked: int
    settled: int
    labels: tuple[float, ...]
    pool: tuple[float, ...]
    model: tuple[float, ...]
    rare: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Checkpoint:
        """Return what `to_json` returned."""
        values: dict[str, Any] = dict(stored)
        for name in ("labels", "pool", "model", "rare"):
            values[name] = tuple(values[name])
        return cls(**values)


@dataclass(slots=True, eq=False)
class SimulatedRun:
    """A run of one strategy and one policy with one seed.

    Attributes:
        recorded: samples and votes.
        models: fitted on the samples of the seed.
        strategy: of `select`.
        policy: of `review`.
        seed: of draws and of the order of votes.
        reviewer: a reviewer's decisions by sample id; `None` without a reviewer.
        rare: the label of which F1 is measured; `None` without one.
    """

    recorded: RecordedVotes
    models: SimulatedModels
    strategy: str
    policy: ReviewPolicy
    seed: int
    reviewer: Mapping[Hashable, str | None] | None = None
    rare: str | None = None
    _platform: Replay = field(init=False)
    _verdict: Verdict = field(init=False, default=Verdict((), (), ()))
    _annotations: Sequence[Annotation] = field(init=False, default=())
    _drawn: set[Hashable] = field(init=False, default_factory=set)  # at random, into any batch

    def __post_init__(self) -> None:
        self.policy = self.policy.for_schema(self.recorded.schema)
        in_pool = self.recorded.votes["sample"].isin(self.models.split.pool.index)
        self._platform = Replay(
            self.recorded.votes[in_pool],
            self.recorded.schema,
            reviewer=self.reviewer,
            votes_per_sample=self.policy.min_votes,
            rng=np.random.default_rng([self.seed, 1]),
        )

    def checkpoints(self, budgets: Sequence[int]) -> list[Checkpoint]:
        """Return costs and scores before the first vote and at each budget.

        Ends early where no sample is left to ask about.
        """
        end = self.models.fitted()
        posterior = self.models.posterior(end)
        reached = [self._checkpoint(0, posterior, self.models.posterior_aside(end))]
        batches = 0
        for budget in budgets:
            votes_before = self._n_votes()
            if self._verdict.pending:  # votes that the budget before did not pay for
                self._replay(budget)
                end = self._fitted()
                posterior = self.models.posterior(end)
            n_pool = len(self.models.split.pool)
            least = min(
                round(SMALLEST_BATCH * (budget - self._n_votes())), n_pool - self._n_asked()
            )
            least = max(1, least)  # the last samples of a pool are asked about, however few
            while (size := self._batch_size(budget)) >= least:
                self._choose(posterior, size, batches)
                self._replay(budget)
                batches += 1
                end = self._fitted()
                posterior = self.models.posterior(end)
            if self._n_asked() == n_pool and votes_before == self._n_votes():
                break
            aside = self.models.posterior_aside(end)
            reached.append(self._checkpoint(budget, posterior, aside))
        return reached

    def _fitted(self) -> Any:
        """Return the end model, fitted with what people settled."""
        return self.models.fitted(self._verdict.gold)

    def _n_asked(self) -> int:
        return len({annotation.sample_id for annotation in self._annotations})

    def _n_votes(self) -> int:
        return sum(not annotation.reviewer for annotation in self._annotations)

    def _batch_size(self, budget: int) -> int:
        """Return how many samples the rest of a budget can be expected to pay for."""
        asked, votes = self._n_asked(), self._n_votes()
        most_likely = self.policy.budget or (self.policy.min_votes + self.policy.max_votes) / 2
        expected = votes / asked if asked else most_likely
        expected = max(expected, self.policy.min_votes)
        left = len(self.models.split.pool) - asked
        return min(left, math.floor((budget - votes) / expected + 1e-9))

    def _choose(self, posterior: Any, size: int, number: int) -> None:
        """Choose a batch, and ask for the first votes on it."""
        pool = self.models.split.pool
        asked = {annotation.sample_id for annotation in self._annotations}
        batch = select(
            pool,
            votes=self.models.votes,
            soft=self.models.soft,
            end=posterior,
            exclude=[sample_id for sample_id in pool.index if sample_id in asked],
            n=size,
            strategy=self.strategy,
            rng=np.random.default_rng([self.seed, 2, number]),
            text=self.models.settings.text or "",
        )
        self._drawn.update(batch.frame.index[batch.frame["stratum"] == Stratum.RANDOM])
        self._platform.push(batch, pool)

    def _replay(self, budget: int) -> None:
        """Review, and replay the votes that it asks for, until no vote arrives or may be spent."""
        while True:
            before = self._platform.pull()
            self._annotations = live_annotations(before)
            self._verdict = self._reviewed(before)
            self._platform.ask_again(self._affordable(budget - self._n_votes()))
            if self.reviewer is not None:
                self._platform.escalate(self._verdict.escalations, self.models.split.pool)
            if len(self._platform.pull()) == len(before):
                break

    def _affordable(self, left: int) -> list[AskAgain]:
        """Return the requests that a number of votes pays for: all, or some drawn at random."""
        pending = self._verdict.pending
        ids = pd.Index([request.sample_id for request in pending], dtype=object)
        requests: list[AskAgain] = []
        for row in random_order(ids, np.random.default_rng([self.seed, 3])).tolist():
            votes = min(pending[row].votes_needed, left)
            if votes > 0:
                requests.append(dataclasses.replace(pending[row], votes_needed=votes))
                left -= votes
        return requests

    def _reviewed(self, annotations: Sequence[Annotation]) -> Verdict:
        voter = None
        if self.policy.model_voter:
            # Cross-fitted, as in a project: no sample is scored by what learned its own vote.
            firsts = first_votes(live_annotations(annotations))
            voter = self.models.posterior(self.models.fitted(firsts))
        return labeling.review(
            annotations,
            self.recorded.schema,
            policy=self.policy,
            soft=voter,
            annotators=self._platform.annotators,
        )

    def _checkpoint(self, budget: int, posterior: Any, aside: Any) -> Checkpoint:
        schema, truth = self.recorded.schema, self.recorded.truth.labels
        by_people = people_answers(self._annotations, self._verdict, schema)
        answers = answers_of(posterior)
        for row, sample_id in enumerate(posterior.sample_ids):
            if sample_id in by_people:
                answers[row] = by_people[sample_id]
        codes = np.array([schema.index(truth[sample_id]) for sample_id in posterior.sample_ids])
        codes_aside = np.array([schema.index(truth[sample_id]) for sample_id in aside.sample_ids])
        hits = answers[np.arange(len(codes)), codes]
        of_people = posterior.sample_ids.isin(list(by_people))
        answers_aside = answers_of(aside)
        return self._reached(
            budget,
            hits[of_people],
            hits,
            answers_aside[np.arange(len(codes_aside)), codes_aside],
            None if self.rare is None else answers_aside[:, schema.index(self.rare)],
        )

    def _reached(
        self, budget: int, labels: Floats, pool: Floats, model: Floats, rare: Floats | None = None
    ) -> Checkpoint:
        """Return a checkpoint with these scores, and what was spent."""
        reviews = len(self._annotations) - self._n_votes()
        costs = self.policy.prices
        return Checkpoint(
            budget=budget,
            votes=self._n_votes(),
            reviews=reviews,
            cost=self._n_votes() * costs["vote"] + reviews * costs["expert"],
            asked=self._n_asked(),
            settled=len(self._verdict.gold),
            labels=_rounded(labels),
            pool=_rounded(pool),
            model=_rounded(model),
            rare=() if rare is None else _rounded(rare),
        )


def _rounded(scores: Floats) -> tuple[float, ...]:
    return tuple(scores.round(DIGITS).tolist())


def answers_of(soft: SoftLabels) -> Floats:
    """Return the weight of each label as the answer: 1 for the most probable, shared by ties."""
    return shared_wins(soft.to_array())


def people_answers(
    annotations: Sequence[Annotation], verdict: Verdict, schema: LabelSchema
) -> dict[Hashable, Floats]:
    """Return people's answer for each sample with a vote, as weights of labels, shape (n_labels,).

    The accepted label; where none is accepted, the most frequent vote, shared by ties.
    """
    votes = pd.DataFrame(
        [
            (annotation.sample_id, schema.index(annotation.label))
            for annotation in annotations
            if annotation.label is not None and not annotation.reviewer
        ],
        columns=["sample", "code"],
    )
    answers: dict[Hashable, Floats] = {}
    for sample_id, codes in votes.groupby("sample", sort=False)["code"]:
        counts = np.bincount(codes, minlength=len(schema)).astype(np.float64)
        answers[sample_id] = shared_wins(counts[None])[0]
    identity = np.eye(len(schema))
    for gold in verdict.gold:
        answers[gold.sample_id] = identity[schema.index(gold.label)]
    return answers
