"""What each annotator says of each character of a text: of which label it is, or outside of any."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.errors import DataError
from labeling.records import ABSTAIN, SpanVotes

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class CharacterCounts(NamedTuple):
    """Sums over the characters of each sample that two people or more saw.

    Attributes:
        unequal: the disagreement, shape (n_samples,): for each character the ordered pairs of
            people who say different things of it, divided by the number of people - 1.
        values: how often each value was given: shape (n_samples, n_values), "outside" last.
        unequal_by_label: the disagreement on whether a character is of a label: shape (n_samples,
            n_labels).
        by_label: how often a character was marked with a label: shape (n_samples, n_labels).
        total: all that was said, people times characters: shape (n_samples,).
    """

    unequal: Floats
    values: Floats
    unequal_by_label: Floats
    by_label: Floats
    total: Floats


class _Segments(NamedTuple):
    """Parts of texts within which no span starts or ends, and what is said of them.

    Attributes:
        sample: the sample of each part: shape (n_segments,), ascending.
        length: its characters.
        said_of: the part of each statement, in ascending order of part, voter and label.
        voter: who says it.
        label: the label code.
    """

    sample: Ints
    length: Ints
    said_of: Ints
    voter: Ints
    label: Ints


def character_counts(
    votes: SpanVotes, texts: Mapping[Hashable, str] | None = None
) -> CharacterCounts:
    """Return the counts of what is said of characters, from lengths of segments.

    A character in several spans of one person has the combination of their labels as its value.

    Args:
        votes: of people.
        texts: by sample id; without them a text ends with the last span that anybody marked.

    Raises:
        DataError: a sample has no text, or a span ends after its text.
    """
    n, k = len(votes), len(votes.schema)
    asked = np.full(n, len(votes.voters)) if votes.asked is None else votes.asked.sum(axis=1)
    people = asked.astype(np.float64)
    segments = _segments(votes, _text_lengths(votes, texts))
    value_of, value, n_values = _values(segments, k)
    m, length = people[segments.sample], segments.length.astype(np.float64)
    weight = np.where(m >= 2, length / np.maximum(m - 1, 1), 0.0)

    of_value = _tally(value_of, value, len(length), n_values)
    of_value[:, -1] += m - of_value.sum(axis=1)
    unequal = weight * (m**2 - np.square(of_value).sum(axis=1))
    of_label = _tally(segments.said_of, segments.label, len(length), k)
    unequal_by_label = weight[:, None] * 2 * of_label * (m[:, None] - of_label)
    counted = np.where(m >= 2, length, 0.0)[:, None]
    return CharacterCounts(
        _sum_by(segments.sample, unequal[:, None], n)[:, 0],
        _sum_by(segments.sample, counted * of_value, n),
        _sum_by(segments.sample, unequal_by_label, n),
        _sum_by(segments.sample, counted * of_label, n),
        _sum_by(segments.sample, counted * m[:, None], n)[:, 0],
    )


def _text_lengths(votes: SpanVotes, texts: Mapping[Hashable, str] | None) -> Ints:
    marks = votes.marks
    last = np.zeros(len(votes), dtype=np.int64)
    np.maximum.at(last, marks.sample, marks.end)
    if texts is None:
        return last
    missing = [sample_id for sample_id in votes.sample_ids if sample_id not in texts]
    if missing:
        raise DataError(f"`texts` must hold a text for sample {missing[0]!r}.")
    lengths = np.array([len(texts[sample_id]) for sample_id in votes.sample_ids], dtype=np.int64)
    beyond = np.flatnonzero(last > lengths)
    if len(beyond):
        row = beyond[0]
        raise DataError(
            f"Spans must end within their text. Got one to {last[row]} in sample"
            f" {votes.sample_ids[row]!r}, whose text has {lengths[row]} characters."
        )
    return lengths


def _segments(votes: SpanVotes, lengths: Ints) -> _Segments:
    marks = votes.marks.take(np.flatnonzero(votes.marks.label != ABSTAIN))
    width = int(lengths.max(initial=0)) + 1  # places of samples do not touch on one axis
    rows = np.arange(len(lengths)) * width
    starts, ends = marks.sample * width + marks.start, marks.sample * width + marks.end
    cuts = np.unique(np.concatenate([starts, ends, rows, rows + lengths]))
    sample = cuts[:-1] // width
    inside = cuts[1:] - sample * width <= lengths[sample]  # not from one text to the next
    numbers = np.cumsum(inside) - 1
    first = numbers[np.searchsorted(cuts, starts)]
    count = numbers[np.searchsorted(cuts, ends) - 1] - first + 1
    mark = np.repeat(np.arange(len(starts)), count)
    offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    said = np.stack([first[mark] + offset, marks.voter[mark], marks.label[mark]])
    said = np.unique(said, axis=1)  # sorted by segment, voter and label
    return _Segments(sample[inside], np.diff(cuts)[inside], *said)


def _values(segments: _Segments, k: int) -> tuple[Ints, Ints, int]:
    """Return the segment and the value of each statement of a voter, and the number of values.

    A value is a label code, from k on a combination of labels, and last "outside".
    """
    key = np.stack([segments.said_of, segments.voter])
    is_first = np.ones(key.shape[1], dtype=bool)
    is_first[1:] = (key[:, 1:] != key[:, :-1]).any(axis=0)
    begin = np.flatnonzero(is_first)
    value = segments.label[begin].copy()
    sizes = np.diff(np.append(begin, len(is_first)))
    combinations: dict[tuple[int, ...], int] = {}
    several = np.flatnonzero(sizes > 1)
    together = [
        tuple(segments.label[begin[row] : begin[row] + sizes[row]].tolist())
        for row in several.tolist()
    ]
    for labels in sorted(set(together)):
        combinations[labels] = k + len(combinations)
    value[several] = [combinations[labels] for labels in together]
    return segments.said_of[begin], value, k + len(combinations) + 1


def _tally(row: Ints, column: Ints, n_rows: int, n_columns: int) -> Floats:
    cells = np.bincount(row * n_columns + column, minlength=n_rows * n_columns)
    return cells.reshape(n_rows, n_columns).astype(np.float64)


def _sum_by(sample: Ints, values: Floats, n: int) -> Floats:
    sums: Floats = np.zeros((n, values.shape[1]))
    np.add.at(sums, sample, values)
    return sums
