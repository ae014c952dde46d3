"""What a workbench shows of itself: samples, dev set, labeling functions, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import counted
from labeling.notebook.function_set import FunctionSet
from labeling.records import ABSTAIN, LabelSchema
from labeling.rendering import View
from labeling.rendering.formatting import clipped, percent

NO_DEV_SET = "There is no dev set: Workbench(..., gold=...) measures precision."
SHOWN = 12
"""Names that are shown."""


def overview(
    samples: pd.DataFrame,
    schema: LabelSchema,
    dev_set: str,
    functions: FunctionSet,
) -> View:
    """Return the view of a workbench; nothing is run for it.

    Args:
        samples: index = ids.
        schema: the labels.
        dev_set: what the dev set is, as a sentence.
        functions: with their votes, as they were cast last.
    """
    n = len(samples)
    title = (
        f"Workbench of {counted(n, 'sample')} and {counted(len(functions), 'labeling function')}"
    )
    parts = [f"Labels: {_names(schema.labels)}.", dev_set]
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


def dev_set_sentence(schema: LabelSchema, gold_codes: npt.NDArray[np.intp]) -> str:
    """Return how many samples of each label the dev set has.

    Args:
        schema: the labels.
        gold_codes: of the dev set, shape (n_samples,), -1 = not in it.
    """
    known = gold_codes[gold_codes >= 0]
    if not len(known):
        return NO_DEV_SET
    counts = np.bincount(known, minlength=len(schema)).tolist()
    numbers = counts_in_words(dict(zip(schema.labels, counts, strict=True)))
    return f"Dev set: {counted(len(known), 'sample')} ({numbers})."


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Return how often labels occur, the first of them, in their order."""
    return _names([f"{clipped(name, 40)} {n:,}" for name, n in counts.items()])


def _names(names: tuple[str, ...] | list[str]) -> str:
    shown = [clipped(name, 40) for name in names[:SHOWN]]
    left = len(names) - len(shown)
    return ", ".join(shown) + (f" and {left:,} more" if left else "")
