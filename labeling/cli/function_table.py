"""Table of how labeling functions were run: from the cache, on columns, or in Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console

from labeling.cli.escaping import safe
from labeling.cli.fitted_table import Column, print_fitted

if TYPE_CHECKING:
    from labeling.engine.engine_report import HowRun

MOST_ROWS = 12
"""Functions in the table: those that took longest."""
SEE_ALL = "labeling apply --json shows all."


def print_functions(runs: Sequence[HowRun], console: Console) -> None:
    """Print on how many rows each function was run and how, those that took longest first.

    Args:
        runs: in the order of the labeling functions.
        console: where to print.
    """
    if not runs:
        return
    slowest = sorted(runs, key=lambda run: -run.seconds)[:MOST_ROWS]
    columns = [
        Column("function", [run.name for run in slowest], least=12),
        Column("cached", [f"{run.rows_cached:,}" for run in slowest], right=True, rank=1),
        Column("on columns", [f"{run.rows_in_columns:,}" for run in slowest], right=True, rank=1),
        Column("in Python", [f"{run.rows_in_python:,}" for run in slowest], right=True, rank=1),
        Column("seconds", [f"{run.seconds:.2f}" for run in slowest], right=True),
    ]
    print_fitted(columns, console, how_to_see_all=SEE_ALL)
    if len(runs) > len(slowest):
        console.print(safe(f"... and {len(runs) - len(slowest):,} faster ones: {SEE_ALL}"))
