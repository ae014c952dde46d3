"""Gold labels that were imported: kept in the store, and used like those of the config."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

import pandas as pd

from labeling.records import LabelSchema
from labeling.records.ids import decode_id, encode_id
from labeling.store import Store

FACT = "imported gold"  # key of the stored JSON object: encoded sample id -> label


def imported_gold(store: Store) -> dict[Hashable, str]:
    """Return the imported gold labels, by sample."""
    if not store.ready():
        return {}
    labels: dict[str, str] = json.loads(store.facts.get(FACT) or "{}")
    return {decode_id(key): label for key, label in labels.items()}


def store_imported_gold(store: Store, new: Mapping[Hashable, str]) -> None:
    """Add gold labels to the imported ones; the project must be locked."""
    if not new:
        return
    labels = {**imported_gold(store), **new}
    text = json.dumps({encode_id(sample_id): label for sample_id, label in labels.items()})
    store.facts.put(FACT, text)


def with_imported_gold(
    gold: pd.Series, store: Store, samples: pd.DataFrame, schema: LabelSchema
) -> pd.Series:
    """Return the gold labels of the config and the imported ones, in the samples' order.

    Args:
        gold: those of the config, index = ids; they win over imported ones.
        store: holds the imported ones.
        samples: the samples that may have them.
        schema: the labels; imported labels that it no longer has are left out.
    """
    imported = {
        sample_id: label
        for sample_id, label in imported_gold(store).items()
        if label in schema.labels
    }
    if not imported:
        return gold
    labels = {**imported, **gold.to_dict()}
    ids = samples.index[samples.index.isin(list(labels))]
    return pd.Series([labels[sample_id] for sample_id in ids], index=ids, dtype=object)
