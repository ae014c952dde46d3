"""Small training sets of spans and of several labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

import labeling as lb

PER_ORG = lb.LabelSchema(["PER", "ORG"], kind="spans")
FEELINGS = lb.LabelSchema(["joy", "anger"], kind="several")
TEXTS = pd.DataFrame(
    {"text": ["Ann met Bob 😀", "nothing here", "Obama Inc. x", "unseen"]},
    index=pd.Index(["a", "b", "c", "d"], name="id"),
)


def soft_spans() -> lb.SoftSpans:
    """Return two spans in a, a rejected candidate in b, a span in c, and nothing said of d."""
    array = np.array([[0.9, 0.05, 0.05], [0.6, 0.1, 0.3], [0.2, 0.1, 0.7], [0.1, 0.8, 0.1]])
    return lb.SoftSpans(
        array, np.array([0, 0, 1, 2]), np.array([0, 8, 0, 0]), np.array([3, 11, 7, 10]),
        np.array([True, True, False, True]), TEXTS.index, PER_ORG,
        np.array([True, True, True, False]),
    )  # fmt: skip


def span_votes() -> lb.SpanVotes:
    """Return votes of two functions; one of them says that nothing is in b."""
    frame = pd.DataFrame(
        {
            "sample": ["a", "a", "b", "c"],
            "voter": ["x", "y", "x", "y"],
            "start": [0, 8, 0, 0],
            "end": [3, 11, 7, 10],
            "label": ["PER", "PER", None, "ORG"],
        }
    )
    return lb.SpanVotes.from_frame(frame, schema=PER_ORG, sample_ids=TEXTS.index)


def soft_sets() -> lb.SoftSets:
    """Return joy in a, neither label in b, nothing said of c, neither in d."""
    return lb.SoftSets(
        np.array([[0.9, 0.2], [0.1, 0.3], [0.5, 0.5], [0.1, 0.1]]),
        TEXTS.index,
        FEELINGS,
        np.array([[1, 1], [1, 0], [0, 0], [1, 1]], dtype=bool),
        np.array([[1, 0], [0, 0], [0, 0], [0, 0]], dtype=bool),
    )


def set_votes() -> lb.SetVotes:
    """Return what two functions say of a and b."""
    frame = pd.DataFrame(
        {
            "sample": ["a", "a", "b"],
            "voter": ["x", "x", "y"],
            "label": ["joy", "anger", "joy"],
            "says": [True, False, False],
        }
    )
    return lb.SetVotes.from_frame(frame, schema=FEELINGS, sample_ids=TEXTS.index)


def given_spans(
    texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int, str]]], **more: Any
) -> lb.SpanTrainingSet:
    """Return a training set of texts whose spans are given, in this order."""
    frame = pd.DataFrame({"text": list(texts), **more}, index=pd.RangeIndex(len(texts)))
    frame.index = pd.Index([f"s{number}" for number in range(len(texts))])
    gold = dict(zip(frame.index, spans, strict=True))
    return lb.build_training_set(frame, _no_spans(frame.index), gold=gold)


def given_sets(texts: Sequence[str], sets: Sequence[Sequence[str]]) -> lb.SetTrainingSet:
    """Return a training set of texts whose labels are given, in this order."""
    frame = pd.DataFrame({"text": list(texts)})
    frame.index = pd.Index([f"s{number}" for number in range(len(texts))])
    shape = (len(frame), len(FEELINGS))
    nothing = np.zeros(shape, dtype=bool)
    soft = lb.SoftSets(np.zeros(shape), frame.index, FEELINGS, nothing, nothing)
    gold: Mapping[object, object] = dict(zip(frame.index, map(set, sets), strict=True))
    return lb.build_training_set(frame, soft, gold=gold)


def _no_spans(ids: pd.Index) -> lb.SoftSpans:
    none = np.zeros(0, dtype=np.int64)
    array = np.zeros((0, len(PER_ORG) + 1))
    uncovered = np.zeros(len(ids), dtype=bool)
    return lb.SoftSpans(array, none, none, none, none.astype(bool), ids, PER_ORG, uncovered)
