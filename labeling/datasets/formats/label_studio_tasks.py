"""Training sets for Label Studio: tasks to import, with predictions and people's decisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa

from labeling.datasets.abstaining import ABSTAINED
from labeling.datasets.formats.learning_rows import ALL, split_of_rows, splits_for
from labeling.datasets.values import plain_column, without_non_finite
from labeling.errors import DataError, near
from labeling.records import LabelSource, atomic_write, free_name, texts

if TYPE_CHECKING:
    from labeling.datasets.kinds import SetTrainingSet, SpanTrainingSet
    from labeling.datasets.training_set import TrainingSet

MODEL_SOURCES = (LabelSource.VOTES.value, LabelSource.END_MODEL.value, ABSTAINED)
MODEL_VERSION = "labeling"
EXT_ID = "ext_id"
"""The key of a sample's id in the data of a task, as in the tasks that `push` sends."""

DECISION = "decision"
"""Marks a choice as a decision that was written from here: imports do not count it as a vote."""

EMPTY_DECISION = -1
"""The id of a decision without results, which marks it. Label Studio stores it as `import_id`."""

Task = dict[str, Any]


def label_studio_tasks(
    train: TrainingSet, text: str, control: str, target: str, split: str | None
) -> list[Task]:
    """Return a task for each sample; see `TrainingSet.to_label_studio`."""
    rows = _rows_of(train, split)
    data = _task_data(train, text, rows)
    choices = {"from_name": control, "to_name": target, "type": "choices"}
    tasks = []
    for content, row in zip(data, _labeled_rows(train, rows), strict=True):
        task: Task = {"data": content, "meta": row.pop("meta")}
        tasks.append(task | _labels(row, choices))
    return tasks


def span_tasks(
    train: SpanTrainingSet, text: str, control: str, target: str, split: str | None
) -> list[Task]:
    """Return a task for each sample, with a region for each span."""
    region = {"from_name": control, "to_name": target, "type": "labels"}
    rows = _rows_of(train, split)
    part = train.take(rows)
    results = []
    for content, label, probabilities in zip(
        texts(part.samples, text),
        part.added_column("label"),
        part.added_column("probabilities"),
        strict=True,
    ):
        results.append(
            None
            if label is None
            else [
                {
                    **region,
                    "id": f"{start}-{end}",
                    "value": {"start": start, "end": end, "text": content[start:end],
                              "labels": [name]},
                    "score": float(p),
                }
                for (start, end, name), p in zip(label, probabilities, strict=True)
            ]
        )  # fmt: skip
    return _tasks_of_results(train, text, rows, results)


def set_tasks(
    train: SetTrainingSet, text: str, control: str, target: str, split: str | None
) -> list[Task]:
    """Return a task for each sample, with its labels as choices."""
    choices = {"from_name": control, "to_name": target, "type": "choices"}
    rows = _rows_of(train, split)
    labels = train.columns["label"].take(pa.array(rows)).to_pylist()
    results = [
        None if label is None else [{**choices, "value": {"choices": label}}] if label else []
        for label in labels
    ]
    return _tasks_of_results(train, text, rows, results)


def _tasks_of_results(
    train: TrainingSet, text: str, rows: Any, results: list[list[Task] | None]
) -> list[Task]:
    """Return tasks with results: of models as predictions, of people as annotations.

    What people decided is marked as such in each item of a result, so that imports do not count it
    as a vote. An empty result has no item to mark: its mark is the id of the annotation.
    """
    tasks = []
    data = _task_data(train, text, rows)
    for content, details, result in zip(data, _row_details(train, rows), results, strict=True):
        task: Task = {"data": content, "meta": details.pop("meta")}
        is_model = details["source"] in MODEL_SOURCES
        if result is not None and is_model:
            prediction = {"model_version": MODEL_VERSION, "score": details["confidence"]}
            task["predictions"] = [{**prediction, "result": result}]
        elif result:
            meta = {DECISION: details["decided_by"]}
            items = [{**item, "meta": meta} for item in result]
            task["annotations"] = [{"result": items, "ground_truth": True}]
        elif result is not None:
            task["meta"][DECISION] = details["decided_by"]
            task["annotations"] = [{"id": EMPTY_DECISION, "result": [], "ground_truth": True}]
        tasks.append(task)
    return tasks


