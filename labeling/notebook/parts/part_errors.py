"""Wrong parts of a function, or of the label model, by what is wrong: spurious, missed, edges."""

from __future__ import annotations

import functools
from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.errors import LabelingError, counted
from labeling.notebook.function_set import VotedLF
from labeling.notebook.moment import Codes, RowNumbers
from labeling.notebook.parts.part_buckets import NO_DEV_SET, asked, table_with
from labeling.notebook.parts.part_measures import scores_of
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_rows import PartRows, in_order, model_answers, n_parts
from labeling.notebook.parts.part_scores import model_scores
from labeling.notebook.parts.part_table import PartTable, SetTable, SpanTable
from labeling.records import ABSTAIN
from labeling.records.label_texts import spans_in_words

Bools = npt.NDArray[np.bool_]

SPURIOUS, WRONG_LABEL, WRONG_EDGES = "spurious", "wrong label", "wrong edges"
MISSED, WRONG_NO = "missed", "wrong no"
KINDS = (SPURIOUS, WRONG_LABEL, WRONG_EDGES, MISSED, WRONG_NO)


def part_errors(moment: PartMoment, voted: VotedLF | None) -> PartRows:
    """Return wrong parts; meaning and errors are those of `PartLooking.errors`."""
    table, columns = table_with(moment, *(() if voted is None else (voted,)))
    model, p = model_answers(moment, table)
    if voted is None:
        codes, sure = np.where(table.has_label(model), model, ABSTAIN), p
    else:
        codes = columns[0].codes
        sure = np.where(model == codes, p, 1 - p)
    kinds = error_kinds(table, codes)
    if voted is not None:  # what one function does not say is no error of it
        kinds = np.where(kinds == KINDS.index(MISSED), ABSTAIN, kinds)
    # Rounded, so that the order of summation decides nothing.
    sure = np.where(np.isnan(p), -1.0, sure).round(6)
    at = np.flatnonzero(kinds != ABSTAIN)
    at = in_order(moment, table, at, -sure[at])
    n_given = 0 if voted is None else 1
    name = "The label model" if voted is None else voted.name
    return PartRows(
        _title(name, moment, table, len(at)),
        _sentences(moment, table, voted, codes, kinds),
        moment,
        table,
        at,
        asked(columns[:n_given]),
        columns[n_given:],
        {"error": [KINDS[kind] for kind in kinds[at]], **_notes(table, moment, kinds, at)},
        codes,
        marked=moment.functions.functions if voted is None else (voted,),
    )


def _title(name: str, moment: PartMoment, table: PartTable, n: int) -> str:
    if not moment.n_gold:
        return "Errors are known on a dev set only"
    return f"{name} is wrong about {n_parts(table, n)} of the dev set"


def _sentences(
    moment: PartMoment, table: PartTable, voted: VotedLF | None, codes: Codes, kinds: Codes
) -> tuple[str, ...]:
    if not moment.n_gold:
        return (NO_DEV_SET,)
    counts = Counter(kinds[kinds != ABSTAIN].tolist())
    listed = ", ".join(f"{counts[kind]:,} {KINDS[kind]}" for kind in sorted(counts))
    if voted is None:
        scores = model_scores(moment, moment.soft())
    else:
        scores = scores_of(table, codes, _labels_of(codes, table.none))._asdict()
    numbers = "; ".join(f"{name} {value}" for name, value in scores.items())
    of_what = f"On {counted(moment.n_gold, 'sample')} of the dev set: {numbers}."
    return (f"Errors: {listed}.", of_what) if listed else (of_what,)


def _labels_of(codes: Codes, n_labels: int) -> list[int]:
    return [code for code in np.unique(codes).tolist() if 0 <= code < n_labels]


@functools.singledispatch
def error_kinds(table: PartTable, codes: Codes) -> Codes:
    """Return what is wrong about each part, as a position in `KINDS`; -1 = nothing, or no gold.

    Args:
        table: the parts.
        codes: what is said of them: shape (n_parts,).
    """
    raise LabelingError(f"Parts must be spans or labels of samples. Got {table!r}.")


@error_kinds.register
def _(table: SetTable, codes: Codes) -> Codes:
    says_yes, is_true = table.has_label(codes), table.has_label(table.gold)
    is_known = table.gold != ABSTAIN
    kinds = np.full(len(table), ABSTAIN, dtype=np.intp)
    kinds[says_yes & is_known & ~is_true] = KINDS.index(SPURIOUS)
    kinds[is_true & (codes == table.none)] = KINDS.index(WRONG_NO)
    kinds[is_true & (codes == ABSTAIN)] = KINDS.index(MISSED)
    return kinds


@error_kinds.register
def _(table: SpanTable, codes: Codes) -> Codes:
    is_span, is_true = table.has_label(codes), table.has_label(table.gold)
    is_known = table.gold != ABSTAIN
    is_elsewhere = is_span & is_known & ~is_true
    edges = is_elsewhere & overlapping(table, is_elsewhere, is_true)
    near_an_error = is_true & ~is_span & overlapping(table, is_true, edges)
    kinds = np.full(len(table), ABSTAIN, dtype=np.intp)
    kinds[is_elsewhere] = KINDS.index(SPURIOUS)
    kinds[edges] = KINDS.index(WRONG_EDGES)
    kinds[is_span & is_true & (codes != table.gold)] = KINDS.index(WRONG_LABEL)
    kinds[is_true & ~is_span & ~near_an_error] = KINDS.index(MISSED)
    return kinds


def overlapping(table: SpanTable, wanted: Bools, others: Bools) -> Bools:
    """Return which of some spans overlap any of others of their sample: shape (n_parts,)."""
    length = int(table.end.max(initial=0)) + 1  # samples one after the other on one axis
    starts, ends = table.start + table.sample * length, table.end + table.sample * length
    rows = np.flatnonzero(wanted)
    before = np.searchsorted(np.sort(ends[others]), starts[rows], side="right")
    not_after = np.searchsorted(np.sort(starts[others]), ends[rows], side="left")
    touched = np.zeros(len(table), dtype=bool)
    touched[rows] = not_after > before
    return touched


@functools.singledispatch
def _notes(
    table: PartTable, moment: PartMoment, kinds: Codes, at: RowNumbers
) -> dict[str, list[str]]:
    """Return what else is shown of wrong parts, by heading."""
    return {}


@_notes.register
def _(table: SpanTable, moment: PartMoment, kinds: Codes, at: RowNumbers) -> dict[str, list[str]]:
    samples = table.sample[at]
    ids, texts = moment.samples.index[samples].tolist(), moment.texts_of(samples)
    places = zip(kinds[at], ids, texts, table.start[at], table.end[at], strict=True)
    return {
        "true span": [
            _overlapped(moment.gold[sample_id], text, int(start), int(end))
            if kind == KINDS.index(WRONG_EDGES)
            else ""
            for kind, sample_id, text, start, end in places
        ]
    }


def _overlapped(gold: Any, text: str, start: int, end: int) -> str:
    """Return the gold spans that a span overlaps, in words."""
    spans = [span for span in gold if span.start < end and start < span.end]
    return spans_in_words(spans, text)
