"""Measures label quality: on gold labels after each round, on the locked test split on request."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from labeling.config import Config
from labeling.errors import ConfigError
from labeling.project.data import ProjectData
from labeling.project.label_quality import quality_about
from labeling.project.results import Round
from labeling.project.vote_cache import VoteCache
from labeling.store import Store

if TYPE_CHECKING:
    from labeling.analysis import Estimate

DEV = "dev"  # key of the accuracy on dev gold labels in the quality log


def evaluate_test_split(
    config: Config, data: ProjectData, current: Round, vote_cache: VoteCache, store: Store
) -> tuple[int, dict[str, Estimate]]:
    """Measure accuracy on the locked test split.

    Returns:
        How often it was measured on, this time included, and the accuracies by what they are of.

    Raises:
        ConfigError: there is no test split.
    """
    from labeling.analysis import accuracy
    from labeling.engine import apply_to_frame

    if len(data.test) and not len(data.test_gold):
        raise ConfigError(
            f"{len(data.test)} samples are in the locked test split, and none of them has a gold"
            " label any more: name the earlier gold labels as `gold` of `data` in the config."
        )
    if not len(data.test):
        raise ConfigError(
            "There is no locked test split to evaluate on: name the gold labels as `gold` of `data`"
            f" in the config, and a share `locked` above 0 (now {config.data.locked:g})."
        )
    test = data.test[data.test.index.isin(data.test_gold.index)]
    with store.stage("applying labeling functions to the test split", len(test)) as advance:
        votes = apply_to_frame(
            vote_cache.lf_loader.load(),
            test,
            vote_cache.schema,
            workers=config.workers,
            timeout=config.timeout,
            progress=advance,
        )
    soft = current.label_model.predict_proba(votes)
    final = current.end_model.predict_proba(test, soft=soft, votes=votes)
    accuracies = {
        "label model, covered": accuracy(soft, data.test_gold, covered_only=True),
        "label + end model, all": accuracy(final, data.test_gold),
    }
    about = {name: dataclasses.asdict(estimate) for name, estimate in accuracies.items()}
    return store.facts.log_test_look(about), accuracies


def log_quality(store: Store, data: ProjectData, current: Round) -> None:
    """Log the accuracy on dev gold labels and random samples beside the number of human votes."""
    from labeling.analysis import accuracy

    about = quality_about(store, data.dev, current)
    if current.measured is not None:
        about[DEV] = dataclasses.asdict(accuracy(current.measured, data.dev))
    store.facts.log_quality(
        store.ledger.counts()[0],
        current.human_votes,
        current.reviews,
        len(current.gold),
        about,
    )
