"""`plan_of`: how a labeling function runs on whole columns, or why it does not.

A plan answers for the rows on which its rules are certain, and leaves the others undecided: they go
to the Python function. So a plan changes how fast votes come, never what they are.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.engine.columns.changes import changes_names, codes_reached, is_frozen, is_inert
from labeling.engine.columns.compiler import Compiler, Reason, Record, default_values
from labeling.engine.columns.context import State
from labeling.engine.columns.forks import polars_lost_its_threads
from labeling.engine.columns.frames import Batch, Frame, Memo
from labeling.engine.columns.names import Pins
from labeling.engine.columns.rule_plans import RulePlan, plan_of_rule
from labeling.engine.columns.source import NoSourceError, Source, source_of
from labeling.engine.columns.statements import Block
from labeling.engine.columns.text_search import has_polars
from labeling.engine.columns.texts import Mask, Text
from labeling.engine.columns.values import Bools, Constant, Integers, Piece, Row
from labeling.records import (
    ABSTAIN,
    LabelingFunction,
    LabelSchema,
    SpanLabelingFunction,
    vote_code,
)

Codes = npt.NDArray[Any]

MOST_LABELS = 64
"""A column of answers is compared with each label; of more labels it goes to Python."""


@dataclass(frozen=True, slots=True)
class NoPlan:
    """Why a labeling function does not run on columns.

    Attributes:
        reason: a sentence part, such as "it calls a preprocessor".
    """

    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class ColumnPlan:
    """How a labeling function runs on columns.

    Attributes:
        function: what votes on one row.
        label: for a yes-or-no function: the label it votes for.
        schema: the labels.
        reads: the columns that its rules read.
        reasons: what of it is left to Python.
    """

    # Not the labeling function itself: plans are kept as long as that lives.
    function: FunctionType
    label: str | int | None
    schema: LabelSchema
    reads: frozenset[str]
    reasons: tuple[Reason, ...]
    _body: Block
    _arguments: dict[str, Any]
    _pins: Pins

    def holds(self) -> bool:
        """Whether all that the function uses is what it was when the plan was made."""
        return self._pins.hold()

    def run(self, batch: Batch, memo: Memo) -> tuple[Codes, Mask]:
        """Return the votes on a batch, and on which samples they are decided.

        Args:
            batch: the samples.
            memo: shared by all plans that run on this batch, and by nothing else.

        Returns:
            codes of shape (n_samples,), and a mask; codes of undecided samples mean nothing.
        """
        codes = np.full(len(batch), ABSTAIN, self.schema.code_type)
        decided = np.zeros(len(batch), bool)
        try:
            import polars as pl
        except ImportError:
            return codes, decided
        try:
            if self.holds():
                self._answer(Frame.of(batch, memo), codes, decided)
        except (Exception, pl.exceptions.PanicException):  # noqa: BLE001  # Python has the answer
            decided[:] = False
        return codes, decided

    def _answer(self, frame: Frame, codes: Codes, decided: Mask) -> None:
        values = {name: frame.constant(value) for name, value in self._arguments.items()}
        row = self.function.__code__.co_varnames[0]
        state = State(frame, values | {row: frame.whole(Row())}, frame.all)
        self._body.run(state)
        if state.active.any():
            state.returned.append((state.active, frame.constant(None)))
        for rows, value in state.returned:
            for mask, piece in frame.restricted(value, rows):
                self._encode(frame, mask, piece, codes, decided)

    def _encode(self, frame: Frame, rows: Mask, piece: Piece, codes: Codes, decided: Mask) -> None:
        """Write the codes of an answer on the rows where it is a vote."""
        if isinstance(piece, Constant):
            code = _code(piece.value, self.schema, self.label)
            if code is not None:
                np.copyto(codes, code, where=rows)
                decided |= rows
            return
        for mask, answer in _answers(piece, self.schema):
            code = _code(answer, self.schema, self.label)
            if code is not None:
                wanted = rows & mask
                np.copyto(codes, code, where=wanted)
                decided |= wanted


def _code(answer: Any, schema: LabelSchema, label: str | int | None) -> int | None:
    """Return the code of an answer; `None` if it is no vote, which Python then reports."""
    try:
        return vote_code(answer, schema, label)
    except (LookupError, ValueError, TypeError):
        return None


def _answers(piece: Piece, schema: LabelSchema) -> list[tuple[Mask, Any]]:
    """Return the answers of a column that may be votes, each with its rows."""
    if isinstance(piece, Bools):
        return [(piece.values, True), (~piece.values, False)]
    if len(schema) > MOST_LABELS:
        return []
    if isinstance(piece, Integers):
        return [(piece.values == answer, answer) for answer in {ABSTAIN, *schema.int_codes}]
    if isinstance(piece, Text):
        return [(piece.is_one_of([label]), label) for label in schema.labels]
    return []


Plan = ColumnPlan | RulePlan | NoPlan

_PLANS: weakref.WeakKeyDictionary[LabelingFunction, tuple[Any, Plan]] = weakref.WeakKeyDictionary()


def plan_of(lf: LabelingFunction, schema: LabelSchema) -> Plan:
    """Return how a labeling function runs on columns, or why it does not.

    A plan is made once, and again when what the function uses has been replaced.
    """
    made_of = (lf.function, lf.rule, lf.label, lf.batch, lf.pre, lf.compile)
    key = (*made_of, schema, _identities(lf.resources))
    known = _PLANS.get(lf)
    if known is not None and known[0] == key and _still_holds(known[1]):
        return known[1]
    plan = _made_plan(lf, schema)
    _PLANS[lf] = (key, plan)
    return plan


def _still_holds(plan: Plan) -> bool:
    return not isinstance(plan, ColumnPlan) or plan.holds()


def _identities(resources: Any) -> tuple[tuple[str, int], ...]:
    return tuple((name, id(value)) for name, value in resources.items())


def _made_plan(lf: LabelingFunction, schema: LabelSchema) -> Plan:
    reason = _obstacle(lf)
    if reason is not None:
        return NoPlan(reason)
    by_rule = plan_of_rule(lf, schema)
    if by_rule is not None:
        return by_rule
    try:
        source = source_of(lf.function)
        arguments = _arguments(source, lf.resources)
    except NoSourceError as error:
        return NoPlan(str(error))
    if changes_names(source.function.__code__):
        return NoPlan("it assigns global variables, or variables of a function around it")
    return _compiled(lf, schema, source, arguments)


def _obstacle(lf: LabelingFunction) -> str | None:
    if isinstance(lf, SpanLabelingFunction):
        return "it marks spans"
    if lf.closed:
        return "it says no to the labels that it does not name"
    if not lf.compile:
        return "it says compile=False"
    if lf.batch is not None:
        return "it votes on many samples at a time"
    if lf.pre:
        return "its samples go through a preprocessor"
    if polars_lost_its_threads():
        return "this process was forked after polars was loaded, whose threads a fork loses"
    if not has_polars():
        return (
            "polars is not installed, cannot be imported, or is older than 1.30"
            " (pip install 'labeling[fast]')"
        )
    return None


def _arguments(source: Source, resources: Any) -> dict[str, Any]:
    """Return all arguments of a call but the sample."""
    given = source.node.args
    positional = [each.arg for each in (*given.posonlyargs, *given.args)]
    by_name = {*positional[max(1, len(given.posonlyargs)) :], *(e.arg for e in given.kwonlyargs)}
    if not positional:
        raise NoSourceError("it takes no sample")
    if not set(resources) <= by_name:
        raise NoSourceError("its resources are not its parameters")
    defaults = default_values(source.function)
    wanted = {*positional[1:], *by_name}
    if not wanted <= {*resources, *defaults}:
        raise NoSourceError("it has parameters without a value")
    return {name: resources.get(name, defaults.get(name)) for name in wanted}


def _compiled(
    lf: LabelingFunction, schema: LabelSchema, source: Source, arguments: dict[str, Any]
) -> ColumnPlan | NoPlan:
    try:
        record, body = _body(source, trusts_constants=True)
        has_strangers = not all(map(is_inert, arguments.values()))
        if has_strangers or record.may_act or any(each.may_act for each in record.reasons):
            # A part that is left to Python might change lists and dicts that the rules read.
            record, body = _body(source, trusts_constants=False)
            if any(map(changes_names, codes_reached(source.function))):
                return NoPlan("it, or a function it calls, may change what names refer to")
            arguments = {name: value for name, value in arguments.items() if is_frozen(value)}
    except RecursionError:
        return NoPlan("it is too deeply nested")
    reasons = tuple(record.reasons)
    if not body.answers and not body.goes_on:
        return NoPlan(str(reasons[0]) if reasons else "it always raises an error")
    columns = frozenset(record.columns)
    return ColumnPlan(
        source.function, lf.label, schema, columns, reasons, body, arguments, record.pins
    )


def _body(source: Source, *, trusts_constants: bool) -> tuple[Record, Block]:
    record = Record(trusts_constants)
    return record, Compiler(source, record, ()).body
