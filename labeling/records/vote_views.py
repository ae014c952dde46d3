"""What votes and soft labels show of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from labeling.errors import counted
from labeling.records.decisions import winners
from labeling.records.schema import ABSTAIN, LabelSchema
from labeling.rendering import Excerpt, Part, Share, Table, View
from labeling.rendering.formatting import percent, whole
from labeling.rendering.histogram import histogram

if TYPE_CHECKING:
    from labeling.records.long_votes import CastVotes
    from labeling.records.soft_labels import SoftLabels
    from labeling.records.votes import Fault, Votes

MOST_VOTERS = 50
MOST_LABELS = 20
MOST_FAULTS = 5
FIRST_ROWS = 5
MOST_MEASURED = 20_000
"""Rows of soft labels whose confidence is shown; of more, rows at equal distances."""
BARS = 10


class VoterCounts(NamedTuple):
    """Counts of each voter as arrays of shape (n_voters,), and of all samples.

    Attributes:
        votes: cast.
        conflicts: on samples where another voter voted differently.
        lowest: the lowest label code that it voted for; above all codes without a vote.
        highest: the highest one; -1 without a vote.
        n_covered: samples with a vote.
        n_disputed: samples with differing votes.
    """

    votes: npt.NDArray[np.int64]
    conflicts: npt.NDArray[np.int64]
    lowest: npt.NDArray[np.int64]
    highest: npt.NDArray[np.int64]
    n_covered: int
    n_disputed: int


def votes_view(votes: Votes) -> View:
    """Return how much of the samples is covered, and a row for each voter."""
    n, m = len(votes), len(votes.voters)
    counts = _of_long(votes.long) if votes.long is not None else _of_array(votes.array)
    covered = (
        f"{whole(counts.n_covered)} of {counted(n, 'sample')} covered"
        f" ({percent(counts.n_covered / max(n, 1))}); voters differ on"
        f" {whole(counts.n_disputed)}. {counted(int(counts.votes.sum()), 'vote')} cast."
    )
    rows = tuple(
        (
            Excerpt(name),
            Excerpt(_polarity(int(low), int(high), votes.schema)),
            int(cast),
            Share(cast / max(n, 1)),
            Share(conflicts / max(n, 1)),
        )
        for name, cast, conflicts, low, high in zip(
            votes.voters[:MOST_VOTERS], *counts[:4], strict=False
        )
    )
    headings = ("voter", "votes for", "votes", "coverage", "conflicts")
    table = Table(headings, rows, left_out=m - len(rows))
    parts: list[Part] = [covered, f"Labels: {_labels(votes.schema)}.", table]
    if votes.faults:
        parts.append(_faults(votes.faults))
    title = f"Votes: {counted(n, 'sample')} x {counted(m, 'voter')}"
    return View(title, tuple(parts))


def _of_array(codes: npt.NDArray[Any]) -> VoterCounts:
    """Count by column, as the array is in Fortran order."""
    n = len(codes)
    unsigned = codes.view(np.dtype(codes.dtype.str.replace("i", "u")))  # abstentions are highest
    top = np.iinfo(unsigned.dtype).max
    highest = np.full(n, ABSTAIN, dtype=codes.dtype)
    lowest = np.full(n, top, dtype=unsigned.dtype)
    for signed, column in zip(codes.T, unsigned.T, strict=True):
        np.maximum(highest, signed, out=highest)
        np.minimum(lowest, column, out=lowest)
    is_covered = lowest != top
    is_disputed = is_covered & (lowest != highest.view(unsigned.dtype))
    cast = [np.count_nonzero(column != top) for column in unsigned.T]
    conflicts = [np.count_nonzero((column != top) & is_disputed) for column in unsigned.T]
    return VoterCounts(
        np.array(cast, dtype=np.int64),
        np.array(conflicts, dtype=np.int64),
        unsigned.min(axis=0, initial=top).astype(np.int64),
        codes.max(axis=0, initial=ABSTAIN).astype(np.int64),
        int(np.count_nonzero(is_covered)),
        int(np.count_nonzero(is_disputed)),
    )


def _of_long(votes: CastVotes) -> VoterCounts:
    n, m = votes.shape
    top = np.iinfo(np.int64).max
    code = votes.code.astype(np.int64)

    def extremes(groups: npt.NDArray[Any], size: int) -> tuple[Any, Any]:
        low, high = np.full(size, top), np.full(size, ABSTAIN)
        np.minimum.at(low, groups, code)
        np.maximum.at(high, groups, code)
        return low, high

    low_of_row, high_of_row = extremes(votes.row, n)
    low, high = extremes(votes.column, m)
    is_disputed = high_of_row > low_of_row
    return VoterCounts(
        np.bincount(votes.column, minlength=m),
        np.bincount(votes.column[is_disputed[votes.row]], minlength=m),
        low,
        high,
        int(np.count_nonzero(high_of_row >= 0)),
        int(np.count_nonzero(is_disputed)),
    )


def _polarity(low: int, high: int, schema: LabelSchema) -> str:
    if high < 0:
        return "no votes"
    if low == high:
        return schema.labels[low]
    return ", ".join(schema.labels) if len(schema) == 2 else "several labels"


def _labels(schema: LabelSchema) -> str:
    named = ", ".join(schema.labels[:MOST_LABELS])
    more = len(schema) - MOST_LABELS
    return f"{named}, and {whole(more)} more" if more > 0 else named


def _faults(faults: Sequence[Fault]) -> Table:
    rows = tuple(
        (Excerpt(name), Excerpt(str(sample_id)), Excerpt(f"{type(error).__name__}: {error}"))
        for name, sample_id, error in faults[:MOST_FAULTS]
    )
    return Table(
        ("labeling function", "sample", "exception"),
        rows,
        f"{counted(len(faults), 'fault')}: the labeling function failed, and abstained.",
        len(faults) - len(rows),
    )


def soft_labels_view(soft: SoftLabels) -> View:
    """Return the coverage, the shares of the labels, the confidence, and the first rows."""
    n, n_covered = len(soft), int(np.count_nonzero(soft.covered))
    rows = np.arange(0, n, max(-(-n // MOST_MEASURED), 1))
    measured = rows[soft.covered[rows]]
    array = soft.array[measured]
    title = f"Soft labels: {counted(n, 'sample')}, {whole(n_covered)} covered"
    parts: list[Part] = []
    if len(rows) < n:
        parts.append(
            f"Shares and confidence are those of {whole(len(measured))} covered samples at equal"
            " distances."
        )
    if len(measured):
        parts += [_label_shares(array, soft.schema), _confidence(array)]
    parts.append(_first_rows(soft))
    return View(title, tuple(parts))


def _label_shares(array: npt.NDArray[np.float64], schema: LabelSchema) -> Table:
    wins = winners(array)
    is_tied = wins.sum(axis=1) > 1
    decided = np.count_nonzero(wins[~is_tied], axis=0)
    mean = np.sort(array, axis=0).mean(axis=0)  # sorted: the sum does not depend on the order
    rows = tuple(
        (Excerpt(label), int(count), Share(count / len(array)), float(probability))
        for label, count, probability in zip(schema.labels, decided, mean, strict=True)
    )
    ties = int(np.count_nonzero(is_tied))
    caption = f"Most probable labels of {counted(len(array), 'covered sample')}"
    caption += f"; {counted(ties, 'sample is', 'samples are')} tied." if ties else "."
    headings = ("label", "samples", "share", "mean probability")
    return Table(headings, rows[:MOST_LABELS], caption, len(rows) - MOST_LABELS)


def _confidence(array: npt.NDArray[np.float64]) -> Part:
    confidence = array.max(axis=1)
    edges = np.linspace(1 / array.shape[1], 1, BARS + 1)
    # A confidence of a hair below the lowest or above 1 belongs to the outer bars.
    counts = np.histogram(np.clip(confidence, edges[0], edges[-1]), edges)[0]
    description = f"Confidence of {counted(len(confidence), 'covered sample')}."
    return histogram(counts.tolist(), edges.tolist(), description)


def _first_rows(soft: SoftLabels) -> Table:
    names = soft.schema.labels
    array, covered = soft.array[:FIRST_ROWS], soft.covered[:FIRST_ROWS]
    rows = tuple(
        (Excerpt(str(sample_id)), _decision(row, names) if is_covered else "uncovered", *row)
        for sample_id, is_covered, row in zip(
            soft.sample_ids[:FIRST_ROWS], covered, array.tolist(), strict=True
        )
    )
    shown = tuple(row[: 2 + MOST_LABELS] for row in rows)
    caption = "First rows: probabilities of the labels."
    return Table(("sample", "label", *names[:MOST_LABELS]), shown, caption, len(soft) - len(rows))


def _decision(probabilities: list[float], names: tuple[str, ...]) -> Excerpt:
    """Return the most probable label, or that several are."""
    best = [names[code] for code in np.flatnonzero(winners(np.array([probabilities]))[0])]
    return Excerpt(best[0] if len(best) == 1 else "tie")
