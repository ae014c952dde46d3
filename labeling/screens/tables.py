"""Tables and progress on a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


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
