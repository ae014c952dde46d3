"""`Suggestions`: rules to accept or reject, as a workbench offers them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from labeling.errors import LabelingFunctionError, counted, near
from labeling.notebook.previews import Preview
from labeling.notebook.suggestions.proposals import Proposal
from labeling.notebook.suggestions.rules import Rule
from labeling.records import LabelingFunction
from labeling.records.estimates import proportion
from labeling.rendering import (
    Code,
    DisplayedAlike,
    Excerpt,
    Share,
    Table,
    View,
    as_interval,
)
from labeling.rendering.formatting import NONE
from labeling.rendering.views import Cell, Part

COLUMNS = (
    "name",
    "label",
    "source",
    "n",
    "precision",
    "precision_low",
    "coverage",
    "new_coverage",
)


@dataclass(frozen=True, slots=True, eq=False)
class Suggestion:
    """A labeling function to accept or reject.

    Attributes:
        name: of the function.
        label: the label it votes for, or of the spans it marks; empty where a proposal returns
            several.
        kind: "ngram", "regex", "stump", "lookup", "neighbours" or "proposed".
        words: what it looks for.
        source: its source code.
        n: the samples of the dev set on which it votes, or the spans that it marks in them.
        precision: the share of them that are right; NaN if there is none.
        precision_low: a 10 % lower bound of its precision on all samples; NaN where it was not
            measured.
        coverage: the share of all samples on which it votes; NaN where it was not measured.
        new_coverage: the share of all samples on which it votes and no function voted; of several
            labels, voted for this label; of spans, marked a span that overlaps.
        example: a text on which it votes, with what fired marked.
        lf: the labeling function; `None` for a proposal, which is not run before it is accepted.
        note: what else a person should know.
    """

    name: str
    label: str
    kind: str
    words: str
    source: str
    n: int
    precision: float
    precision_low: float
    coverage: float
    new_coverage: float
    example: Excerpt | None
    lf: LabelingFunction | None
    note: str = ""

    @property
    def identity(self) -> tuple[str, str, str]:
        """What makes it the same rule when it is found again."""
        return self.kind, self.words, self.label


@dataclass(frozen=True, eq=False, repr=False)
class Suggestions(DisplayedAlike):
    """Labeling functions that a workbench offers, best first.

    Attributes:
        items: the suggestions; their numbers begin with 1.
        refused: proposals that were refused, each with the reason.
        judged_by: what their precision was estimated from, as a sentence.
        nothing: what is said where there is no suggestion.
    """

    items: tuple[Suggestion, ...]
    refused: tuple[Proposal, ...]
    judged_by: str
    _accept: Callable[[Sequence[Suggestion], str | Path | None], tuple[LabelingFunction, ...]]
    _reject: Callable[[Sequence[Suggestion]], None]
    nothing: str = (
        "No rule's lower bound of precision beats the share of its label: label more samples, or"
        " write functions."
    )

    def __len__(self) -> int:
        return len(self.items)

    @property
    def functions(self) -> tuple[LabelingFunction, ...]:
        """The labeling functions, in this order; proposals are none before they are accepted."""
        return tuple(item.lf for item in self.items if item.lf is not None)

    def accept(
        self, *which: int | str, path: str | Path | None = None
    ) -> tuple[LabelingFunction, ...]:
        """Add suggestions to the workbench, and write their source into a module.

        Args:
            which: their numbers, from 1, or names.
            path: the module, which is made if it is not there; `None` takes the last module of the
                project's config, and without a project writes nothing.

        Raises:
            LabelingFunctionError: there is no such suggestion, or the module has such a name.
        """
        return self._accept(self._chosen(which), path)

    def reject(self, *which: int | str) -> None:
        """Offer suggestions no more.

        Args:
            which: their numbers, from 1, or names.
        """
        self._reject(self._chosen(which))

    def _chosen(self, which: Sequence[int | str]) -> list[Suggestion]:
        by_name: dict[object, Suggestion] = {item.name: item for item in self.items}
        by_name |= dict(enumerate(self.items, start=1))
        wrong = [each for each in which if isinstance(each, bool) or each not in by_name]
        if wrong or not which:
            names = [item.name for item in self.items]
            hint = near(wrong[0], names) if wrong and isinstance(wrong[0], str) else ""
            raise LabelingFunctionError(
                f"Suggestions must be named by numbers from 1 to {len(names)}, or by name. Got"
                f" {wrong[0] if wrong else 'none'!r}.{hint}"
            )
        return list({by_name[each].name: by_name[each] for each in which}.values())

    def to_frame(self) -> pd.DataFrame:
        """Return all suggestions, index = their numbers from 1.

        Returns:
            Columns name, label, source, n (samples of the dev set), precision (on them),
            precision_low (10 % lower bound on all samples), coverage and new_coverage (shares of
            all samples).
        """
        rows = [[getattr(item, column) for column in COLUMNS] for item in self.items]
        index = pd.RangeIndex(1, len(rows) + 1, name="number")
        frame = pd.DataFrame(rows, index=index, columns=list(COLUMNS))
        kinds: dict[str, Any] = dict.fromkeys(COLUMNS[4:], "float64")
        return frame.astype(kinds | {"n": "int64"})

    def _view(self) -> View:
        parts: list[Part] = [self.judged_by]
        if self.items:
            parts.append(Table(_HEADINGS, tuple(map(_row, range(1, len(self) + 1), self.items))))
            parts.append("accept(1, 2) adds them; reject(3) offers it no more.")
        else:
            parts.append(self.nothing)
        for item in self.items:
            if item.kind == "proposed":
                parts += [f"{item.name}: {item.note}", Code(item.source)]
        if self.refused:
            rows = tuple((Code(each.source[:500]), each.refused) for each in self.refused)
            parts.append(Table(("Proposal", "Refused because"), rows))
        return View(counted(len(self), "suggestion"), tuple(parts))


_HEADINGS = (
    "#",
    "name",
    "label",
    "looks for",
    "precision on the dev set",
    "at least (90 %)",
    "coverage",
    "new coverage",
    "example",
)


def _row(number: int, item: Suggestion) -> tuple[Cell, ...]:
    right = round(item.precision * item.n) if item.n else 0
    # Rounded down: a bound of 0.9996 is not 1.
    low = NONE if math.isnan(item.precision_low) else f"{item.precision_low - 0.0005:.3f}"
    return (
        str(number),
        item.name,
        item.label,
        item.words,
        as_interval(proportion(right, item.n)),
        low,
        Share(item.coverage),
        Share(item.new_coverage),
        item.example,
    )


def measured(
    codes: npt.NDArray[Any], gold: npt.NDArray[np.intp], covered: npt.NDArray[np.bool_]
) -> tuple[int, float, float, float]:
    """Return n and precision on the dev set, coverage and new coverage of votes.

    Args:
        codes: the votes, shape (n_samples,), -1 = none.
        gold: the dev set, shape (n_samples,), -1 = not in it.
        covered: the samples on which a function votes.
    """
    votes = codes >= 0
    on_dev = votes & (gold >= 0)
    n = int(on_dev.sum())
    precision = float((codes[on_dev] == gold[on_dev]).mean()) if n else math.nan
    return n, precision, float(votes.mean()), float((votes & ~covered).mean())


@dataclass(frozen=True, eq=False, repr=False)
class Highlighted(DisplayedAlike):
    """A labeling function that was made of words of a sample, and added.

    Attributes:
        lf: the function.
        sample_id: the sample that it was made from.
        source: its source code.
        preview: what it does among the other functions.
        alternatives: more general rules that it may be replaced by: any number, or any link.
    """

    lf: LabelingFunction
    sample_id: object
    source: str
    preview: Preview
    alternatives: tuple[Rule, ...]
    _use: Callable[[Rule], Highlighted]

    def use(self, number: int = 1) -> Highlighted:
        """Replace the function by one of the alternatives.

        Args:
            number: of the alternative, from 1.

        Raises:
            LabelingFunctionError: there is no such alternative.
        """
        return self._use(alternative(self.alternatives, number))

    def to_frame(self) -> pd.DataFrame:
        """Return the numbers of the preview."""
        return self.preview.to_frame()

    def _view(self) -> View:
        shown = self.preview._view()
        return highlighted_view(shown, self.sample_id, self.source, self.alternatives)


def alternative(alternatives: Sequence[Rule], number: int) -> Rule:
    """Return an alternative by its number, from 1.

    Raises:
        LabelingFunctionError: there is no such alternative.
    """
    if not 1 <= number <= len(alternatives):
        raise LabelingFunctionError(
            f"`use` must name one of {counted(len(alternatives), 'alternative')}. Got {number!r}."
        )
    return alternatives[number - 1]


def highlighted_view(
    shown: View, sample_id: object, source: str, alternatives: Sequence[Rule]
) -> View:
    """Return a preview with the source code it is of, and what it may be replaced by."""
    others = [
        f"use({number}) looks for {rule.words} instead."
        for number, rule in enumerate(alternatives, start=1)
    ]
    made = f"Made from sample {sample_id}, and added."
    return View(shown.title, (made, Code(source), *others, *shown.parts))
