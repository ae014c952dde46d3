"""The errors of problems over releases, as a table and as a picture."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from labeling.analysis.problems.measuring import ProblemTable
from labeling.errors import LabelingError
from labeling.records.estimates import Estimate
from labeling.rendering import Cell, Displayed, Excerpt, Picture, Table, View, as_interval
from labeling.rendering.formatting import clipped, percent, undirected
from labeling.rendering.svg import COLOURS, picture

MOST_DRAWN = 6  # problems in a picture
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", "-.", ":", "-", "--")
"""Lines differ in marker, dash and lightness, so that they can be told apart in grey."""
LONGEST_NAME = 24


@dataclass(frozen=True, slots=True, repr=False)
class ProblemHistory(Displayed):
    """The error of each problem in each release; made by `problem_history`.

    Attributes:
        releases: their names, the oldest first.
        errors: of each problem by its name, one a release; `None` where a release did not have it.
    """

    releases: tuple[str, ...]
    errors: Mapping[str, tuple[Estimate | None, ...]]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each problem and release: `error`, `low`, `high`, `n`."""
        rows = [
            (name, release, error.value, error.low, error.high, error.n)
            for name, errors in self.errors.items()
            for release, error in zip(self.releases, errors, strict=True)
            if error is not None
        ]
        columns = ["problem", "release", "error", "low", "high", "n"]
        return pd.DataFrame(rows, columns=columns)

    def picture(self, name: str = "problems") -> Picture:
        """Return the errors drawn over releases, with their intervals.

        Args:
            name: unique among the charts of a page.

        Raises:
            MissingExtraError: matplotlib is not installed (extra `plots`).
        """
        drawn = list(self.errors)[:MOST_DRAWN]
        description = (
            f"The error of {len(drawn)} problems over {len(self.releases)} releases, with 95 %"
            " intervals. The table lists the same numbers."
        )
        svg = picture(name, "Errors of known problems", description, self._draw, 3.4)
        return Picture(svg, description)

    def _draw(self, axes: Any) -> None:
        places = range(len(self.releases))
        for number, (name, errors) in enumerate(list(self.errors.items())[:MOST_DRAWN]):
            known = [
                (place + (number - (MOST_DRAWN - 1) / 2) * 0.04, error)
                for place, error in zip(places, errors, strict=True)
                if error is not None and not math.isnan(error.value)
            ]
            if not known:
                continue
            values = [error.value for _, error in known]
            reach = [
                [_distance(error.value, error.low) for _, error in known],
                [_distance(error.high, error.value) for _, error in known],
            ]
            axes.errorbar(
                [place for place, _ in known],
                values,
                yerr=reach,
                color=COLOURS[("main", "second", "muted")[number % 3]],
                linestyle=LINES[number],
                marker=MARKERS[number],
                markersize=4.5,
                linewidth=1.4,
                elinewidth=0.8,
                label=clipped(undirected(name), LONGEST_NAME),
            )
        axes.set_xticks(list(places), [clipped(undirected(name), 12) for name in self.releases])
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda share, _: percent(share, 0))
        axes.set_ylabel("wrong labels")
        axes.grid(axis="y", color=COLOURS["line"], linewidth=0.5)
        if axes.get_legend_handles_labels()[0]:
            axes.figure.legend(loc="outside upper left", ncols=2)

    def _view(self) -> View:
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (Excerpt(name), *(None if one is None else as_interval(one) for one in errors))
            for name, errors in self.errors.items()
        )
        table = Table(("problem", *self.releases), rows)
        title = f"Errors of {len(rows):,} problems over {len(self.releases):,} releases"
        if len(self.releases) < 2 or not rows:
            return View(title, (table,) if rows else ())
        names = "\n".join((*self.releases, *self.errors))
        unique = hashlib.sha256(names.encode("utf-8", "surrogatepass")).hexdigest()[:12]
        return View(title, (self.picture(f"problems-{unique}"), table))


def _distance(high: float, low: float) -> float:
    return 0.0 if math.isnan(high - low) else max(high - low, 0.0)


def problem_history(tables: Mapping[str, ProblemTable]) -> ProblemHistory:
    """Return the error of each problem in each release.

    Args:
        tables: what `ProblemList.measure` gave for each release, by the release's name, the oldest
            first. Problems come in the order of the newest release's priorities, then those that
            only older ones have.

    Raises:
        LabelingError: there is no release.
    """
    if not tables:
        raise LabelingError("There must be at least one release. Got none.")
    names: dict[str, None] = {}
    for table in reversed(list(tables.values())):
        names.update(dict.fromkeys(one.problem.name for one in table.problems))
    by_name = [{one.problem.name: one.error for one in t.problems} for t in tables.values()]
    errors = {name: tuple(found.get(name) for found in by_name) for name in names}
    return ProblemHistory(tuple(tables), errors)
