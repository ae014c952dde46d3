"""Measures label quality: on gold labels after each round, on the locked test split on request."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import pandas as pd

from labeling.config import Config
from labeling.errors import ConfigError
from labeling.project.data import ProjectData
from labeling.project.label_quality import quality_about
from labeling.project.results import Round
from labeling.project.vote_cache import VoteCache
from labeling.project.whole_labels import all_right, matches, predicted
from labeling.records import AnySoft, AnyVotes, SoftLabels, SoftSets, SoftSpans
from labeling.records.estimates import Estimate
from labeling.store import Store

Numbers = dict[str, Estimate]
DEV = "dev"  # key of the accuracy on dev gold labels in the quality log


def evaluate_test_split(
    config: Config, data: ProjectData, current: Round, vote_cache: VoteCache, store: Store
) -> tuple[int, dict[str, Estimate]]:
    """Measure accuracy on the locked test split; of spans precision, recall and F1 as well.

    Returns:
        How often it was measured on, this time included, and the accuracies by what they are of.

    Raises:
        ConfigError: there is no test split.
    """
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
            text=config.data.text,
        )
    accuracies = accuracies_on_test(predicted(current.label_model, votes), votes, current, data)
    about = {name: dataclasses.asdict(estimate) for name, estimate in accuracies.items()}
    return store.facts.log_test_look(about), accuracies


@functools.singledispatch
def accuracies_on_test(
    soft: AnySoft, votes: AnyVotes, current: Round, data: ProjectData
) -> dict[str, Estimate]:
    """Return the accuracies on the test split, by what they are of.

    Args:
        soft: the label model's soft labels of the test samples.
        votes: the votes on them.
        current: the state of the loop, with its models.
        data: the samples and gold labels.
    """
    return _with_end_model(soft, current, data, _set_numbers)


@accuracies_on_test.register
def _(soft: SoftLabels, votes: AnyVotes, current: Round, data: ProjectData) -> dict[str, Estimate]:
    from labeling.analysis import accuracy

    test = data.test.loc[soft.sample_ids]
    final = current.end_model.predict_proba(test, soft=soft, votes=votes)
    return {
        "label model, covered": accuracy(soft, data.test_gold, covered_only=True),
        "label + end model, all": accuracy(final, data.test_gold),
    }


@accuracies_on_test.register
def _(soft: SoftSpans, votes: AnyVotes, current: Round, data: ProjectData) -> dict[str, Estimate]:
    return _with_end_model(soft, current, data, _span_numbers)


def _with_end_model(
    soft: Any, current: Round, data: ProjectData, numbers: Callable[[Any, pd.Series], Numbers]
) -> dict[str, Estimate]:
    """Return what is measured of the label model, and with the end model where there is one."""
    parts = {"label model": soft}
    if current.end_model is not None:
        test = data.test.loc[soft.sample_ids]
        parts["label + end model"] = current.end_model.predict(test, soft=soft)
    return {
        f"{model}, {name}": estimate
        for model, answer in parts.items()
        for name, estimate in numbers(answer, data.test_gold).items()
    }


def _span_numbers(soft: SoftSpans, gold: pd.Series) -> Numbers:
    from labeling.analysis import span_scores

    scores = span_scores(soft, gold, soft.schema)
    return {
        "precision of spans": scores.precision,
        "recall of spans": scores.recall,
        "F1 of spans": scores.f1,
        "samples right in all": measured_accuracy(soft, gold),
    }


def _set_numbers(soft: SoftSets, gold: pd.Series) -> Numbers:
    from labeling.analysis import set_scores

    scores = set_scores(soft, gold, soft.schema)
    return {
        "micro F1": scores.micro,
        "macro F1": scores.macro,
        "samples right in all": scores.exact,
    }


@functools.singledispatch
def measured_accuracy(soft: AnySoft, gold: pd.Series) -> Estimate:
    """Return the share of gold samples whose label is right; of sets and spans all of it."""
    from labeling.analysis import accuracy

    return accuracy(all_right(gold.index), matches(soft, dict(gold.items())))


@measured_accuracy.register
def _(soft: SoftLabels, gold: pd.Series) -> Estimate:
    from labeling.analysis import accuracy

    return accuracy(soft, gold)


def log_quality(store: Store, data: ProjectData, current: Round) -> None:
    """Log the accuracy on dev gold labels and random samples beside the number of human votes."""
    about = quality_about(store, data.dev, current)
    if current.measured is not None:
        about[DEV] = dataclasses.asdict(measured_accuracy(current.measured, data.dev))
    store.facts.log_quality(
        store.ledger.counts()[0],
        current.human_votes,
        current.reviews,
        len(current.gold),
        about,
    )
