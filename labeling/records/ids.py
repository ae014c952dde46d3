"""How a sample id stands in the database: as JSON, so that 1 and "1" stay two ids."""

from __future__ import annotations

import json
from collections.abc import Hashable

import numpy as np

from labeling.errors import StoreError


def key_of(sample_id: Hashable) -> str:
    """Return a sample id as text.

    Raises:
        StoreError: the id is neither a text nor a whole number.

    >>> key_of("a"), key_of(1), key_of("1")
    ('"a"', '1', '"1"')
    """
    if isinstance(sample_id, str):
        return json.dumps(sample_id)
    if isinstance(sample_id, (int, np.integer)) and not isinstance(sample_id, bool):
        return str(int(sample_id))
    raise StoreError(
        "The samples of a project must have texts or whole numbers as ids, which mean the same in"
        f" every file. Got {sample_id!r} ({type(sample_id).__name__}); choose another id column, or"
        " write it as text."
    )


def id_of(key: str) -> Hashable:
    """Return the sample id of a text of `key_of`."""
    try:
        sample_id: Hashable = json.loads(key)
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"The store holds a sample id that was never written there: {key!r}. It is damaged:"
            " restore it from a backup."
        ) from error
    return sample_id
