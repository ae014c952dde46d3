"""Table of labeling functions: fitted to the terminal, sorted, functions without votes named."""

from __future__ import annotations

import pandas as pd
from rich.console import Console

from labeling.analysis import voted_labels, voter_families
from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted
from labeling.errors import LabelingError, listed, near
from labeling.project.checking import silent_sentence
from labeling.records import Votes

NAME = "name"
SORTS = (NAME, "votes", "coverage", "overlaps", "conflicts", "faults", "accuracy", "precision")
MEASURED = ("accuracy", "precision")
SEE_ALL = "A wider window shows them, and labeling summary --json shows all."
LABELS_WIDTH = 30  # characters of a list of labels; in front of a longer list is its length


def sorted_summary(summary: pd.DataFrame, by: str | None, *, reverse: bool = False) -> pd.DataFrame:
    """Return the table of labeling functions sorted by a column; the sort is stable.

    Args:
        summary: what `lf_summary` returns.
        by: one of `SORTS`: names in alphabetical order, numbers in decreasing order, missing
            numbers last. `None` keeps the order.
        reverse: whether to reverse the order; missing numbers stay last.

    Raises:
        LabelingError: an unknown column, or accuracy without gold labels.

    >>> table = pd.DataFrame({"coverage": [0.1, 0.3, 0.2]}, index=["b", "c", "a"])
    >>> list(sorted_summary(table, "coverage").index), list(sorted_summary(table, "name").index)
    (['c', 'a', 'b'], ['a', 'b', 'c'])
    """
    if by is None:
        return summary[::-1] if reverse else summary
    if by not in SORTS:
        raise LabelingError(
            f"--sort must be one of {listed(SORTS, 10)}. Got {by!r}.{near(by, SORTS)}"
        )
    if by == NAME:
        return summary.sort_index(ascending=not reverse, kind="stable")
    if by not in summary.columns and by in MEASURED and not set(MEASURED) & set(summary.columns):
        raise LabelingError(
            f"--sort {by} needs gold labels: name them as `gold` of `data` in the config."
        )
    if by not in summary.columns:
        columns = [name for name in SORTS if name == NAME or name in summary.columns]
        raise LabelingError(
            f"--sort must be a column of the table: {listed(columns, 10)}. Got {by!r}."
        )
    return summary.sort_values(by, ascending=reverse, kind="stable")


def print_summary(summary: pd.DataFrame, votes: Votes, console: Console) -> None:
    """Print a row for each labeling function, and the functions that never vote, or vote alike.

    Args:
        summary: what `lf_summary` returns, in any order.
        votes: the votes that it summarizes.
        console: where to print.
    """
    labels = dict(zip(votes.voters, voted_labels(votes), strict=True))
    columns = [
        Column("labeling function", [str(name) for name in summary.index], least=16),
        Column(
            "votes for", [labels_in_words(labels[name]) for name in summary.index], least=10, rank=4
        ),
        Column("votes", [f"{count:,}" for count in summary["votes"]], right=True, rank=6),
        _percentages(summary, "coverage", rank=0),
        _percentages(summary, "overlaps", rank=5),
        _percentages(summary, "conflicts", rank=2),
    ]
    if summary["faults"].any():
        faults = [f"{count:,}" for count in summary["faults"]]
        columns.append(Column("faults", faults, right=True, rank=3))
    if "accuracy" in summary.columns:
        columns += _accuracy(summary)
    print_fitted(columns, console, how_to_see_all=SEE_ALL)
    silent = [
        name for name, count in zip(summary.index, summary["votes"], strict=True) if not count
    ]
    if silent:
        console.print(safe(silent_sentence(silent, len(summary), len(votes.sample_ids))))
    for family in voter_families(votes):
        console.print(safe(family.sentence()))


def with_families(summary: pd.DataFrame, votes: Votes) -> pd.DataFrame:
    """Return the table with `family` and `counts_as`, missing for functions that are in no family.

    `family` is the label of the voters that a function votes together with, and `counts_as` how
    much of an independent voter it counts as.
    """
    label_of: dict[str, str] = {}
    weight_of: dict[str, float] = {}
    for family in voter_families(votes):
        label_of |= dict.fromkeys(family.voters, family.label)
        weight_of |= dict(zip(family.voters, family.weights, strict=True))
    names = summary.index.to_series()
    return summary.assign(
        family=names.map(label_of).astype(object), counts_as=names.map(weight_of).astype(float)
    )


def labels_in_words(labels: list[str]) -> str:
    """Return labels in a cell: all of them, after their number where they are many."""
    if not labels:
        return "no votes"
    joined = ", ".join(labels)
    return joined if len(joined) <= LABELS_WIDTH else f"{len(labels)} labels: {joined}"


def _percentages(summary: pd.DataFrame, name: str, rank: int) -> Column:
    return Column(name, [f"{share:.1%}" for share in summary[name]], right=True, rank=rank)


def _accuracy(summary: pd.DataFrame) -> list[Column]:
    """Return the columns of accuracy with its interval and of n, shown only together."""
    counts = summary["correct"] + summary["incorrect"]
    rows = zip(
        summary["accuracy"],
        summary["accuracy_low"],
        summary["accuracy_high"],
        counts,
        strict=True,
    )
    cells = [
        f"{value:4.0%} [{100 * low:.0f}-{100 * high:.0f}]" if n else "-"
        for value, low, high, n in rows
    ]
    return [
        Column("accuracy", cells, rank=1),
        Column("n", [f"{n:,}" for n in counts], right=True, rank=1),
    ]
