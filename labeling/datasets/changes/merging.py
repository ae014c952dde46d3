"""`merge_training_sets`: a three-way merge by sample id that names conflicts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from labeling.datasets.changes.alignment import aligned, check_training_sets
from labeling.datasets.changes.changes import diff_training_sets
from labeling.datasets.changes.conflicts import Conflict, ConflictKind, Decision, Merged
from labeling.datasets.changes.merged_rows import merged_rows
from labeling.datasets.changes.origins import merge_record
from labeling.datasets.changes.side_factory import sides_of
from labeling.datasets.changes.sides import Side
from labeling.datasets.changes.three_way import CONFLICT, Picks, ThreeWay
from labeling.datasets.forms import LabelForm
from labeling.errors import DataError, listed
from labeling.records import LabelSchema

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet


def merge_training_sets(
    base: TrainingSet,
    ours: TrainingSet,
    theirs: TrainingSet,
    decisions: Mapping[Hashable, Decision | str | None] | None = None,
) -> Merged:
    """Return the rows of two training sets that were made from one, merged by sample id.

    A row that one side changed is taken from it. If both changed it to the same label, the row with
    the better source is taken. If they changed it to different labels, or one relabelled it and the
    other took it out, they are in conflict until somebody decides. The samples' own columns are
    merged apart from the labels, by the same rule. Exchanging ours and theirs gives an equal
    training set.

    A merge does not fit models again: confidences are those of the side that a row is from.

    Args:
        base: the training set that both were made from.
        ours: the one.
        theirs: the other.
        decisions: labels of rows in conflict, by sample id, those of spans and sets as
            `encode_label` writes them; `None` leaves the sample out.

    Raises:
        DataError: both sides changed the labels of the schema, and differently.
        UnknownLabelError: a decision for a label that the schema does not have.

    >>> import labeling as lb
    >>> data = pd.DataFrame({"text": ["hi", "buy"]}, index=["a", "b"])
    >>> schema = lb.LabelSchema(["ham", "spam"])
    >>> def with_gold(gold):
    ...     soft = lb.SoftLabels([[0.9, 0.1], [0.4, 0.6]], data.index, schema, [True, True])
    ...     return lb.build_training_set(data, soft, gold=gold)
    >>> merged = merge_training_sets(
    ...     with_gold({}), with_gold({"a": "spam"}), with_gold({"b": "ham"})
    ... )
    >>> merged.train.added_column("label").to_dict(), merged.conflicts
    ({'a': 'spam', 'b': 'ham'}, ())
    """
    check_training_sets(base=base, ours=ours, theirs=theirs)
    schema = _merged_schema(base, ours, theirs)
    known = _decisions(decisions or {}, schema, base.form)
    ids, rows = _three_way(base, ours, theirs)
    picks = rows.picks()
    conflicts = _conflicts(ids, rows, picks)
    still_open = [
        conflict
        for conflict in conflicts
        if conflict.kind == "columns" or conflict.sample_id not in known
    ]
    unsettled = {conflict.sample_id for conflict in still_open}
    settled = {
        conflict.sample_id: known[conflict.sample_id]
        for conflict in conflicts
        if conflict.sample_id not in unsettled
    }
    before, left, right = rows.outcomes
    train = merged_rows(ids, rows, picks, schema, settled, still_open)
    return Merged(
        train.with_origin({"merged": merge_record((base, ours, theirs), settled)}),
        tuple(still_open),
        int(((left != before) & (right == before)).sum()),
        int(((right != before) & (left == before)).sum()),
        int(picks.both_changed.sum()),
        len(settled),
    )


def _decisions(
    decisions: Mapping[Hashable, Decision | str | None], schema: LabelSchema, form: LabelForm
) -> dict[Hashable, Decision]:
    """Return decisions as such; the label of each must be in the schema."""
    known = {
        sample_id: decision if isinstance(decision, Decision) else Decision(decision)
        for sample_id, decision in decisions.items()
    }
    for decision in known.values():
        if decision.label is not None:
            form.decided(decision.label, schema)
    return known


def _three_way(
    base: TrainingSet, ours: TrainingSet, theirs: TrainingSet
) -> tuple[pd.Index, ThreeWay]:
    """Return the ids of all samples, and what each training set says of them."""
    sets = (base, ours, theirs)
    ids, places = aligned(*sets)
    return ids, ThreeWay(*sides_of(sets, places))


def _conflicts(ids: pd.Index, rows: ThreeWay, picks: Picks) -> list[Conflict]:
    """Return the conflicts in the order of their ids, with what each side changed and why."""
    is_label = picks.label == CONFLICT
    is_columns = (picks.sample == CONFLICT) & (
        rows.ours.is_kept | rows.theirs.is_kept
    )  # fmt: skip
    contested = np.flatnonzero(is_label | is_columns)
    if not len(contested):
        return []
    changes = [diff_training_sets(rows.base.train, side.train) for side in (rows.ours, rows.theirs)]
    conflicts = []
    for row in contested.tolist():
        labels = [_label(side, row) for side in (rows.base, rows.ours, rows.theirs)]
        kind: ConflictKind = "columns" if is_columns[row] else "label"
        because = [change.because(ids[row]) for change in changes]
        base, ours, theirs = labels
        conflicts.append(Conflict(ids[row], kind, base, ours, theirs, because[0], because[1]))
    return sorted(conflicts, key=lambda each: (str(each.sample_id), repr(each.sample_id)))


def _label(side: Side, row: int) -> str | None:
    code = int(side.codes[row])
    return side.labels[code] if side.is_kept[row] and code >= 0 else None


def _merged_schema(base: TrainingSet, ours: TrainingSet, theirs: TrainingSet) -> LabelSchema:
    if ours.schema == theirs.schema or theirs.schema == base.schema:
        return ours.schema
    if ours.schema == base.schema:
        return theirs.schema
    raise DataError(
        "Two training sets can be merged if at most one of them changed the labels of the schema."
        f" One has {listed(ours.schema.labels, 20)}, the other"
        f" {listed(theirs.schema.labels, 20)}. Change the config of one of them, and export again."
    )
