"""`labeling monitor`: tests of drift and health on data that come later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from labeling.cli.app import AsJson, app, load_project
from labeling.cli.console import busy, emit, hint, out
from labeling.errors import DataError, counted

if TYPE_CHECKING:
    from labeling.datasets import DataTestReport
    from labeling.datasets.findings import Finding


@app.command()
def monitor(
    new_data: Annotated[
        str, typer.Argument(help="New samples with the columns of the project's: file or folder.")
    ],
    as_json: AsJson = False,
) -> None:
    """Compare new data with those of the project: drift, and health of the functions."""
    project = load_project()
    with busy("comparing the new data"):
        report = project.monitor(new_data)
    emit_report(report, as_json)
    if report.failed:
        names = ", ".join(finding.name for finding in report.failed)
        raise DataError(
            f"{counted(len(report.failed), 'test')} of {len(report)} failed: {names}. Look at the"
            " samples that are named; then mend the data or the functions, or label new samples."
        )
    if any(_is_chance(finding) for finding in report.findings):
        alpha = project.config.data_tests.alpha
        hint(f"An effect above its limit may be chance: drift fails only where p < {alpha:g}, too.")
    hint("No test failed: the new data are like those of the project.")


def _is_chance(finding: Finding) -> bool:
    """Return whether an effect is above its limit, and yet did not fail."""
    if finding.status != "passed" or finding.p is None:
        return False
    return (
        finding.effect is not None and finding.limit is not None and finding.effect > finding.limit
    )


def emit_report(report: DataTestReport, as_json: bool) -> None:
    """Print a report as JSON, or as a table and a sentence for each failure and warning."""
    if as_json:
        emit(report.to_dict(), True)
        return
    from labeling.cli.fitted_table import Column, print_fitted

    found = report.findings
    columns = [
        Column("test", [finding.name for finding in found], least=12),
        Column("status", [finding.status for finding in found], least=7),
        Column("n", [f"{finding.n:,}" for finding in found], right=True),
        Column("effect", [_number(finding.effect) for finding in found], right=True, rank=2),
        Column("limit", [_number(finding.limit) for finding in found], right=True, rank=3),
        Column("p", [_number(finding.p) for finding in found], right=True, rank=1),
    ]
    print_fitted(columns, out, how_to_see_all="labeling monitor --json shows all.")
    for finding in found:
        if finding.status in ("failed", "warning"):
            emit(None, False, f"{finding.name} {finding.status}: {finding.sentence}")
            if finding.sample_ids:
                ids = ", ".join(map(str, finding.sample_ids[:5]))
                emit(None, False, f"  {counted(finding.n_samples, 'sample')}, such as {ids}")
    for finding in report.skipped:
        hint(f"{finding.name}: {finding.sentence}")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
