"""Reading columns of a sample, and checks of its values, for all kinds of labeling functions."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from labeling.errors import DataError
from labeling.records import is_whole_number

Vote = str | int


def may_be_label(value: object) -> bool:
    """Whether a value can be a label name or code: a text or an int (also NumPy's), not a bool.

    >>> import numpy as np
    >>> [may_be_label(value) for value in ("spam", 1, np.int64(1), True, 1.0)]
    [True, True, True, False, False]
    """
    return isinstance(value, str) or is_whole_number(value)


def reader(column: str) -> Callable[[Any], Any]:
    """Return a function that reads a column of a sample, as `x.column` if its name allows that.

    >>> from types import SimpleNamespace
    >>> reader("text")(SimpleNamespace(text="hi")), reader("my text")({"my text": "hi"})
    ('hi', 'hi')
    """
    is_attribute = column.isidentifier() and not column.startswith("__")
    return operator.attrgetter(column) if is_attribute else operator.itemgetter(column)


def not_text_error(column: str, value: object) -> DataError:
    """Return the error for a value of a column of texts that is neither a text nor missing."""
    return DataError(
        f"Column {column!r} must hold text. Got {value!r:.60} ({type(value).__name__}); name"
        f" another column, or write data.astype({{{column!r}: str}})."
    )


def is_missing(value: object) -> bool:
    """Whether a value is missing: `None` or NaN.

    >>> is_missing(None), is_missing(float("nan")), is_missing("")
    (True, True, False)
    """
    return value is None or (isinstance(value, float) and value != value)
