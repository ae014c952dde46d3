"""What the votes of a partition depend on, as a digest: a finished one is kept while it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from labeling.distributed.shared import versions
from labeling.engine import fingerprint_of
from labeling.records import LabelingFunction


def digest_of(values: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return a digest of plain values."""
    text = json.dumps(values, sort_keys=True, default=repr)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def digest_of_functions(lfs: Sequence[LabelingFunction]) -> tuple[str, dict[str, str]]:
    """Return a digest of labeling functions, and what it does not cover by the functions' names.

    A function is not covered where its votes depend on what cannot be hashed, such as a loaded
    model, or where it can change what it depends on.
    """
    found = [fingerprint_of(lf) for lf in lfs]
    unseen = {
        lf.name: ", ".join(one.unseen) or "objects that it can change"
        for lf, one in zip(lfs, found, strict=True)
        if one.unseen or one.may_change_state
    }
    names = [lf.name for lf in lfs]
    return digest_of([versions(), names, [one.digest for one in found]]), unseen
