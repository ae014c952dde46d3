"""Where people label, as the config says."""

from __future__ import annotations

import pandas as pd

from labeling.config import Config, FilesSection, ReplaySection
from labeling.errors import ConfigError
from labeling.project.data import named_labels
from labeling.records import AnnotationPlatform, LabelSchema, require_column
from labeling.sources import read_table
from labeling.store import Store


def platform_of(config: Config, schema: LabelSchema, store: Store) -> AnnotationPlatform:
    """Return the platform of a config, which knows what was asked and said before.

    Raises:
        ConfigError: it names nobody to ask.
    """
    if config.files is not None:
        return _files(config, config.files, schema, store)
    if config.replay is not None:
        return _replay(config, config.replay, schema, store)
    raise ConfigError(
        "There is nobody to ask: the config has neither `files:` for people with a spreadsheet nor"
        " `replay:` with recorded votes. `labeling export` makes a training set without people."
    )


def _files(
    config: Config, section: FilesSection, schema: LabelSchema, store: Store
) -> AnnotationPlatform:
    from labeling.label_files import LabelFiles

    return LabelFiles(
        config.at(section.folder),
        schema,
        text=config.data.text,
        kind=section.kind,
        annotators=section.annotators,
        reviewers=section.reviewers,
        votes_per_sample=config.review.min_votes,
        show=section.show,
        known=store.ledger.annotations() if store.ready() else (),
        sent=store.outbox.open() if store.ready() else None,
    )


def _replay(
    config: Config, section: ReplaySection, schema: LabelSchema, store: Store
) -> AnnotationPlatform:
    from labeling.replay import Replay

    votes = _recorded(config, section.votes, schema)
    reviewer = None
    if section.reviewer is not None:
        table = _recorded(config, section.reviewer, schema)
        labels = table["label"].where(table["label"].notna(), None)
        reviewer = dict(zip(table["sample"], labels, strict=True))
    return Replay(
        votes,
        schema,
        reviewer=reviewer,
        votes_per_sample=config.review.min_votes,
        rng=0,  # another seed must not deal people's votes anew
        heard=store.outbox.sent() if store.ready() else (),
    )


def _recorded(config: Config, path: str, schema: LabelSchema) -> pd.DataFrame:
    """Return recorded votes, with names where a file's labels look like numbers: 1 is "1"."""
    table = read_table(config.at(path))
    for column in ("sample", "label"):
        require_column(table, column, f"recorded votes in {path}")
    labels = named_labels(table["label"].tolist(), schema)
    return table.assign(label=pd.Series(labels, index=table.index, dtype=object))
