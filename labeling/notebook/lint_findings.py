"""`Finding`: something about labeling functions that is likely a mistake."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from labeling.errors import counted
from labeling.rendering import DisplayedAlike, Table, View

SHOWN = 40
"""Findings that are shown."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about labeling functions that is likely a mistake.

    Attributes:
        kind: which check found it, such as "duplicates".
        functions: whom it is about.
        what: what was found, as a sentence.
        n: of how many votes, samples or faults it is.
        why: why it matters.
        advice: what to do.
    """

    kind: str
    functions: tuple[str, ...]
    what: str
    n: int
    why: str
    advice: str


@dataclass(frozen=True, repr=False, eq=False)
class Lint(DisplayedAlike):
    """The findings of `Workbench.lint`.

    Attributes:
        findings: by kind, then by name.
        n_functions: how many functions were checked.
        n_samples: on how many samples they voted.
        n_dev: samples of the dev set; without one, precision and gold labels were not checked.
    """

    findings: tuple[Finding, ...]
    n_functions: int
    n_samples: int
    n_dev: int

    def __len__(self) -> int:
        return len(self.findings)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each finding."""
        columns = ["kind", "functions", "what", "n", "why", "advice"]
        rows = [
            (one.kind, ", ".join(one.functions), one.what, one.n, one.why, one.advice)
            for one in self.findings
        ]
        return pd.DataFrame(rows, columns=columns)

    def _view(self) -> View:
        title = (
            f"{counted(len(self.findings), 'finding')} in"
            f" {counted(self.n_functions, 'labeling function')} on"
            f" {counted(self.n_samples, 'sample')}"
        )
        no_dev = (
            "Without a dev set, precision and the labels that are voted for were not checked;"
            " nor whether a column gives the labels away."
        )
        notes = () if self.n_dev else (no_dev,)
        if not self.findings:
            return View(title, notes)
        rows = tuple(
            (", ".join(one.functions), one.what, one.n, one.why, one.advice)
            for one in self.findings[:SHOWN]
        )
        headings = ("function", "finding", "n", "why it matters", "what to do")
        table = Table(headings, rows, left_out=max(len(self.findings) - SHOWN, 0))
        return View(title, (table, *notes))
