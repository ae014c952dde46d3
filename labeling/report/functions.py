"""Section on labeling functions: coverage, accuracy, conflicting pairs, and dependencies."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Collection
from dataclasses import dataclass, fields

import pandas as pd

from labeling.analysis import (
    Estimate,
    dependencies,
    lf_summary,
    proportion,
    voted_labels,
    voter_families,
)
from labeling.analysis.inline_charts import MOST_BARS, coverage_picture
from labeling.analysis.pairwise import pairs_of
from labeling.records import Votes
from labeling.rendering.svg import Svg
from labeling.report.context import ReportContext

MOST_PAIRS = 5
MOST_DEPENDENT = 12
FEWEST_BOTH = 10  # samples that both vote on; with fewer a pair cannot be judged


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
    """Two labeling functions, and the share of the samples that both vote on where they differ.

    Two functions that each vote for a single label either always agree or always differ.
    """

    first: str
    second: str
    both: int
    differ: int
    share: Estimate
    has_one_label_each: bool


@dataclass(frozen=True)
class Dependence:
    """Two dependent labeling functions, with the counts expected of independent ones."""

    first: str
    second: str
    both: int
    expected_both: float
    agreement: float
    expected_agreement: float
    kind: str


@dataclass(frozen=True)
class FunctionsSection:
    """Contents of the section."""

    n: int
    rows: list[Row]
    dev: int
    people: int
    harder: bool
    picture: Svg
    drawn: int
    faults: int
    disputed: list[Pair]
    alike: list[Pair]
    families: list[str]
    dependent: list[Dependence]
    n_dependent: int
    converged: bool
    fewest_both: int = FEWEST_BOTH


def section(context: ReportContext) -> FunctionsSection | None:
    """Return the section on labeling functions; `None` before they were applied."""
    if context.outputs is None:
        return None
    votes = context.outputs.votes
    rows = _rows(context, votes)
    disputed, alike = _extreme_pairs(votes)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # the page states non-convergence itself
        dependent = dependencies(votes)
    return FunctionsSection(
        n=len(votes.sample_ids),
        rows=rows,
        dev=len(context.data.dev),
        people=len(context.verdict.gold),
        harder=len(context.random_sample) < len(context.selections),
        picture=coverage_picture(lf_summary(votes), len(votes.sample_ids)),
        drawn=min(MOST_BARS, len(rows)),
        faults=sum(row.faults for row in rows),
        disputed=disputed,
        alike=alike,
        families=[family.sentence() for family in voter_families(votes)],
        dependent=_dependent(dependent),
        n_dependent=len(dependent),
        converged=bool(dependent.attrs["converged"]),
    )


def _extreme_pairs(votes: Votes) -> tuple[list[Pair], list[Pair]]:
    """Return the pairs that differ on most samples, and those that differ least often."""
    pairs = pairs_of(votes)
    single_label = {
        name
        for name, labels in zip(votes.voters, voted_labels(votes), strict=True)
        if len(labels) == 1
    }
    enough = pairs[pairs["both"] >= FEWEST_BOTH]
    disputed = enough[enough["differ"] > 0].sort_values("differ", ascending=False, kind="stable")
    # Two functions that vote for the same single label never differ, which is no information.
    is_fixed = enough["first"].isin(single_label) & enough["second"].isin(single_label)
    could_differ = enough[~is_fixed]
    upper_bounds = [_pair(row, single_label).share.high for row in _values(could_differ)]
    alike = could_differ.assign(upper=upper_bounds).sort_values("upper", kind="stable")
    return (
        [_pair(row, single_label) for row in _values(disputed.head(MOST_PAIRS))],
        [_pair(row, single_label) for row in _values(alike.head(MOST_PAIRS))],
    )


def _rows(context: ReportContext, votes: Votes) -> list[Row]:
    reasons = {
        lf.name: inspect.cleandoc(lf.__doc__ or "") for lf in context.project.labeling_functions
    }
    table = lf_summary(votes)
    dev = _accuracies(lf_summary(votes, context.data.dev)) if len(context.data.dev) else {}
    gold = context.verdict.gold
    people = _accuracies(lf_summary(votes, gold)) if gold else {}
    return [
        Row(
            name=name,
            reason=reasons.get(name, ""),
            polarity=str(row["polarity"]),
            votes=int(row["votes"]),
            coverage=float(row["coverage"]),
            overlaps=float(row["overlaps"]),
            conflicts=float(row["conflicts"]),
            faults=int(row["faults"]),
            dev=dev.get(name),
            people=people.get(name),
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
    strongest = pairs.head(MOST_DEPENDENT)[[field.name for field in fields(Dependence)]]
    return [Dependence(*row) for row in strongest.itertuples(index=False, name=None)]


def _pair(row: tuple[str, str, int, int], single_label: Collection[str]) -> Pair:
    first, second, both, differ = row
    return Pair(
        first=first,
        second=second,
        both=int(both),
        differ=int(differ),
        share=proportion(int(differ), int(both)),
        has_one_label_each={first, second} <= set(single_label),
    )
