"""Queries of tasks: by sample, by time of change, and whole projects, a page at a time."""

from __future__ import annotations

import collections
import json
import urllib.parse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from more_itertools import constrained_batches

from labeling.label_studio.client import StudioClient, TransientError
from labeling.label_studio.tasks import EXT_ID, Task, parse_task

if TYPE_CHECKING:
    from label_studio_sdk import LabelStudio as Sdk

PAGE_SIZE = 500  # the most tasks in a response, and ids in a request
MAX_ID_LENGTH = 3_000  # characters of ids in a request: they are part of the URL
CHANGE_FIELDS = "id,created_at,updated_at,total_annotations,cancelled_annotations"
TASK_FIELDS = "id,data,meta,overlap,total_annotations,is_labeled,created_at,updated_at"

Filter = Mapping[str, Any]
RawTask = Mapping[str, Any]
Id = TypeVar("Id", int, str)


def task_filter(column: str, operator: str, kind: str, value: object) -> Filter:
    """Return a filter of the Data Manager on a column of the tasks."""
    return {
        "filter": f"filter:tasks:{column}",
        "operator": operator,
        "type": kind,
        "value": value,
    }


def find_tasks(
    client: StudioClient, project_id: int, ext_ids: Iterable[str], *, annotations: bool = False
) -> tuple[Task, ...]:
    """Return the tasks of samples, duplicates included, in the order of their ids.

    Args:
        client: the server's client.
        project_id: the project.
        ext_ids: the samples' ids as text.
        annotations: whether to read the annotations, too.
    """
    tasks: list[Task] = []
    for batch in id_batches(ext_ids):
        filters = [task_filter(f"data.{EXT_ID}", "in_list", "List", batch)]
        tasks += _parsed(list_tasks(client, project_id, filters, annotations=annotations))
    return tuple(sorted(tasks, key=lambda task: task.id))


def open_tasks(client: StudioClient, project_id: int) -> tuple[Task, ...]:
    """Return the tasks that still wait for annotations."""
    filters = [task_filter("completed_at", "empty", "Datetime", True)]
    return tuple(_parsed(list_tasks(client, project_id, filters)))


def duplicated_samples(client: StudioClient, project_id: int) -> list[str]:
    """Return the samples that have several tasks, by their id as text; all tasks are read."""
    ext_ids = (
        str(raw_task["data"].get(EXT_ID) or "")
        for raw_task in list_tasks(client, project_id, [], include="id,data")
    )
    counts = collections.Counter(ext_ids)
    return sorted(ext_id for ext_id, count in counts.items() if ext_id and count > 1)


def changed_tasks(client: StudioClient, project_id: int, since: str) -> list[RawTask]:
    """Return the `CHANGE_FIELDS` of the tasks that changed after a time of the server's clock."""
    filters = [task_filter("updated_at", "greater", "Datetime", since)]
    return list(list_tasks(client, project_id, filters, include=CHANGE_FIELDS))


def count_changed_tasks(client: StudioClient, project_id: int, since: str, until: str) -> int:
    """Return the number of tasks whose last change is after one time and not after another."""
    filters = [
        task_filter("updated_at", "greater", "Datetime", since),
        task_filter("updated_at", "less_or_equal", "Datetime", until),
    ]
    return _page(client, project_id, filters, _fields("id"), size=1)[1]


def tasks_with_annotations(
    client: StudioClient, project_id: int, task_ids: Iterable[int]
) -> Iterator[RawTask]:
    """Yield tasks with all their annotations, as the server returns them."""
    for batch in id_batches(task_ids):
        filters = [task_filter("id", "in_list", "List", batch)]
        yield from list_tasks(client, project_id, filters, annotations=True)


def id_batches(ids: Iterable[Id]) -> Iterator[tuple[Id, ...]]:
    """Yield batches of the distinct ids, each small enough for one request.

    >>> [len(batch) for batch in id_batches(f"a long sample id {i}" for i in range(200))]
    [77, 75, 48]
    """
    return constrained_batches(
        dict.fromkeys(ids), MAX_ID_LENGTH, max_count=PAGE_SIZE, get_len=_url_length, strict=False
    )


