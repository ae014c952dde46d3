"""The simulation itself: recorded votes are replayed over strategies, policies, and seeds."""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import labeling
from labeling.adjudication import ReviewPolicy
from labeling.errors import LabelingError, listed
from labeling.project.fingerprints import digest_of_files
from labeling.query import check_strategy
from labeling.records import (
    AnyVotes,
    Gold,
    Table,
    is_whole_number,
    whole_number,
    with_id_index,
)
from labeling.rendering import Displayed
from labeling.simulation.kinds import SimulatedKind, kind_of, label_texts, policies_of, vote_table
from labeling.simulation.models import ModelSettings
from labeling.simulation.named_policies import named_policies
from labeling.simulation.recorded_votes import RecordedVotes, prepare
from labeling.simulation.replaying import Checkpoint
from labeling.simulation.results import Simulation
from labeling.simulation.run_log import RunKey, RunLog, fingerprint_of

BUDGETS = (50, 100, 200, 400)
STRATEGIES_COMPARED = ("mixture", "random")
POLICIES_COMPARED = ("flat-1", "two-then-third", "flat-3", "posterior+model")
SEEDS = 3
MOST_SAMPLES = 1000

Progress = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Plan(Displayed):
    """What is compared.

    Attributes:
        strategies: of `select`.
        policies: names, see `named_policies`, or own `ReviewPolicy` objects by name.
        budgets: numbers of votes, ascending.
        seeds: how many times all is repeated, with other samples, draws and orders of votes.
        least_votes: recorded votes that a sample must have; `None` is the largest `max_votes` of
            the policies, so that each can run to its end.
        most_samples: how many samples may be asked about; more make a simulation slower.
    """

    strategies: Sequence[str] = STRATEGIES_COMPARED
    policies: Sequence[str] | Mapping[str, ReviewPolicy] = POLICIES_COMPARED
    budgets: Sequence[int] = BUDGETS
    seeds: int = SEEDS
    least_votes: int | None = None
    most_samples: int = MOST_SAMPLES

    def __post_init__(self) -> None:
        for strategy in self.strategies:
            check_strategy(strategy)
        budgets = list(self.budgets) if isinstance(self.budgets, Iterable) else []
        are_whole = bool(budgets) and all(map(is_whole_number, budgets))
        if not are_whole or budgets != sorted(set(budgets)) or budgets[0] < 1:
            raise LabelingError(
                "`budgets` must be whole numbers of votes in ascending order, from 1. Got"
                f" {listed(budgets) if budgets else repr(self.budgets)}."
            )
        if self.least_votes is not None:
            whole_number(self.least_votes, "`least_votes`")
        whole_number(self.seeds, "`seeds`")
        whole_number(self.most_samples, "`most_samples`")
        if not self.strategies or not self.policies:
            raise LabelingError("A simulation needs a strategy and a policy. Got none.")


@dataclass(slots=True, eq=False)
class _Grid:
    """All runs of a plan on prepared votes."""

    recorded: RecordedVotes
    policies: Mapping[str, ReviewPolicy]
    plan: Plan
    settings: ModelSettings
    reviewer: Mapping[Hashable, Any] | None
    rare: str | None
    kind: SimulatedKind
    truth_is_rare: dict[int, npt.NDArray[np.bool_]] = field(default_factory=dict)

    def planned(self) -> list[RunKey]:
        """Return all runs; a seed is finished before the next begins."""
        return [
            RunKey(seed, strategy, policy)
            for seed in range(self.plan.seeds)
            for strategy in self.plan.strategies
            for policy in self.policies
        ]

    def models(self, seed: int) -> Any:
        """Return the models of a seed, and note which samples kept aside have the rare label."""
        split = self.recorded.split(seed, self.plan.most_samples)
        labels = self.recorded.truth.labels.loc[split.aside.index]
        self.truth_is_rare[seed] = np.array([label == self.rare for label in labels], dtype=bool)
        return self.kind.models(split, self.recorded.lf_votes, self.settings)

    def run(self, key: RunKey, models: Any) -> list[Checkpoint]:
        """Return the checkpoints of a run."""
        return self.kind.run(
            self.recorded,
            models,
            key.strategy,
            self.policies[key.policy],
            key.seed,
            self.reviewer,
            self.rare,
        ).checkpoints(self.plan.budgets)


