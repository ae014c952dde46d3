"""Summary tables of voters who mark spans, or name several labels of a sample."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.records import ABSTAIN, Gold, SetVotes, Span, SpanUnits, SpanVotes, span_units
from labeling.records.estimates import proportion
from labeling.records.set_gold import gold_set_codes
from labeling.records.span_gold import GoldSpans, gold_spans, unit_gold_codes

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

PLACES = ("exact", "inside", "around", "crossing", "elsewhere")
"""How a span lies to the gold spans of its sample; the first of these that holds."""


def span_summary(votes: SpanVotes, gold: Gold | None = None) -> pd.DataFrame:
    """Return a row for each voter who marks spans; see `lf_summary`.

    >>> from labeling.records import LabelSchema
    >>> frame = pd.DataFrame(
    ...     {"sample": "a", "voter": ["x", "y"], "start": 0, "end": [5, 9], "label": "PER"}
    ... )
    >>> votes = SpanVotes.from_frame(frame, schema=LabelSchema(["PER"], kind="spans"))
    >>> span_summary(votes, {"a": [(0, 5, "PER")]})[["conflicts", "precision", "around"]]
       conflicts  precision  around
    x        1.0        1.0     0.0
    y        0.0        0.0     1.0
    """
    units = span_units(votes)
    codes, n_labels = units.codes, len(votes.schema)
    is_span = (codes >= 0) & (codes < n_labels)
    counts = is_span.sum(axis=0)
    table = _table(votes, _polarity(codes, is_span, votes.schema.labels), counts)
    marks = votes.marks
    table["no"] = np.bincount(marks.voter[marks.label == ABSTAIN], minlength=len(votes.voters))
    _add_coverage(table, marks.sample, marks.voter, len(votes))
    table["overlaps"] = _shares(_overlapped(votes), counts)
    disputed = _disputed(codes, n_labels)
    table["conflicts"] = _shares((is_span & disputed[:, None]).sum(axis=0), counts)
    _add_faults(table, votes)
    table["trimmed"] = [votes.trimmed.get(name, 0) for name in votes.voters]
    if gold is not None:
        known = gold_spans(gold, votes.sample_ids, votes.schema)
        _add_gold_spans(table, units, is_span, known)
    return table


def set_summary(votes: SetVotes, gold: Gold | None = None) -> pd.DataFrame:
    """Return a row for each voter who names several labels; see `lf_summary`.

    >>> from labeling.records import LabelSchema
    >>> frame = pd.DataFrame({"sample": "a", "voter": ["x", "y", "y"], "label": ["joy", 0, 1]})
    >>> votes = SetVotes.from_frame(
    ...     frame.assign(says=[True, False, True]),
    ...     schema=LabelSchema(["joy", "fear"], kind="several"),
    ... )
    >>> set_summary(votes, {"a": ["joy"]})[["votes", "no", "conflicts", "precision"]]
       votes  no  conflicts  precision
    x      1   0        1.0        1.0
    y      1   1        0.5        0.0
    """
    answers, n_voters, n_labels = votes.answers, len(votes.voters), len(votes.schema)

    def of_voters(rows: Bools) -> Ints:
        return np.bincount(answers.voter[rows], minlength=n_voters)

    yes = np.asarray(answers.says)
    used = np.zeros((n_labels, n_voters), dtype=bool)
    used[answers.label[yes], answers.voter[yes]] = True
    labels = np.array(votes.schema.labels, dtype=object)
    table = _table(votes, [", ".join(labels[column]) for column in used.T], of_voters(yes))
    table["no"] = of_voters(~yes)
    _add_coverage(table, answers.sample, answers.voter, len(votes))
    cell = answers.sample * n_labels + answers.label
    n_cells = len(votes) * n_labels
    said, said_yes = np.bincount(cell, minlength=n_cells), np.bincount(cell, yes, n_cells)
    disputed = (said_yes > 0) & (said_yes < said)
    every = of_voters(np.ones(len(yes), dtype=bool))
    table["overlaps"] = _shares(of_voters(said[cell] > 1), every)
    table["conflicts"] = _shares(of_voters(disputed[cell]), every)
    _add_faults(table, votes)
    if gold is not None:
        truth = gold_set_codes(gold, votes.sample_ids, votes.schema)
        true = truth[answers.sample, answers.label]
        _add_precision(table, of_voters(yes & (true == 1)), of_voters(yes & (true == 0)))
        table["no_correct"] = of_voters(~yes & (true == 0))
        table["no_incorrect"] = of_voters(~yes & (true == 1))
    return table


def _table(votes: SpanVotes | SetVotes, polarity: Sequence[str], counts: Ints) -> pd.DataFrame:
    index = pd.Index(votes.voters, dtype=object)
    return pd.DataFrame({"polarity": list(polarity), "votes": counts}, index=index)


def _polarity(codes: npt.NDArray[Any], is_span: Bools, labels: Sequence[str]) -> list[str]:
    """Return the labels that each voter gives to any span, in the order of the schema."""
    used = [np.unique(column[rows]) for column, rows in zip(codes.T, is_span.T, strict=True)]
    return [", ".join(labels[code] for code in column) for column in used]


def _add_coverage(table: pd.DataFrame, sample: Ints, voter: Ints, n_samples: int) -> None:
    spoke = np.unique(voter * max(n_samples, 1) + sample) // max(n_samples, 1)
    table["samples"] = np.bincount(spoke, minlength=len(table))
    table["coverage"] = table["samples"] / max(n_samples, 1)


def _add_faults(table: pd.DataFrame, votes: SpanVotes | SetVotes) -> None:
    failed = Counter(fault.labeling_function for fault in votes.faults)
    table["faults"] = [failed[name] for name in votes.voters]


def _shares(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Return shares; 0 of nothing."""
    return np.asarray(part / np.maximum(whole, 1))


