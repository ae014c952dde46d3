"""What label schemas and labeling functions show of themselves."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labeling.rendering import Code, Excerpt, Part, Table, View
from labeling.rendering.providers import provided

if TYPE_CHECKING:
    from labeling.records.labeling_function import LabelingFunction
    from labeling.records.schema import LabelSchema

MOST_LABELS = 50
HOW_IT_RUNS = "how a labeling function runs"
"""The name of the provider of `labeling.explain`'s sentence."""


def schema_view(schema: LabelSchema) -> View:
    """Return the labels with their codes and descriptions."""
    kind = "ordered labels, from the lowest to the highest" if schema.ordered else "labels"
    descriptions = schema.descriptions
    headings = ("code", "label", "description") if descriptions else ("code", "label")
    rows = tuple(
        (code, Excerpt(label), Excerpt(descriptions.get(label, "")))[: len(headings)]
        for code, label in enumerate(schema.labels[:MOST_LABELS])
    )
    table = Table(headings, rows, left_out=len(schema) - len(rows))
    return View(f"Label schema: {len(schema):,} {kind}", (table,))


def labeling_function_view(lf: LabelingFunction) -> View:
    """Return a labeling function's reason, label, columns, how it runs, and source."""
    parts: list[Part] = []
    reason = vars(lf).get("__doc__")
    if reason:
        parts.append(inspect.cleandoc(reason))
    if lf.label is not None and lf.rule is None:
        parts.append(lf.what_label_is_for())
    if lf.closed:
        parts.append("Says no to the labels that its answer does not name.")
    if lf.pre:
        parts.append(f"Preprocessors: {', '.join(map(_name, lf.pre))}.")
    if lf.files:
        parts.append(f"Made from: {', '.join(lf.files)}.")
    how = provided(HOW_IT_RUNS, lf)
    parts += [how] if how else []
    if lf.reads and "It reads: " not in how:
        parts.append(f"It reads: {', '.join(lf.reads)}.")
    source = None if lf.rule is not None else source_of(lf.batch or lf.function)
    if source:
        parts.append(Code(source))
    return View(f"Labeling function {lf.name}", tuple(parts))


def source_of(function: Callable[..., Any]) -> str:
    """Return the source of a function that users wrote; empty where it cannot be found."""
    plain = inspect.unwrap(function)
    module = str(getattr(plain, "__module__", ""))
    if module.startswith("labeling."):  # of a ready-made kind: its docstring says what it does
        return ""
    try:
        return inspect.cleandoc(inspect.getsource(plain))
    except (OSError, TypeError, SyntaxError):
        return ""


def _name(function: object) -> str:
    return str(getattr(function, "__name__", type(function).__name__))
