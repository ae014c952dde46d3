"""Training sets for Label Studio: tasks to import, with predictions and people's decisions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from labeling.datasets.abstaining import ABSTAINED
from labeling.datasets.formats.learning_rows import ALL, split_of_rows, splits_for
from labeling.datasets.values import plain_column, without_non_finite
from labeling.errors import DataError, near
from labeling.records import LabelSource, atomic_write, free_name

if TYPE_CHECKING:
    from labeling.datasets.training_set import TrainingSet

MODEL_SOURCES = (LabelSource.VOTES.value, LabelSource.END_MODEL.value, ABSTAINED)
MODEL_VERSION = "labeling"
EXT_ID = "ext_id"
"""The key of a sample's id in the data of a task, as in the tasks that `push` sends."""

DECISION = "decision"
"""Marks a choice as a decision that was written from here: imports do not count it as a vote."""

Task = dict[str, Any]


def label_studio_tasks(
    train: TrainingSet, text: str, control: str, target: str, split: str | None
) -> list[Task]:
    """Return a task for each sample; see `TrainingSet.to_label_studio`."""
    ids = train.sample_ids
    if text not in train.samples.columns:
        raise DataError(
            f"The samples have no column {text!r} to label.{near(text, train.samples.columns)}"
        )
    rows = _rows_of(train, split)
    data = _data(train.samples.iloc[rows], ids[rows])
    choices = {"from_name": control, "to_name": target, "type": "choices"}
    columns = _own_columns(train, rows)
    tasks = []
    for content, sample_id, own in zip(data, _json_ids(ids[rows]), columns, strict=True):
        task: Task = {"data": content, "meta": {"sample_id": sample_id, **own.pop("meta")}}
        task |= _labels(own, choices)
        tasks.append(task)
    return tasks


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
    columns[free_name(EXT_ID, columns)] = [str(one) for one in _json_ids(ids)]
    return [
        without_non_finite(dict(zip(columns, values, strict=True)))[0]
        for values in zip(*columns.values(), strict=True)
    ]


def _json_ids(ids: pd.Index) -> list[Any]:
    return plain_column(pd.Series(ids, dtype=object, name="id"), ids)


def _own_columns(train: TrainingSet, rows: Any) -> list[dict[str, Any]]:
    """Return label, confidence, probabilities and source of each row, and what is its `meta`."""
    names = ("confidence", "weight", "source", "decided_by")
    values = {name: train.added_column(name).iloc[rows].tolist() for name in names}
    splits = split_of_rows(train)
    split_names = [None] * len(rows) if splits is None else splits.iloc[rows].tolist()
    result = []
    for code, probabilities, split, *own in zip(
        train.codes[rows].tolist(),
        train.probabilities[rows].tolist(),
        split_names,
        *values.values(),
        strict=True,
    ):
        about = dict(zip(names, own, strict=True))
        label = train.schema.labels[code] if code >= 0 else None
        meta = {"source": about["source"], "weight": about["weight"]}
        if isinstance(split, str):
            meta["split"] = split
        scores = dict(zip(train.schema.labels, probabilities, strict=True))
        result.append({**about, "label": label, "probabilities": scores, "meta": meta})
    return result


def _labels(own: dict[str, Any], choices: dict[str, str]) -> Task:
    """Return the prediction of a model's label, or the annotation of a person's."""
    if own["label"] is None:
        return {}
    item = {**choices, "value": {"choices": [own["label"]]}}
    if own["source"] in MODEL_SOURCES:
        meta = {"probabilities": own["probabilities"]}
        prediction = {
            "model_version": MODEL_VERSION,
            "score": own["confidence"],
            "result": [{**item, "meta": meta}],
        }
        return {"predictions": [prediction]}
    decision = {**item, "meta": {DECISION: own["decided_by"]}}
    return {"annotations": [{"result": [decision], "ground_truth": True}]}
