"""Tasks, which is what Label Studio calls samples that people were asked about."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from labeling.errors import PlatformError

EXT_ID = "ext_id"
"""The key in a task's data by which a sample is found again; task ids are given anew on some servers."""

MODEL_VERSION = "labeling"
"""The version under which predictions are sent; one for all, so that old and new are in one order."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it is on the server.

    Attributes:
        id: the server's own id.
        ext_id: the sample's id as text.
        sample_id: the sample's id.
        data: what people are shown, and `ext_id`.
        meta: what is remembered with it: the sample's id with its type, the prelabel, and which
            questions were asked beyond the first.
        overlap: how many annotations it waits for in all.
        n_annotations: how many it has; skips do not count.
        is_labeled: whether it is done.
        created_at: when it was made, by the server's clock.
        updated_at: when it was changed last.
        annotations: as the server tells them, where they were asked for.
    """

    id: int
    ext_id: str
    sample_id: str | int
    data: Mapping[str, Any] = field(repr=False)
    meta: Mapping[str, Any] = field(repr=False)
    overlap: int = 1
    n_annotations: int = 0
    is_labeled: bool = False
    created_at: str = ""
    updated_at: str = ""
    annotations: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def asked(self) -> tuple[str, ...]:
        """The keys of the questions that were asked by changing this task."""
        asked = self.meta.get("asked")
        return tuple(map(str, asked)) if isinstance(asked, list) else ()

    @property
    def is_sent_by_us(self) -> bool:
        """Whether this package made it: then the sample's id is remembered with it."""
        own = self.meta.get("sample_id")
        return own == self.sample_id and type(own) is type(self.sample_id)

    @property
    def outstanding_votes(self) -> int:
        """How many votes it still waits for."""
        return 0 if self.is_labeled else max(self.overlap - self.n_annotations, 0)


def parse_task(found: Mapping[str, Any]) -> Task | None:
    """Return a task of the server's; `None` where it has no `ext_id` and so is not ours."""
    data = found.get("data") or {}
    ext_id = data.get(EXT_ID) if isinstance(data, Mapping) else None
    if isinstance(ext_id, bool) or not isinstance(ext_id, (str, int)) or ext_id == "":
        return None
    meta = found.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    own = meta.get("sample_id")
    is_own = isinstance(own, (str, int)) and not isinstance(own, bool) and str(own) == str(ext_id)
    annotations = tuple(found.get("annotations") or ())
    total = found.get("total_annotations")
    return Task(
        id=int(found["id"]),
        ext_id=str(ext_id),
        sample_id=own if is_own and own is not None else ext_id,
        data=data,
        meta=meta,
        overlap=int(found.get("overlap") or 1),
        n_annotations=len(annotations) if total is None else int(total),
        is_labeled=bool(found.get("is_labeled")),
        created_at=str(found.get("created_at") or ""),
        updated_at=str(found.get("updated_at") or ""),
        annotations=annotations,
    )


def ext_id_of(sample_id: Hashable) -> str:
    """Return a sample's id as the text by which its task is found.

    Raises:
        PlatformError: the id is neither a text nor a whole number, or it is empty.
    """
    whole = isinstance(sample_id, (int, np.integer)) and not isinstance(sample_id, bool)
    if not whole and (not isinstance(sample_id, str) or not sample_id):
        raise PlatformError(
            "Sample ids must be texts or whole numbers to be known in Label Studio. Got"
            f" {sample_id!r} ({type(sample_id).__name__}); choose another id column, or write it as"
            " text."
        )
    return str(sample_id)


def plain(sample_id: Hashable) -> str | int:
    """Return a sample's id as JSON has it."""
    return str(sample_id) if isinstance(sample_id, str) else int(sample_id)  # type: ignore[call-overload]  # checked by ext_id_of


def new_task(
    sample_id: Hashable,
    shown: Mapping[str, Any],
    meta: Mapping[str, Any] | None = None,
    predictions: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return a task to be sent.

    Args:
        sample_id: the sample.
        shown: what people see of it.
        meta: what is to be remembered with it.
        predictions: as the server wants them.
    """
    return {
        "data": {**shown, EXT_ID: ext_id_of(sample_id)},
        "meta": {"sample_id": plain(sample_id), **(meta or {})},
        "predictions": list(predictions),
    }
