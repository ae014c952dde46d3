"""Chosen samples as rows of a table, and as the events that report them."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import sqlalchemy as sa

from labeling.records import BATCH_COLUMNS, Batch, EventKind, Label, NewEvent
from labeling.records.ids import decode_id, encode_id
from labeling.records.label_texts import encode_answer
from labeling.store.database import Connection
from labeling.store.tables import batches, choices


def _nan_to_none(value: Any) -> Any:
    if isinstance(value, (float, np.floating)):
        return None if math.isnan(value) else float(value)
    return value


def choice_rows(
    number: int,
    batch: Batch,
    model_labels: Mapping[Hashable, tuple[Label | None, float]],
    text_digests: Mapping[Hashable, str],
) -> list[dict[str, Any]]:
    """Return the row of each sample of a batch."""
    selected = zip(batch.sample_ids, batch.to_frame().to_dict("records"), strict=True)
    rows: list[dict[str, Any]] = []
    for position, (sample_id, row) in enumerate(selected):
        model_label, confidence = model_labels[sample_id]
        rows.append(
            {
                "batch": number,
                "place": position,
                "sample": encode_id(sample_id),
                **{name: _nan_to_none(row[name]) for name in BATCH_COLUMNS},
                "model_label": encode_answer(model_label),
                "confidence": confidence,
                "text_digest": text_digests[sample_id],
            }
        )
    return rows


def is_stored(
    connection: Connection, header: Mapping[str, Any], rows: list[dict[str, Any]]
) -> bool:
    """Return whether a batch is stored as it is, but for the time at which it was chosen."""
    query = sa.select(*(batches.c[name] for name in header))
    stored = connection.execute(query.where(batches.c.number == header["number"])).mappings()
    if [dict(row) for row in stored] != [header]:
        return False
    query = sa.select(choices).where(choices.c.batch == header["number"])
    selected = connection.execute(query.order_by(choices.c.place)).mappings()
    return [dict(row) for row in selected] == rows


def chosen_event(row: Mapping[str, Any]) -> NewEvent:
    """Return the event that a sample was chosen, by its row."""
    about = {name: row[name] for name in ("batch", "stratum", "reason", "propensity")}
    return NewEvent(EventKind.CHOSEN, sample_id=decode_id(row["sample"]), about=about)
