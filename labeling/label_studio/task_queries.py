"""Reading tasks: by sample, by what changed, and all at once."""

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
    from label_studio_sdk import LabelStudio as Client

PAGE_SIZE = 500  # tasks in one answer, and ids in one question at the most
LONGEST = 3_000  # signs of ids in one question: they stand in the address, which servers bound
CHANGE = "id,created_at,updated_at,total_annotations,cancelled_annotations"
STANDING = "id,data,meta,overlap,total_annotations,is_labeled,created_at,updated_at"

Filter = Mapping[str, Any]
Found = Mapping[str, Any]
Id = TypeVar("Id", int, str)


def task_filter(name: str, operator: str, kind: str, value: object) -> Filter:
    """Return a filter of the Data Manager's on a column of the tasks."""
    about = {"filter": f"filter:tasks:{name}", "operator": operator, "type": kind}
    return {**about, "value": value}


def find_tasks(
    line: StudioClient, project: int, ext_ids: Iterable[str], *, annotations: bool = False
) -> tuple[Task, ...]:
    """Return the tasks of some samples, copies included, in the order of their ids.

    Args:
        line: to the server.
        project: its id there.
        ext_ids: the samples' ids as texts.
        annotations: whether to read what people said, too.
    """
    found: list[Task] = []
    for some in id_batches(ext_ids):
        filters = [task_filter(f"data.{EXT_ID}", "in_list", "List", some)]
        found += known(list_tasks(line, project, filters, annotations=annotations))
    return tuple(sorted(found, key=lambda one: one.id))


def open_tasks(line: StudioClient, project: int) -> tuple[Task, ...]:
    """Return the tasks that still wait for annotations."""
    filters = [task_filter("completed_at", "empty", "Datetime", True)]
    return tuple(known(list_tasks(line, project, filters)))


def duplicated_samples(line: StudioClient, project: int) -> list[str]:
    """Return the samples that have several tasks, by their id as text; all tasks are looked at."""
    found = (
        str(one["data"].get(EXT_ID) or "")
        for one in list_tasks(line, project, [], include="id,data")
    )
    return sorted(own for own, count in collections.Counter(found).items() if own and count > 1)


def changed_tasks(line: StudioClient, project: int, since: str) -> list[Found]:
    """Return which tasks changed after a time of the server's, and when: `CHANGE`."""
    filters = [task_filter("updated_at", "greater", "Datetime", since)]
    return list(list_tasks(line, project, filters, include=CHANGE))


def count_changed_tasks(line: StudioClient, project: int, since: str, until: str) -> int:
    """Return how many tasks were changed last after one time of the server's, and not after another."""
    filters = [
        task_filter("updated_at", "greater", "Datetime", since),
        task_filter("updated_at", "less_or_equal", "Datetime", until),
    ]
    return _page(line, project, filters, ["tasks:id"], 1, include="id")[1]


def tasks_with_annotations(
    line: StudioClient, project: int, task_ids: Iterable[int]
) -> Iterator[Found]:
    """Yield tasks with all that was said on them, as the server tells them."""
    for some in id_batches(task_ids):
        yield from list_tasks(
            line, project, [task_filter("id", "in_list", "List", some)], annotations=True
        )


def id_batches(ids: Iterable[Id]) -> Iterator[tuple[Id, ...]]:
    """Yield batches of different ids, each as many as one question can hold.

    >>> [len(some) for some in in_questions(f"a long sample id {i}" for i in range(200))]
    [77, 75, 48]
    """
    return constrained_batches(
        dict.fromkeys(ids), LONGEST, max_count=PAGE_SIZE, get_len=_length_of, strict=False
    )


def _length_of(own: int | str) -> int:
    return len(urllib.parse.quote(json.dumps(own), safe="")) + 6  # with what stands between two


def known(found: Iterable[Found]) -> Iterator[Task]:
    """Yield those of the server's tasks that are ours."""
    for one in found:
        task = parse_task(one)
        if task is not None:
            yield task


def list_tasks(
    line: StudioClient,
    project: int,
    filters: Sequence[Filter],
    *,
    annotations: bool = False,
    include: str = STANDING,
) -> Iterator[Found]:
    """Yield tasks in the order of their ids, a page at a time.

    Each page begins behind the last id: pages by number would leave out tasks while people work, who
    make tasks appear and disappear under a filter.
    """
    last = 0
    while True:
        behind = [*filters, task_filter("id", "greater", "Number", last)]
        page, total = _page(
            line, project, behind, ["tasks:id"], PAGE_SIZE, annotations=annotations, include=include
        )
        yield from page
        if not page or total <= len(page):  # it may give fewer at a time than it was asked for
            return
        last = int(page[-1]["id"])


def newest_change(line: StudioClient, project: int) -> str | None:
    """Return when a task was last changed, by the server's clock; `None` where there is no task."""
    page, _ = _page(line, project, [], ["-tasks:updated_at"], 1, include="id,updated_at")
    return str(page[0]["updated_at"]) if page else None


def export_tasks(line: StudioClient, project: int) -> list[Found]:
    """Return all tasks that somebody annotated or skipped, in the order of their ids.

    The server's own export is the fastest way to read them all.
    """

    def read(client: Client) -> list[Found]:
        data = b"".join(client.projects.exports.download_sync(project, export_type="JSON"))
        found: list[Found] = json.loads(data)
        return found

    found = line.request_idempotent("exporting the annotations", read)
    return sorted(found, key=lambda one: int(one["id"]))


def task_with_annotations(line: StudioClient, task_id: int) -> Found:
    """Return one task with all its annotations.

    Raises:
        NotThereError: it is not on the server.
    """

    def read(client: Client) -> Found:
        return _as_told(client.tasks.get(str(task_id)))

    return line.request_idempotent(f"reading task {task_id}", read)


def user_names(line: StudioClient) -> dict[int, str]:
    """Return the address by which each member of the organization logs in, by the server's ids."""

    def read(client: Client) -> dict[int, str]:
        return {int(one.id): str(one.email or one.username) for one in client.users.list()}

    return line.request_idempotent("listing the people", read)


def _page(
    line: StudioClient,
    project: int,
    filters: Sequence[Filter],
    ordering: Sequence[str],
    size: int,
    *,
    annotations: bool = False,
    include: str = STANDING,
) -> tuple[list[Found], int]:
    """Return the first of the tasks under some filters, and how many there are in all."""
    about = {"filters": {"conjunction": "and", "items": list(filters)}, "ordering": list(ordering)}
    wanted: dict[str, Any] = {"fields": "all"} if annotations else {"fields": "task_only"}
    if not annotations:
        wanted["include"] = include

    def read(client: Client) -> tuple[list[Found], int]:
        page: Any = client.tasks.list(
            project=project, query=json.dumps(about), page=1, page_size=size, **wanted
        )
        found = [_as_told(one) for one in page.items or []]
        total = getattr(page.response, "total", None)
        if not isinstance(total, int):  # something that stands before the server has answered
            raise TransientError("an answer without tasks")
        return found, total

    return line.request_idempotent("reading tasks", read)


def _as_told(task: Any) -> Found:
    """Return a task of the SDK's as plain data; times as texts."""
    found: Found = task.model_dump(mode="json", exclude_none=True)
    return found
