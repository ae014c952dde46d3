"""`LabelWorth`: how many gold labels the labeling functions are worth, and what to do next."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from labeling.analysis.crossover import Comparison, Crossover
from labeling.analysis.worth_advice import Advice, LabelPart, Reach, advise
from labeling.errors import counted
from labeling.records.estimates import Estimate
from labeling.rendering import DisplayedAlike, Interval, Picture, Table, View, as_interval
from labeling.rendering.formatting import decimal, percent

if TYPE_CHECKING:
    from labeling.rendering.svg import Svg

LEAST_GOLD = 50
"""Gold labels from which on the worth of labeling functions is estimated."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What labels cost, and what the labeling functions did.

    Attributes:
        seconds_per_label: above 0.
        hours_spent: on the labeling functions; `None` if unknown.
    """

    seconds_per_label: float
    hours_spent: float | None = None

    def sentence(self, crossover: Crossover) -> str:
        """Return the hours of labeling that the functions save, with the interval."""
        ends = (crossover.value, crossover.low, crossover.high)
        labels = [self._hours(number, crossover) for number in ends]
        text = (
            f"At {self.seconds_per_label:g} s a label that is {labels[0]} of labeling (95 %:"
            f" {labels[1]} to {labels[2]})"
        )
        if self.hours_spent is None:
            return f"{text}."
        saved = [self._hours(number, crossover, self.hours_spent) for number in ends]
        return (
            f"{text}. Saved, less the {self.hours_spent:g} h spent on the functions: {saved[0]}"
            f" (95 %: {saved[1]} to {saved[2]})."
        )

    def _hours(self, number: float, crossover: Crossover, spent: float = 0.0) -> str:
        known = number if math.isfinite(number) else crossover.most
        if number < 0:
            known = crossover.fewest
        hours = known * self.seconds_per_label / 3600 - spent
        words = "" if math.isfinite(number) else "more than " if number > 0 else "less than "
        return f"{words}{decimal(hours, 1)} h"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LabelWorth(DisplayedAlike):
    """How many gold labels the labeling functions are worth.

    The model of the functions (label model and end model, without any gold label) and models
    learned from gold labels alone are measured on the same samples, which none of them learned
    from. The gold labels are taken as a random draw from the samples.

    Attributes:
        n_functions: labeling functions.
        n_gold: gold labels that were used.
        comparisons: learning curve and functions by accuracy, and by macro-F1 where a label is
            rarer than 20 % of the gold labels; empty where it cannot be estimated.
        why_not: why it cannot be; empty where it can.
        parts: coverage, recall and precision by label.
        reach: accuracy on covered and on uncovered samples.
        most_common: the most frequent gold label and its share.
        remarks: what was left out.
        cost: what labels cost, if it was said.
    """

    n_functions: int
    n_gold: int
    comparisons: tuple[Comparison, ...] = ()
    why_not: str = ""
    parts: tuple[LabelPart, ...] = ()
    reach: Reach | None = None
    most_common: tuple[str, float] = ("", 0.0)
    remarks: tuple[str, ...] = ()
    cost: Cost | None = None

    @property
    def crossover(self) -> Crossover | None:
        """The number of gold labels by accuracy; `None` where it cannot be estimated."""
        return self.comparisons[0].crossover if self.comparisons else None

    @property
    def advice(self) -> Advice | None:
        """What to do next: write labeling functions, or label; with the reasons."""
        if not self.comparisons or self.reach is None:
            return None
        return advise(self.comparisons[0], self.reach, self.parts)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The result in sentences."""
        if not self.comparisons:
            return (self.why_not, *self.remarks)
        found = [self._headline(), _qualities(self.comparisons[0])]
        for other in self.comparisons[1:]:
            found.append(f"By {other.measure}: {other.crossover}. {_qualities(other)}")
        label, share = self.most_common
        if self.comparisons[0].rules.value <= share:
            found.append(
                f"That is no more accurate than always answering {label!r}, which is right for"
                f" {percent(share)} of the n = {self.n_gold:,} gold labels."
            )
        if self.cost is not None:
            found.append(self.cost.sentence(self.comparisons[0].crossover))
        return (*found, *self.remarks)

    def _headline(self) -> str:
        crossover = self.comparisons[0].crossover
        functions = (
            f"{counted(self.n_functions, 'labeling function is', 'labeling functions are')} worth"
        )
        words, low, high = map(crossover.words, (crossover.value, crossover.low, crossover.high))
        about = "about " if math.isfinite(crossover.value) else ""
        interval = f"95 % interval: {low} to {high}"
        if low == high:
            interval = f"95 % interval: all of it {low}"
        return f"{functions} {about}{words} gold labels ({interval}, n = {crossover.n:,})."

    def to_frame(self) -> pd.DataFrame:
        """Return the learning curve and the quality of the functions, one row a number."""
        rows = []
        for comparison in self.comparisons:
            rows.append(("labeling functions", 0, comparison.measure, comparison.rules))
            rows += [
                ("gold labels alone", point.n_labels, comparison.measure, point.quality)
                for point in comparison.curve
            ]
        return pd.DataFrame(
            [(*row[:3], row[3].value, row[3].low, row[3].high, row[3].n) for row in rows],
            columns=["learned_from", "gold_labels", "measure", "value", "low", "high", "n"],
        )

    def picture(self, name: str = "") -> Svg | None:
        """Return the chart as SVG; `None` where there is nothing to draw.

        Args:
            name: unique on the page; empty makes one from the numbers.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        if not self.comparisons:
            return None
        from labeling.analysis.worth_chart import worth_picture

        unique = name or f"worth-{zlib.crc32(repr(self.comparisons).encode()):08x}"
        return worth_picture(self.comparisons[0], unique)

    def _view(self) -> View:
        parts: list[str | Table | Picture] = list(self.sentences)
        if self.advice is not None:
            parts += [f"Next: {self.advice.action}.", *self.advice.reasons]
        drawn = _picture_if_possible(self)
        parts += [] if drawn is None else [drawn]
        parts += [curve_table(comparison) for comparison in self.comparisons]
        parts += [parts_table(self.parts)] if self.parts else []
        return View("What the labeling functions are worth", tuple(parts))


def _picture_if_possible(worth: LabelWorth) -> Picture | None:
    from labeling.errors import MissingExtraError

    try:
        drawn = worth.picture()
    except MissingExtraError:
        return None  # the table has the same numbers
    return None if drawn is None else Picture(drawn, "Chart: the learning curve beside them.")


def _qualities(comparison: Comparison) -> str:
    last = comparison.curve[-1]
    measure = comparison.measure[0].upper() + comparison.measure[1:]
    return (
        f"{measure}: {_short(comparison.rules)} by the functions without any gold label,"
        f" {_short(last.quality)} by a model learned from {last.n_labels:,} gold labels alone (both"
        f" on the same n = {last.quality.n:,} samples, which neither learned from)."
    )


def _short(estimate: Estimate) -> str:
    return f"{estimate.value:.3f} [{estimate.low:.3f}, {estimate.high:.3f}]"


def curve_table(comparison: Comparison) -> Table:
    """Return the learning curve as a table, with the functions in the last row."""
    rows: list[tuple[str | Interval, ...]] = [
        (f"{point.n_labels:,} gold labels alone", as_interval(point.quality))
        for point in comparison.curve
    ]
    rows.append(("labeling functions, no gold label", as_interval(comparison.rules)))
    return Table(("learned from", comparison.measure), tuple(rows), caption="Learning curve")


def parts_table(parts: tuple[LabelPart, ...]) -> Table:
    """Return what the functions get right of each label as a table."""
    return Table(
        ("label", "covered", "recall", "precision"),
        tuple(
            (part.label, *map(as_interval, (part.covered, part.recall, part.precision)))
            for part in parts
        ),
        caption="The labeling functions with the end model, by gold label",
    )
