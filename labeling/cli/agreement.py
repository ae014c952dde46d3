"""`labeling agreement`: how far annotators agree, and where they do not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any

import typer

from labeling.cli.app import AsJson, app, load_project
from labeling.cli.console import busy, emit, hint, out
from labeling.cli.fitted_table import Column, print_fitted
from labeling.errors import counted
from labeling.rendering.formatting import whole

if TYPE_CHECKING:
    import pandas as pd

    from labeling.analysis import Agreement
    from labeling.project.agreement import PeopleAgreement

SEE_ALL = "labeling agreement --json shows all."
NO_INTERVAL = "(no interval)"  # too few samples, or too few whose votes differ
MOST_ROWS = 10  # of the tables of pairs of people, and of pairs of labels


@app.command()
def agreement(
    low: Annotated[
        int,
        typer.Option("--low", min=0, help="Number of samples of low agreement to list."),
    ] = 10,
    as_json: AsJson = False,
) -> None:
    """Show how far annotators agree: by stratum, label and pair, and where they do not."""
    from labeling.cli.parts_agreement import print_parts_agreement
    from labeling.project.agreement import PartsAgreement

    project = load_project()
    with busy("comparing annotators"):
        found = project.agreement()
    if isinstance(found, PartsAgreement):
        print_parts_agreement(found, as_json)
        return
    if as_json:
        emit(_as_json(found), True)
        return
    _, headline = found.headline
    emit(None, False, f"Agreement: {headline}.", found.headline_note, *headline.notes)
    if not found.overall.n_samples:
        hint("Next: labeling pull when people have labeled")
        return
    _print_strata(found)
    _print_labels(found.by_label())
    _print_pairs(found.by_pair())
    _print_confused(found.confused())
    _print_low(found.low(), low)
    hint("Next: labeling report draws all of this, with the texts and a part for each annotator")


def _as_json(found: PeopleAgreement) -> dict[str, Any]:
    from labeling.cli.json_tables import as_records

    stratum, headline = found.headline
    return {
        "headline": {"stratum": stratum, **_coefficients(headline)},
        "notes": [found.headline_note, *headline.notes],
        "overall": _coefficients(found.overall),
        "strata": {name: _coefficients(part) for name, part in found.by_stratum.items()},
        "labels": as_records(found.by_label(), "label"),
        "pairs": _records(found.by_pair()),
        "confused": _records(found.confused()),
        "low": as_records(found.low(), "sample"),
    }


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    from labeling.cli.json_tables import as_records

    rows = as_records(frame, "row")
    return [{key: value for key, value in row.items() if key != "row"} for row in rows]


def _coefficients(found: Agreement) -> dict[str, Any]:
    from labeling.cli.json_tables import as_records

    rows = as_records(found.to_frame(), "coefficient")
    return {
        "samples": found.n_samples,
        "votes": found.n_votes,
        "ordered": found.ordered,
        **{row.pop("coefficient"): row for row in rows},
    }


def _print_strata(found: PeopleAgreement) -> None:
    parts = {**found.by_stratum, "all samples": found.overall}
    columns = [
        Column("first-round votes on", list(parts), least=8),
        Column("samples", [whole(part.n_samples) for part in parts.values()], right=True),
        Column("percent", [_in_percent(part) for part in parts.values()], right=True),
        Column("alpha", [_interval(part.alpha) for part in parts.values()], right=True),
        Column(
            found.overall.gwet_name,
            [_interval(part.gwet) for part in parts.values()],
            right=True,
            rank=1,
        ),
    ]
    _print(columns)


def _print(columns: list[Column]) -> None:
    out.print()
    print_fitted(columns, out, how_to_see_all=SEE_ALL)


def _print_labels(table: pd.DataFrame) -> None:
    rows = table.sort_values("votes", ascending=False, kind="stable").head(2 * MOST_ROWS)
    columns = [
        Column("label", [str(name) for name in rows.index], least=8),
        Column("votes", list(map(whole, rows["votes"])), right=True),
        Column("samples", list(map(whole, rows["samples"])), right=True),
        Column("given again", _intervals(rows, "specific", percent=True), right=True),
        Column(
            "alpha against the rest",
            [_bounds(*row) for row in rows[["alpha", "low", "high"]].to_numpy().tolist()],
            right=True,
        ),
    ]
    _print(columns)
    _say_left_out(len(table) - len(rows), "label")


def _print_pairs(table: pd.DataFrame) -> None:
    rows = table.head(MOST_ROWS)
    intervals = rows[["percent", "low", "high"]].to_numpy().tolist()
    columns = [
        Column("annotators", [f"{a} and {b}" for a, b in _both(rows)]),
        Column("common samples", list(map(whole, rows["n"])), right=True),
        Column("percent", [_bounds(*row, percent=True) for row in intervals], right=True),
        Column("kappa", _intervals(rows, "kappa"), right=True, rank=1),
    ]
    _print(columns)
    _say_left_out(len(table) - len(rows), "pair")


def _print_confused(table: pd.DataFrame) -> None:
    rows = table.head(MOST_ROWS)
    if not len(rows):
        return
    columns = [
        Column("labels confused", [f"{a} / {b}" for a, b in _both(rows)]),
        Column("pairs of votes", list(map(whole, rows["pairs"])), right=True),
        Column("samples", list(map(whole, rows["samples"])), right=True, rank=2),
        Column("of all conflicts", _intervals(rows, "share", percent=True), right=True),
        Column("times chance", _intervals(rows, "lift"), right=True, rank=1),
    ]
    _print(columns)
    conflicts = counted(int(rows["n"].iloc[0]), "sample")
    emit(None, False, f"Shares and times chance are of {conflicts} with votes that differ.")
    _say_left_out(len(table) - len(rows), "pair of labels", "pairs of labels")


def _print_low(table: pd.DataFrame, most: int) -> None:
    rows = table.head(most)
    if not len(rows):
        return
    columns = [
        Column("lowest agreement", [str(sample) for sample in rows.index], least=8),
        Column("votes", list(map(whole, rows["votes"])), right=True),
        Column("distance", [f"{value:.2f}" for value in rows["distance"]], right=True),
        Column("labels", rows["labels"].tolist(), least=12),
    ]
    _print(columns)
    _say_left_out(len(table) - len(rows), "sample with a conflict", "samples with a conflict")


def _both(rows: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(rows["first"], rows["second"], strict=True))


def _say_left_out(n: int, singular: str, plural: str | None = None) -> None:
    if n > 0:
        emit(None, False, f"And {counted(n, singular, plural or f'{singular}s')} more: {SEE_ALL}")


def _in_percent(found: Agreement) -> str:
    return _bounds(found.percent.value, found.percent.low, found.percent.high, percent=True)


def _interval(estimate: Any) -> str:
    return _bounds(estimate.value, estimate.low, estimate.high)


def _bounds(value: float, low: float, high: float, *, percent: bool = False) -> str:
    style = ".0%" if percent else ".2f"
    if math.isnan(value):
        return "-"
    interval = f"[{low:{style}}, {high:{style}}]" if low == low else NO_INTERVAL
    return f"{value:{style}} {interval}"


def _intervals(rows: pd.DataFrame, name: str, *, percent: bool = False) -> list[str]:
    """Return the values of a column with their intervals, from `NAME_low` to `NAME_high`."""
    columns = [name, f"{name}_low", f"{name}_high"]
    return [_bounds(*row, percent=percent) for row in rows[columns].to_numpy().tolist()]