def _disputed(codes: npt.NDArray[Any], n_labels: int) -> Bools:
    """Return of which candidate spans voters say different things."""
    cast = codes != ABSTAIN
    highest = codes.max(axis=1, initial=ABSTAIN)
    lowest = np.where(cast, codes, n_labels).min(axis=1, initial=n_labels)
    return np.asarray(highest > lowest)


def _overlapped(votes: SpanVotes) -> Ints:
    """Return how many spans of each voter overlap what another voter marked."""
    marks = votes.marks
    length = int(marks.end.max(initial=0)) + 1  # samples one after the other on one axis
    start, end = marks.start + marks.sample * length, marks.end + marks.sample * length
    touching = _n_overlapping(start, end, start, end)
    counts = np.zeros(len(votes.voters), dtype=np.int64)
    for voter in range(len(votes.voters)):
        rows = np.flatnonzero(marks.voter == voter)
        of_itself = _n_overlapping(start[rows], end[rows], start[rows], end[rows])
        is_span = marks.label[rows] != ABSTAIN
        counts[voter] = np.count_nonzero(is_span & (touching[rows] > of_itself))
    return counts


def _n_overlapping(starts: Ints, ends: Ints, of_start: Ints, of_end: Ints) -> Ints:
    """Return how many intervals each of others overlaps: all but those before and after it."""
    before = np.searchsorted(np.sort(ends), of_start, side="right")
    not_after = np.searchsorted(np.sort(starts), of_end, side="left")
    return np.asarray(not_after - before)


def _add_precision(table: pd.DataFrame, correct: Ints, incorrect: Ints) -> None:
    table["correct"], table["incorrect"] = correct, incorrect
    pairs = zip(correct.tolist(), incorrect.tolist(), strict=True)
    estimates = [proportion(right, right + wrong) for right, wrong in pairs]
    table["precision"] = [estimate.value for estimate in estimates]
    table["precision_low"] = [estimate.low for estimate in estimates]
    table["precision_high"] = [estimate.high for estimate in estimates]


def _add_gold_spans(table: pd.DataFrame, units: SpanUnits, is_span: Bools, gold: GoldSpans) -> None:
    """Add how many spans of each voter are right, and how they lie to gold spans."""
    truth = unit_gold_codes(gold, units)
    counts = is_span & (truth != ABSTAIN)[:, None]
    right = counts & (units.codes == truth[:, None])
    correct, total = right.sum(axis=0), counts.sum(axis=0)
    _add_precision(table, correct, total - correct)
    places = _places(units, truth, gold)
    for number, name in enumerate(PLACES):
        table[name] = _shares((counts & (places == number)[:, None]).sum(axis=0), total)
    n_gold = sum(map(len, gold.values()))
    table["recall"] = correct / n_gold if n_gold else np.nan


def _places(units: SpanUnits, truth: Ints, gold: GoldSpans) -> Ints:
    """Return how each candidate span lies to gold, as a position in `PLACES`; -1 without gold."""
    places = np.full(len(truth), -1, dtype=np.int64)
    in_gold = np.flatnonzero(truth != ABSTAIN)
    ids = units.votes.sample_ids.take(units.sample[in_gold]).tolist()
    rows = zip(in_gold.tolist(), ids, strict=True)
    for row, sample_id in rows:
        places[row] = _place(int(units.start[row]), int(units.end[row]), gold, sample_id)
    return places


def _place(start: int, end: int, gold: Mapping[Any, tuple[Span, ...]], sample_id: Any) -> int:
    relations = [
        _relation(start, end, span)
        for span in gold[sample_id]
        if span.start < end and start < span.end
    ]
    return min(relations, default=len(PLACES) - 1)


def _relation(start: int, end: int, span: Span) -> int:
    """Return how a span lies to one that it overlaps."""
    if (start, end) == (span.start, span.end):
        return PLACES.index("exact")
    if span.start <= start and end <= span.end:
        return PLACES.index("inside")
    if start <= span.start and span.end <= end:
        return PLACES.index("around")
    return PLACES.index("crossing")
