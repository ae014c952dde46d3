"""Splits of a project's training set, as its config says, and leaks in it."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd

from labeling.config import Config, SplitSection
from labeling.project.data import gold_file
from labeling.records import LabelingFunction

if TYPE_CHECKING:
    from labeling.datasets import Finding, SplitReport, TrainingSet

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


def with_gold_columns(train: TrainingSet, config: Config) -> TrainingSet:
    """Return the training set with the column of gold labels, if the samples have one, in origin.

    It is no feature: that it tells the labels is no leak.
    """
    is_column = config.data.gold is not None and gold_file(config) is None
    return train.with_origin({"gold_columns": [config.data.gold]}) if is_column else train


def leaks_of(
    train: TrainingSet, functions: Iterable[LabelingFunction], text: str
) -> tuple[Finding, ...]:
    """Return the leaks of a training set, with what each labeling function reads.

    Args:
        train: the training set.
        functions: the labeling functions.
        text: the column of texts.
    """
    from labeling.datasets import find_leaks

    return find_leaks(train, text=text, reads=columns_read(functions))


def columns_read(functions: Iterable[LabelingFunction]) -> dict[str, frozenset[str] | None]:
    """Return the columns that each labeling function reads; `None` where it may read any."""
    from labeling.engine import fingerprint_of

    return {lf.name: fingerprint_of(lf).reads for lf in functions}


def _log(report: SplitReport) -> None:
    sizes = ", ".join(f"{count:,} {name}" for name, count in report.sizes["samples"].items())
    logger.info("split the training set: %s", sizes)
    for finding in report.warnings:
        logger.warning("%s", finding.sentence)
