"""Tables and progress on a terminal."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from labeling.terminal import safe

NEVER_WRAPPED = ("accuracy", "stratum")
SHARES = ("coverage", "overlaps", "conflicts", "propensity")


def table_of(frame: pd.DataFrame, index: str, title: str | None = None) -> Table:
    """Return a frame as a table to print; texts are escaped, missing numbers are a dash."""
    table = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left", padding=(0, 1, 0, 0))
    table.add_column(index, no_wrap=True)
    for name in frame.columns:
        number = pd.api.types.is_numeric_dtype(frame[name].dtype)
        table.add_column(
            str(name).replace("_", " "),
            justify="right" if number else "left",
            no_wrap=number or str(name) in NEVER_WRAPPED,
            overflow="fold",
        )
    for own, row in zip(frame.index, frame.itertuples(index=False, name=None), strict=True):
        cells = [_cell(name, value) for name, value in zip(frame.columns, row, strict=True)]
        table.add_row(safe(own), *cells)
    return table


def with_intervals(summary: pd.DataFrame) -> pd.DataFrame:
    """Return the table of labeling functions with each accuracy, interval and n in one cell."""
    counts = summary["correct"] + summary["incorrect"]
    spans = zip(
        *(summary["accuracy"], summary["accuracy_low"], summary["accuracy_high"], counts),
        strict=True,
    )
    shown = summary[["polarity", "coverage", "overlaps", "conflicts"]].copy()
    shown["accuracy"] = [
        f"{value:4.0%} [{100 * low:.0f}-{100 * high:.0f}]" if n else "-"
        for value, low, high, n in spans
    ]
    shown["n"] = counts
    return shown


def _cell(name: str, value: Any) -> str:
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return "-"
        return f"{value:.1%}" if name in SHARES else f"{value:.3f}"
    return safe(value)


def as_records(frame: pd.DataFrame, index: str) -> list[dict[str, Any]]:
    """Return a frame as JSON knows it, one object a row; missing numbers are null."""
    rows = frame.rename_axis(index.replace(" ", "_")).reset_index().astype(object)
    rows = rows.where(rows.notna(), None)
    return [
        {
            str(name): value.item() if hasattr(value, "item") else value
            for name, value in row.items()
        }
        for row in rows.to_dict("records")
    ]


@contextmanager
def progress_over(
    what: str, console: Console, total: int | None = None
) -> Iterator[Callable[[int], object]]:
    """Show a bar with samples a second and the time left, on a terminal only.

    Args:
        what: is under way.
        console: to show it on.
        total: samples; `None` where it is not known yet whether there is anything to do.
    """
    columns = (
        *(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()),
        *(TextColumn("{task.fields[rate]}"), TimeRemainingColumn()),
    )
    started = time.perf_counter()
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(what, total=total, rate="", visible=total is not None)

        def advance(done: int) -> None:
            done += int(bar.tasks[0].completed)
            rate = done / max(time.perf_counter() - started, 1e-9)
            bar.update(task, completed=done, rate=f"{rate:,.0f} rows/s", visible=True)

        yield advance
