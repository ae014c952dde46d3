"""`Summary`: all labeling functions of a workbench in a table, and the set as a whole."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labeling.errors import counted
from labeling.notebook.commit_log import looks_sentences
from labeling.notebook.function_set import VotedLF
from labeling.notebook.measures import Measures, label_counts, measures_of_all
from labeling.notebook.moment import Codes, Moment, majority_codes
from labeling.notebook.previews import fault_sentence, how_run
from labeling.records import ABSTAIN
from labeling.records.estimates import Estimate
from labeling.rendering import DisplayedAlike, Share, Table, View, as_interval
from labeling.rendering.views import Cell

COLUMNS = [
    "label",
    "votes",
    "coverage",
    "new_coverage",
    "overlaps",
    "conflicts",
    "n",
    "precision",
    "precision_low",
    "precision_high",
    "estimated_accuracy",
    "faults",
    "seconds",
    "run",
]


@dataclass(frozen=True, eq=False, repr=False)
class Summary(DisplayedAlike):
    """The labeling functions of a workbench at one time.

    Attributes:
        moment: what the workbench held.
        looks: how often results were measured on the dev set.
    """

    moment: Moment
    looks: int = 0

    @functools.cached_property
    def measures(self) -> list[Measures]:
        """The measures of each function, in the order of the set."""
        moment = self.moment
        return measures_of_all(moment.functions.functions, moment.array, moment.gold, moment.schema)

    @property
    def coverage(self) -> float:
        """The share of samples with a vote."""
        return float((self._counts.sum(axis=1) > 0).mean())

    @property
    def conflicts(self) -> float:
        """The share of samples on which functions vote for different labels."""
        return float(((self._counts > 0).sum(axis=1) > 1).mean())

    @property
    def majority(self) -> Estimate:
        """The accuracy of majority vote on the dev set, where no labels tie."""
        codes = majority_codes(self.moment.array, len(self.moment.schema))
        return self.moment.accuracy(codes)

    @property
    def label_model(self) -> Estimate:
        """The accuracy of the label model on the dev set, to which it is not fitted."""
        return self.moment.accuracy(self.moment.model_codes())

    @property
    def balance(self) -> dict[str, float]:
        """The share of each label among all votes; NaN where there is none."""
        votes = self._counts.sum(axis=0)
        total = int(votes.sum())
        shares = (votes / total).tolist() if total else [float("nan")] * len(votes)
        return dict(zip(self.moment.schema.labels, shares, strict=True))

    @functools.cached_property
    def _counts(self) -> Codes:
        return label_counts(self.moment.array, len(self.moment.schema))

    @functools.cached_property
    def estimated(self) -> list[float]:
        """The label model's estimate of each function's accuracy; NaN where it never votes.

        It is the mean probability of the labels that it votes for. Its own votes are among those
        the model has seen, so that it is too good where few others vote on the same samples.
        """
        soft = self.moment.soft()
        found = []
        for voted in self.moment.functions:
            at = np.flatnonzero(voted.codes != ABSTAIN)
            is_known = soft is not None and len(at) > 0
            found.append(
                float(np.sort(soft.array[at, voted.codes[at]]).mean())  # type: ignore[union-attr]
                if is_known
                else float("nan")
            )
        return found

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each function, the names as index.

        Returns:
            A frame with the columns `label`, `votes`; as shares of all samples `coverage`,
            `new_coverage` (no other function votes), `overlaps`, `conflicts`; on the dev set `n`
            (votes on it), `precision`, `precision_low`, `precision_high`; `estimated_accuracy` by
            the label model; `faults`, `seconds`, `run`.
        """
        rows = [
            {
                **measures.to_row(),
                "estimated_accuracy": estimated,
                "faults": len(voted.faults),
                "seconds": voted.run.seconds,
                "run": how_run(voted),
            }
            for voted, measures, estimated in self._rows
        ]
        index = pd.Index(self.moment.functions.names, dtype=object)
        return pd.DataFrame(rows, index=index, columns=COLUMNS)

    @property
    def _rows(self) -> list[tuple[VotedLF, Measures, float]]:
        return list(zip(self.moment.functions, self.measures, self.estimated, strict=True))

    def _view(self) -> View:
        moment = self.moment
        n = len(moment.functions)
        title = f"{counted(n, 'labeling function')} on {counted(len(moment), 'sample')}"
        if not n:
            return View(title, ("Write one below @workbench.lf(label=...).",))
        sentences = [] if moment.n_gold else ["There is no dev set: precision is not measured."]
        sentences += looks_sentences(self.looks, moment.n_gold)
        sentences += moment.model_warnings()
        sentences += [
            f"{voted.name}: {fault_sentence(moment.in_order(voted.faults))}"
            for voted in moment.functions
            if voted.faults
        ]
        return View(title, (self._whole(), *sentences, self._table()))

    def _whole(self) -> Table:
        moment = self.moment
        cells: dict[str, Cell] = {
            "coverage": Share(self.coverage),
            "conflicts": Share(self.conflicts),
        }
        if moment.n_gold:
            cells["majority vote right on the dev set"] = as_interval(self.majority)
            cells["label model right"] = as_interval(self.label_model)
        shares = (f"{label} {share:.1%}" for label, share in self.balance.items())
        cells["labels among votes"] = ", ".join(shares) if self.coverage else "no votes"
        caption = f"All together, of {counted(len(moment), 'sample')}"
        return Table(tuple(cells), (tuple(cells.values()),), caption)

    def _table(self) -> Table:
        has_gold = bool(self.moment.n_gold)
        has_faults = any(voted.faults for voted in self.moment.functions)
        rows: list[dict[str, Cell]] = []
        for voted, measures, estimated in self._rows:
            n = measures.n_samples
            row: dict[str, Cell] = {
                "function": voted.name,
                "votes for": measures.label or "nothing",
                "coverage": Share(measures.coverage),
                "new coverage": Share(measures.new_coverage),
                "overlaps": Share(measures.overlaps / n),
                "conflicts": Share(measures.conflicts / n),
            }
            if has_gold:
                row["precision on the dev set"] = as_interval(measures.precision)
            row["accuracy by the label model"] = estimated
            if has_faults:
                row["faults"] = len(voted.faults)
            row["seconds"] = f"{voted.run.seconds:.2f}"
            row["ran"] = where_run(voted)
            rows.append(row)
        return Table(tuple(rows[0]), tuple(tuple(row.values()) for row in rows))


def where_run(voted: VotedLF) -> str:
    """Return where a function was run, in a word or two."""
    run = voted.run
    if run.rows_cached and not run.rows_in_columns + run.rows_in_python:
        return "cached"
    used = [(run.rows_in_columns, "columns"), (run.rows_in_python, "Python")]
    return " and ".join(kind for rows, kind in used if rows) or "nowhere"
