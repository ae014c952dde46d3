"""From a project to one HTML file that needs nothing but itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.errors import missing_extra
from labeling.project import Project
from labeling.project.exporting import ready_folder
from labeling.records import whole_file
from labeling.report import formatting

if TYPE_CHECKING:
    from jinja2 import Environment

FILTERS = {
    **{"percent": formatting.percent, "whole": formatting.whole, "decimal": formatting.decimal},
    **{"when": formatting.when, "seconds": formatting.seconds, "size": formatting.size},
    "clipped": formatting.clipped,
}


def write_report(project: Project, path: Path | None = None) -> Path:
    """Write the report of a project as one HTML file, whole or not at all, and return its path.

    The same state gives the same bytes. Nothing in the file is fetched from anywhere, and nothing
    in it runs. What has changed since labeling functions were last applied is computed anew.

    Args:
        project: a project.
        path: of the file; `None` is `report.html` in the folder of the exports.

    Raises:
        MissingExtraError: what draws or writes it is not installed.
        DataError: the file cannot be written, or the samples not read.
        StoreError: what is remembered cannot be read.
    """
    environment = _environment()
    page = environment.get_template("report.html.jinja").render(_sections(project))
    target = ready_folder(project.folder) / "report.html" if path is None else Path(path)
    with whole_file(target) as unfinished:
        unfinished.write_text(page, encoding="utf-8", newline="\n")
    return target


def _sections(project: Project) -> dict[str, Any]:
    # Here, so that where Jinja2 is missing the error says so, and not that a part of it is.
    from labeling.report import (
        annotators,
        functions,
        label_cost,
        model,
        overview,
        provenance,
        samples,
        training,
    )
    from labeling.report.context import load_context

    known = load_context(project)
    said = annotators.section(known)
    spent = label_cost.section(known)
    return {
        "head": overview.section(known, said, spent),
        "data": samples.section(known),
        "lfs": functions.section(known),
        "model": model.section(known),
        "people": said,
        "spending": spent,
        "train": training.section(known),
        "provenance": provenance.section(known),
    }


def _environment() -> Environment:
    try:
        import jinja2
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("labeling", "report/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    environment.filters.update(FILTERS)
    return environment


def _finalized(value: Any) -> Any:
    from markupsafe import Markup

    if isinstance(value, str) and not isinstance(value, Markup):
        return formatting.cleaned(value)
    return value
