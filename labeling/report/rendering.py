"""Renders the report of a project as one self-contained HTML file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from labeling.errors import missing_extra
from labeling.project import Project
from labeling.project.exporting import ready_folder
from labeling.records import LabelKind, atomic_write
from labeling.rendering import View, formatting
from labeling.rendering.html import STYLE, html_of
from labeling.rendering.palettes import DARK, LIGHT

if TYPE_CHECKING:
    from jinja2 import Environment


def shown(view: View) -> Any:
    """Return a view as HTML that a template puts in as it is: every text in it is escaped."""
    from markupsafe import Markup

    return Markup(html_of(view, with_style=False))


FILTERS = {
    "percent": formatting.percent,
    "whole": formatting.whole,
    "decimal": formatting.decimal,
    "when": formatting.when,
    "seconds": formatting.seconds,
    "size": formatting.size,
    "clipped": formatting.clipped,
    "shown": shown,
}


def write_report(project: Project, path: Path | None = None) -> Path:
    """Write the report of a project as one HTML file, atomically, and return its path.

    A project of spans or of several labels per sample has a page of its own: functions, models
    against gold labels and people's, calibration, examples, annotators and labeling cost.
    The same state gives the same bytes. The page loads nothing from anywhere and runs no scripts.
    Outputs whose inputs have changed since labeling functions were last applied are recomputed.

    Args:
        project: the project.
        path: of the file; `None` is `report.html` in the folder of the exports.

    Raises:
        MissingExtraError: a package that renders the report is not installed.
        DataError: the file cannot be written, or the samples cannot be read.
        StoreError: the store cannot be read.
    """
    name, sections = PAGES.get(project.schema.kind, ("report.html.jinja", _sections))
    template = environment().get_template(name)
    page = template.render(sections(project))
    target = ready_folder(project.folder) / "report.html" if path is None else Path(path)
    with atomic_write(target) as unfinished:
        unfinished.write_text(page, encoding="utf-8", newline="\n")
    return target


def _sections(project: Project) -> dict[str, Any]:
    # Imported here: they draw, and without Jinja2 its error must come before matplotlib's.
    from labeling.report import (
        annotators,
        functions,
        label_cost,
        model,
        overview,
        provenance,
        samples,
        training,
        worth,
    )
    from labeling.report.context import load_context

    context = load_context(project)
    people = annotators.section(context)
    cost = label_cost.section(context)
    return {
        "head": overview.section(context, people, cost),
        "data": samples.section(context),
        "lfs": functions.section(context),
        "model": model.section(context),
        "worth": worth.section(context),
        "people": people,
        "cost": cost,
        "train": training.section(context),
        "provenance": provenance.section(context),
        "palettes": palettes(),
    }


def _sections_of_parts(project: Project) -> dict[str, Any]:
    from labeling.report import of_parts

    return {**of_parts.sections(project), "palettes": palettes(), "view_style": view_style()}


OF_PARTS = ("parts_report.html.jinja", _sections_of_parts)
PAGES = {LabelKind.SPANS: OF_PARTS, LabelKind.SEVERAL: OF_PARTS}
"""The template and the sections of labels that have parts: spans, and sets of labels."""


def view_style() -> Any:
    """Return the style of views, once for the page they are on."""
    from markupsafe import Markup

    return Markup(STYLE)


def palettes() -> dict[str, dict[str, str]]:
    """Return the colours of light and dark pages, by name."""
    return {"light": _page_colours(LIGHT), "dark": _page_colours(DARK)}


def _page_colours(palette: Any) -> dict[str, str]:
    return {name: colour for name, colour in palette.items() if name != "map"}


def environment() -> Environment:
    """Return the templates, with every text escaped where it is put in.

    Raises:
        MissingExtraError: Jinja2 is not installed.
    """
    try:
        import jinja2
    except ModuleNotFoundError as error:
        raise missing_extra(error) from error
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("labeling", "report/templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    templates.filters.update(FILTERS)
    return templates


def _finalized(value: Any) -> Any:
    if isinstance(value, str) and not hasattr(value, "__html__"):
        return formatting.cleaned(value)
    return value
