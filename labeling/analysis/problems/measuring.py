"""The error and the priority of problems, on their test rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.analysis.gold_comparison import Predicted, compared
from labeling.analysis.problems.problem import KnownProblem
from labeling.analysis.slices.masks import Slices
from labeling.errors import LabelingError
from labeling.records import Gold, LabelSchema, SoftLabels
from labeling.records.estimates import Estimate, mean_of, undefined
from labeling.rendering import Displayed, Excerpt, Share, Table, View, as_interval
from labeling.rendering.formatting import with_interval

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, repr=False)
class MeasuredProblem(Displayed):
    """A problem with its error in one release.

    Attributes:
        problem: as in the list.
        error: share of wrong labels of its test rows; `n` = those with a gold label.
        n_rows: its rows with a prediction, with a gold label or without.
        affected: the share of users who meet it: stated in the list, or the share of samples that
            are in the slice.
        is_affected_stated: whether it is stated in the list.
        priority: affected x error x harm, 0 to 5, with the interval of the error. NaN where no test
            row has a gold label, or nothing says how many users meet it.
    """

    problem: KnownProblem
    error: Estimate
    n_rows: int
    affected: float
    is_affected_stated: bool
    priority: Estimate


@dataclass(frozen=True, slots=True, repr=False)
class ProblemTable(Displayed):
    """Problems by priority; made by `ProblemList.measure`.

    Attributes:
        problems: the highest priority first; those without a known priority come last.
    """

    problems: tuple[MeasuredProblem, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return a row a problem, index = name, the highest priority first.

        Columns: `status`, `harm`, `affected`, `n`, `error`, `low`, `high`, `priority`,
        `priority_low`, `priority_high`, `owner`, `note`.
        """
        rows = {
            one.problem.name: {
                "status": one.problem.status,
                "harm": one.problem.harm,
                "affected": one.affected,
                "n": one.error.n,
                "error": one.error.value,
                "low": one.error.low,
                "high": one.error.high,
                "priority": one.priority.value,
                "priority_low": one.priority.low,
                "priority_high": one.priority.high,
                "owner": one.problem.owner,
                "note": one.priority.note,
            }
            for one in self.problems
        }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("problem")

    def _view(self) -> View:
        rows = tuple(
            (
                Excerpt(one.problem.name),
                one.problem.status,
                with_interval(one.priority.value, one.priority.low, one.priority.high),
                as_interval(one.error),
                Share(one.affected),
                one.problem.harm,
                Excerpt(one.problem.owner),
                Excerpt(one.problem.description or one.priority.note),
            )
            for one in self.problems
        )
        headings = ("problem", "status", "priority", "error", "affected", "harm", "owner", "")
        caption = "Priority = users affected x error x harm (1 to 5)."
        return View(
            f"{len(rows):,} problems by priority", (Table(headings, rows, caption),) if rows else ()
        )


def measured(
    problems: Sequence[KnownProblem],
    predicted: Predicted,
    gold: Gold,
    slices: Slices | None,
    schema: LabelSchema | None,
) -> ProblemTable:
    """Return each problem's error and priority; see `ProblemList.measure`."""
    ids = predicted.sample_ids if isinstance(predicted, SoftLabels) else predicted.index
    pairs = compared(predicted, gold, schema)
    wrong = pd.Series(1 - pairs.scores(), pairs.ids)
    found = [_measured(problem, wrong, ids, slices) for problem in problems]
    return ProblemTable(tuple(sorted(found, key=_order)))


def _order(one: MeasuredProblem) -> tuple[float, str]:
    priority = one.priority.value
    return (1.0 if np.isnan(priority) else -priority, one.problem.name)


def _measured(
    problem: KnownProblem, wrong: pd.Series, ids: pd.Index, slices: Slices | None
) -> MeasuredProblem:
    if problem.ids:
        rows = ids[ids.isin(list(problem.ids))]
        affected = np.nan
    else:
        if slices is None:
            raise LabelingError(
                f"Problem {problem.name!r} names the slice {problem.slice!r}, so `slices` must be"
                " given: slices=apply_slices([...], data)."
            )
        members = slices.masks.index[slices.mask(problem.slice)]
        rows = ids[ids.isin(members)]
        affected = len(members) / max(len(slices.masks), 1)
    stated = problem.affected is not None
    affected = float(problem.affected) if problem.affected is not None else affected
    scores = np.sort(wrong[wrong.index.isin(rows)].to_numpy(dtype=np.float64))
    error = mean_of(scores) if len(scores) else undefined(0, "no test row has a gold label")
    priority = _priority(error, affected, problem.harm)
    return MeasuredProblem(problem, error, len(rows), affected, stated, priority)


def _priority(error: Estimate, affected: float, harm: int) -> Estimate:
    if not error.n:
        return error
    if np.isnan(affected):
        return undefined(error.n, "the list does not say which share of users it affects")
    value, low, high = (affected * harm * end for end in (error.value, error.low, error.high))
    return Estimate(value, low, high, error.n)
