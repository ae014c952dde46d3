"""Gold sets of labels, from any form in which gold is given."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import GoldError, LabelingError, UnknownLabelError
from labeling.records.gold import Gold, gold_series
from labeling.records.samples import checked_ids, positions
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.records.spans import checked_set

GoldSets = dict[Hashable, frozenset[str]]


def gold_sets(gold: Gold | None, sample_ids: pd.Index, schema: LabelSchema) -> GoldSets:
    """Return the gold labels of each sample that has gold, by sample id.

    Args:
        gold: a Series or mapping from sample id to a set or list of names or codes, or GoldLabels.
            An empty set is gold: the sample has none of the labels.
        sample_ids: the samples.
        schema: the labels, with `kind="several"`.

    Raises:
        GoldError: gold of a sample is missing, is no set of labels, or gold is of another type.
        UnknownLabelError: a label is not in the schema.
        DataError: an id is unknown, missing or given twice.

    >>> schema = LabelSchema(["joy", "anger"], kind="several")
    >>> gold_sets({"b": ["joy"], "c": []}, pd.Index(["a", "b", "c"]), schema)
    {'b': frozenset({'joy'}), 'c': frozenset()}
    """
    if gold is None:
        return {}
    series = gold_series(gold)
    ids = checked_ids(series.index, "The ids of gold labels")
    positions(sample_ids, ids, "the gold labels", "the samples")
    sets: GoldSets = {}
    for sample_id, labels in zip(ids.tolist(), series.tolist(), strict=True):
        try:
            sets[sample_id] = checked_set(labels, schema)
        except UnknownLabelError as error:
            raise UnknownLabelError(f"In the gold of sample {sample_id!r}: {error}") from None
        except LabelingError as error:
            raise GoldError(
                f"Gold of sample {sample_id!r} must be a set of labels, empty for none. {error}"
            ) from None
    return sets


def gold_set_codes(
    gold: Gold | None, sample_ids: pd.Index, schema: LabelSchema
) -> npt.NDArray[np.int8]:
    """Return which labels each sample has by gold: shape (n_samples, n_labels).

    1 where it has the label, 0 where it has not, -1 in the rows of samples without gold.

    Args:
        gold: in any form of `gold_sets`, which tells the errors as well.
        sample_ids: the samples.
        schema: the labels.

    >>> schema = LabelSchema(["joy", "anger"], kind="several")
    >>> gold_set_codes({"b": ["joy"]}, pd.Index(["a", "b"]), schema).tolist()
    [[-1, -1], [1, 0]]
    """
    codes = np.full((len(sample_ids), len(schema)), ABSTAIN, dtype=np.int8)
    sets = gold_sets(gold, sample_ids, schema)
    if not sets:
        return codes
    rows = positions(sample_ids, pd.Index(list(sets)), "the gold labels", "the samples")
    codes[rows] = 0
    sizes = [len(labels) for labels in sets.values()]
    columns = [schema.index(label) for labels in sets.values() for label in labels]
    codes[np.repeat(rows, sizes), columns] = 1
    return codes
