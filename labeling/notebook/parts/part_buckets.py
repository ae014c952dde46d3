"""Spans, or labels of samples, by vote, gold, label model, conflict and slice; and conflicts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from labeling.notebook.buckets import ANY, Slice, Value, condition_of, sliced, wanted_codes
from labeling.notebook.conflict_pairs import ConflictPairs, pairs_in_conflict
from labeling.notebook.function_set import VotedLF
from labeling.notebook.measures import conflicting
from labeling.notebook.moment import Codes, accuracy
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_rows import PartRows, columns_of, in_order, model_answers, n_parts
from labeling.notebook.parts.part_table import PartTable
from labeling.notebook.rows import VoteColumn
from labeling.records import ABSTAIN, NOTHING, LabelSchema, co_occurrence

Bools = npt.NDArray[np.bool_]

NO_DEV_SET = "There is no dev set: Workbench(..., gold=...) gives gold."


def part_bucket(
    moment: PartMoment,
    voted: VotedLF | None,
    vote: Value,
    gold: Value,
    model: Value,
    conflict_with: VotedLF | None,
    slice: Slice,
) -> PartRows:
    """Return the parts of a bucket; meaning and errors are those of `PartLooking.bucket`."""
    given = [function for function in (voted, conflict_with) if function is not None]
    table, columns = table_with(moment, *given)
    schema, conditions = moment.schema, []
    chosen = np.ones(len(table), dtype=bool)
    if vote is not None:
        wanted = wanted_codes(vote, schema, "vote", _words(schema, "abstain"))
        chosen &= _voted(table, None if voted is None else columns[0].codes, wanted)
        conditions.append(condition_of("vote", vote))
    elif voted is not None:
        chosen &= table.has_answer(columns[0].codes)
    if gold is not None:
        chosen &= np.isin(table.gold, wanted_codes(gold, schema, "gold", _words(schema, "none")))
        conditions.append(condition_of("gold", gold))
    if model is not None:
        wanted = wanted_codes(model, schema, "model", _words(schema, "none"))
        chosen &= np.isin(model_answers(moment, table)[0], wanted)
        conditions.append(condition_of("model", model))
    if conflict_with is not None:
        first, against = _sides(table, len(given))
        chosen &= conflicting(first, against, table.none + 1)
        conditions.append(f"in conflict with {conflict_with.name}")
    if slice is not None:
        chosen &= sliced(moment.samples, slice)[table.sample]
        conditions.append("in the slice")
    name = f"{table.noun}s" if voted is None else voted.name
    rows = _rows(moment, table, columns, given, chosen, [name, *conditions])
    if voted is not None or conflict_with is None:
        return rows
    return dataclasses.replace(rows, columns=asked(columns[:1], ("other_vote",)))


def _sides(table: PartTable, n_given: int) -> tuple[Codes, Codes]:
    """Return what conflicts with what: the first of two functions with the second, or with all."""
    others = table.codes[:, 1:2] if n_given == 2 else table.codes[:, 1:]
    return table.codes[:, 0], others


def _rows(
    moment: PartMoment,
    table: PartTable,
    columns: tuple[VoteColumn, ...],
    given: Sequence[VotedLF],
    chosen: Bools,
    words: list[str],
) -> PartRows:
    at = in_order(moment, table, np.flatnonzero(chosen))
    return PartRows(
        f"{', '.join(words)} ({n_parts(table, len(at))})",
        () if moment.n_gold else (NO_DEV_SET,),
        moment,
        table,
        at,
        asked(columns[: len(given)]),
        columns[len(given) :],
        marked=tuple(given) or moment.functions.functions,
    )


def table_with(moment: PartMoment, *given: VotedLF) -> tuple[PartTable, tuple[VoteColumn, ...]]:
    """Return the parts that some functions, those of the set or the dev set speak of.

    Returns:
        The parts, and what the functions say: first those given, then the others of the set.
    """
    functions = (*given, *moment.others(*(voted.name for voted in given)))
    table = moment.table(*functions)
    return table, columns_of(functions, table)


def asked(
    columns: tuple[VoteColumn, ...], names: Sequence[str] = ("vote", "other_vote")
) -> tuple[VoteColumn, ...]:
    """Return the columns of functions that were asked for, by other names."""
    return tuple(
        VoteColumn(name, column.heading, column.codes)
        for name, column in zip(names, columns, strict=False)
    )


def _words(schema: LabelSchema, missing: str) -> dict[str, list[int]]:
    """Return the codes of words that stand for no single label."""
    n_labels = len(schema)
    return {missing: [ABSTAIN], NOTHING: [n_labels], ANY: list(range(n_labels))}


def _voted(table: PartTable, codes: Codes | None, wanted: list[int]) -> Bools:
    """Return where a function, or any function, says so; silence: where all are silent."""
    if codes is not None:
        return np.isin(codes, wanted)
    said = np.isin(table.codes, [code for code in wanted if code != ABSTAIN]).any(axis=1)
    is_silent = (table.codes == ABSTAIN).all(axis=1)
    return np.asarray(said | (is_silent & (ABSTAIN in wanted)))


def part_conflicts(moment: PartMoment, first: VotedLF, second: VotedLF | None) -> PartRows:
    """Return parts of which a function says something else than another one, or any other."""
    given = [first] if second is None else [first, second]
    table, columns = table_with(moment, *given)
    differ = conflicting(*_sides(table, len(given)), table.none + 1)
    with_whom = "other functions" if second is None else second.name
    rows = _rows(moment, table, columns, given, differ, [])
    sentences = rows.sentences
    if moment.n_gold:
        sentences = tuple(
            f"{column.heading} is right in these conflicts on the dev set:"
            f" {accuracy(column.codes[differ], table.gold[differ])}."
            for column in columns[: len(given)]
        )
    title = f"{first.name} in conflict with {with_whom} ({n_parts(table, len(rows))})"
    return dataclasses.replace(rows, title=title, sentences=sentences)


class PartConflictPairs(ConflictPairs):
    """All pairs of functions that conflict over spans, or over labels of samples.

    `both` and `conflicts` count these parts. Of spans, functions conflict where one gives a span
    another label, or marks a longer or crossing one instead.
    """

    _both: ClassVar[str] = "both speak of"


def part_conflict_pairs(moment: PartMoment) -> PartConflictPairs:
    """Return all pairs of functions that conflict, with who is right on the dev set."""
    functions = moment.functions
    table = moment.table(*functions)
    codes = table.codes[:, : len(functions)]
    says_none = codes == table.none
    neither = says_none & ~table.has_answer(np.full(1, table.none))
    both = co_occurrence(codes != ABSTAIN) - co_occurrence(neither)
    pairs = pairs_in_conflict(functions.names, codes, both, table.gold, table.none + 1)
    return PartConflictPairs(pairs, len(moment), len(functions), bool(moment.n_gold))
