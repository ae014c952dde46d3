"""What a simulation shows of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeling.errors import LabelingError, counted
from labeling.rendering import Cell, Excerpt, Interval, Table, View

if TYPE_CHECKING:
    from labeling.simulation.results import Simulation

MOST_ROWS = 20


def simulation_view(simulation: Simulation) -> View:
    """Return what the last budget bought by each strategy and policy, and a recommendation."""
    done = f"{len(simulation.runs)} of {counted(len(simulation.planned), 'run')} finished"
    title = f"Simulation: {done}"
    try:
        frame, advice = simulation.to_frame(), simulation.recommendation()
    except LabelingError as error:  # too few runs are finished
        return View(title, (str(error), *simulation.sentences))
    last = frame.groupby(["strategy", "policy"], sort=False).tail(1)
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            Excerpt(str(row["strategy"])),
            Excerpt(str(row["policy"])),
            float(row["cost"]),
            *(
                Interval(
                    float(row[measure]),
                    float(row[f"{measure}_low"]),
                    float(row[f"{measure}_high"]),
                    int(row[f"{measure}_n"]),
                )
                for measure in simulation.measures
            ),
        )
        for _, row in last.iloc[:MOST_ROWS].iterrows()
    )
    headings = ("strategy", "policy", "cost in votes", *simulation.measures)
    caption = "At the largest budget: means over seeds, with a 95 % interval."
    table = Table(headings, rows, caption, len(last) - len(rows))
    return View(title, (advice, table, *simulation.sentences))
