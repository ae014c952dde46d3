"""`explain`: whether labeling functions run on whole columns, and if not, what stopped them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, overload

from labeling.engine.columns.plans import NoPlan, plan_of
from labeling.engine.columns.rule_plans import RulePlan
from labeling.errors import LabelingFunctionError, counted
from labeling.records import LabelingFunction, LabelSchema, expect
from labeling.rendering import Displayed, Excerpt, Table, View

HOW_IN_WORDS = {"columns": "on columns", "partly": "partly on columns", "python": "in Python"}

_ANY_SCHEMA = LabelSchema(["no", "yes"])
"""A plan of a function is the same for every schema; only its votes are encoded otherwise."""


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Displayed):
    """How a labeling function runs.

    Attributes:
        name: its name.
        how: "columns", "partly" (some samples go to the Python function) or "python".
        because: a sentence that says why: the line and the expression that stopped it.
        reads: the columns that its rules read; empty if it runs in Python.
    """

    name: str
    how: Literal["columns", "partly", "python"]
    because: str
    reads: frozenset[str]

    def __repr__(self) -> str:
        return f"{self.name} runs {HOW_IN_WORDS[self.how]}: {self.because}"

    def _view(self) -> View:
        reads = f"Its rules read: {', '.join(sorted(self.reads))}."
        parts = (self.because, reads) if self.reads else (self.because,)
        return View(f"{self.name} runs {HOW_IN_WORDS[self.how]}", parts)


class Explanations(list[Explanation], Displayed):
    """How several labeling functions run: a list that shows itself as a table."""

    def _view(self) -> View:
        rows = tuple(
            (
                Excerpt(one.name),
                HOW_IN_WORDS[one.how],
                Excerpt(", ".join(sorted(one.reads))),
                Excerpt(one.because),
            )
            for one in self
        )
        table = Table(("labeling function", "runs", "reads", "why"), rows)
        return View(f"How {counted(len(rows), 'labeling function')} run", (table,))


@overload
def explain(lf: LabelingFunction, schema: LabelSchema | None = None) -> Explanation: ...


@overload
def explain(
    lf: Iterable[LabelingFunction], schema: LabelSchema | None = None
) -> list[Explanation]: ...


def explain(
    lf: LabelingFunction | Iterable[LabelingFunction], schema: LabelSchema | None = None
) -> Explanation | list[Explanation]:
    """Return whether labeling functions run on whole columns, and why not.

    `apply` runs plain functions on whole columns, many times faster than sample by sample, as far
    as their expressions have rules that are certain to give the same votes. Samples on which a rule
    is not certain, such as texts in other alphabets for a pattern, go to the Python function. Needs
    polars (`pip install 'labeling[fast]'`); without it all functions run in Python.

    Args:
        lf: a labeling function, or several.
        schema: the labels, if any; what is said does not depend on them.

    Returns:
        for each function `name`, `how` ("columns", "partly" or "python"), `because` (a sentence
        with the line and the expression that stopped it), and `reads` (the columns its rules read).

    Raises:
        LabelingFunctionError: what is given is not a labeling function.

    >>> from labeling import LabelingFunction, explain
    >>> explain(LabelingFunction("any", lambda x: 1, compile=False))
    any runs in Python: it says compile=False.
    """
    labels = _ANY_SCHEMA if schema is None else expect(schema, LabelSchema, "`schema`")
    if isinstance(lf, LabelingFunction):
        return _explanation(lf, labels)
    if not isinstance(lf, Iterable) or isinstance(lf, (str, bytes)) or callable(lf):
        raise LabelingFunctionError(
            f"`explain` must get labeling functions, made with @labeling_function. Got {lf!r}."
        )
    explanations = Explanations()
    for each in lf:
        if not isinstance(each, LabelingFunction):
            raise LabelingFunctionError(
                f"Labeling functions must be made with @labeling_function. Got {each!r}."
            )
        explanations.append(_explanation(each, labels))
    return explanations


def _explanation(lf: LabelingFunction, schema: LabelSchema) -> Explanation:
    plan = plan_of(lf, schema)
    if isinstance(plan, NoPlan):
        return Explanation(lf.name, "python", f"{plan.reason}.", frozenset())
    if isinstance(plan, RulePlan) and plan.is_hopeless:
        return Explanation(lf.name, "python", f"{plan.reasons[0]}.", frozenset())
    if plan.reasons:
        others = len(plan.reasons) - 1
        more = f" (and {others} more)" if others else ""
        return Explanation(lf.name, "partly", f"{plan.reasons[0]}{more}.", plan.reads)
    because = "all of it has rules for columns; samples of which they are not certain go to Python."
    return Explanation(lf.name, "columns", because, plan.reads)
