"""How the two projects are set up on the server, and what may be changed in one that is there."""

from __future__ import annotations

import logging
from typing import Any

from labeling.errors import LabelingError, PlatformError, shown
from labeling.label_studio.labeling_config import (
    as_html,
    differences,
    for_annotators,
    for_reviewers,
    read_interface,
)
from labeling.label_studio.line import Line
from labeling.label_studio.projects import Place, StudioProject
from labeling.records import LabelSchema

logger = logging.getLogger(__name__)

SAME = "Annotators and reviewers must have a project each. Both are given {!r}."

MAY_CHANGE = (
    *("sampling", "show_collab_predictions", "expert_instruction", "show_instruction"),
    *("skip_queue", "show_skip_button"),
)
"""What is brought up to date in a project that is there; not how many votes its tasks wait for, since
that would change the tasks that were asked again."""


def title_of_reviewers(project: str | int, expert_project: str | int | None) -> str | int:
    """Return the title or id of the reviewers' project."""
    own = project if isinstance(project, str) else f"project {project}"
    expert = f"{own}: review" if expert_project is None else expert_project
    if expert == project:
        raise LabelingError(SAME.format(project))
    return expert


def annotators_place(
    wanted: str | int, schema: LabelSchema, *, votes: int, led: bool, guidelines: str
) -> Place:
    """Return the project of the annotators.

    Args:
        wanted: its title or id.
        schema: the labels.
        votes: how many annotators a sample waits for.
        led: whether they see what the label model holds, and why.
        guidelines: a text shown when they begin.
    """
    return Place(
        wanted,
        {
            "label_config": for_annotators(schema, reasons=led),
            "maximum_annotations": votes,
            "overlap_cohort_percentage": 100,
            "sampling": "Uncertainty sampling",
            "skip_queue": "REQUEUE_FOR_OTHERS",
            "show_skip_button": True,
            "show_collab_predictions": led,
            "expert_instruction": as_html(guidelines),
            "show_instruction": bool(guidelines.strip()),
        },
    )


def reviewers_place(wanted: str | int, schema: LabelSchema, *, led: bool) -> Place:
    """Return the project of the reviewers, where one decision is enough."""
    return Place(
        wanted,
        {
            "label_config": for_reviewers(schema, model=led),
            "maximum_annotations": 1,
            "overlap_cohort_percentage": 100,
            "sampling": "Sequential sampling",
            "skip_queue": "IGNORE_SKIPPED",
            "show_skip_button": True,
            "show_collab_predictions": False,
        },
    )


def set_up(line: Line, place: Place, schema: LabelSchema) -> StudioProject:
    """Return a project that is made, or adopted and brought up to date.

    Raises:
        PlatformError: one that is there has labels in its annotations that the schema has not, or
            waits for another number of votes.
    """
    found = place.found(line)
    if found is None:
        return place.made(line)
    wrong = differences(found.interface, schema)
    changes: dict[str, Any] = {
        name: value
        for name, value in place.settings.items()
        if name in MAY_CHANGE and not _same(value, found.settings.get(name))
    }
    if wrong or _what_differs(place, found):
        if found.annotations and not set(found.interface.labels) <= set(schema.labels):
            raise PlatformError(
                f"The project {found.title!r} cannot be adopted: {wrong}, and {found.annotations}"
                " annotations may bear the labels that it would lose. Use another project title, or"
                " put the labels back into `labels`."
            )
        changes["label_config"] = place.settings["label_config"]
    _require_votes(place, found)
    if changes:
        logger.info("bringing %r up to date: %s", found.title, ", ".join(sorted(changes)))
        line.ask(
            f"setting up the project {found.title!r}",
            lambda client: client.projects.update(found.id, **changes),
        )
    return place.required(line, found.id)


def _require_votes(place: Place, found: StudioProject) -> None:
    wanted, there = (one.settings["maximum_annotations"] for one in (place, found))
    if found.tasks and wanted != there:
        raise PlatformError(
            f"The project {found.title!r} must wait for {wanted} annotations a task, and waits for"
            f" {there}: Label Studio would change its {found.tasks} tasks, too. Say so in the config"
            f" (`review: {{min_votes: {there}}}`), or use another project title."
        )


def _what_differs(place: Place, found: StudioProject) -> str:
    """Return in words what people see in a project that they should not, or the other way round."""
    wanted = read_interface(str(place.settings["label_config"]), found.title)
    there = found.interface
    missing = sorted((wanted.keys - {wanted.text}) - there.keys)
    besides = sorted((there.keys - {there.text}) - wanted.keys)
    parts = [f"it does not show {shown(missing)}"] if missing else []
    parts += [f"it shows {shown(besides)}"] if besides else []
    leads = "show_collab_predictions"  # without it none is sent that could be shown
    if place.settings[leads] and not found.settings.get(leads):
        parts.append("it hides prelabels")
    return ", and ".join(parts)


def require_look(place: Place, found: StudioProject) -> None:
    """Raise a PlatformError unless people see in a project what they should, and nothing else."""
    wrong = _what_differs(place, found)
    if wrong:
        raise PlatformError(
            f"The project {found.title!r} is not set up as `prelabels` says: {wrong}. Nothing was"
            " sent. `labeling studio init`, or `LabelStudio.init()`, brings it up to date."
        )


def _same(wanted: object, there: object) -> bool:
    return (wanted or None) == (there or None)
