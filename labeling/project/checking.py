"""Checks of a project: names, data, platform, and its labeling functions on a few samples."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labeling.config import Config, QuerySection
from labeling.errors import ConfigError, LabelingError, counted, listed, near
from labeling.project.data import ProjectData
from labeling.project.kinds import covered_samples, silent_voters, votes_in_words
from labeling.project.models import embedding_of
from labeling.project.policies import review_sentences
from labeling.records import (
    BATCH_COLUMNS,
    AnnotationPlatform,
    AnyVotes,
    LabelingFunction,
    LabelKind,
    LabelSchema,
    SoftLabels,
    SoftSets,
    SoftSpans,
    Votes,
    free_names,
    renamed_sentence,
)
from labeling.records.ids import encode_id

if TYPE_CHECKING:
    from labeling.project.base import BaseProject

MAX_NAMED = 10  # labels or labeling functions named in a sentence
TRIAL_SIZE = 200  # samples that the labeling functions are tried on


def check_names(config: Config) -> None:
    """Raise a ConfigError if a config names an unknown strategy or model."""
    from labeling.label_models import MODELS
    from labeling.query import check_strategy

    if config.label_model not in MODELS:
        raise ConfigError(
            f"Key 'label_model' must be one of {listed(MODELS, 10)}. Got {config.label_model!r}."
            f"{near(config.label_model, MODELS)}"
        )
    try:
        check_strategy(config.query.strategy)
    except LabelingError as error:
        raise ConfigError(f"Key 'query.strategy': {error}") from None


def query_section(section: QuerySection, n: int | None, strategy: str | None) -> QuerySection:
    """Return how a batch is chosen: by the arguments, or else by the config.

    Raises:
        LabelingError: `n` is below 1, or the strategy is unknown.
    """
    from labeling.query import check_request

    n, strategy = section.n if n is None else n, strategy or section.strategy
    check_request(n, strategy)
    return section.model_copy(update={"n": int(n), "strategy": strategy})


def check_project(project: BaseProject, platform: AnnotationPlatform | None) -> list[str]:
    """Try everything of a project on a few samples, and return the findings, a sentence each."""
    config, schema = project.config, project.schema
    cached = project.vote_cache.cached()
    found = checked(config, schema, project.data, project.labeling_functions, cached)
    found += _check_exports(config)
    if platform is not None:
        found += review_sentences(config, schema, project.store)
        found += check_platform(platform, project.samples)
    return found


def checked(
    config: Config,
    schema: LabelSchema,
    data: ProjectData,
    lfs: Sequence[LabelingFunction],
    cached: AnyVotes | None = None,
) -> list[str]:
    """Try everything on a few samples, and return the findings, a sentence each.

    Args:
        config: of the project.
        schema: its labels.
        data: its samples and gold labels.
        lfs: its labeling functions.
        cached: their votes on all samples, if these are at hand: families of like voters are
            looked for in them, else in those on the few samples.
    """
    from labeling.datasets import build_training_set
    from labeling.engine import apply_to_frame

    notes = check_samples(data, schema)
    few = data.samples.iloc[:TRIAL_SIZE]
    votes = apply_to_frame(lfs, few, schema, text=config.data.text)
    build_training_set(few, no_labels(few.index, schema), votes=votes)
    gold = []
    if config.data.gold is not None or len(data.test):
        gold = [
            f"{counted(len(data.dev), 'of them has', 'of them have')} a gold label, which teaches"
            " the models and measures them by cross-fitting;"
            f" {counted(len(data.test), 'more is', 'more are')} in the locked test split."
        ]
    silent = silent_voters(votes)
    return [
        f"{counted(len(data.samples), 'sample')} with text in column {config.data.text!r}.",
        *data.notices,
        *gold,
        f"{counted(len(lfs), 'labeling function')} for the {len(schema)} labels"
        f" {listed(schema.labels, MAX_NAMED)}.",
        f"Tried on {counted(len(few), 'sample')}, they {votes_in_words(votes)} without an error and"
        " cover"
        f" {covered_samples(votes) / len(few):.0%} of them.",
        *_check_embeddings(config, few),
        *_check_modal(config),
        *([silent_sentence(silent, len(lfs), len(few))] if silent else []),
        *family_sentences(votes if cached is None else cached),
        *notes,
    ]


def _check_exports(config: Config) -> list[str]:
    """Return which modules a notebook exported, and whether they were edited since."""
    from labeling.functions.exported_modules import was_edited

    states = {path: was_edited(config.at(path)) for path in config.labeling_functions}
    return [
        f"{path} was exported from a notebook"
        f"{', and edited since: the notebook has another version.' if is_edited else '.'}"
        for path, is_edited in states.items()
        if is_edited is not None
    ]


def _check_embeddings(config: Config, few: pd.DataFrame) -> list[str]:
    """Load the embedding model, if the config names one, and embed a few samples."""
    from labeling.end_model.embeddings import embed

    embedding = embedding_of(config)
    if embedding is None or not len(few):
        return []
    vectors = embed(embedding, few[config.data.text].tolist())
    return [f"Embeddings by {config.embeddings!r} have {vectors.shape[1]:,} dimensions."]


def _check_modal(config: Config) -> list[str]:
    """Import modAL, if the config names a query function of it."""
    from labeling.query import MODAL_STRATEGIES, from_modal

    if config.query.strategy not in MODAL_STRATEGIES:
        return []
    from_modal(config.query.strategy)
    return [f"Batches are chosen by {config.query.strategy!r}, and modAL can be imported."]


@functools.singledispatch
def family_sentences(votes: AnyVotes) -> list[str]:
    """Return a sentence for each family of like voters, which is looked for in single labels."""
    return []


@family_sentences.register
def _(votes: Votes) -> list[str]:
    from labeling.analysis import voter_families

    return [family.sentence() for family in voter_families(votes)]


def silent_sentence(silent: Sequence[str], total: int, samples: int) -> str:
    """Return a sentence on labeling functions without a vote on these samples.

    >>> silent_sentence(["calls"], 3, 200)
    "1 of 3 labeling functions casts no vote on these 200 samples: 'calls'."
    """
    cast = "casts" if len(silent) == 1 else "cast"
    return (
        f"{len(silent):,} of {counted(total, 'labeling function')} {cast} no vote on"
        f" {'this' if samples == 1 else 'these'} {counted(samples, 'sample')}:"
        f" {listed(silent, MAX_NAMED)}."
    )


def check_samples(data: ProjectData, schema: LabelSchema) -> list[str]:
    """Check that a project's samples can pass through the loop, in `init` as in `check`.

    Returns:
        What will differ from the samples, a sentence each.

    Raises:
        DataError: a column cannot be in a training set.
        StoreError: an id cannot be stored.
    """
    from labeling.datasets import OWN_COLUMNS, build_training_set, value_findings

    for sample_id in data.samples.index:
        encode_id(sample_id)
    few = data.samples.iloc[:TRIAL_SIZE]
    build_training_set(few, no_labels(few.index, schema))
    taken = [*few.columns, few.index.name]
    added = free_names([*OWN_COLUMNS, *(f"p_{label}" for label in schema)], taken)
    sentences = (
        renamed_sentence(added, "training sets"),
        renamed_sentence(free_names(BATCH_COLUMNS, taken), "batch.parquet"),
    )
    return [*filter(None, sentences), *value_findings(data.samples)]


def check_platform(platform: AnnotationPlatform, samples: pd.DataFrame) -> list[str]:
    """Check that people can label these samples on a platform.

    Returns:
        What will differ from the samples, a sentence each.

    Raises:
        DataError: a column that they need is missing.
    """
    platform.check(samples)
    sentence = renamed_sentence(platform.own_headers, "files for people")
    return [sentence] if sentence else []


def no_labels(sample_ids: pd.Index, schema: LabelSchema) -> Any:
    """Return soft labels of uncovered samples, of the kind of the schema; uniform of one label."""
    n, k = len(sample_ids), len(schema)
    is_covered = np.zeros(n, dtype=bool)
    if schema.kind == LabelKind.SPANS:
        none = np.zeros(0, dtype=np.int64)
        array = np.zeros((0, k + 1))
        return SoftSpans(array, none, none, none, none > 0, sample_ids, schema, is_covered)
    if schema.kind == LabelKind.SEVERAL:
        no = np.zeros((n, k), dtype=bool)
        return SoftSets(no.astype(float), sample_ids, schema, no, no)
    return SoftLabels(np.full((n, k), 1 / k), sample_ids, schema, is_covered)