def _url_length(task_id: int | str) -> int:
    return len(urllib.parse.quote(json.dumps(task_id), safe="")) + 6  # with the separator


def _parsed(raw_tasks: Iterable[RawTask]) -> Iterator[Task]:
    """Yield the tasks that are ours."""
    for raw_task in raw_tasks:
        task = parse_task(raw_task)
        if task is not None:
            yield task


def list_tasks(
    client: StudioClient,
    project_id: int,
    filters: Sequence[Filter],
    *,
    annotations: bool = False,
    include: str = TASK_FIELDS,
) -> Iterator[RawTask]:
    """Yield tasks in the order of their ids, read a page at a time.

    Each page starts after the last id: numbered pages would skip tasks, because annotators make
    tasks match or stop matching a filter in the meantime.
    """
    fields = {"fields": "all"} if annotations else _fields(include)
    last_id = 0
    while True:
        page_filters = [*filters, task_filter("id", "greater", "Number", last_id)]
        page, total = _page(client, project_id, page_filters, fields)
        yield from page
        if not page or total <= len(page):  # a page may be smaller than requested
            return
        last_id = int(page[-1]["id"])


def newest_change(client: StudioClient, project_id: int) -> str | None:
    """Return when a task was last changed, by the server's clock; `None` without tasks."""
    fields = _fields("id,updated_at")
    page, _ = _page(client, project_id, [], fields, order="-tasks:updated_at", size=1)
    return str(page[0]["updated_at"]) if page else None


def export_tasks(client: StudioClient, project_id: int) -> list[RawTask]:
    """Return all tasks that were annotated or skipped, in the order of their ids.

    The server's export is the fastest way to read them all.
    """

    def read(sdk: Sdk) -> list[RawTask]:
        data = b"".join(sdk.projects.exports.download_sync(project_id, export_type="JSON"))
        raw_tasks: list[RawTask] = json.loads(data)
        return raw_tasks

    raw_tasks = client.request_idempotent("exporting the annotations", read)
    return sorted(raw_tasks, key=lambda raw_task: int(raw_task["id"]))


def task_with_annotations(client: StudioClient, task_id: int) -> RawTask:
    """Return one task with all its annotations.

    Raises:
        NotFoundError: it is not on the server.
    """

    def read(sdk: Sdk) -> RawTask:
        return _to_json(sdk.tasks.get(str(task_id)))

    return client.request_idempotent(f"reading task {task_id}", read)


def user_names(client: StudioClient) -> dict[int, str]:
    """Return the e-mail address (or user name) of each member of the organization, by user id."""

    def read(sdk: Sdk) -> dict[int, str]:
        return {int(user.id): str(user.email or user.username) for user in sdk.users.list()}

    return client.request_idempotent("listing the people", read)


def _fields(include: str) -> dict[str, str]:
    """Return the parameters that restrict a response to some fields of the tasks."""
    return {"fields": "task_only", "include": include}


def _page(
    client: StudioClient,
    project_id: int,
    filters: Sequence[Filter],
    fields: Mapping[str, Any],
    *,
    order: str = "tasks:id",
    size: int | None = None,
) -> tuple[list[RawTask], int]:
    """Return the first page of the tasks that match the filters, and the number of all."""
    query = {"filters": {"conjunction": "and", "items": list(filters)}, "ordering": [order]}

    def read(sdk: Sdk) -> tuple[list[RawTask], int]:
        page: Any = sdk.tasks.list(
            project=project_id,
            query=json.dumps(query),
            page=1,
            page_size=PAGE_SIZE if size is None else size,
            **fields,
        )
        raw_tasks = [_to_json(task) for task in page.items or []]
        total = getattr(page.response, "total", None)
        if not isinstance(total, int):  # a proxy has answered
            raise TransientError("a response without tasks")
        return raw_tasks, total

    return client.request_idempotent("reading tasks", read)


def _to_json(task: Any) -> RawTask:
    """Return a task of the SDK as plain data; times as text."""
    raw_task: RawTask = task.model_dump(mode="json", exclude_none=True)
    return raw_task
