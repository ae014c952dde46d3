"""What a workbench shows of itself: samples, dev set, labeling functions, and what to do next."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import counted
from labeling.notebook.function_set import FunctionSet
from labeling.records import ABSTAIN, LabelSchema
from labeling.rendering import View
from labeling.rendering.formatting import clipped, percent

SHOWN = 12
"""Names that are shown."""


def overview(
    samples: pd.DataFrame,
    schema: LabelSchema,
    gold_codes: npt.NDArray[np.intp],
    functions: FunctionSet,
) -> View:
    """Return the view of a workbench; nothing is run for it.

    Args:
        samples: index = ids.
        schema: the labels.
        gold_codes: of the dev set, shape (n_samples,), -1 = not in it.
        functions: with their votes, as they were cast last.
    """
    n = len(samples)
    title = (
        f"Workbench of {counted(n, 'sample')} and {counted(len(functions), 'labeling function')}"
    )
    parts = [f"Labels: {_names(schema.labels)}.", _dev_set(schema, gold_codes)]
    if not len(functions):
        parts.append(
            "Write a labeling function below @workbench.lf(label=...), or start from"
            " next_example(), highlight(...) or suggest()."
        )
        return View(title, tuple(parts))
    covered = int((functions.array(n) != ABSTAIN).any(axis=1).sum())
    parts += [
        f"Labeling functions: {_names(functions.names)}.",
        f"{covered:,} of {counted(n, 'sample')} ({percent(covered / n)}) have a vote.",
        "summary() shows all functions, uncovered() the samples without a vote, preview(lf) what a"
        " new function would do.",
    ]
    return View(title, tuple(parts))


def _dev_set(schema: LabelSchema, gold_codes: npt.NDArray[np.intp]) -> str:
    known = gold_codes[gold_codes >= 0]
    if not len(known):
        return "There is no dev set: Workbench(..., gold=...) measures precision."
    counts = np.bincount(known, minlength=len(schema)).tolist()
    names = [f"{clipped(name, 40)} {n:,}" for name, n in zip(schema.labels, counts, strict=True)]
    return f"Dev set: {counted(len(known), 'sample')} ({_names(names)})."


def _names(names: tuple[str, ...] | list[str]) -> str:
    shown = [clipped(name, 40) for name in names[:SHOWN]]
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left:,} more" if left else "")
