"""Builds the annotation platform that a config names."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from labeling.adjudication import Annotators
from labeling.config import Config, FilesSection, LabelStudioSection, ReplaySection
from labeling.errors import ConfigError
from labeling.project.annotation_loop import SYNC_STATE
from labeling.records import AnnotationPlatform, LabelSchema, require_column
from labeling.replay import Replay, annotators_in
from labeling.sources import read_table
from labeling.store import Store

if TYPE_CHECKING:
    from labeling.label_files import LabelFiles
    from labeling.label_studio import LabelStudio

OWNER = "owner"  # key of the store's name on servers

Reasons = Callable[[Collection[Hashable]], Mapping[Hashable, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class PlatformSetup:
    """What a platform is built from.

    Attributes:
        config: names the platform.
        schema: the labels.
        store: holds messages, annotations and sync state.
        reasons: returns why the labeling functions vote as they do on samples; `None` if unused.
    """

    config: Config
    schema: LabelSchema
    store: Store
    reasons: Reasons | None = None


def platform_of(setup: PlatformSetup) -> AnnotationPlatform:
    """Return the platform of a config, with the stored messages and annotations.

    Raises:
        ConfigError: the config names none.
    """
    config = setup.config
    if config.files is not None:
        return _label_files_of(setup, config.files)
    if config.label_studio is not None:
        return label_studio_of(setup)
    if config.replay is not None:
        return _replay_of(setup, config.replay)
    raise ConfigError(
        "There is nobody to ask: the config has neither `label_studio:` nor `files:` for people"
        " with a spreadsheet nor `replay:` with recorded votes. `labeling export` makes a training"
        " set without people."
    )


def annotators_of(config: Config, schema: LabelSchema) -> Annotators | None:
    """Return who may be asked: named people, or those whose votes on a sample are recorded.

    `None` is anybody.

    Raises:
        DataError: recorded votes cannot be read.
    """
    if config.files is not None:
        return config.files.annotators or None
    if config.replay is not None:
        return annotators_in(recorded_votes(config, config.replay.votes, schema))
    return None


def required_label_studio(config: Config) -> LabelStudioSection:
    """Return the config's section `label_studio`.

    Raises:
        ConfigError: it has none; the message shows the lines to add.
    """
    if config.label_studio is not None:
        return config.label_studio
    others = [
        f"`{name}:`"
        for name, section in (("files", config.files), ("replay", config.replay))
        if section is not None
    ]
    instead = f" in the place of {others[0]}" if others else ""
    raise ConfigError(
        f"The config has no Label Studio. Add these lines{instead}; the token comes from"
        " LABEL_STUDIO_API_KEY:\n\n"
        f"label_studio:\n  url: http://localhost:8080\n  project: {config.name}\n"
    )


def label_studio_of(setup: PlatformSetup) -> LabelStudio:
    """Return the Label Studio of a config.

    Raises:
        ConfigError: it has none.
    """
    from labeling.label_studio import LabelStudio

    config, store = setup.config, setup.store
    section = required_label_studio(config)
    return LabelStudio(
        section.url,
        project=section.project or config.name,
        schema=setup.schema,
        expert_project=section.expert_project or None,
        text=config.data.text,
        votes_per_sample=config.review.min_votes,
        prelabels=section.prelabels,
        reasons=setup.reasons if section.prelabels == "shown" else None,
        guidelines=section.guidelines,
        timeout=section.timeout,
        makes_projects=False,
        known=lambda ids: store.ledger.annotations(ids) if store.ready() else (),
        sent=lambda: store.outbox.open() if store.ready() else (),
        memory=stored_state(store),
        owner=(store.facts.get(OWNER) or "") if store.ready() else "",
        shows_rework=config.annotators.lot_size > 0,
    )


def stored_state(store: Store) -> str:
    """Return the stored sync state of the platform; empty if there is none."""
    return (store.facts.get(SYNC_STATE) or "") if store.ready() else ""


def remember_owner(store: Store) -> None:
    """Give the store a name, by which its projects on a shared server are recognised."""
    if store.facts.get(OWNER) is None:
        store.facts.put(OWNER, secrets.token_hex(8))


def _label_files_of(setup: PlatformSetup, section: FilesSection) -> LabelFiles:
    from labeling.label_files import LabelFiles

    config, store = setup.config, setup.store
    return LabelFiles(
        config.at(section.folder),
        setup.schema,
        text=config.data.text,
        kind=section.kind,
        annotators=section.annotators,
        reviewers=section.reviewers,
        votes_per_sample=config.review.min_votes,
        show=section.show,
        known=store.ledger.annotations() if store.ready() else (),
        sent=store.outbox.open() if store.ready() else None,
    )


def _replay_of(setup: PlatformSetup, section: ReplaySection) -> Replay:
    config, store = setup.config, setup.store
    reviewer = None
    if section.reviewer is not None:
        table = recorded_votes(config, section.reviewer, setup.schema)
        labels = table["label"].where(table["label"].notna(), None)
        reviewer = dict(zip(table["sample"], labels, strict=True))
    return Replay(
        recorded_votes(config, section.votes, setup.schema),
        setup.schema,
        reviewer=reviewer,
        votes_per_sample=config.review.min_votes,
        rng=0,  # the order of votes must not depend on the project's seed
        heard=store.outbox.sent() if store.ready() else (),
    )


def recorded_votes(config: Config, path: str, schema: LabelSchema) -> pd.DataFrame:
    """Return recorded votes; labels that the file format turned into numbers are names again."""
    table = read_table(config.source(path))
    for column in ("sample", "label"):
        require_column(table, column, f"recorded votes in {path}")
    labels = [schema.recorded(label) for label in table["label"].tolist()]
    return table.assign(label=pd.Series(labels, index=table.index, dtype=object))
