"""A page for each annotator about their own work, by default without anybody's name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labeling.errors import DataError
from labeling.project import Project
from labeling.project.exporting import ready_folder
from labeling.records import LabelKind, atomic_write
from labeling.report.rendering import environment, palettes, view_style

FOLDER = "annotators"


def write_annotator_pages(project: Project, *, with_names: bool = False) -> dict[str, Path]:
    """Write a page for each annotator into the folder `annotators` of the exports.

    A page is for its annotator: it shows the votes, the estimated skill and the agreements with
    their intervals, examples both ways, the reasons that reviewers gave, and what is too few to
    say; of spans and of several labels also what is right and missed of each label. People have
    pseudonyms. Samples with a given gold label, and those that were hidden in batches, are not
    among the examples, since they may test others; neither are samples that are not settled.

    Everybody who ever annotated has a page: that of a paused person says that the votes are held
    back (the reason is in the lead's report only, as it may name others, or hidden samples).

    The same state gives the same bytes. Pages of earlier calls are overwritten or stay.

    Args:
        project: the project.
        with_names: whether the pages have the names of people instead of pseudonyms. Files are
            called by pseudonym in any case; the report for the lead lists both.

    Returns:
        The path of each annotator's page, by name.

    Raises:
        MissingExtraError: a package that renders the pages is not installed.
        DataError: a file cannot be written, or the samples cannot be read.
        StoreError: the store cannot be read.
    """
    name, sections_of = PAGES.get(project.schema.kind, ("annotator_page.html.jinja", _sections))
    template = environment().get_template(name)
    sections = sections_of(project)
    people = sections.pop("people")
    folder = ready_folder(project.folder) / FOLDER
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise DataError(f"The folder {str(folder)!r} cannot be made: {error}") from error
    pages = {}
    for person in people:
        target = folder / f"{person.pseudonym.replace(' ', '-').lower()}.html"
        page = template.render(person=person, with_names=with_names, **sections)
        with atomic_write(target) as unfinished:
            unfinished.write_text(page, encoding="utf-8", newline="\n")
        pages[person.name] = target
    return pages


def _sections(project: Project) -> dict[str, Any]:
    # Imported here, as in `rendering`: without Jinja2 its error must come first.
    from labeling.project.agreement import people_agreement
    from labeling.report.annotator_details import details_of, work_of_all
    from labeling.report.annotators import annotators_of, comparisons_of
    from labeling.report.context import load_context

    context = load_context(project)
    work = work_of_all(context)
    people = [
        details_of(annotator.name, work, comparisons_of(annotator), hides_tests=True)
        for annotator in annotators_of(context, work)
    ]
    agreement = people_agreement(context.annotations, project.schema, context.selections)
    return {
        "people": people,
        "project": context.status.project,
        "overall": agreement.overall,
        "palettes": palettes(),
    }


def _sections_of_parts(project: Project) -> dict[str, Any]:
    from labeling.report.part_pages import sections

    return {**sections(project), "palettes": palettes(), "view_style": view_style()}


OF_PARTS = ("annotator_parts_page.html.jinja", _sections_of_parts)
PAGES = {LabelKind.SPANS: OF_PARTS, LabelKind.SEVERAL: OF_PARTS}
"""The template and the sections of the pages of labels that have parts."""