def simulate(
    data: Table,
    recorded: pd.DataFrame,
    votes: AnyVotes,
    *,
    id: str | None = None,
    plan: Plan | None = None,
    gold: Gold | None = None,
    reviewer: Mapping[Hashable, Any] | None = None,
    settings: ModelSettings | None = None,
    config_policy: ReviewPolicy | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Replay recorded votes over query strategies and review policies, and return what each buys.

    For each seed some samples are kept aside, about which nobody is asked. Of the others batches
    are chosen by `select`, recorded votes are replayed (`Replay`), reviewed by the policy
    (`review`) until no vote is missing, and label model and end model are fitted with the settled
    labels, until the budget is spent. So a team can choose before it spends.

    The truth is the given gold labels; with fewer than 100 on samples with recorded votes, the most
    frequent of all recorded votes on a sample, which is no truth. `Simulation.sentences` says
    which, and how many samples were left out since they have too few recorded votes.

    Of sets of labels and of spans the score of a sample is the F1 of its labels or spans, and the
    truth without gold is what more than half of the recorded votes name. As in a project, the label
    model learns from what people settled on samples drawn at random. Policies of the rule
    "posterior" are for one label per sample: they are left out, and `sentences` says so.

    Args:
        data: the samples, index = ids; or another table in memory, see `read_samples`.
        recorded: people's votes: columns `sample`, `annotator`, `label`, one vote a row; sets and
            spans in any form of `Replay`.
        votes: the votes of labeling functions on all samples, of any kind.
        id: the column of the ids; `None` takes the index.
        plan: what is compared; `None` is `Plan()`.
        gold: true labels of some samples; they teach nothing here.
        reviewer: a reviewer's decisions by sample id, for policies that escalate; without, samples
            that would be escalated keep the most frequent of their votes.
        settings: how models are fitted; `None` is `ModelSettings()`.
        config_policy: the policy that the name `config` stands for.
        out: a folder to which each finished run is appended; a second call with the same arguments
            goes on where the first one stopped. `None` keeps nothing.
        progress: called with the number of runs finished since it was last called.

    Raises:
        DataError: fewer than 20 samples have enough recorded votes and a true label.
        LabelingError: an unknown strategy or policy, or budgets that do not ascend.

    >>> import numpy as np
    >>> from labeling.records import LabelSchema, Votes
    >>> codes = [0, 1] * 30
    >>> data = pd.DataFrame({"text": [f"{'good' if code else 'bad'} film" for code in codes]})
    >>> votes = Votes.from_array(np.array(codes)[:, None], schema=LabelSchema(["no", "yes"]))
    >>> recorded = pd.DataFrame(
    ...     {
    ...         "sample": [*data.index] * 2,
    ...         "annotator": ["ann"] * 60 + ["bob"] * 60,
    ...         "label": [votes.schema.labels[code] for code in codes] * 2,
    ...     }
    ... )
    >>> plan = Plan(["random"], ["flat-1", "flat-2"], budgets=[10], seeds=1)
    >>> simulation = simulate(data, recorded, votes, plan=plan)
    >>> simulation.to_frame()[["policy", "votes", "asked", "labels"]].iloc[[1, 3]].to_dict("list")
    {'policy': ['flat-1', 'flat-2'], 'votes': [10.0, 10.0], 'asked': [10.0, 5.0], 'labels': [1.0,
    1.0]}
    """
    plan = plan or Plan()
    settings = settings or ModelSettings()
    samples = with_id_index(data, id)
    kind = kind_of(votes)
    named = named_policies(plan.policies, config_policy, has_reviewer=reviewer is not None)
    policies, left_out = policies_of(votes, named)
    least = plan.least_votes or max(policy.max_votes for policy in policies.values())
    prepared = prepare(samples, recorded, votes, gold, least, kind.reading)
    rare = kind.rare(prepared.truth.labels, prepared.schema)
    grid = _Grid(prepared, policies, plan, settings, reviewer, rare, kind)
    definitions = {name: repr(policy) for name, policy in policies.items()}
    log = RunLog(None if out is None else Path(out), _fingerprint(grid), definitions)
    _play(grid, log, progress or (lambda _: None))
    planned = grid.planned()
    return Simulation(
        {key: log.runs[key] for key in planned if key in log.runs},
        tuple(planned),
        tuple(plan.budgets),
        (prepared.truth.sentence, *kind.sentences, *prepared.sentences, *left_out),
        rare,
        grid.truth_is_rare,
        kind.quality,
    )


def _play(grid: _Grid, log: RunLog, progress: Progress) -> None:
    """Do the runs that are not in the log; each is kept as soon as it is finished."""
    seed, models = -1, None
    for key in grid.planned():
        if models is None or key.seed != seed:
            seed, models = key.seed, grid.models(key.seed)
        if key not in log.runs:
            log.add(key, grid.run(key, models))
        progress(1)


def _fingerprint(grid: _Grid) -> str:
    recorded, settings = grid.recorded, grid.settings
    reviewer = pd.Series(grid.reviewer or {}, dtype=object).rename("label")
    return fingerprint_of(
        [
            recorded.samples,
            vote_table(recorded.lf_votes),
            _as_texts(recorded.votes),
            label_texts(recorded.truth.labels).to_frame("label"),
            label_texts(reviewer).to_frame(),
        ],
        {
            "code": digest_of_files(sorted(Path(labeling.__file__).parent.rglob("*.py"))),
            "labels": list(recorded.schema.labels),
            "budgets": list(grid.plan.budgets),
            "most_samples": grid.plan.most_samples,
            "settings": repr(settings),
        },
    )


def _as_texts(votes: pd.DataFrame) -> pd.DataFrame:
    return votes.assign(label=label_texts(votes["label"])).set_index("sample")
