"""`ColumnRunner`: runs plans on batches, compares them with Python, drops those that do not pay.

What is guaranteed: plans are exact by their rules. Should a rule be wrong all the same, it is seen
where it differs on a compared sample; then all votes of the call are made again, without columns
for that labeling function, and it runs in Python as long as the process lives. Which samples are
compared never changes a vote.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from labeling.engine.columns.forks import polars_lost_its_threads
from labeling.engine.columns.frames import Batch, Memo
from labeling.engine.columns.plans import Codes, NoPlan, plan_of
from labeling.engine.columns.rule_plans import share_searches
from labeling.engine.columns.texts import Mask
from labeling.engine.fingerprints.reads import columns_of
from labeling.records import ABSTAIN, LabelingFunction, LabelSchema

FIRST_COMPARED = 512
"""Samples of the first batch of a labeling function on which Python is asked, too."""
LATER_COMPARED = 64
"""The same of the second, fourth, eighth batch, and so on."""
FEWEST_VOTES = 16
"""One of so many compared samples has a vote, if any does."""
FEWEST_DECIDED = 0.1
"""A plan that decides a smaller share of its first batch is not run on the next ones."""

NOT_COMPARED: Any = object()

_DISTRUSTED: weakref.WeakSet[LabelingFunction] = weakref.WeakSet()

Positions = npt.NDArray[np.intp]


class ColumnVotesDifferError(Exception):
    """A vote on columns differs from that of the Python function: a defect of this package."""

    def __init__(self, name: str, sample: Hashable, by_columns: int, by_python: int | None) -> None:
        super().__init__(name, sample, by_columns, by_python)
        self.name, self.sample = name, sample
        self.by_columns, self.by_python = by_columns, by_python

    def __str__(self) -> str:
        python = "no vote" if self.by_python is None else f"code {self.by_python}"
        return (
            f"Labeling function {self.name!r} votes otherwise on columns (code {self.by_columns})"
            f" than in Python ({python}) on sample {self.sample!r}. All votes are made again, with"
            " this function in Python. Please report it; @labeling_function(compile=False) avoids"
            " this warning."
        )


class ColumnVotesWarning(RuntimeWarning):
    """Votes on columns differed from Python's, and were made again by Python."""


class ColumnRunner:
    """Runs labeling functions on columns during one call of `apply`, in one process.

    Args:
        lfs: the labeling functions; the ready-made ones search texts together.
        schema: the labels.

    Attributes:
        reads: the columns that each function reads of a row; `None` where it may be any.
        in_python: the functions that run in Python on all samples.
    """

    def __init__(self, lfs: Sequence[LabelingFunction], schema: LabelSchema) -> None:
        self._schema = schema
        self.reads = {lf.name: None if lf.pre else columns_of(lf) for lf in lfs}
        plans = {lf.name: plan_of(lf, schema) for lf in lfs}
        share_searches(list(plans.values()))
        self.in_python = frozenset(name for name, plan in plans.items() if isinstance(plan, NoPlan))
        self._batches: dict[str, int] = {}
        self._dropped: set[str] = set()

    def votes(
        self,
        lf: LabelingFunction,
        batch: Batch,
        memo: Memo,
        by_python: Callable[[Positions], Sequence[Any]],
    ) -> tuple[Codes, Mask] | None:
        """Return votes and where they are decided, or `None` if Python is to vote on all samples.

        Args:
            lf: the labeling function.
            batch: the samples.
            memo: what all functions share about this batch.
            by_python: returns the votes of Python at positions: `None` where it does not vote,
                `NOT_COMPARED` where its vote is not known.

        Raises:
            ColumnVotesDifferError: Python votes otherwise on a compared sample.
        """
        if lf.name in self._dropped or lf in _DISTRUSTED or polars_lost_its_threads():
            return None
        plan = plan_of(lf, self._schema)
        if isinstance(plan, NoPlan):
            return None
        codes, decided = plan.run(batch, memo)
        number = self._batches.get(lf.name, 0) + 1
        if number == 1 and decided.mean() < FEWEST_DECIDED:
            self._dropped.add(lf.name)
        if not decided.any():
            return None
        self._batches[lf.name] = number
        if number.bit_count() == 1:
            places = _compared(codes, decided, FIRST_COMPARED if number == 1 else LATER_COMPARED)
            for place, vote in zip(places.tolist(), by_python(places), strict=True):
                if vote is not NOT_COMPARED and vote != codes[place]:
                    sample = batch.ids[place : place + 1].tolist()[0]
                    raise ColumnVotesDifferError(lf.name, sample, int(codes[place]), vote)
        return codes, decided


def _compared(codes: Codes, decided: Mask, count: int) -> Positions:
    """Return positions of decided samples: some with votes, and some of all."""
    # Mostly the same samples for all functions: their rows are made once.
    places = _spread(np.arange(len(codes)), count)
    places = places[decided[places]]
    if np.count_nonzero(codes[places] != ABSTAIN) >= count // FEWEST_VOTES:
        return places
    votes = np.flatnonzero(decided & (codes != ABSTAIN))
    return np.union1d(places, _spread(votes, count // FEWEST_VOTES))


def _spread(places: Positions, count: int) -> Positions:
    """Return some of the places, evenly spread."""
    count = max(min(len(places), count), 0)
    return places[np.linspace(0, max(len(places) - 1, 0), count).astype(np.intp)]


def without_columns(
    lfs: Iterable[LabelingFunction], difference: ColumnVotesDifferError
) -> list[LabelingFunction]:
    """Warn of a difference, and return the functions of which that one runs in Python only."""
    warnings.warn(str(difference), ColumnVotesWarning, stacklevel=2)
    return [_in_python(lf) if lf.name == difference.name else lf for lf in lfs]


def _in_python(lf: LabelingFunction) -> LabelingFunction:
    _DISTRUSTED.add(lf)
    # A copy for this call: workers get it, too, and know nothing of this process.
    copied: LabelingFunction = type(lf).__new__(type(lf))
    vars(copied).update(vars(lf) | {"compile": False})
    return copied
