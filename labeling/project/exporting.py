"""From where the loop stands to a training set in files."""

from __future__ import annotations

import dataclasses
import functools
import logging
import shutil
from typing import TYPE_CHECKING

import pandas as pd

from labeling.config import Config
from labeling.errors import shown
from labeling.project.data import ProjectData
from labeling.project.gold import teaching_gold
from labeling.project.output_folder import ready_folder, write_frame
from labeling.project.snapshots import Round
from labeling.records import Votes
from labeling.store import Store, now

if TYPE_CHECKING:
    from labeling.datasets import TrainingSet

logger = logging.getLogger(__name__)


def training_set_of(config: Config, data: ProjectData, end: Round, votes: Votes) -> TrainingSet:
    """Return the training set of all that is known; gold labels that were given win over people's."""
    from labeling.datasets import build_training_set

    train = build_training_set(
        data.samples,
        end.posterior,
        gold=teaching_gold(data.dev, end.gold),
        votes=votes,
        annotations=end.annotations,
        min_confidence=config.export.min_confidence,
    )
    if not len(data.left_out):
        return train
    return dataclasses.replace(train, dropped=pd.concat([train.dropped, data.left_out]))


def write_training_set(config: Config, store: Store, train: TrainingSet) -> None:
    """Write a training set as Parquet, JSON lines and CSV, and remember it.

    Raises:
        DataError: a form cannot be written; the others are there.
    """
    folder = ready_folder(config.at(config.export.folder))
    try:
        manifest = train.to_folder(folder, for_spreadsheet=config.export.for_spreadsheet)
    finally:
        write_frame(train.dropped, folder, "left_out.parquet")
    nulls = manifest["null_in_json"]
    if nulls:
        logger.warning(
            "training_set.jsonl has null for %d numbers that JSON does not have, in columns %s",
            sum(nulls.values()),
            shown(nulls),
        )
    if manifest["json_in_parquet"]:
        logger.warning(
            "training_set.parquet has JSON text in columns whose values have no common type: %s",
            shown(manifest["json_in_parquet"]),
        )
    logger.info("exported %s to %s", train, folder)
    store.files.keep(
        "training_set",
        functools.partial(shutil.copyfile, folder / "training_set.parquet"),
        inputs=manifest["fingerprint"],
        about=manifest,
        made_at=now(),
    )
