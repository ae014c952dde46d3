"""Texts with the spans of each voter in a lane of its own, to see where voters differ."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingError, counted
from labeling.records import (
    Gold,
    LabelSchema,
    SoftSpans,
    Span,
    SpanVotes,
    expect,
    gold_spans,
    positions,
    texts,
    with_id_index,
)
from labeling.rendering import Displayed, Excerpt, SpanText, Table, View

LONGEST = 300
"""Code points of a text that are shown."""
BEFORE = 60
"""Code points shown before the first span of a longer text."""
ELLIPSIS = "…"

Lanes = Mapping[str, tuple[Span, ...]]


@dataclass(frozen=True, slots=True, eq=False)
class SpanLanes(Displayed):
    """Texts of samples, with the spans of each voter, of the model and of gold in lanes.

    Attributes:
        texts: sample id -> text.
        lanes: sample id -> name of a lane -> its spans; voters first, then "model" and "gold".
        schema: the labels, whose order picks the colours.
        n_samples: number of samples to choose from.
    """

    texts: Mapping[Hashable, str]
    lanes: Mapping[Hashable, Lanes]
    schema: LabelSchema
    n_samples: int

    def __repr__(self) -> str:
        return f"SpanLanes({len(self.texts)} of {counted(self.n_samples, 'sample')})"

    def _view(self) -> View:
        tables = tuple(
            Table(
                ("voter", f"sample {sample_id!r}"),
                tuple(_rows(text, self.lanes[sample_id], self.schema)),
            )
            for sample_id, text in self.texts.items()
        )
        return View(f"Spans in {len(self.texts)} of {counted(self.n_samples, 'sample')}", tables)


def span_lanes(
    data: pd.DataFrame,
    votes: SpanVotes,
    *,
    soft: SoftSpans | None = None,
    gold: Gold | None = None,
    ids: Sequence[Hashable] | None = None,
    n: int = 5,
    text: str = "text",
) -> SpanLanes:
    """Return texts with the spans of each voter in a lane of its own.

    Args:
        data: the samples, with the texts; their index is the sample id.
        votes: the spans of voters. Those who marked nothing in a sample have no lane in it, but
            where their silence speaks, as that of people who were asked about the sample.
        soft: the spans of a label model, as a lane "model".
        gold: gold spans, as a lane "gold".
        ids: the samples to show; `None` takes those on which voters differ most: with the most
            candidate spans that some voter marked and another contradicts, the first `n`.
        n: how many samples to show.
        text: the column of the texts.

    Raises:
        DataError: a sample or the column is not there.
        LabelingError: `n` is not a whole number above 0, or votes or soft labels are not of spans.

    >>> data = pd.DataFrame({"text": ["Ann Lee of Acme"]}, index=["a"])
    >>> marked = pd.DataFrame(
    ...     {
    ...         "sample": "a",
    ...         "voter": ["names", "caps"],
    ...         "start": 0,
    ...         "end": [3, 7],
    ...         "label": "PER",
    ...     }
    ... )
    >>> votes = SpanVotes.from_frame(marked, schema=LabelSchema(["PER"], kind="spans"))
    >>> from labeling.rendering.plain import plain_of
    >>> print(plain_of(span_lanes(data, votes)._view()))
    Spans in 1 of 1 sample
      voter  sample 'a'
      names  [Ann PER] Lee of Acme
      caps   [Ann Lee PER] of Acme
    """
    expect(votes, SpanVotes, "`votes`")
    if soft is not None:
        expect(soft, SoftSpans, "`soft`")
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise LabelingError(f"`n` must be a whole number from 1. Got {n!r}.")
    shown = _index(_most_disputed(votes, n) if ids is None else ids)
    frame = with_id_index(data)
    rows = positions(frame.index, shown, "the samples to show", "the samples")
    shown_texts = texts(frame.iloc[rows], text)
    lanes = _lanes_of_voters(votes.of_samples(shown))
    if soft is not None:
        for sample_id, spans in soft.of_samples(shown).to_labels().items():
            lanes[sample_id]["model"] = spans or ()
    for sample_id, spans in gold_spans(gold, votes.sample_ids, votes.schema).items():
        if sample_id in lanes:
            lanes[sample_id]["gold"] = spans
    return SpanLanes(
        dict(zip(shown.tolist(), shown_texts, strict=True)), lanes, votes.schema, len(votes)
    )


def _index(ids: Sequence[Hashable]) -> pd.Index:
    """Return ids as they are: pandas would take texts that no file can hold for an error."""
    return ids if isinstance(ids, pd.Index) else pd.Index(list(ids), dtype=object)


def _most_disputed(votes: SpanVotes, n: int) -> list[Hashable]:
    """Return the samples with the most contradicted candidates, then with the most candidates."""
    units = votes.units()
    codes = units.to_array()
    none = len(votes.schema)
    contradicted = (codes == none).any(axis=1) | (_n_labels(codes, none) > 1)
    rows = np.array([unit[0] for unit in units.sample_ids], dtype=object)
    table = pd.DataFrame({"sample": rows, "contradicted": contradicted, "candidates": 1})
    counts = table.groupby("sample", sort=False).sum()
    counts["text"] = [repr(sample_id) for sample_id in counts.index]  # ids of any type
    order = counts.sort_values(
        ["contradicted", "candidates", "text"], ascending=[False, False, True]
    )
    return list(order.index[:n])


def _n_labels(codes: npt.NDArray[Any], none: int) -> npt.NDArray[np.int64]:
    """Return how many different labels each candidate got."""
    counts = np.zeros(len(codes), dtype=np.int64)
    for code in range(none):
        counts += (codes == code).any(axis=1)
    return counts


def _lanes_of_voters(votes: SpanVotes) -> dict[Hashable, dict[str, tuple[Span, ...]]]:
    lanes: dict[Hashable, dict[str, tuple[Span, ...]]] = {key: {} for key in votes.sample_ids}
    for column, voter in enumerate(votes.voters):
        for sample_id in _silent_samples(votes, column):
            lanes[sample_id][voter] = ()
        for sample_id, spans in _spans_of(votes, voter).items():
            lanes[sample_id][voter] = spans
    return lanes


def _silent_samples(votes: SpanVotes, column: int) -> list[Hashable]:
    """Return the samples in which a voter's silence says that no span is there."""
    if not votes.speaks[column] or votes.asked is None:
        return []
    ids: list[Hashable] = votes.sample_ids[votes.asked[:, column]].tolist()
    return ids


