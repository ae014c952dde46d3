"""`Preview`: what a labeling function would do in the set of a workbench, before it is added."""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.errors import counted
from labeling.notebook.diffs import Diff, diff_of_functions
from labeling.notebook.function_set import VotedLF
from labeling.notebook.marks import matched_texts
from labeling.notebook.measures import Measures, measures_of
from labeling.notebook.model_changes import ModelChange, parts_of
from labeling.notebook.moment import BaseMoment, Moment
from labeling.notebook.rows import SampleRows, VoteColumn, tables_of
from labeling.records import ABSTAIN, Fault, location_of
from labeling.rendering import DisplayedAlike, Share, Table, View, as_interval
from labeling.rendering.formatting import clipped, whole
from labeling.rendering.views import Cell, Part

EXAMPLES = 8
SEARCHED = 200  # rows in which the texts that fired are counted
FIRED = 8  # texts that fired, shown
LONGEST = 200  # characters of an exception's message


@dataclass(frozen=True, eq=False, repr=False)
class Preview(DisplayedAlike):
    """A labeling function among the others of a workbench, whether it was added or not.

    Attributes:
        moment: what the workbench held.
        voted: the function with its votes.
        old: the version of it in the set, or that it replaced; `None` where there is none.
        measures: coverage, new coverage, overlaps, conflicts, and precision on the dev set.
    """

    moment: Moment
    voted: VotedLF
    old: VotedLF | None
    measures: Measures

    @functools.cached_property
    def diff(self) -> Diff:
        """What changes against the old version; all votes are gained where there is none."""
        title = f"{self.voted.name} against its old version"
        return diff_of_functions(self.moment, self.old, self.voted, self.moment.functions, title)

    @property
    def model(self) -> ModelChange:
        """What changes in the label model's labels: it is fitted when this is asked for."""
        return self.diff.model

    @functools.cached_property
    def examples(self) -> SampleRows:
        """The samples on which it votes, in an order that looks random."""
        at = self.moment.ordered(np.flatnonzero(self.voted.codes != ABSTAIN))
        return SampleRows(
            f"{self.voted.name} votes on {counted(len(at), 'sample')}",
            (),
            self.moment,
            at,
            (VoteColumn("vote", "vote", self.voted.codes),),
            (self.voted,),
            (self.voted.name,),
            with_model=False,
            shown=EXAMPLES,
        )

    @functools.cached_property
    def fired(self) -> tuple[tuple[str, int], ...]:
        """The texts that made it vote, and in how many of the first 200 examples, most first."""
        counts: Counter[str] = Counter()
        for text, spans in self.examples.marks(SEARCHED):
            counts.update(matched_texts(text, spans))
        return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Where it raised an exception, and abstained, in the order of `examples`."""
        return self.moment.in_order(self.voted.faults)

    def to_frame(self) -> pd.DataFrame:
        """Return all numbers as one row, the function's name as index.

        Returns:
            A frame with the columns of `summary().to_frame()`, `gained`, `lost` and `flipped`
            against the old version, and what changes in the label model: `model_gained`,
            `model_lost`, `model_flipped`, `model_accuracy_before`, `model_n_before`,
            `model_accuracy`, `model_accuracy_low`, `model_accuracy_high`, `model_n`.
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
        parts: list[Part] = [*self._sentences(), self._numbers(), *self._labels()]
        if self.old is not None:
            parts.append(
                f"Against the old version: {counted(self.diff.gained, 'vote')} gained,"
                f" {self.diff.lost:,} lost, {self.diff.flipped:,} flipped; precision before:"
                f" {self.diff.precision_before}."
            )
        parts += parts_of(self.model)
        parts += self._fired()
        parts += tables_of(self.examples, EXAMPLES, "Samples on which it votes")
        return View(title_of(self.moment, self.voted), tuple(parts))

    def _sentences(self) -> list[str]:
        sentences = [f"It ran {how_run(self.voted)}, in {self.voted.run.seconds:.2f} s."]
        if not self.measures.votes:
            sentences.append("It never votes.")
        if not self.moment.n_gold:
            sentences.append("There is no dev set: Workbench(..., gold=...) measures precision.")
        if self.voted.faults:
            sentences.append(fault_sentence(self.faults))
        return sentences

    def _numbers(self) -> Table:
        found, n = self.measures, self.measures.n_samples
        cells: dict[str, Cell] = {
            "votes for": found.label or "nothing",
            "votes": found.votes,
            "coverage": Share(found.coverage),
            "new coverage": Share(found.new_coverage),
            "overlaps": Share(found.overlaps / n),
            "conflicts": Share(found.conflicts / n),
        }
        if self.moment.n_gold:
            cells["precision on the dev set"] = as_interval(found.precision)
        return Table(tuple(cells), (tuple(cells.values()),), f"Of {counted(n, 'sample')}")

    def _labels(self) -> tuple[Table, ...]:
        if not self.moment.n_gold or not self.measures.by_label:
            return ()
        rows = tuple((name, as_interval(value)) for name, value in self.measures.by_label.items())
        return (Table(("vote", "precision on the dev set"), rows),)

    def _fired(self) -> tuple[str, ...]:
        if not self.fired:
            return ()
        n = min(SEARCHED, len(self.examples))
        texts = ", ".join(f"{clipped(text, 40)!r} {count:,}" for text, count in self.fired[:FIRED])
        left = len(self.fired) - FIRED
        more = f", and {left:,} more" if left > 0 else ""
        return (f"What fired, in {counted(n, 'sample')}: {texts}{more}.",)


def preview_of(moment: Moment, voted: VotedLF, old: VotedLF | None) -> Preview:
    """Return the preview of a function.

    Args:
        moment: what the workbench holds.
        voted: the function with its votes.
        old: the version before; `None` where there is none.
    """
    others = moment.others(voted.name).array(len(moment))
    return Preview(moment, voted, old, measures_of(voted, others, moment.gold, moment.schema))


def title_of(moment: BaseMoment, voted: VotedLF) -> str:
    """Return the name of a function, and whether it is in the set."""
    is_there = voted.name in moment.functions.names
    kind = "another version is in the set" if is_there else "not in the set"
    if any(known is voted or known.lf is voted.lf for known in moment.functions):
        kind = "in the set"
    return f"{voted.name} ({kind})"


def how_run(voted: VotedLF) -> str:
    """Return how a function was run, in words.

    >>> from labeling.engine.engine_report import HowRun
    >>> from labeling.records import LabelingFunction
    >>> run = HowRun("f", rows_in_columns=90, rows_in_python=10)
    >>> how_run(VotedLF(LabelingFunction("f", len), np.zeros(100, np.int8), (), run, ""))
    'on 90 samples in columns, on 10 in Python'
    """
    run = voted.run
    kinds = (
        (run.rows_in_columns, "in columns"),
        (run.rows_in_python, "in Python"),
        (run.rows_cached, "from the cache"),
    )
    used = [(rows, kind) for rows, kind in kinds if rows]
    if len(used) == 1:
        return used[0][1]
    words = [f"on {whole(rows)} {kind}" for rows, kind in used]
    return ", ".join(words).replace(" in", " samples in", 1) if words else "on no sample"


def fault_sentence(faults: tuple[Fault, ...]) -> str:
    """Return how often a function raised, and the first exception with its place and sample."""
    first = faults[0].exception
    place = location_of(first)
    message = clipped(str(first), LONGEST).rstrip(".")
    return (
        f"It raised an exception on {counted(len(faults), 'sample')}, and abstained there. On"
        f" sample {faults[0].sample_id!r}: {type(first).__name__}: {message}"
        f"{place and f' ({place})'}."
    )
