"""`fingerprint_of`: the hash of a labeling function, and what it does not cover."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pandas as pd

from labeling.engine.fingerprints.functions import (
    bound_method,
    function,
    library_callable,
    partial,
    python_function,
)
from labeling.engine.fingerprints.libraries import code_digest, module_of_function, origin_of
from labeling.engine.fingerprints.objects import instance, python_class
from labeling.engine.fingerprints.reads import columns_of
from labeling.engine.fingerprints.values import HANDLERS, enum_member, index, numpy_scalar
from labeling.engine.fingerprints.walk import Walk
from labeling.records import LabelingFunction, SpanLabelingFunction

_FALLBACKS = (
    numpy_scalar,
    enum_member,
    index,
    python_class,
    partial,
    bound_method,
    library_callable,
    instance,
)


@dataclass(frozen=True, slots=True)
class LFFingerprint:
    """The hash of a labeling function.

    Attributes:
        digest: equal in all processes with the same minor version of Python and the same packages;
            it changes with whatever the votes depend on, as far as that can be hashed.
        reads: the columns that it reads, the name of the index included; `None` where that is not
            known, so that it may be any.
        unseen: noun phrases for what its votes depend on and cannot be hashed; empty where a
            `version` was given.
        may_change_state: whether it could change, while it runs, an object that was hashed. Its
            fingerprint is then taken again after it ran.
    """

    digest: str
    reads: frozenset[str] | None
    unseen: tuple[str, ...]
    may_change_state: bool = False

    @property
    def why_not_cached(self) -> str:
        """Why votes are not to be cached, as a sentence; empty if they may be."""
        if not self.unseen:
            return ""
        return (
            f"Not cached: changes of {' and '.join(self.unseen[:3])} cannot be noticed. Set"
            " its `version`, and raise it with each such change."
        )


def fingerprint_of(lf: LabelingFunction) -> LFFingerprint:
    """Return the fingerprint of a labeling function.

    It covers the bytecode of its function and of all functions of the user's that this one calls,
    their defaults, closures, global variables and classes, resources and preprocessors by content,
    the contents of `lf.files`, the label, and the versions of Python and of the packages used.

    >>> from labeling.functions import keywords, service
    >>> money = fingerprint_of(keywords("money", ["cash"], label="spam"))
    >>> sorted(money.reads), money.unseen
    (['text'], ())
    >>> fingerprint_of(service("legacy", "http://localhost:9/classify")).unseen
    ('the answers of a web service',)
    """
    walk = Walk({**HANDLERS, FunctionType: function}, _FALLBACKS)
    walk.put(sys.implementation.name, repr(sys.version_info[:2]), code_digest())
    walk.put(np.__version__, pd.__version__)  # they make the values of rows
    try:
        _parts(walk, lf)
        reads = columns_of(lf)
    except Exception as error:  # noqa: BLE001  # objects of users may raise anything
        walk.miss(f"what raised {type(error).__name__} when it was inspected")
        reads = None
    has_version = lf.version is not None
    return LFFingerprint(
        walk.digest(),
        reads,
        () if has_version else tuple(walk.unseen),
        walk.may_change_state and walk.has_state and not has_version,
    )


def _parts(walk: Walk, lf: LabelingFunction) -> None:
    walk.add(lf.version, "version")
    walk.add(lf.label, "label")
    if lf.closed:
        walk.put("closed")
    if isinstance(lf, SpanLabelingFunction):
        walk.put("spans", lf.overlaps)
    walk.put("batch" if lf.batch is not None else "row by row")
    _row_function(walk, lf.batch if lf.batch is not None else lf.function, "its function")
    if lf.batch is not None:
        walk.add(lf.function, "its function")
    for name, value in sorted(lf.resources.items()):
        walk.put(name)
        walk.add(value, f"the resource {name}")
    walk.put(f"preprocessors {len(lf.pre)}")
    for preprocess in lf.pre:
        _row_function(walk, preprocess, "a preprocessor")
    walk.add(getattr(lf, "rule", None), "rule")
    for file in lf.files:
        walk.put("file")
        walk.put_bytes(Path(file).read_bytes() if Path(file).is_file() else b"missing")


def _row_function(walk: Walk, value: Any, name: str) -> None:
    """Hash a function; the attributes of its first argument, a row, are columns."""
    is_users = isinstance(value, FunctionType) and origin_of(module_of_function(value)) == "user"
    if is_users and not walk.is_known(value):
        code = value.__code__
        python_function(walk, value, code.co_varnames[0] if code.co_argcount else None)
    else:
        walk.add(value, name)
