"""Table of labeling functions whose votes are spans, or say yes or no to several labels."""

from __future__ import annotations

import functools

import pandas as pd
from rich.console import Console

from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted
from labeling.cli.summary_table import SEE_ALL, labels_in_words, print_summary, with_families
from labeling.project.checking import silent_sentence
from labeling.project.kinds import silent_voters
from labeling.records import AnyVotes, SetVotes, SpanVotes, Votes

SPANS = ("spans", "nothing")
YES_NO = ("yes", "no")
"""What the columns `votes` and `no` count."""


@functools.singledispatch
def print_any_summary(votes: AnyVotes, summary: pd.DataFrame, console: Console) -> None:
    """Print a row for each labeling function, and the functions that never vote.

    Args:
        votes: the votes that are summarized.
        summary: what `Project.summary` returns, in any order.
        console: where to print.
    """
    raise TypeError(f"There are no votes of type {type(votes).__name__}.")


@print_any_summary.register
def _(votes: Votes, summary: pd.DataFrame, console: Console) -> None:
    print_summary(summary, votes, console)


@print_any_summary.register
def _(votes: SpanVotes, summary: pd.DataFrame, console: Console) -> None:
    _print(summary, votes, console, SPANS)


@print_any_summary.register
def _(votes: SetVotes, summary: pd.DataFrame, console: Console) -> None:
    _print(summary, votes, console, YES_NO)


def with_any_families(summary: pd.DataFrame, votes: AnyVotes) -> pd.DataFrame:
    """Return the table with families of like voters, which only single labels have."""
    return with_families(summary, votes) if isinstance(votes, Votes) else summary


def _print(
    summary: pd.DataFrame, votes: AnyVotes, console: Console, names: tuple[str, str]
) -> None:
    yes, no = names
    columns = [
        Column("labeling function", [str(name) for name in summary.index], least=16),
        Column(
            "labels", [labels_in_words(labels) for labels in summary["labels"]], least=10, rank=4
        ),
        _counts(yes, summary["votes"], rank=0),
        *([_counts(no, summary["no"], rank=5)] if summary["no"].any() else []),
        _counts("samples", summary["samples"], rank=3),
        Column("coverage", [f"{share:.1%}" for share in summary["coverage"]], right=True, rank=2),
        *(
            _counts(name, summary[name], rank=6)
            for name in ("trimmed", "faults")
            if name in summary and summary[name].any()
        ),
        *(_precision(summary) if "precision" in summary else []),
    ]
    print_fitted(columns, console, how_to_see_all=SEE_ALL)
    silent = silent_voters(votes)
    if silent:
        console.print(safe(silent_sentence(silent, len(summary), len(votes.sample_ids))))


def _counts(name: str, counts: pd.Series, rank: int) -> Column:
    return Column(name, [f"{count:,}" for count in counts], right=True, rank=rank)


def _precision(summary: pd.DataFrame) -> list[Column]:
    """Return the columns of precision with its interval and of n, shown only together."""
    rows = zip(
        *(summary[name] for name in ("precision", "precision_low", "precision_high", "n")),
        strict=True,
    )
    cells = [
        f"{value:4.0%} [{100 * low:.0f}-{100 * high:.0f}]" if n else "-"
        for value, low, high, n in rows
    ]
    return [Column("precision", cells, rank=1), _counts("n", summary["n"], rank=1)]
