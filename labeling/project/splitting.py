"""Splits of a project's training set, as its config says."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pandas as pd

from labeling.config import SplitSection

if TYPE_CHECKING:
    from labeling.datasets import SplitReport, TrainingSet

logger = logging.getLogger(__name__)

DEV_SET = "dev set of the project"
"""Given gold labels that are not locked: functions are written, and models tuned, by them."""


def split_training_set(
    train: TrainingSet, section: SplitSection, text: str, dev: pd.Index
) -> TrainingSet:
    """Return the training set with splits; what to look at is logged.

    Args:
        train: the training set.
        section: `export: split:` of the config.
        text: the column of texts.
        dev: samples of the project's dev set, which are kept from test.
    """
    from labeling.datasets import split

    if not len(train):
        return train
    return split(
        train, text=text, used={DEV_SET: dev.tolist()}, report=_log, **section.model_dump()
    )


def _log(report: SplitReport) -> None:
    sizes = ", ".join(f"{count:,} {name}" for name, count in report.sizes["samples"].items())
    logger.info("split the training set: %s", sizes)
    for finding in report.warnings:
        logger.warning("%s", finding.sentence)
