"""Sample ids: as plain values, and encoded as JSON text, so that 1 and "1" stay two ids."""

from __future__ import annotations

import json
from collections.abc import Hashable

from labeling.errors import LabelingError, StoreError
from labeling.records.validation import is_whole_number


def plain_id(sample_id: Hashable, purpose: str, error: type[LabelingError]) -> str | int:
    """Return a sample id as a `str` or `int`, NumPy's included.

    Args:
        sample_id: the id.
        purpose: what needs such an id, for the message.
        error: raised for another type.

    >>> plain_id(1.5, "to be stored", StoreError)
    Traceback (most recent call last):
    ...
    labeling.errors.StoreError: Sample ids must be texts or whole numbers to be stored. Got 1.5
    (float); choose another id column, or write it as text.
    """
    if isinstance(sample_id, str):
        return str(sample_id)
    if is_whole_number(sample_id):
        return int(sample_id)
    raise error(
        f"Sample ids must be texts or whole numbers {purpose}. Got {sample_id!r}"
        f" ({type(sample_id).__name__}); choose another id column, or write it as text."
    )


def encode_id(sample_id: Hashable) -> str:
    """Return a sample id as JSON text, as it is stored in the database.

    Raises:
        StoreError: the id is neither a text nor a whole number.

    >>> encode_id("a"), encode_id(1), encode_id("1")
    ('"a"', '1', '"1"')
    """
    purpose = "as ids of a project, which mean the same in every file"
    return json.dumps(plain_id(sample_id, purpose, StoreError))


def decode_id(key: str) -> Hashable:
    """Return the sample id of a text of `encode_id`."""
    try:
        sample_id: Hashable = json.loads(key)
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"The store holds an invalid sample id: {key!r}. It is damaged: restore it from a"
            " backup."
        ) from error
    return sample_id
