"""What the votes of a partition depend on, as a digest: a finished one is kept while it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from types import FunctionType
from typing import Any

from labeling.distributed.shared import versions
from labeling.functions.fingerprints import fingerprint
from labeling.records import LabelingFunction


def digest_of(values: Mapping[str, Any] | Sequence[Any]) -> str:
    """Return a digest of plain values."""
    text = json.dumps(values, sort_keys=True, default=repr)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def digest_of_functions(lfs: Sequence[LabelingFunction]) -> tuple[str, tuple[str, ...]]:
    """Return a digest of labeling functions, and the names of those that it does not fully cover.

    A function is not covered where it uses what cannot be hashed, such as a loaded model.
    """
    parts: list[Any] = [versions()]
    unseen = []
    for lf in lfs:
        functions = [*lf.pre, lf.function, *([] if lf.batch is None else [lf.batch])]
        plain = [function for function in functions if isinstance(function, FunctionType)]
        found = [fingerprint(function) for function in plain]
        if len(plain) < len(functions) or lf.resources or any(one.unseen for one in found):
            unseen.append(lf.name)
        parts.append([lf.name, lf.label, lf.reads, [one.digest.hex() for one in found]])
    return digest_of(parts), tuple(unseen)
