"""Source code that a callable proposes: checked, measured without running it, shown."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling import functions
from labeling.engine.batches import SampleBatch
from labeling.engine.columns.plans import NoPlan, plan_of
from labeling.errors import LabelingError, LabelingFunctionError
from labeling.notebook.suggestions.allow_list import Checked, Refused, checked
from labeling.notebook.suggestions.building import IMPORTED, MODULES
from labeling.records import ABSTAIN, LabelingFunction, LabelSchema

Propose = Callable[[dict[str, Any]], Sequence[str]]
MOST = 50
"""Proposals that are looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Source code that was proposed.

    Attributes:
        source: as it was given.
        refused: why it is refused; empty if a person may accept it.
        checked: its parts, if it may be accepted.
        codes: the votes that are known without running it, shape (n_samples,); -1 = none.
        decided: the samples on which its vote is known, shape (n_samples,).
    """

    source: str
    refused: str
    checked: Checked | None
    codes: npt.NDArray[Any]
    decided: npt.NDArray[np.bool_]


def proposals_of(
    propose: Propose, facts: dict[str, Any], samples: pd.DataFrame, schema: LabelSchema
) -> list[Proposal]:
    """Return what is proposed; no line of it is run.

    Votes are found by the engine's compiler to columns, which reads the code and knows what it
    means; where it does not know, a sample stays undecided.

    Raises:
        LabelingFunctionError: the callable returns no list of texts.
    """
    given = propose(facts)
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise LabelingFunctionError(
            f"`propose` must return a list of source codes as texts. Got {type(given).__name__}."
        )
    return [_proposal(source, samples, schema) for source in list(given)[:MOST]]


def _proposal(source: object, samples: pd.DataFrame, schema: LabelSchema) -> Proposal:
    codes = np.full(len(samples), ABSTAIN, dtype=schema.code_type)
    undecided = np.zeros(len(samples), dtype=bool)
    shown = source if isinstance(source, str) else repr(source)[:200]
    try:
        parts = checked(source)
        if parts.label is not None:
            schema.index(parts.label)
        lf = _unrun(parts)
    except (Refused, LabelingError) as refusal:
        return Proposal(shown, str(refusal), None, codes, undecided)
    plan = plan_of(lf, schema)
    if not isinstance(plan, NoPlan):
        codes, decided = plan.run(SampleBatch(samples), {})
        return Proposal(shown, "", parts, np.where(decided, codes, ABSTAIN), decided)
    return Proposal(shown, "", parts, codes, undecided)


def _unrun(parts: Checked) -> LabelingFunction:
    """Return the labeling function of a proposal, without running its body."""
    if isinstance(parts.node, ast.Assign):
        call = parts.node.value
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        values = [ast.literal_eval(each) for each in call.args]
        words = {str(each.arg): _value(each.value) for each in call.keywords}
        try:
            made: LabelingFunction = getattr(functions, call.func.id)(*values, **words)
        except (TypeError, ValueError, ArithmeticError, LookupError, MemoryError) as error:
            raise Refused(f"{call.func.id} refuses its arguments: {error}") from None
        return made
    from labeling.notebook.suggestions.building import defined

    return LabelingFunction(parts.name, defined(parts.name, parts.node), label=parts.label)


def _value(node: ast.expr) -> Any:
    return 2 if isinstance(node, ast.Attribute) else ast.literal_eval(node)


def facts_of(
    schema: LabelSchema, examples: dict[str, list[str]], names: Sequence[str], text: str
) -> dict[str, Any]:
    """Return what a proposing callable is given: plain lists and texts only."""
    return {
        "labels": list(schema.labels),
        "text_column": text,
        "examples": examples,
        "functions": list(names),
        "imports": [*MODULES, *(f"labeling.functions.{each}" for each in IMPORTED)],
        "rules": (
            "Return a list of texts. Each defines one labeling function: a function of x below"
            " @labeling_function(label=...), or name = keywords('name', [...], label=...)."
        ),
    }
