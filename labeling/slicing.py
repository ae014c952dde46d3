"""`apply_slices`: slicing functions, applied by the engine, give the masks that analysis takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import labeling
from labeling.analysis.slices.masks import Slices
from labeling.functions.slicing import SLICE_SCHEMA, SlicingFunction, checked_slices


def apply_slices(
    slices: SlicingFunction | Iterable[SlicingFunction],
    data: Any,
    *,
    id: str | None = None,
    workers: int = 1,
) -> Slices:
    """Return which samples are in which slices.

    Slicing functions run as labeling functions do, on whole columns where that is certain to give
    the same result; a function that fails stops the call.

    Args:
        slices: one or more slicing functions with different names.
        data: what `apply` takes: a DataFrame, or the path of a file.
        id: the column of the samples' ids; `None` takes the frame's index. A path needs it.
        workers: processes; the result is the same for any number.

    Raises:
        LabelingFunctionError: a function failed, or returned neither True nor False.
        DataError: there are no samples, or ids are missing or not unique.

    >>> import pandas as pd
    >>> from labeling import slicing_function
    >>> @slicing_function
    ... def is_short(x):
    ...     return len(x.text) < 10
    >>> comments = pd.DataFrame({"text": ["so good", "see http://x.org"]}, index=["c1", "c2"])
    >>> apply_slices(is_short, comments).masks["is_short"].tolist()
    [True, False]
    """
    functions = checked_slices(slices)
    votes = labeling.apply(
        [each.rule for each in functions], data, SLICE_SCHEMA, id=id, workers=workers
    )
    return Slices.of_votes(votes, {each.name: each.description for each in functions})
