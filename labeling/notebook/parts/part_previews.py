"""`PartPreview`: what a labeling function would do to spans, or labels, before it is added."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.errors import counted
from labeling.notebook.function_set import VotedLF
from labeling.notebook.marks import matched_texts
from labeling.notebook.parts.part_diffs import PartDiff, part_diff_of_functions
from labeling.notebook.parts.part_measures import PartMeasures, part_measures
from labeling.notebook.parts.part_model_changes import PartModelChange, parts_of_change
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_rows import (
    PartRows,
    columns_of,
    in_order,
    n_parts,
    tables_of_parts,
)
from labeling.notebook.parts.part_table import PartTable, SpanTable
from labeling.notebook.previews import (
    EXAMPLES,
    FIRED,
    SEARCHED,
    fault_sentence,
    how_run,
    title_of,
)
from labeling.notebook.rows import RowMarker, VoteColumn
from labeling.records import ABSTAIN, Fault
from labeling.rendering import DisplayedAlike, Share, Table, View, as_interval
from labeling.rendering.formatting import clipped
from labeling.rendering.views import Cell, Part

CAPTION = "What it says, and what the label model decides with it"


@dataclass(frozen=True, eq=False, repr=False)
class PartPreview(DisplayedAlike):
    """A labeling function among the others of a workbench, whether it was added or not.

    Attributes:
        moment: what the workbench held.
        voted: the function with what it says.
        old: the version of it in the set, or that it replaced; `None` where there is none.
        table: the parts that the function, the others of the set, or the dev set speak of.
        measures: coverage, what is new, overlaps, conflicts, precision and recall on the dev set.
    """

    moment: PartMoment
    voted: VotedLF
    old: VotedLF | None
    table: PartTable
    measures: PartMeasures

    @functools.cached_property
    def diff(self) -> PartDiff:
        """What changes against the old version; all parts are gained where there is none."""
        title = f"{self.voted.name} against its old version"
        return part_diff_of_functions(
            self.moment, self.old, self.voted, self.moment.functions, title
        )

    @property
    def model(self) -> PartModelChange:
        """What changes in the label model's answers: it is fitted when this is asked for."""
        return self.diff.model

    @functools.cached_property
    def examples(self) -> PartRows:
        """What it says, in an order of the samples that looks random, each sample's first first.

        The label model beside it is fitted with the function.
        """
        codes = self.table.codes[:, 0]
        at = in_order(self.moment, self.table, np.flatnonzero(self.table.has_answer(codes)))
        functions = (self.voted, *self.moment.others(self.voted.name))
        return PartRows(
            f"{self.voted.name} speaks of {n_parts(self.table, len(at))}",
            (),
            self.moment,
            self.table,
            at,
            (VoteColumn("vote", "vote", codes),),
            columns_of(functions, self.table)[1:],
            model_of=self.model.after,
            marked=(self.voted,),
            shown=EXAMPLES,
        )

    @functools.cached_property
    def fired(self) -> tuple[tuple[str, int], ...]:
        """The texts that it marks, or that made it speak, and how often, most first.

        Spans are counted in all samples; what made a function of labels vote in the first 200.
        """
        counts = _fired(self.table, self)
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Where it raised an exception, and said nothing, in an order that looks random."""
        return self.moment.in_order(self.voted.faults)

    def to_frame(self) -> pd.DataFrame:
        """Return all numbers as one row, the function's name as index.

        Returns:
            A frame with the columns of `summary().to_frame()`; `gained`, `lost` and `flipped`
            against the old version; and what changes in the label model's answers: `model_gained`,
            `model_lost`, `model_flipped`, and with a dev set `model_f1_before`, `model_n_before`,
            `model_f1`, `model_f1_low`, `model_f1_high`, `model_n`.
        """
        row = {
            **self.measures.to_row(),
            "faults": len(self.voted.faults),
            "seconds": self.voted.run.seconds,
            "run": how_run(self.voted),
            "gained": self.diff.gained,
            "lost": self.diff.lost,
            "flipped": self.diff.flipped,
            **self.model.to_row(),
        }
        return pd.DataFrame([row], index=pd.Index([self.voted.name], dtype=object))

    def _view(self) -> View:
        measures = self.measures
        parts: list[Part] = [*self._sentences(), self._numbers()]
        if self.moment.n_gold:
            parts += gold_tables(measures)
        if self.old is not None:
            before = self.diff.scores_before
            parts.append(
                f"Against the old version: {n_parts(self.table, self.diff.gained)} gained,"
                f" {self.diff.lost:,} lost, {self.diff.flipped:,} flipped; precision before:"
                f" {before.precision}."
            )
        parts += parts_of_change(self.model)
        parts += self._fired_sentence()
        parts += tables_of_parts(self.examples, EXAMPLES, CAPTION)
        return View(title_of(self.moment, self.voted), tuple(parts))

    def _sentences(self) -> list[str]:
        sentences = [f"It ran {how_run(self.voted)}, in {self.voted.run.seconds:.2f} s."]
        if not self.measures.samples:
            sentences.append("It never says anything.")
        if self.measures.trimmed:
            sentences.append(trimmed_sentence(self.measures))
        if not self.moment.n_gold:
            sentences.append("There is no dev set: Workbench(..., gold=...) measures precision.")
        if self.voted.faults:
            sentences.append(fault_sentence(self.faults))
        return sentences

    def _numbers(self) -> Table:
        noun = f"{self.table.noun}s"
        cells: dict[str, Cell] = {"labels": self.measures.label or "nothing"}
        cells |= cells_of(self.measures, noun, with_no=bool(self.measures.no))
        caption = f"Of {counted(self.measures.n_samples, 'sample')}"
        return Table(tuple(cells), (tuple(cells.values()),), caption)

    def _fired_sentence(self) -> tuple[str, ...]:
        if not self.fired:
            return ()
        texts = ", ".join(f"{clipped(text, 40)!r} {count:,}" for text, count in self.fired[:FIRED])
        left = len(self.fired) - FIRED
        more = f", and {left:,} more" if left > 0 else ""
        return (f"What fired: {texts}{more}.",)


def part_preview(moment: PartMoment, voted: VotedLF, old: VotedLF | None) -> PartPreview:
    """Return the preview of a function.

    Args:
        moment: what the workbench holds.
        voted: the function with what it says.
        old: the version before; `None` where there is none.
    """
    functions = (voted, *moment.others(voted.name))
    table = moment.table(*functions)
    (measures,) = part_measures(moment, functions, table, 1)
    return PartPreview(moment, voted, old, table, measures)


def cells_of(measures: PartMeasures, noun: str, *, with_no: bool) -> dict[str, Cell]:
    """Return what is shown of a function's counts, by heading."""
    cells: dict[str, Cell] = {noun: measures.votes, f"new {noun}": measures.new}
    if with_no:
        cells["said no"] = measures.no
    cells["coverage"] = Share(measures.coverage)
    cells["new coverage"] = Share(measures.new_coverage)
    cells[f"overlaps of {noun}"] = Share(measures.overlaps)
    cells[f"conflicts of {noun}"] = Share(measures.conflicts)
    return cells


