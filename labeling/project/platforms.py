"""Where people label, as the config says."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from labeling.adjudication import Annotators
from labeling.config import Config, FilesSection, LabelStudioSection, ReplaySection
from labeling.errors import ConfigError
from labeling.project.annotation_loop import MEMORY
from labeling.records import AnnotationPlatform, LabelSchema, require_column
from labeling.replay import annotators_in
from labeling.sources import read_table
from labeling.store import Store

if TYPE_CHECKING:
    from labeling.label_studio import LabelStudio

OWNER = "owner"  # under which fact the store's name on servers is kept

Reasons = Callable[[Collection[Hashable]], Mapping[Hashable, Sequence[str]]]


def platform_of(
    config: Config, schema: LabelSchema, store: Store, reasons: Reasons
) -> AnnotationPlatform:
    """Return the platform of a config, which knows what was asked and said before.

    Args:
        config: says where people label.
        schema: the labels.
        store: what is remembered.
        reasons: gives why the labeling functions vote as they do on some samples.

    Raises:
        ConfigError: it names nobody to ask.
    """
    if config.files is not None:
        return _files(config, config.files, schema, store)
    if config.label_studio is not None:
        return label_studio_of(config, config.label_studio, schema, store, reasons)
    if config.replay is not None:
        return _replay(config, config.replay, schema, store)
    raise ConfigError(
        "There is nobody to ask: the config has neither `label_studio:` nor `files:` for people with"
        " a spreadsheet nor `replay:` with recorded votes. `labeling export` makes a training set without people."
    )


def annotators_of(config: Config, schema: LabelSchema) -> Annotators | None:
    """Return who may be asked: those who are named, or of each sample whose votes are recorded.

    `None` is without limit.

    Raises:
        DataError: recorded votes cannot be read.
    """
    if config.files is not None:
        return config.files.annotators or None
    if config.replay is not None:
        return annotators_in(_recorded(config, config.replay.votes, schema))
    return None


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


def required_label_studio(config: Config) -> LabelStudioSection:
    """Return what a config says of Label Studio.

    Raises:
        ConfigError: it says nothing; the message shows the lines that do.
    """
    if config.label_studio is not None:
        return config.label_studio
    others = [f"`{name}:`" for name in ("files", "replay") if getattr(config, name) is not None]
    instead = f" in the place of {others[0]}" if others else ""
    raise ConfigError(
        f"The config has no Label Studio. Add these lines{instead}; the token comes from"
        " LABEL_STUDIO_API_KEY:\n\n"
        f"label_studio:\n  url: http://localhost:8080\n  project: {config.name}\n"
    )


def label_studio_of(
    config: Config,
    section: LabelStudioSection,
    schema: LabelSchema,
    store: Store,
    reasons: Reasons | None = None,
) -> LabelStudio:
    """Return the Label Studio of a config."""
    from labeling.label_studio import LabelStudio

    return LabelStudio(
        section.url,
        project=section.project or config.name,
        schema=schema,
        expert_project=section.expert_project or None,
        text=config.data.text,
        votes_per_sample=config.review.min_votes,
        prelabels=section.prelabels,
        reasons=reasons if section.prelabels == "shown" else None,
        guidelines=section.guidelines,
        timeout=section.timeout,
        makes_projects=False,
        known=lambda ids: store.ledger.annotations(ids) if store.ready() else (),
        sent=lambda: store.outbox.open() if store.ready() else (),
        memory=store.facts.get(MEMORY) if store.ready() else None,
        owner=(store.facts.get(OWNER) or "") if store.ready() else "",
    )


def remember_owner(store: Store) -> None:
    """See to it that a store has a name, by which its projects on a shared server are known."""
    if store.facts.get(OWNER) is None:
        store.facts.put(OWNER, secrets.token_hex(8))


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
    table = read_table(config.source(path))
    for column in ("sample", "label"):
        require_column(table, column, f"recorded votes in {path}")
    labels = [schema.recorded(label) for label in table["label"].tolist()]
    return table.assign(label=pd.Series(labels, index=table.index, dtype=object))
