"""The section on labeling functions: how each behaves, why it is there, and who contradicts whom."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Collection
from dataclasses import dataclass, fields

import pandas as pd
from markupsafe import Markup

from labeling.analysis import Estimate, dependencies, lf_summary, proportion, voted_labels
from labeling.analysis.pairwise import pairs_of
from labeling.records import Votes
from labeling.report.charts import MOST_BARS, coverage_picture
from labeling.report.context import ReportContext

MOST_PAIRS = 5
MOST_DEPENDENT = 12
FEWEST_BOTH = 10  # of fewer samples that both vote on nothing can be said


@dataclass(frozen=True)
class Row:
    """A labeling function."""

    name: str
    reason: str
    polarity: str
    votes: int
    coverage: float
    overlaps: float
    conflicts: float
    faults: int
    dev: Estimate | None
    people: Estimate | None


@dataclass(frozen=True)
class Pair:
    """Two labeling functions, and on what share of the samples of both they differ.

    Where each votes for one label alone, whether they differ is settled before any sample is seen.
    """

    first: str
    second: str
    both: int
    differ: int
    share: Estimate
    has_one_label_each: bool


@dataclass(frozen=True)
class Dependence:
    """Two labeling functions that depend on each other; what was expected if they did not."""

    first: str
    second: str
    both: int
    expected_both: float
    agreement: float
    expected_agreement: float
    kind: str


@dataclass(frozen=True)
class FunctionsSection:
    """What the section shows."""

    n: int
    rows: list[Row]
    dev: int
    people: int
    harder: bool
    picture: Markup
    drawn: int
    faults: int
    disputed: list[Pair]
    alike: list[Pair]
    dependent: list[Dependence]
    n_dependent: int
    settled: bool
    fewest_both: int = FEWEST_BOTH


def section(known: ReportContext) -> FunctionsSection | None:
    """Return the section on labeling functions; `None` before they were applied."""
    if known.beliefs is None:
        return None
    votes = known.beliefs.votes
    rows = _rows(known, votes)
    pairs = pairs_of(votes)
    single = {
        name
        for name, labels in zip(votes.voters, voted_labels(votes), strict=True)
        if len(labels) == 1
    }
    enough = pairs[pairs["both"] >= FEWEST_BOTH]
    disputed = enough[enough["differ"] > 0].sort_values("differ", ascending=False, kind="stable")
    # Two that vote for the same label alone cannot differ: that they do not tells nothing.
    could_differ = enough[~(enough["first"].isin(single) & enough["second"].isin(single))]
    most = [_pair(row, single).share.high for row in _values(could_differ)]
    alike = could_differ.assign(most=most).sort_values("most", kind="stable")
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # that it did not come to rest: the page says so
        dependent = dependencies(votes)
    return FunctionsSection(
        n=len(votes.sample_ids),
        rows=rows,
        dev=len(known.data.dev),
        people=len(known.verdict.gold),
        harder=len(known.at_random) < len(known.choices),
        picture=coverage_picture(lf_summary(votes), len(votes.sample_ids)),
        drawn=min(MOST_BARS, len(rows)),
        faults=sum(row.faults for row in rows),
        disputed=[_pair(row, single) for row in _values(disputed.head(MOST_PAIRS))],
        alike=[_pair(row, single) for row in _values(alike.head(MOST_PAIRS))],
        dependent=_dependent(dependent),
        n_dependent=len(dependent),
        settled=bool(dependent.attrs["converged"]),
    )


def _rows(known: ReportContext, votes: Votes) -> list[Row]:
    reasons = {
        lf.name: inspect.cleandoc(lf.__doc__ or "") for lf in known.project.labeling_functions
    }
    table = lf_summary(votes)
    dev = _accuracies(lf_summary(votes, known.data.dev)) if len(known.data.dev) else {}
    gold = known.verdict.gold
    people = _accuracies(lf_summary(votes, gold)) if gold else {}
    return [
        Row(
            *(name, reasons.get(name, ""), str(row["polarity"]), int(row["votes"])),
            *(float(row["coverage"]), float(row["overlaps"]), float(row["conflicts"])),
            *(int(row["faults"]), dev.get(name), people.get(name)),
        )
        for name, row in zip(votes.voters, table.to_dict("records"), strict=True)
    ]


def _accuracies(table: pd.DataFrame) -> dict[str, Estimate]:
    return {
        name: proportion(int(right), int(right + wrong))
        for name, right, wrong in table[["correct", "incorrect"]].itertuples(name=None)
    }


def _values(pairs: pd.DataFrame) -> list[tuple[str, str, int, int]]:
    return list(pairs[["first", "second", "both", "differ"]].itertuples(index=False, name=None))


def _dependent(pairs: pd.DataFrame) -> list[Dependence]:
    shown = pairs.head(MOST_DEPENDENT)[[field.name for field in fields(Dependence)]]
    return [Dependence(*one) for one in shown.itertuples(index=False, name=None)]


def _pair(row: tuple[str, str, int, int], single: Collection[str]) -> Pair:
    first, second, both, differ = row
    share = proportion(int(differ), int(both))
    return Pair(first, second, int(both), int(differ), share, {first, second} <= set(single))
