"""What `labeling agreement` prints of spans, and of several labels."""

from __future__ import annotations

from typing import Any

import pandas as pd

from labeling.cli.console import emit, hint, out
from labeling.cli.fitted_table import Column, print_fitted
from labeling.cli.json_tables import as_records
from labeling.project.agreement import AnyAgreement, PartsAgreement
from labeling.rendering.formatting import whole

SEE_ALL = "labeling agreement --json shows all."
ENDS = ("low", "high")


def print_parts_agreement(found: PartsAgreement, as_json: bool) -> None:
    """Print the agreement of annotators: by stratum, by label, and of spans by pair."""
    stratum, headline = found.headline
    labels = headline.by_label
    if as_json:
        parts = {name: _coefficients(part) for name, part in found.by_stratum.items()}
        emit(
            {
                "headline": {"stratum": stratum, **_coefficients(headline)},
                "notes": [found.headline_note, *headline.notes],
                "overall": _coefficients(found.overall),
                "strata": parts,
                "labels": as_records(labels, "label"),
                "pairs": as_records(_pairs(headline), "pair"),
            },
            True,
        )
        return
    emit(None, False, f"Agreement: {headline}.", found.headline_note, *headline.notes)
    if not found.overall.n_samples:
        hint("Next: labeling pull when people have labeled")
        return
    _print("label", labels)
    pairs = _pairs(headline)
    if len(pairs):
        _print("annotators", pairs)


def _pairs(found: AnyAgreement) -> pd.DataFrame:
    """Return the agreement on spans of each two people, index = their names."""
    pairs: pd.DataFrame = getattr(found, "pairs", pd.DataFrame())
    if not len(pairs):
        return pairs
    names = [f"{a} and {b}" for a, b in zip(pairs["first"], pairs["second"], strict=True)]
    return pairs.drop(columns=["first", "second"]).set_axis(pd.Index(names))


def _coefficients(found: AnyAgreement) -> dict[str, Any]:
    rows = as_records(found.to_frame(), "name")
    return {"samples": found.n_samples, **{row.pop("name"): row for row in rows}}


def _print(name: str, table: pd.DataFrame) -> None:
    columns = [Column(name, [str(row) for row in table.index], least=8)]
    for column in table.columns:
        if column == "note" or column.endswith(ENDS):
            continue
        columns.append(Column(column, _cells(table, column), right=True))
    out.print()
    print_fitted(columns, out, how_to_see_all=SEE_ALL)


def _cells(table: pd.DataFrame, name: str) -> list[str]:
    if pd.api.types.is_integer_dtype(table[name]):
        return list(map(whole, table[name]))
    ends = [f"{name}_{end}" for end in ENDS]
    intervals = table[ends].to_numpy().tolist() if set(ends) <= set(table.columns) else None
    cells = []
    for row, value in enumerate(table[name].tolist()):
        cell = "-" if value != value else f"{value:.2f}"
        if intervals is not None and intervals[row][0] == intervals[row][0]:
            cell += f" [{intervals[row][0]:.2f}, {intervals[row][1]:.2f}]"
        cells.append(cell)
    return cells
