"""Plans of the ready-made kinds of labeling functions: their votes on whole columns, by rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.engine.columns.rule_conditions import (
    ConditionOnColumns,
    Indexes,
    WordSearch,
    shared_indexes,
)
from labeling.engine.columns.text_search import Batch, Mask, Memo, TextColumn, has_polars
from labeling.engine.columns.value_search import UNDECIDED, DistinctValues
from labeling.errors import LabelingError
from labeling.records import (
    ABSTAIN,
    LabelingFunction,
    LabelSchema,
    LookupRule,
    SearchRule,
    WordCondition,
    vote_code,
)

Codes = npt.NDArray[Any]


class RulePlan:
    """The votes of a ready-made labeling function on whole columns.

    Args:
        rule: what the function does.
        schema: the labels.

    Attributes:
        reads: the columns it reads.
        indexes: of the words of several functions, from `share_searches`.
        reasons: what of it is left to Python, and why.
        is_hopeless: whether it decides no sample that has values.
    """

    def __init__(self, rule: SearchRule | LookupRule, schema: LabelSchema) -> None:
        self.rule, self.schema = rule, schema
        self.indexes: Indexes = {}
        self.condition: ConditionOnColumns | None = None
        self.reasons: tuple[str, ...] = ()
        self.is_hopeless = False
        if isinstance(rule, SearchRule):
            self.label = self._code(rule.label)
            self.condition = ConditionOnColumns(rule.condition)
            self.reads = self.condition.reads
            self.reasons, self.is_hopeless = self.condition.reasons, self.condition.is_hopeless
        else:
            self.reads = frozenset([rule.column])

    @property
    def searches(self) -> list[WordSearch]:
        """Its searches for words."""
        return [] if self.condition is None else list(self.condition.searches.values())

    def run(self, batch: Batch, memo: Memo) -> tuple[Codes, Mask]:
        """Return the votes on a batch, and which of them are decided; the rest is Python's.

        Args:
            batch: the samples.
            memo: what is shared by all who work on the batch.

        Returns:
            codes of `schema.code_type`, and a mask, both of shape (n_samples,); not to be changed.
        """
        import polars as pl

        try:
            if isinstance(self.rule, LookupRule):
                return self._looked_up(self.rule, batch, memo)
            return self._searched(self.rule, batch, memo)
        except (Exception, pl.exceptions.PanicException):  # noqa: BLE001  # Python decides then
            return self._abstaining(len(batch)), np.zeros(len(batch), dtype=bool)

    def _abstaining(self, size: int) -> Codes:
        return np.full(size, ABSTAIN, dtype=self.schema.code_type)

    def _searched(self, rule: SearchRule, batch: Batch, memo: Memo) -> tuple[Codes, Mask]:
        assert self.condition is not None
        if isinstance(rule.condition, WordCondition):
            search = self.condition.searches[rule.condition]
            index = search.index_of(self.indexes)
            column = TextColumn.of(batch, memo, rule.condition.column) if index else None
            if index is not None and column is not None:
                return self._votes_for(column, *search.rows_found(column, index))
        truths = self.condition.truths(batch, memo, self.indexes)
        codes = self._abstaining(len(batch))
        if self.label is None:
            return codes, truths.false | truths.unknown
        codes[truths.true] = self.label
        return codes, truths.decided

    def _votes_for(self, column: TextColumn, rows: Any, unsure: Any) -> tuple[Codes, Mask]:
        """Return the votes for the label on some rows; those that are unsure are undecided."""
        codes, decided = self._abstaining(len(column)), column.all
        if self.label is None:
            unsure = rows
        else:
            codes[rows] = self.label
        if len(unsure):
            decided = decided.copy()
            decided[unsure] = False
        return codes, decided

    def _looked_up(self, rule: LookupRule, batch: Batch, memo: Memo) -> tuple[Codes, Mask]:
        values = DistinctValues.of(batch, memo, rule.column)
        if values is None:
            return self._abstaining(len(batch)), np.zeros(len(batch), dtype=bool)
        meanings = values.meanings(rule.table, rule.table.keys)
        codes_of = {id(meaning): self._code(meaning) for meaning in meanings}
        each = [codes_of[id(meaning)] for meaning in meanings]
        codes = np.array([ABSTAIN if code is None else code for code in each])
        decided = np.array([code is not None for code in each])
        return codes.astype(self.schema.code_type)[values.numbers], decided[values.numbers]

    def _code(self, meaning: Any) -> int | None:
        """Return the code of a vote; `None` if it is none of the schema, or unknown."""
        if meaning is UNDECIDED:
            return None
        try:
            return vote_code(meaning, self.schema)
        except (LabelingError, LookupError, ValueError, TypeError):
            return None


def plan_of_rule(lf: LabelingFunction, schema: LabelSchema) -> RulePlan | None:
    """Return the plan of a ready-made labeling function; `None` for others.

    Where it votes for a label that is not of the schema, samples are undecided.
    """
    is_as_made = lf.function is vars(lf).get("__wrapped__")  # by the call that gave it its rule
    rule = getattr(lf, "rule", None)  # absent in pickles of earlier versions
    if (
        not has_polars()
        or rule is None
        or not is_as_made
        or lf.pre
        or lf.batch is not None
        or lf.resources
    ):
        return None
    try:
        return RulePlan(rule, schema)
    except RecursionError:  # a condition of very many parts
        return None


def share_searches(plans: Iterable[object]) -> None:
    """Let plans search each column for all of their words in one pass.

    The votes are the same without it. Plans of other kinds may be among the given ones.
    """
    rule_plans = [plan for plan in plans if isinstance(plan, RulePlan)]
    searches = [search for plan in rule_plans for search in plan.searches]
    indexes = shared_indexes(searches)
    for plan in rule_plans:
        plan.indexes = indexes