def _spans_of(votes: SpanVotes, voter: str) -> dict[Hashable, tuple[Span, ...]]:
    frame = votes.of_voters([voter]).to_frame().dropna(subset=["label"])
    columns = (frame[name].tolist() for name in ("sample", "start", "end", "label"))
    spans: dict[Hashable, list[Span]] = {}
    for sample_id, start, end, label in zip(*columns, strict=True):
        spans.setdefault(sample_id, []).append(Span(start, end, label))
    return {sample_id: tuple(of_sample) for sample_id, of_sample in spans.items()}


def _rows(text: str, lanes: Lanes, schema: LabelSchema) -> Iterator[tuple[Excerpt, SpanText]]:
    """Yield a row for each lane; spans that overlap in a lane are shown in further rows."""
    first = min((spans[0].start for spans in lanes.values() if spans), default=0)
    begin = max(0, min(first - BEFORE, len(text) - LONGEST)) if len(text) > LONGEST else 0
    end = min(begin + LONGEST, len(text))
    for name, spans in lanes.items():
        inside = [span for span in spans if begin <= span.start and span.end <= end]
        n_outside = len(spans) - len(inside)
        outside = f" (and {counted(n_outside, 'span')} not shown)" if n_outside else ""
        for number, row in enumerate(_without_overlaps(inside)):
            label = name + outside if number == 0 else f"{name} (also)"
            yield Excerpt(label), _shown(text, row, begin, end, schema)


def _without_overlaps(spans: Sequence[Span]) -> list[list[Span]]:
    rows: list[list[Span]] = []
    for span in spans:
        for row in rows:
            if row[-1].end <= span.start:
                row.append(span)
                break
        else:
            rows.append([span])
    return rows or [[]]


def _shown(text: str, spans: Sequence[Span], begin: int, end: int, schema: LabelSchema) -> SpanText:
    before = ELLIPSIS if begin > 0 else ""
    after = ELLIPSIS if end < len(text) else ""
    shift = len(before) - begin
    marks = tuple(
        (span.start + shift, span.end + shift, span.label, schema.index(span.label))
        for span in spans
    )
    return SpanText(before + text[begin:end] + after, marks)
