"""A project's samples, the gold labels it was given, and the test split that stays locked."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from labeling.config import Config
from labeling.errors import ConfigError, DataError, shown
from labeling.records import (
    Annotation,
    LabelSchema,
    checked_ids,
    gold_codes,
    positions,
    require_column,
    shares_by_id,
    texts,
)
from labeling.sources import READERS, read_samples, read_table

logger = logging.getLogger(__name__)

LOCK = 20_111_953  # the salt of the test split: another seed must not unlock it


@dataclass(frozen=True, slots=True, eq=False)
class ProjectData:
    """What the files of a project hold.

    Attributes:
        samples: those to label, index = ids; without the column of gold labels, and without the
            samples of the test split.
        dev: gold labels of some of them: they measure, and win in the training set.
        test: the samples of the test split.
        test_gold: their gold labels.
    """

    samples: pd.DataFrame
    dev: pd.Series
    test: pd.DataFrame
    test_gold: pd.Series


def read_data(config: Config, schema: LabelSchema) -> ProjectData:
    """Return a project's samples and gold labels.

    Raises:
        DataError: a file or column is missing, or ids and texts are not what they must be.
        UnknownLabelError: a gold label that the schema does not have.
    """
    samples = read_samples(config.at(config.data.path), config.data.id)
    texts(samples, config.data.text)
    if config.data.gold is None:
        return ProjectData(
            samples, pd.Series(dtype=object), samples.iloc[:0], pd.Series(dtype=object)
        )
    gold, samples = _gold(config, samples, schema)
    locked = gold[shares_by_id(gold.index, LOCK) < config.data.locked]
    is_test = samples.index.isin(locked.index)
    if is_test.all():
        raise ConfigError(
            "Some samples must be left to label. Every sample has a gold label, and all fell into"
            f" the test split; lower `locked` of `data` (now {config.data.locked:g})."
        )
    return ProjectData(samples[~is_test], gold.drop(locked.index), samples[is_test], locked)


def _gold(
    config: Config, samples: pd.DataFrame, schema: LabelSchema
) -> tuple[pd.Series, pd.DataFrame]:
    """Return gold labels as names, index = ids in the samples' order, and samples without them."""
    source = str(config.data.gold)
    file = gold_file(config)
    if file is not None:
        table = read_table(file, config.data.id)
        for column in (config.data.id, "label"):
            require_column(table, column, f"gold labels in {source}")
        table = table[table["label"].notna()]
        ids = checked_ids(pd.Index(table[config.data.id]), f"The ids of gold labels in {source}")
        positions(samples.index, ids, f"the gold labels in {source}", "the samples")
        found = pd.Series(table["label"].tolist(), index=ids, dtype=object)
    else:
        require_column(samples, source, "gold labels (`gold` of `data`)")
        found = samples[source].astype(object).dropna()
        samples = samples.drop(columns=source)
    if not len(found):
        raise DataError(f"There must be at least one gold label. {source!r} of `data` holds none.")
    named = pd.Series(named_labels(found.tolist(), schema), index=found.index, dtype=object)
    codes = gold_codes(named, samples.index, schema)
    there = codes >= 0
    names = [schema.labels[code] for code in codes[there]]
    return pd.Series(names, index=samples.index[there], dtype=object), samples


def gold_file(config: Config) -> Path | None:
    """Return the file of gold labels; `None` where they are a column, or there are none."""
    source = config.data.gold
    is_file = source is not None and Path(source).suffix.lower() in READERS
    return config.at(str(source)) if is_file else None


def named_labels(labels: list[object], schema: LabelSchema) -> list[object]:
    """Return labels as names where a file's look like numbers: 1 is "1"; others are left as is."""
    known = {label: label for label in schema}
    return [known.get(str(label), label) for label in labels]


def digest_of_files(paths: list[Path]) -> str:
    """Return a fingerprint of the files' contents."""
    together = hashlib.sha256()
    for path in paths:
        try:
            with path.open("rb") as stream:
                together.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as error:
            raise DataError(f"{str(path)!r} cannot be read: {error}") from error
    return together.hexdigest()


def still_there(said: tuple[Annotation, ...], samples: pd.DataFrame) -> tuple[Annotation, ...]:
    """Return the annotations of samples that the data still has, and warn of the others."""
    ids = list(dict.fromkeys(one.sample_id for one in said))
    index = pd.Index(ids, dtype=None if ids else object)
    gone = set(index[~index.isin(samples.index)])
    if gone:
        logger.warning(
            "%d samples that people spoke of are no longer among the samples, and are left out: %s."
            " What was said stays in the ledger.",
            *(len(gone), shown(sorted(gone, key=repr))),
        )
    return tuple(one for one in said if one.sample_id not in gone)
