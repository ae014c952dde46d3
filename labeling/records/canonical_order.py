"""The canonical order of labels, by name: results must not depend on the order in a schema."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from labeling.records.schema import LabelSchema


def label_order(schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the codes of a schema's labels, sorted by label name.

    >>> label_order(LabelSchema(["spam", "ham", "other"])).tolist()
    [1, 2, 0]
    """
    return np.array(sorted(range(len(schema)), key=lambda code: schema.labels[code]), dtype=np.intp)


def label_ranks(schema: LabelSchema) -> npt.NDArray[np.intp]:
    """Return the rank of the label of each code among the sorted names.

    >>> label_ranks(LabelSchema(["spam", "ham", "other"])).tolist()
    [2, 0, 1]
    """
    ranks = np.empty(len(schema), dtype=np.intp)
    ranks[label_order(schema)] = np.arange(len(schema))
    return ranks
