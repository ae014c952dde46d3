"""The table that shows a batch: texts, most probable labels, and why each sample was chosen."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.project.whole_labels import confidence
from labeling.records import AnySoft, Batch, SoftLabels, SoftSets, SoftSpans, Span, label_in_words
from labeling.records.label_texts import NO_SPAN


def batch_table(batch: Batch, texts: pd.Series, posterior: AnySoft) -> pd.DataFrame:
    """Return one row a sample: its text, its most probable labels, and why it was chosen.

    Args:
        batch: the samples that were chosen.
        texts: of these samples and others, index = ids.
        posterior: the probabilities of their labels; ties keep the schema's order.

    Returns:
        A frame with the sample ids as index and the columns `text`, `label`, `probability`,
        `second_label`, `second_probability`, and those of the batch. Of several labels, or spans,
        `label` has all of them in words (missing if nothing was said), `probability` is that of
        all together, and there is no second one.

    >>> from labeling.records import LabelSchema
    >>> chosen = pd.DataFrame({"stratum": ["random"], "score": [0.5]}, index=["a"])
    >>> soft = SoftLabels([[0.3, 0.7]], pd.Index(["a"]), LabelSchema(["ham", "spam"]), [True])
    >>> row = batch_table(Batch(chosen), pd.Series(["hi"], index=["a"]), soft).loc["a"]
    >>> row["text"], row["label"], row["second_label"], float(row["second_probability"])
    ('hi', 'spam', 'ham', 0.3)
    """
    of_batch = texts.loc[batch.sample_ids].to_numpy(object)
    columns = {"text": of_batch, **_label_columns(posterior.of_samples(batch.sample_ids), of_batch)}
    return pd.DataFrame(columns, index=batch.sample_ids).join(batch.to_frame())


@functools.singledispatch
def _label_columns(posterior: AnySoft, texts: npt.NDArray[Any]) -> dict[str, object]:
    raise TypeError(f"There are no soft labels of type {type(posterior).__name__}.")


@_label_columns.register
def _(posterior: SoftSets, texts: npt.NDArray[Any]) -> dict[str, object]:
    words = [
        None if label is None else label_in_words(label) for label in posterior.to_labels().tolist()
    ]
    return {"label": words, "probability": confidence(posterior)}


@_label_columns.register
def _(posterior: SoftSpans, texts: npt.NDArray[Any]) -> dict[str, object]:
    words = [
        None if spans is None else _marked_texts(spans, text)
        for spans, text in zip(posterior.to_labels().tolist(), texts, strict=True)
    ]
    return {"label": words, "probability": confidence(posterior)}


def _marked_texts(spans: tuple[Span, ...], text: str) -> str:
    """Return spans as a person reads them, with their texts.

    >>> _marked_texts((Span(0, 3, "PER"),), "Ann met Bob.")
    "PER 'Ann'"
    """
    return ", ".join(f"{label} {text[start:end]!r}" for start, end, label in spans) or NO_SPAN


@_label_columns.register
def _(posterior: SoftLabels, texts: npt.NDArray[Any]) -> dict[str, object]:
    probabilities = posterior.to_array()
    labels = np.array(posterior.schema.labels, dtype=object)
    order = np.argsort(-probabilities.round(9), axis=1, kind="stable")
    rows = np.arange(len(order))
    columns: dict[str, object] = {}
    for rank, prefix in enumerate(("", "second_")):
        columns[f"{prefix}label"] = labels[order[:, rank]]
        columns[f"{prefix}probability"] = probabilities[rows, order[:, rank]]
    return columns
