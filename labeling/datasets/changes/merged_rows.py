"""The training set of a merge: rows of two training sets, with decisions put into them."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from labeling.datasets.changes.conflicts import Conflict, Decision
from labeling.datasets.changes.origins import merged_origin
from labeling.datasets.changes.three_way import CONFLICT, OURS, THEIRS, Picks, ThreeWay
from labeling.datasets.columns import CONTENT, OPTIONAL_COLUMNS, OWN_TYPES
from labeling.datasets.forms import LabelForm
from labeling.records import LabelSchema, LabelSource, free_names

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

BY_DECISION = "left out by decision"
IN_CONFLICT = "conflict of two releases"
"""Why samples are left out of a merged training set."""

Rows = npt.NDArray[np.int64]


def merged_rows(
    ids: pd.Index,
    rows: ThreeWay,
    picks: Picks,
    schema: LabelSchema,
    decided: Mapping[Hashable, Decision],
    conflicts: Sequence[Conflict],
) -> TrainingSet:
    """Return the training set of the rows that were picked.

    Args:
        ids: of all samples of the three training sets.
        rows: what these say of them.
        picks: from which side each is taken.
        schema: the merged labels.
        decided: the decisions of conflicts, by sample id.
        conflicts: those that are open; their samples are left out.
    """
    side = picks.label.astype(np.int64)
    reasons = np.where(side == THEIRS, rows.theirs.reasons, rows.ours.reasons)
    for conflict in conflicts:
        place = int(ids.get_indexer(pd.Index([conflict.sample_id]))[0])
        side[place] = rows.better(place)
        reasons[place] = f"{IN_CONFLICT}: {conflict.sentence()}"
    for sample_id, decision in decided.items():
        place = int(ids.get_indexer(pd.Index([sample_id]))[0])
        side[place] = rows.better(place)
        reasons[place] = BY_DECISION if decision.label is None else ""
    places = np.where(side == THEIRS, rows.theirs.places.rows, rows.ours.places.rows)
    order = _order(ids, rows)
    order = order[places[order] >= 0]
    is_out = np.array([bool(reason) for reason in reasons[order]], dtype=bool)
    kept, out = order[~is_out], order[is_out]
    labelled = {key: each for key, each in decided.items() if each.label is not None}
    form = rows.base.train.form
    columns = _with_decisions(_columns(rows, side, schema), ids, labelled, form, schema)
    return _training_set(
        rows,
        schema,
        _samples(rows, picks, kept, side),
        {name: column.take(pa.array(kept)) for name, column in columns.items()},
        _dropped(ids[out], reasons[out], rows.ours.train),
        {name: column.take(pa.array(out)) for name, column in columns.items()}
        | _content(rows, side, out),
    )


def _dropped(ids: pd.Index, reasons: npt.NDArray[np.object_], train: TrainingSet) -> pd.DataFrame:
    return pd.DataFrame({"reason": reasons.tolist()}, index=ids.rename(train.sample_ids.name))


def _content(rows: ThreeWay, side: Rows, out: Rows) -> dict[str, pa.Array]:
    """Return the column of digests of the samples that are left out, where both sides have it."""
    ours, theirs = rows.ours.of_rows(out).content, rows.theirs.of_rows(out).content
    if ours is None or theirs is None:
        return {}
    return {CONTENT: pa.array(np.where(side[out] == THEIRS, theirs, ours))}


def _order(ids: pd.Index, rows: ThreeWay) -> Rows:
    """Return the rows of the base in its order, then new ones by their ids."""
    new = np.flatnonzero(rows.base.places.is_absent)
    ranked = sorted(new.tolist(), key=lambda row: (str(ids[row]), repr(ids[row])))
    old = np.flatnonzero(~rows.base.places.is_absent)
    return np.concatenate([old, np.array(ranked, dtype=np.int64)])


def _samples(rows: ThreeWay, picks: Picks, kept: Rows, side: Rows) -> pd.DataFrame:
    """Return the samples' own columns, each from the side that changed them."""
    chosen = picks.sample.astype(np.int64).copy()
    chosen = np.where(chosen == CONFLICT, side, chosen)
    has = [each.is_kept for each in (rows.ours, rows.theirs)]
    chosen = np.where((chosen == OURS) & ~has[OURS], THEIRS, chosen)
    chosen = np.where((chosen == THEIRS) & ~has[THEIRS], OURS, chosen)
    frames = [each.train.samples for each in (rows.ours, rows.theirs)]
    wanted = chosen[kept]
    places = np.where(
        wanted == OURS,
        rows.ours.places.rows[kept],
        rows.theirs.places.rows[kept] + len(frames[0]),
    )
    is_from_ours = (wanted == OURS).all()
    if is_from_ours and not set(frames[1].columns) - set(frames[0].columns):
        return frames[0].iloc[places]
    names = [*frames[0].columns, *sorted(set(frames[1].columns) - set(frames[0].columns), key=str)]
    both = pd.concat([frame.reindex(columns=names) for frame in frames])
    return both.iloc[places]


