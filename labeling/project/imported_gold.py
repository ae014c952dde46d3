"""Gold labels that were imported: remembered in the store, and given like those of the config."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

import pandas as pd

from labeling.records import LabelSchema
from labeling.records.ids import id_of, key_of
from labeling.store import Store

FACT = "imported gold"  # under which fact they stand, as JSON: sample key -> label


def imported_gold(store: Store) -> dict[Hashable, str]:
    """Return the gold labels that were imported, by sample."""
    if not store.ready():
        return {}
    found: dict[str, str] = json.loads(store.history.get(FACT) or "{}")
    return {id_of(key): label for key, label in found.items()}


def remember_gold(store: Store, news: Mapping[Hashable, str]) -> None:
    """Add gold labels to those that were imported; the store must be held."""
    if not news:
        return
    every = {**imported_gold(store), **news}
    store.history.put(FACT, json.dumps({key_of(own): label for own, label in every.items()}))


def with_imported_gold(
    gold: pd.Series, store: Store, samples: pd.DataFrame, schema: LabelSchema
) -> pd.Series:
    """Return the gold labels of the config and those that were imported, in the samples' order.

    Args:
        gold: those of the config, index = ids; where both name a label, this is the one.
        store: remembers those that were imported.
        samples: of which they may be.
        schema: the labels; what it does not have any more is left out.
    """
    news = {own: label for own, label in imported_gold(store).items() if label in schema.labels}
    if not news:
        return gold
    every = {**news, **gold.to_dict()}
    ids = samples.index[samples.index.isin(list(every))]
    return pd.Series([every[own] for own in ids], index=ids, dtype=object)
