"""Majority vote on each character: the simplest model of spans, to compare with."""

from __future__ import annotations

import collections
from collections.abc import Hashable, Mapping

from labeling.records import Span, SpanVotes


def majority_by_character(
    votes: SpanVotes, texts: Mapping[Hashable, str]
) -> dict[Hashable, tuple[Span, ...]]:
    """Return the spans of each sample by the majority of votes on each of its characters.

    A character has the label that most voters marked it with, the first by name where they are
    tied, and none where nobody marked it. Spans are runs of one label, without white space at their
    edges. Words need not be told apart.

    Args:
        votes: the spans that voters marked.
        texts: sample id -> its text.

    >>> import pandas as pd
    >>> from labeling.records import LabelSchema
    >>> rows = [("a", "x", 0, 7, "PER"), ("a", "y", 0, 7, "PER"), ("a", "z", 4, 7, "ORG")]
    >>> frame = pd.DataFrame(rows, columns=["sample", "voter", "start", "end", "label"])
    >>> votes = SpanVotes.from_frame(frame, schema=LabelSchema(["PER", "ORG"], kind="spans"))
    >>> majority_by_character(votes, {"a": "Ann Lee sang"})
    {'a': (Span(start=0, end=7, label='PER'),)}
    """
    counts: dict[Hashable, list[collections.Counter[str]]] = {
        sample_id: [collections.Counter() for _ in texts[sample_id]]
        for sample_id in votes.sample_ids.tolist()
    }
    frame = votes.to_frame()
    frame = frame[frame["label"].isin(votes.schema.labels)]
    columns = [frame[name].tolist() for name in ("sample", "start", "end", "label")]
    for sample_id, start, end, label in zip(*columns, strict=True):
        for counter in counts[sample_id][start:end]:
            counter[label] += 1
    return {
        sample_id: _runs(texts[sample_id], [_most_frequent(counter) for counter in counters])
        for sample_id, counters in counts.items()
    }


def _most_frequent(counter: collections.Counter[str]) -> str | None:
    ranked = sorted(counter.items(), key=lambda entry: (-entry[1], entry[0]))
    return ranked[0][0] if ranked else None


def _runs(text: str, labels: list[str | None]) -> tuple[Span, ...]:
    """Return the runs of equal labels as spans."""
    spans, start = [], 0
    for end in range(1, len(labels) + 1):
        if end < len(labels) and labels[end] == labels[start]:
            continue
        label, part = labels[start], text[start:end]
        if label is not None and part.strip():
            left = start + len(part) - len(part.lstrip())
            spans.append(Span(left, left + len(part.strip()), label))
        start = end
    return tuple(spans)
