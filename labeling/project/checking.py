"""Trying a project out: its names, its data, its labeling functions on a few samples."""

from __future__ import annotations

from collections.abc import Sequence

from labeling.config import Config
from labeling.errors import ConfigError, near, shown
from labeling.project.data import ProjectData
from labeling.records import LabelingFunction, LabelSchema
from labeling.store import Store

TRIED = 200  # samples that the labeling functions are tried on


def check_names(config: Config) -> None:
    """Raise a ConfigError where a config names a strategy or a model that is none."""
    from labeling.label_models import MODELS
    from labeling.query import STRATEGIES

    for value, known, what in (
        (config.query.strategy, STRATEGIES, "query.strategy"),
        (config.label_model, MODELS, "label_model"),
    ):
        if value not in known:
            raise ConfigError(
                f"Key {what!r} must be one of {shown(known, 10)}. Got {value!r}.{near(value, known)}"
            )


def check_lock(config: Config, store: Store) -> None:
    """Remember the share of gold labels that is locked; it may grow, and never shrink.

    Raises:
        ConfigError: a smaller share, which would hand samples of the test split to development.
    """
    if config.data.gold is None:
        return
    before = float(store.history.get("locked") or 0.0)
    if config.data.locked < before:
        raise ConfigError(
            f"Key 'data.locked' must not shrink: {before:g} of the gold labels were locked as test"
            f" split, and now it is {config.data.locked:g}. Samples that were seen in development"
            " cannot test; put it back."
        )
    if config.data.locked > before:
        store.history.put("locked", str(config.data.locked))


def checked(
    config: Config, schema: LabelSchema, data: ProjectData, lfs: Sequence[LabelingFunction]
) -> list[str]:
    """Try everything on a few samples, and return what was found, a sentence each."""
    from labeling.engine import apply_to_frame

    few = data.samples.iloc[:TRIED]
    votes = apply_to_frame(lfs, few, schema)
    gold = []
    if config.data.gold is not None:
        gold = [
            f"{len(data.dev)} of them have a gold label to measure with; {len(data.test)} more are"
            " in the locked test split."
        ]
    return [
        f"{len(data.samples)} samples with text in column {config.data.text!r}.",
        *gold,
        f"{len(lfs)} labeling functions for the labels {shown(schema.labels, 20)}.",
        f"On the first {len(few)} samples they cast {int((votes.to_array() >= 0).sum())} votes"
        f" without a fault and cover {votes.covered.mean():.0%} of them.",
    ]