def _task_data(train: TrainingSet, text: str, rows: Any) -> list[dict[str, Any]]:
    """Return the fields of each task, after checking that there is a column to label."""
    if text not in train.samples.columns:
        raise DataError(
            f"The samples have no column {text!r} to label.{near(text, train.samples.columns)}"
        )
    return _data(train.samples.iloc[rows], train.sample_ids[rows])


def write_tasks(tasks: list[Task], path: Path) -> None:
    """Write tasks as a JSON array, a task a line."""
    lines = [json.dumps(task, ensure_ascii=True, allow_nan=False) for task in tasks]
    with atomic_write(path) as unfinished:
        unfinished.write_text("[" + ",\n".join(lines) + "]\n", "utf-8")


def _rows_of(train: TrainingSet, split: str | None) -> Any:
    """Return the positions of the rows of a split; those without a label are among them."""
    splits = splits_for(train, split)
    if splits is None or split is None or split == ALL:
        return np.arange(len(train))
    return np.flatnonzero((splits == split).to_numpy(dtype=bool))


def _data(samples: pd.DataFrame, ids: pd.Index) -> list[dict[str, Any]]:
    """Return the fields of each task: the sample's columns, and its id as text."""
    columns = {str(name): plain_column(column, ids) for name, column in samples.items()}
    columns[free_name(EXT_ID, columns)] = [str(sample_id) for sample_id in _json_ids(ids)]
    return [
        without_non_finite(dict(zip(columns, values, strict=True)))[0]
        for values in zip(*columns.values(), strict=True)
    ]


def _json_ids(ids: pd.Index) -> list[Any]:
    return plain_column(pd.Series(ids, dtype=object, name="id"), ids)


def _row_details(train: TrainingSet, rows: Any) -> Iterator[dict[str, Any]]:
    """Yield confidence, weight and source of each row, and what is its `meta`."""
    names = ("confidence", "weight", "source", "decided_by")
    values = [train.added_column(name).iloc[rows].tolist() for name in names]
    splits = split_of_rows(train)
    split_names = [None] * len(rows) if splits is None else splits.iloc[rows].tolist()
    sample_ids = _json_ids(train.sample_ids[rows])
    for sample_id, split, *row in zip(sample_ids, split_names, *values, strict=True):
        details = dict(zip(names, row, strict=True))
        meta = {"sample_id": sample_id, "source": details["source"], "weight": details["weight"]}
        if isinstance(split, str):
            meta["split"] = split
        yield {**details, "meta": meta}


def _labeled_rows(train: TrainingSet, rows: Any) -> Iterator[dict[str, Any]]:
    """Yield the same with the label and the probabilities of each row."""
    codes, probabilities = train.codes[rows].tolist(), train.probabilities[rows].tolist()
    for details, code, values in zip(_row_details(train, rows), codes, probabilities, strict=True):
        label = train.schema.labels[code] if code >= 0 else None
        scores = dict(zip(train.schema.labels, values, strict=True))
        yield {**details, "label": label, "probabilities": scores}


def _labels(row: dict[str, Any], choices: dict[str, str]) -> Task:
    """Return the prediction of a model's label, or the annotation of a person's."""
    if row["label"] is None:
        return {}
    item = {**choices, "value": {"choices": [row["label"]]}}
    if row["source"] in MODEL_SOURCES:
        meta = {"probabilities": row["probabilities"]}
        prediction = {
            "model_version": MODEL_VERSION,
            "score": row["confidence"],
            "result": [{**item, "meta": meta}],
        }
        return {"predictions": [prediction]}
    decision = {**item, "meta": {DECISION: row["decided_by"]}}
    return {"annotations": [{"result": [decision], "ground_truth": True}]}
