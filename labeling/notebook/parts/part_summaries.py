"""`PartSummary`: all functions of a workbench of spans, or of several labels, in a table."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.analysis.kind_summaries import PLACES
from labeling.errors import counted
from labeling.notebook.commit_log import looks_sentences
from labeling.notebook.moment import share_of
from labeling.notebook.parts.part_measures import PartMeasures, part_measures
from labeling.notebook.parts.part_moment import PartMoment
from labeling.notebook.parts.part_previews import cells_of, trimmed_sentence
from labeling.notebook.parts.part_scores import Scores, model_scores
from labeling.notebook.parts.part_table import PartTable
from labeling.notebook.previews import fault_sentence, how_run
from labeling.notebook.summaries import where_run
from labeling.records import ABSTAIN
from labeling.records.estimates import Estimate
from labeling.rendering import DisplayedAlike, Share, Table, View, as_interval
from labeling.rendering.views import Cell

COLUMNS = [
    "label",
    "votes",
    "no",
    "new",
    "samples",
    "coverage",
    "new_coverage",
    "overlaps",
    "conflicts",
    "trimmed",
    "n",
    "precision",
    "precision_low",
    "precision_high",
    "n_gold",
    "recall",
    "recall_low",
    "recall_high",
    *PLACES,
    "faults",
    "seconds",
    "run",
]
"""Of the frame of a summary; `PLACES` are those of spans with a dev set."""


@dataclass(frozen=True, eq=False, repr=False)
class PartSummary(DisplayedAlike):
    """The labeling functions of a workbench of spans, or of several labels, at one time.

    Attributes:
        moment: what the workbench held.
        looks: how often results were measured on the dev set.
    """

    moment: PartMoment
    looks: int = 0

    @functools.cached_property
    def table(self) -> PartTable:
        """The parts that functions, or the dev set, speak of."""
        return self.moment.table(*self.moment.functions)

    @functools.cached_property
    def measures(self) -> list[PartMeasures]:
        """The measures of each function, in the order of the set."""
        functions = self.moment.functions.functions
        return part_measures(self.moment, functions, self.table, len(functions))

    @property
    def coverage(self) -> float:
        """The share of samples of which any function says anything."""
        return float(self.moment.covered().mean())

    @property
    def conflicts(self) -> float:
        """The share of the parts said, of which functions say different things; 0 of nothing."""
        codes = self.table.codes
        said = self.table.has_answer(codes).any(axis=1)
        above = self.table.none + 1
        lowest = np.where(codes == ABSTAIN, above, codes).min(axis=1, initial=above)
        differ = codes.max(axis=1, initial=ABSTAIN) > lowest
        return float((said & differ).sum() / max(int(said.sum()), 1))

    @property
    def balance(self) -> dict[str, int]:
        """How many parts any function gives each label."""
        codes = self.table.codes
        counts = [int((codes == code).any(axis=1).sum()) for code in range(self.table.none)]
        return dict(zip(self.moment.schema.labels, counts, strict=True))

    @property
    def reach(self) -> Estimate:
        """The share of gold parts that any function gives: the recall that can be reached."""
        is_gold = self.table.has_label(self.table.gold)
        is_given = (self.table.codes == self.table.gold[:, None]).any(axis=1)
        return share_of(int((is_gold & is_given).sum()), int(is_gold.sum()))

    @property
    def label_model(self) -> Scores:
        """Precision, recall and F1 of the label model on the dev set, to which it is not fitted."""
        return model_scores(self.moment, self.moment.soft()) if self.moment.n_gold else {}

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each function, the names as index.

        Returns:
            A frame with the columns `label`; `votes` (spans, or labels said yes to), `no` (parts it
            says no to), `new` (votes that no other function casts), `samples` (of which it says
            anything); as shares of all samples `coverage` and `new_coverage` (no other function
            says anything); as shares of what it says `overlaps` and `conflicts`; `trimmed` (spans
            dropped, since they overlap longer ones of its own); on the dev set `precision` of `n`
            votes and `recall` of the `n_gold` gold parts of its labels, each with its interval,
            and of spans the shares `exact`, `inside`, `around`, `crossing` and `elsewhere`;
            `faults`, `seconds`, `run`.
        """
        rows = [
            {
                **measures.to_row(),
                "faults": len(voted.faults),
                "seconds": voted.run.seconds,
                "run": how_run(voted),
            }
            for voted, measures in zip(self.moment.functions, self.measures, strict=True)
        ]
        index = pd.Index(self.moment.functions.names, dtype=object)
        columns = [name for name in COLUMNS if name not in PLACES or (rows and name in rows[0])]
        return pd.DataFrame(rows, index=index, columns=columns)

    def _view(self) -> View:
        moment = self.moment
        n = len(moment.functions)
        title = f"{counted(n, 'labeling function')} on {counted(len(moment), 'sample')}"
        if not n:
            return View(title, ("Write one below @workbench.lf(label=...).",))
        sentences = [] if moment.n_gold else ["There is no dev set: precision is not measured."]
        sentences += looks_sentences(self.looks, moment.n_gold)
        sentences += moment.model_warnings()
        for voted, measures in zip(moment.functions, self.measures, strict=True):
            if voted.faults:
                faults = moment.in_order(voted.faults)
                sentences.append(f"{voted.name}: {fault_sentence(faults)}")
            if measures.trimmed:
                sentences.append(f"{voted.name}: {trimmed_sentence(measures)}")
        return View(title, (self._whole(), *self._scores(), *sentences, self._functions()))

    def _whole(self) -> Table:
        noun = f"{self.table.noun}s"
        counts = (f"{label} {n:,}" for label, n in self.balance.items() if n)
        cells: dict[str, Cell] = {
            "coverage": Share(self.coverage),
            f"{noun} in conflict": Share(self.conflicts),
            f"{noun} that any function gives": ", ".join(counts) or "none",
        }
        if self.moment.n_gold:
            cells[f"gold {noun} among them"] = as_interval(self.reach)
        caption = f"All together, of {counted(len(self.moment), 'sample')}"
        return Table(tuple(cells), (tuple(cells.values()),), caption)

    def _scores(self) -> tuple[Table, ...]:
        if not self.moment.n_gold:
            return ()
        scores = self.label_model
        caption = f"The label model on {counted(self.moment.n_gold, 'sample')} of the dev set"
        return (Table(tuple(scores), (tuple(map(as_interval, scores.values())),), caption),)

    def _functions(self) -> Table:
        has_faults = any(voted.faults for voted in self.moment.functions)
        has_no = any(measures.no for measures in self.measures)
        noun = f"{self.table.noun}s"
        rows: list[dict[str, Cell]] = []
        for voted, measures in zip(self.moment.functions, self.measures, strict=True):
            row: dict[str, Cell] = {"function": voted.name, "label": measures.label or "nothing"}
            row |= cells_of(measures, noun, with_no=has_no)
            if self.moment.n_gold:
                row["precision on the dev set"] = as_interval(measures.precision)
                row["recall of its labels"] = as_interval(measures.recall)
            if has_faults:
                row["faults"] = len(voted.faults)
            row["seconds"] = f"{voted.run.seconds:.2f}"
            row["ran"] = where_run(voted)
            rows.append(row)
        return Table(tuple(rows[0]), tuple(tuple(row.values()) for row in rows))