def gold_tables(measures: PartMeasures) -> list[Part]:
    """Return what is shown of a function's precision and recall, and of how its spans lie."""
    rows = [("all" if measures.by_label else measures.label, measures.precision, measures.recall)]
    rows += [(label, *scores) for label, scores in measures.by_label.items()]
    lines = tuple(
        (label, as_interval(precision), as_interval(recall)) for label, precision, recall in rows
    )
    tables: list[Part] = [
        Table(("label", "precision", "recall"), lines, "On the dev set, recall of these labels")
    ]
    n = measures.precision.n
    if measures.places and n:
        shares = tuple(Share(share) for share in measures.places.values())
        caption = f"How {counted(n, 'span')} on the dev set lie to the gold spans"
        tables.append(Table(tuple(measures.places), (shares,), caption))
    return tables


def trimmed_sentence(measures: PartMeasures) -> str:
    """Return how many spans were dropped, and why."""
    n = measures.trimmed
    verb = "was" if n == 1 else "were"
    return f"{counted(n, 'span')} {verb} dropped, overlapping longer ones of its own."


@functools.singledispatch
def _fired(table: PartTable, preview: PartPreview) -> Counter[str]:
    """Return how often texts made a function vote, in the first samples of which it speaks."""
    moment, voted = preview.moment, preview.voted
    counts: Counter[str] = Counter()
    mark = RowMarker(moment, (voted,))
    rows = moment.ordered(np.flatnonzero(voted.codes != ABSTAIN))[:SEARCHED]
    for row, text in zip(rows.tolist(), moment.texts_of(rows), strict=True):
        counts.update(matched_texts(text, mark(row, text)))
    return counts


@_fired.register
def _(table: SpanTable, preview: PartPreview) -> Counter[str]:
    at = np.flatnonzero(table.has_label(table.codes[:, 0]))
    spans = table.columns(at, preview.moment.texts_of(table.sample[at]))["span"]
    return Counter(" ".join(span.lower().split()) for span in spans)