def _columns(rows: ThreeWay, side: Rows, schema: LabelSchema) -> dict[str, pa.Array]:
    """Return the added columns of all samples, each row from its side."""
    columns: dict[str, pa.Array] = {}
    n = len(side)
    rows_of = pa.array(np.where(side == THEIRS, np.arange(n) + n, np.arange(n)))
    trains = rows.ours.train, rows.theirs.train
    for name in trains[0].form.types:
        if name in OPTIONAL_COLUMNS and not any(name in train.columns for train in trains):
            continue
        both = pa.chunked_array([rows.ours.column(name), rows.theirs.column(name)])
        columns[name] = both.take(rows_of).combine_chunks()
    if trains[0].schema != schema or trains[1].schema != schema:
        both = pa.chunked_array([rows.ours.in_schema(schema), rows.theirs.in_schema(schema)])
        columns["probabilities"] = both.take(rows_of).combine_chunks()
    return columns


def _with_decisions(
    columns: dict[str, pa.Array],
    ids: pd.Index,
    decided: Mapping[Hashable, Decision],
    form: LabelForm,
    schema: LabelSchema,
) -> dict[str, pa.Array]:
    """Return the columns with the labels of decisions, which are gold labels of a review."""
    if not decided:
        return columns
    values: dict[str, list[Any]] = {
        name: columns[name].to_pylist()
        for name in (
            "label", "probabilities", "confidence", "weight", "source", "reviewer",
            "votes_for", "votes_cast", "decided_by",
        )
    }  # fmt: skip
    for sample_id, decision in decided.items():
        row = int(ids.get_indexer(pd.Index([sample_id]))[0])
        label, probabilities = form.decided(decision.label or "", schema)
        values["label"][row], values["probabilities"][row] = label, probabilities
        values["confidence"][row] = values["weight"][row] = 1.0
        values["source"][row] = values["decided_by"][row] = LabelSource.REVIEW.value
        values["reviewer"][row] = decision.by or None
        values["votes_for"][row] = values["votes_cast"][row] = None
    arrays = {name: pa.array(column, form.types[name]) for name, column in values.items()}
    return {**columns, **arrays}


def _training_set(
    rows: ThreeWay,
    schema: LabelSchema,
    samples: pd.DataFrame,
    columns: Mapping[str, pa.Array],
    dropped: pd.DataFrame,
    dropped_columns: Mapping[str, pa.Array],
) -> TrainingSet:
    trains = rows.base.train, rows.ours.train, rows.theirs.train
    is_same = trains[1].voters == trains[2].voters
    names = [*samples.columns, samples.index.name]
    return dataclasses.replace(
        trains[1],
        samples=samples,
        columns=columns,
        dropped=dropped,
        dropped_columns=dropped_columns,
        schema=schema,
        voters=trains[1].voters if is_same else tuple(rows.ours.voters),
        own_columns=MappingProxyType(free_names(OWN_TYPES, names)),
        origin=merged_origin(*(train.origin for train in trains)),
    )
