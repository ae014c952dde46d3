"""How the two projects are made on the server."""

from __future__ import annotations

from labeling.errors import LabelingError, PlatformError, near, shown
from labeling.label_studio.interface import read_interface
from labeling.label_studio.labeling_config import (
    annotator_config,
    instructions_html,
    is_generated,
    reviewer_config,
)
from labeling.label_studio.projects import ProjectSpec, StudioProject
from labeling.records import LabelSchema, expect

SAME = "Annotators and reviewers must have a project each. Both are given {!r}."


def check_options(prelabels: object, votes_per_sample: object) -> None:
    """Raise a LabelingError unless two options are what they must be."""
    if prelabels not in ("hidden", "shown"):
        raise LabelingError(
            f"`prelabels` must be 'hidden' or 'shown'. Got {prelabels!r}."
            f"{near(prelabels, ('hidden', 'shown'))}"
        )
    if isinstance(votes_per_sample, bool) or expect(votes_per_sample, int, "Votes") < 1:
        raise LabelingError(f"`votes_per_sample` must be 1 or more. Got {votes_per_sample!r}.")


def reviewers_title(project: str | int, expert_project: str | int | None) -> str | int:
    """Return the title or id of the reviewers' project."""
    own = project if isinstance(project, str) else f"project {project}"
    expert = f"{own}: review" if expert_project is None else expert_project
    if expert == project:
        raise LabelingError(SAME.format(project))
    return expert


def annotators_spec(
    wanted: str | int,
    schema: LabelSchema,
    votes: int,
    *,
    shows_prelabels: bool,
    guidelines: str,
    owner: str = "",
) -> ProjectSpec:
    """Return the project of the annotators.

    Args:
        wanted: its title or id.
        schema: the labels.
        votes: how many annotators a sample waits for.
        shows_prelabels: whether they see what the label model holds, and why.
        guidelines: a text shown when they begin.
        owner: whose the project is that is made.
    """
    guide = instructions_html(guidelines, schema)
    settings = {
        "label_config": annotator_config(schema, reasons=shows_prelabels),
        "maximum_annotations": votes,
        "overlap_cohort_percentage": 100,
        "sampling": "Uncertainty sampling",
        "skip_queue": "REQUEUE_FOR_OTHERS",
        "show_skip_button": True,
        "show_collab_predictions": shows_prelabels,
        "expert_instruction": guide,
        "show_instruction": bool(guide),
    }
    designs = tuple(annotator_config(schema, reasons=one) for one in (False, True))
    return ProjectSpec(wanted, schema, settings, designs, owner)


def reviewers_spec(
    wanted: str | int,
    schema: LabelSchema,
    *,
    shows_prelabels: bool,
    guidelines: str,
    owner: str = "",
) -> ProjectSpec:
    """Return the project of the reviewers, where one decision is enough."""
    guide = instructions_html(guidelines, schema)
    settings = {
        "label_config": reviewer_config(schema, model=shows_prelabels),
        "maximum_annotations": 1,
        "overlap_cohort_percentage": 100,
        "sampling": "Sequential sampling",
        "skip_queue": "IGNORE_SKIPPED",
        "show_skip_button": True,
        "show_collab_predictions": False,
        "expert_instruction": guide,
        "show_instruction": bool(guide),
    }
    designs = tuple(reviewer_config(schema, model=one) for one in (False, True))
    return ProjectSpec(wanted, schema, settings, designs, owner)


def display_differences(place: ProjectSpec, found: StudioProject) -> str:
    """Return in words what people see in a project that they should not, or the other way round.

    A labeling config that is not of our design shows what its own people want to see.
    """
    parts = []
    if is_generated(found.config, *place.designs):
        wanted = read_interface(
            str(place.settings["label_config"]), found.title, place.schema.labels
        )
        there = found.interface
        missing = sorted((wanted.keys - {wanted.text}) - there.keys)
        besides = sorted((there.keys - {there.text}) - wanted.keys)
        parts += [f"it does not show {shown(missing)}"] if missing else []
        parts += [f"it shows {shown(besides)}"] if besides else []
        leads = "show_collab_predictions"  # without it none is sent that could be shown
        if place.settings[leads] and not found.settings.get(leads):
            parts.append("it hides prelabels")
    return ", and ".join(parts)


def require_display(place: ProjectSpec, found: StudioProject) -> None:
    """Raise a PlatformError unless people see in a project what they should, and nothing else."""
    wrong = display_differences(place, found)
    if wrong:
        raise PlatformError(
            f"The project {found.title!r} is not set up as `prelabels` says: {wrong}. Nothing was"
            " sent. `labeling studio init`, or `LabelStudio.init()`, brings it up to date."
        )
