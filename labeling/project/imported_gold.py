"""Gold labels that were imported: kept in the store, and used like those of the config."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd

from labeling.records import Label, LabelSchema, decode_label, encode_label, is_label_of
from labeling.records.ids import decode_id, encode_id
from labeling.store import Store

FACT = "imported gold"  # key of the stored JSON object: encoded sample id -> encoded label


def imported_gold(store: Store) -> dict[Hashable, str]:
    """Return the imported gold labels by sample, as they are stored; see `encode_label`."""
    if not store.ready():
        return {}
    labels: dict[str, str] = json.loads(store.facts.get(FACT) or "{}")
    return {decode_id(key): label for key, label in labels.items()}


def store_imported_gold(store: Store, new: Mapping[Hashable, Label]) -> None:
    """Add gold labels to the imported ones; the project must be locked."""
    if not new:
        return
    encoded = {sample_id: encode_label(label) for sample_id, label in new.items()}
    labels = {**imported_gold(store), **encoded}
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
    decoded = {
        sample_id: decode_label(label, schema.kind)
        for sample_id, label in imported_gold(store).items()
    }
    imported = {
        sample_id: label for sample_id, label in decoded.items() if is_label_of(label, schema)
    }
    if not imported:
        return gold
    labels = {**imported, **gold.to_dict()}
    ids = samples.index[samples.index.isin(list(labels))]
    values = np.empty(len(ids), dtype=object)
    values[:] = [labels[sample_id] for sample_id in ids]
    return pd.Series(values, index=ids, dtype=object)
