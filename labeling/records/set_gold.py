"""Gold sets of labels, from any form in which gold is given."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records.gold import Gold, checked_gold
from labeling.records.samples import id_index, positions
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

    def check(given: object) -> frozenset[str]:
        return checked_set(given, schema)

    return checked_gold(gold, sample_ids, check, "a set of labels")


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
    rows = positions(sample_ids, id_index(list(sets)), "the gold labels", "the samples")
    codes[rows] = 0
    sizes = [len(labels) for labels in sets.values()]
    columns = [schema.index(label) for labels in sets.values() for label in labels]
    codes[np.repeat(rows, sizes), columns] = 1
    return codes
