"""Builds the training set, and writes it and other results to the output folder."""

from __future__ import annotations

import functools
import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from labeling.config import Config
from labeling.errors import DataError, listed
from labeling.project.data import ProjectData
from labeling.project.fit_warnings import collected_warnings
from labeling.project.gold import teaching_gold
from labeling.project.kinds import soft_table
from labeling.project.results import Round
from labeling.project.splitting import split_training_set, with_gold_columns
from labeling.records import AnySoft, AnyVotes, Batch, atomic_write, free_names, is_unfinished
from labeling.store import Store, now

if TYPE_CHECKING:
    from labeling.datasets import TrainingSet

logger = logging.getLogger(__name__)


def build_project_training_set(
    config: Config, data: ProjectData, current: Round, votes: AnyVotes
) -> TrainingSet:
    """Return the training set; given gold labels win over those that people settled."""
    from labeling.datasets import build_training_set

    with collected_warnings() as collected:
        train = build_training_set(
            data.samples,
            current.posterior,
            gold=teaching_gold(data.dev, current.gold),
            votes=votes,
            annotations=current.annotations,
            min_confidence=config.export.min_confidence,
            keep_undecided=config.export.keep_undecided,
            select=config.export.select,
            text=config.data.text,
        )
    for sentence in collected.of_shares:
        logger.warning("%s", sentence)
    if len(data.left_out):
        train = train.with_dropped(data.left_out)
    train = with_gold_columns(train, config)
    if config.export.split is not None:
        train = split_training_set(train, config.export.split, config.data.text, data.dev.index)
    return weighted_and_balanced(config, train)


def weighted_and_balanced(config: Config, train: TrainingSet) -> TrainingSet:
    """Return a training set with the configured weights and class balance, after any split."""
    if config.export.weights != "confidence":
        train = train.weighted(config.export.weights)
    if config.export.balance != "none":
        train = train.balanced(config.export.balance, rng=config.seed)
        logger.info("balanced the labels: %s", train.origin["balance"])
    return train


def write_training_set(config: Config, store: Store, train: TrainingSet) -> None:
    """Write a training set as Parquet, JSON lines and CSV, and keep it in the store.

    Raises:
        DataError: a format cannot be written; the others are there.
    """
    folder = ready_folder(config.at(config.export.folder))
    manifest = train.to_folder(folder, for_spreadsheet=config.export.for_spreadsheet)
    nulls = manifest["null_in_json"]
    if nulls:
        logger.warning(
            "training_set.jsonl has null for %d numbers that JSON does not have, in columns %s",
            sum(nulls.values()),
            listed(nulls),
        )
    if manifest["json_in_parquet"]:
        logger.warning(
            "training_set.parquet has JSON text in columns whose values have no common type: %s",
            listed(manifest["json_in_parquet"]),
        )
    logger.info("exported %s to %s", train, folder)
    store.artifacts.save(
        "training_set",
        functools.partial(shutil.copyfile, folder / "training_set.parquet"),
        inputs=manifest["fingerprint"],
        about=manifest,
        made_at=now(),
    )


def write_soft_labels(soft: AnySoft, folder: Path) -> None:
    """Write `soft_labels.parquet`: probabilities of the labels, and which samples are covered."""
    write_frame(soft_table(soft), folder, "soft_labels.parquet")


def ready_folder(folder: Path) -> Path:
    """Make the folder, and remove unfinished files of interrupted processes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(folder)!r} cannot be made: {error}") from error
    try:
        for path in filter(is_unfinished, folder.iterdir()):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(folder)!r} must be writable: {error}") from error
    return folder


def with_samples(batch: Batch, samples: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a batch beside those of its samples.

    Where the samples have a column of the same name, that of the batch is called `labeling_<name>`.
    """
    rows = samples.loc[batch.sample_ids]
    chosen = batch.to_frame()
    taken = [*rows.columns, rows.index.name]
    return chosen.rename(columns=free_names(chosen.columns, taken)).join(rows)


def write_frame(frame: pd.DataFrame, folder: Path, name: str) -> None:
    """Write a table as Parquet, its index included, whole or not at all.

    Raises:
        DataError: a column holds values that Parquet cannot hold; it names the column and the row.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from labeling.datasets import parquet_table

    with atomic_write(ready_folder(folder) / name) as unfinished:
        try:
            pq.write_table(parquet_table(frame), unfinished)
        except (pa.ArrowException, ValueError, TypeError) as error:
            raise DataError(f"{name} cannot be written: {error}") from error
