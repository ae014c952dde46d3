"""Where voters spoke of spans already, and answers with the spans that a model adds elsewhere."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.end_model.tagging.crf import TaggedSpan
from labeling.records import SoftSpans, SpanVotes, positions

Places = list[tuple[int, int]]
EVERYWHERE = (0, 2**62)


def blocked_places(ids: pd.Index, soft: SoftSpans, votes: SpanVotes | None) -> list[Places]:
    """Return for each sample the places where nothing may be added, sorted and disjoint.

    Args:
        ids: the samples.
        soft: the candidates of these samples, or of some of them.
        votes: what voters marked, and who was asked, if known.
    """
    places: list[Places] = [[] for _ in ids]
    rows = ids.get_indexer(soft.sample_ids)
    _put(places, rows[soft.sample], soft.start, soft.end)
    if votes is not None:
        of_votes = positions(ids, votes.sample_ids, "`votes`", "the samples")
        _put(places, of_votes[votes.marks.sample], votes.marks.start, votes.marks.end)
        speaking = np.flatnonzero(votes.speaks)
        if len(speaking):
            is_asked: npt.NDArray[np.bool_] = np.ones(len(votes), dtype=bool)
            if votes.asked is not None:
                is_asked = np.asarray(votes.asked[:, speaking].any(axis=1))
            for row in of_votes[is_asked].tolist():
                places[row].append(EVERYWHERE)
    return [_disjoint(of_sample) for of_sample in places]


def with_added(
    soft: SoftSpans,
    texts: pd.Series,
    tagged: Sequence[Sequence[TaggedSpan]],
    blocked: Sequence[Places] | None,
    least: float,
) -> SoftSpans:
    """Return an answer on all samples, with the spans of a model where nobody spoke.

    Args:
        soft: the answer, on some of the samples.
        texts: of all samples, by id.
        tagged: the spans of each sample by the model.
        blocked: places of each sample where nothing is added; `None` for none.
        least: probability from which a span is added.
    """
    ids, schema = texts.index, soft.schema
    added = [
        (row, item.span.start, item.span.end, schema.index(item.span.label), item.p)
        for row, of_sample in enumerate(tagged)
        for item in of_sample
        if item.p >= least and (blocked is None or not _is_blocked(blocked[row], item))
    ]
    columns = np.array([item[:4] for item in added], dtype=np.int64).reshape(-1, 4)
    p = np.minimum([item[4] for item in added], 1.0)
    array = np.zeros((len(added), len(schema) + 1))
    array[np.arange(len(added)), columns[:, 3]] = p
    array[:, -1] = 1 - p
    of_soft = ids.get_indexer(soft.sample_ids)
    sample = np.concatenate([of_soft[soft.sample], columns[:, 0]])
    start = np.concatenate([soft.start, columns[:, 1]])
    end = np.concatenate([soft.end, columns[:, 2]])
    chosen = np.concatenate([soft.chosen, columns[:, 0] >= 0])
    is_added = np.concatenate([np.asarray(soft.from_end_model), columns[:, 0] >= 0])
    covered = np.zeros(len(ids), dtype=bool)
    covered[of_soft] = soft.covered
    covered[columns[:, 0]] = True
    order = np.lexsort([end, start, sample])
    return SoftSpans(
        np.concatenate([soft.array, array])[order],
        sample[order],
        start[order],
        end[order],
        chosen[order],
        ids,
        schema,
        covered,
        is_added[order],
    )


def _put(
    places: list[Places],
    rows: npt.NDArray[np.intp],
    start: npt.NDArray[np.int64],
    end: npt.NDArray[np.int64],
) -> None:
    for row, first, last in zip(rows.tolist(), start.tolist(), end.tolist(), strict=True):
        places[row].append((first, last))


def _disjoint(places: Places) -> Places:
    """Return sorted places, with those that overlap merged."""
    merged: Places = []
    for start, end in sorted(places):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _is_blocked(places: Places, item: TaggedSpan) -> bool:
    after = bisect_left(places, (item.span.end, 0))  # the last place that begins before its end
    return after > 0 and places[after - 1][1] > item.span.start
