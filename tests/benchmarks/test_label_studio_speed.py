"""2,000 tasks, two annotators each: push and pull against the server's bulk import and export.

Run it with `make bench`. Ours and the bare call of the SDK take turns in one run; what counts is
the ratio of their rates.
"""

from __future__ import annotations

import functools
import itertools
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.label_studio.labeling_config import annotator_config
from labeling.records import Batch

TASKS, CHANGES, REPEATS, AT_ONCE = 2_000, 10, 3, 1_000
LABELS = ("ham", "spam")
SCHEMA = lb.LabelSchema(LABELS)
CONFIG = """
data: {path: comments.parquet, id: key}
labels: [ham, spam]
labeling_functions: [rules.py]
query: {n: 2000, strategy: random}
"""
RULES = """
from labeling.functions import keywords

offers = keywords("offers", ["free", "win", "cash"], label="spam")
greets = keywords("greets", ["hi", "thanks", "song"], label="ham")
"""
TITLES = (f"speed {number}" for number in itertools.count())


@pytest.fixture(scope="module")
def comments() -> pd.DataFrame:
    """Return comments of about 240 letters."""
    rng = np.random.default_rng(0)
    words = np.array(
        ["free", "win", "cash", "hi", "thanks", "song", *(f"w{i}" for i in range(500))]
    )
    texts = [" ".join(row) for row in rng.choice(words, (TASKS, 50))]
    return pd.DataFrame({"text": texts}, index=[f"c{i}" for i in range(TASKS)])


@pytest.fixture
def sdk(studio: Any) -> Any:
    """Return the SDK's own client."""
    from label_studio_sdk import LabelStudio

    with httpx.Client(timeout=120) as client:
        yield LabelStudio(base_url=studio.url, api_key=studio.token, httpx_client=client)


def seconds(work: Callable[[], object]) -> float:
    """Return how long it takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def tell(what: str, ours: list[float], bare: list[float], count: int) -> None:
    """Print rates and their ratio: medians, and the range of the ratios of neighbours."""
    ratios = [theirs / own for own, theirs in zip(ours, bare, strict=True)]
    own, theirs = statistics.median(ours), statistics.median(bare)
    sys.stdout.write(
        f"\n{what}: {count / own:,.0f} a second, bare {count / theirs:,.0f}; ratio"
        f" {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f},"
        f" {len(ratios)} runs)\n"
    )


def everything(comments: pd.DataFrame) -> Batch:
    """Return a batch of all comments."""
    about = {"stratum": "random", "score": 0.5, "reason": "bench", "propensity": np.nan}
    return Batch(pd.DataFrame(about, index=comments.index))


def bare_project(sdk: Any, title: str) -> int:
    """Make a project as the SDK's users do."""
    made = sdk.projects.create(
        title=title, label_config=annotator_config(SCHEMA), maximum_annotations=2
    )
    return int(made.id)


def payload(comments: pd.DataFrame) -> list[dict[str, Any]]:
    """Return what a push sends."""
    prediction = {"model_version": "labeling", "score": 0.5, "result": []}
    return [
        {"data": {"text": text, "ext_id": own}, "meta": {"sample_id": own}}
        | {"predictions": [prediction]}
        for own, text in comments["text"].items()
    ]


def bare_import(sdk: Any, project: int, tasks: list[dict[str, Any]]) -> None:
    """Send tasks as fast as the SDK can."""
    for start in range(0, len(tasks), AT_ONCE):
        sdk.projects.import_tasks(project, request=tasks[start : start + AT_ONCE])


def test_push_against_the_bare_import(
    studio: Any, sdk: Any, comments: pd.DataFrame, tmp_path: Path, monkeypatch: Any
) -> None:
    """Alone, with look-ups only, and in a project, with its outbox."""
    monkeypatch.setenv("LABEL_STUDIO_API_KEY", studio.token)
    comments.rename_axis("key").reset_index().to_parquet(tmp_path / "comments.parquet")
    (tmp_path / "rules.py").write_text(RULES)
    batch, tasks = everything(comments), payload(comments)
    alone, remembered, bare = [], [], []
    for number in range(REPEATS + 1):
        own = lb.LabelStudio(studio.url, project=next(TITLES), schema=SCHEMA, token=studio.token)
        own.init()
        alone.append(seconds(functools.partial(own.push, batch, comments)))
        project_id = bare_project(sdk, next(TITLES))
        bare.append(seconds(functools.partial(bare_import, sdk, project_id, tasks)))
        config = tmp_path / f"speed{number}.yaml"
        config.write_text(f"{CONFIG}label_studio: {{url: {studio.url}, project: {next(TITLES)}}}\n")
        project = lb.Project(config)
        platform = project.platform()
        platform.init()  # type: ignore[attr-defined]
        project.query()
        remembered.append(seconds(functools.partial(project.push, platform)))
        for one in studio.projects():
            assert one["task_number"] in (0, TASKS)
        studio.delete_all_projects()
    tell("push alone", alone[1:], bare[1:], TASKS)  # the first of each warms up
    tell("push of a project", remembered[1:], bare[1:], TASKS)


def test_pull_against_the_bare_export(studio: Any, sdk: Any, comments: pd.DataFrame) -> None:
    """The first pull, and one after ten changes."""
    people = [studio.new_user(name) for name in ("ann", "bob")]
    rng = np.random.default_rng(1)
    title = next(TITLES)
    making = lb.LabelStudio(studio.url, project=title, schema=SCHEMA, token=studio.token)
    project_id = making.init()[0].id
    tasks = [
        {**one, "annotations": [said(person.id, LABELS[int(rng.integers(2))]) for person in people]}
        for one in payload(comments)
    ]
    bare_import(sdk, project_id, tasks)

    def fresh() -> lb.LabelStudio:
        return lb.LabelStudio(studio.url, project=title, schema=SCHEMA, token=studio.token)

    def export() -> None:
        data = b"".join(sdk.projects.exports.download_sync(project_id, export_type="JSON"))
        assert TASKS == len(json.loads(data))

    ours, bare, again = [], [], []
    for _ in range(REPEATS + 1):
        own = fresh()
        ours.append(seconds(own.pull))
        bare.append(seconds(export))
    assert 2 * TASKS == len(own.pull())
    time.sleep(61)  # what was changed within a minute is read once more, and is no ten changes
    own.pull()
    found = studio.tasks(project_id)
    for number in range(REPEATS):
        for one in found[number * CHANGES : (number + 1) * CHANGES]:
            people[0].change(one["annotations"][0]["id"], "ham")
        again.append(seconds(own.pull))
    assert 2 * TASKS + REPEATS * CHANGES == len(own.pull())
    tell("first pull", ours[1:], bare[1:], TASKS)
    spent = ", ".join(f"{one:.2f}" for one in again)
    sys.stdout.write(f"\npull after {CHANGES} changes: {spent} s\n")


def said(who: int, label: str) -> dict[str, Any]:
    """Return an annotation to be imported."""
    choice = {"from_name": "label", "to_name": "text", "type": "choices"}
    return {"completed_by": who, "result": [{**choice, "value": {"choices": [label]}}]}
