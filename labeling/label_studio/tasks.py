"""Label Studio tasks: one for each sample that people label."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from labeling.errors import PlatformError
from labeling.records import is_whole_number
from labeling.records.ids import plain_id

EXT_ID = "ext_id"
"""The key of the sample's id in a task's data; task ids may change when a server is restored."""

MODEL_VERSION = "labeling"
"""The model version of predictions; always the same, so that old and new ones share one order."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task on the server.

    Attributes:
        id: the server's id.
        ext_id: the sample's id as text.
        sample_id: the sample's id.
        data: the fields that are displayed, and `ext_id`.
        meta: the sample's id with its type, the prelabel, and the keys of the questions that were
            asked after the first.
        overlap: the number of annotations that it waits for in all.
        n_annotations: the number of its annotations, without skips; the server's counter, unless
            the annotations were requested.
        is_labeled: whether it is completed.
        created_at: when it was created, by the server's clock.
        updated_at: when it was last changed.
        annotations: the annotations as the server returns them, if they were requested.
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
        """The keys of the questions that were asked by reopening this task."""
        keys = self.meta.get("asked")
        return tuple(map(str, keys)) if isinstance(keys, list) else ()

    @property
    def is_sent_by_us(self) -> bool:
        """Whether this package imported it, and so stored the sample's id in its meta."""
        sample_id = self.meta.get("sample_id")
        return sample_id == self.sample_id and type(sample_id) is type(self.sample_id)

    @property
    def outstanding_votes(self) -> int:
        """The number of votes that it still waits for."""
        return 0 if self.is_labeled else max(self.overlap - self.n_annotations, 0)


def parse_task(raw_task: Mapping[str, Any]) -> Task | None:
    """Return a task of the server's response; `None` if it has no `ext_id`, and so is not ours."""
    data = raw_task.get("data") or {}
    ext_id = data.get(EXT_ID) if isinstance(data, Mapping) else None
    if not (isinstance(ext_id, str) or is_whole_number(ext_id)) or ext_id == "":
        return None
    meta = raw_task.get("meta")
    meta = meta if isinstance(meta, Mapping) else {}
    typed_id = meta.get("sample_id")
    is_id = isinstance(typed_id, str) or is_whole_number(typed_id)
    is_same = is_id and str(typed_id) == str(ext_id)
    return Task(
        id=int(raw_task["id"]),
        ext_id=str(ext_id),
        sample_id=typed_id if is_same and typed_id is not None else ext_id,
        data=data,
        meta=meta,
        overlap=int(raw_task.get("overlap") or 1),
        n_annotations=_n_annotations(raw_task),
        is_labeled=bool(raw_task.get("is_labeled")),
        created_at=str(raw_task.get("created_at") or ""),
        updated_at=str(raw_task.get("updated_at") or ""),
        annotations=tuple(raw_task.get("annotations") or ()),
    )


def outstanding_votes(tasks: Iterable[Task]) -> dict[Hashable, int]:
    """Return for each sample how many votes its tasks still wait for."""
    votes: dict[Hashable, int] = {}
    for task in tasks:
        votes[task.sample_id] = votes.get(task.sample_id, 0) + task.outstanding_votes
    return votes


def is_miscounted(raw_task: Mapping[str, Any]) -> bool:
    """Whether the server's counter of a task's annotations is less than what it has.

    >>> is_miscounted({"total_annotations": 0, "annotations": [{"was_cancelled": False}]})
    True
    >>> is_miscounted({"total_annotations": 0, "annotations": [{"was_cancelled": True}]})
    False
    """
    counter = raw_task.get("total_annotations")
    return counter is not None and int(counter) < _n_annotations(raw_task)


def _n_annotations(raw_task: Mapping[str, Any]) -> int:
    annotations = raw_task.get("annotations")
    if annotations is None:
        return int(raw_task.get("total_annotations") or 0)
    return sum(not annotation.get("was_cancelled") for annotation in annotations)


def ext_id_of(sample_id: Hashable) -> str:
    """Return a sample's id as the text that identifies its task.

    Raises:
        PlatformError: the id is neither a text nor a whole number, or it is empty.
    """
    task_id = str(json_id(sample_id))
    if not task_id:
        raise PlatformError(
            "Sample ids must not be empty to be used in Label Studio. Got ''; choose another id"
            " column, or fill it in."
        )
    return task_id


def json_id(sample_id: Hashable) -> str | int:
    """Return a sample's id as a JSON value."""
    return plain_id(sample_id, "to be used in Label Studio", PlatformError)


def new_task(
    sample_id: Hashable,
    content: Mapping[str, Any],
    meta: Mapping[str, Any] | None = None,
    predictions: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return a task to import.

    Args:
        sample_id: the sample.
        content: the fields that are displayed.
        meta: further entries of the task's meta.
        predictions: its predictions, in the server's format.
    """
    return {
        "data": {**content, EXT_ID: ext_id_of(sample_id)},
        "meta": {"sample_id": json_id(sample_id), **(meta or {})},
        "predictions": list(predictions),
    }
