"""A simulation on a project: its samples, labeling functions, models, policy, and votes."""

from __future__ import annotations

import os
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from labeling.adjudication import reviews_that_count
from labeling.errors import ConfigError
from labeling.project import Project
from labeling.project.models import embedding_of
from labeling.project.platforms import recorded_votes
from labeling.records import Annotation, AnyVotes, live_annotations
from labeling.simulation.grid import Plan, Progress, simulate
from labeling.simulation.models import ModelSettings
from labeling.simulation.results import Simulation

Reviewer = Mapping[Hashable, Any]


def simulate_project(
    project: Project,
    recorded: str | os.PathLike[str] | None = None,
    *,
    votes: AnyVotes | None = None,
    plan: Plan | None = None,
    out: str | os.PathLike[str] | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Replay recorded votes on the samples of a project, and return what each plan buys.

    The store is not changed. Labeling functions, models, class balance and the policy `config` are
    the project's. Gold labels of the locked test split are not used.

    Args:
        project: the project.
        recorded: a file with the columns `sample`, `annotator`, `label`; `None` takes the votes of
            `replay:` in the config, else those in the project's ledger.
        votes: the votes of the labeling functions, if they are at hand.
        plan: what is compared; `None` is `Plan()`.
        out: see `simulate`.
        progress: see `simulate`.

    Raises:
        ConfigError: there are no recorded votes.
        DataError: fewer than 20 samples have enough recorded votes and a true label.
    """
    config = project.config
    table, reviewer = recorded_of(project, recorded)
    return simulate(
        project.samples,
        table,
        project.votes() if votes is None else votes,
        plan=plan,
        gold=project.data.dev if len(project.data.dev) else None,
        reviewer=reviewer,
        settings=ModelSettings(
            config.label_model,
            config.data.text,
            embedding_of(config),
            config.class_balance,
            config.exclusive,
            config.implies,
        ),
        config_policy=project.people.policy,
        out=out,
        progress=progress,
    )


def recorded_of(
    project: Project, path: str | os.PathLike[str] | None
) -> tuple[pd.DataFrame, Reviewer | None]:
    """Return recorded votes, and a reviewer's recorded decisions if there are any."""
    config, schema = project.config, project.schema
    if path is not None:
        address = os.fspath(path)
        address = address if "://" in address else str(Path(address).resolve())
        return recorded_votes(config, address, schema), None
    if config.replay is not None:
        votes = recorded_votes(config, config.replay.votes, schema)
        if config.replay.reviewer is None:
            return votes, None
        decisions = recorded_votes(config, config.replay.reviewer, schema)
        labels = decisions["label"].where(decisions["label"].notna(), None)
        return votes, dict(zip(decisions["sample"], labels, strict=True))
    is_begun = project.store.ready()
    annotations = live_annotations(
        project.people.current_annotations(project.samples) if is_begun else ()
    )
    votes = _vote_table([one for one in annotations if not one.reviewer])
    if not len(votes):
        raise ConfigError(
            "A simulation needs recorded votes: name a file with the columns sample, annotator and"
            " label. The project has no annotations yet, and its config no `replay:`."
        )
    decided = {review.sample_id: review.label for review in reviews_that_count(annotations)}
    return votes, decided or None


def _vote_table(annotations: list[Annotation]) -> pd.DataFrame:
    rows = [
        (annotation.sample_id, annotation.annotator, annotation.label) for annotation in annotations
    ]
    return pd.DataFrame(rows, columns=["sample", "annotator", "label"])
