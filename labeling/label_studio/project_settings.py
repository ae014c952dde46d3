"""Settings of the two projects: how they are created, and checks that existing ones match."""

from __future__ import annotations

import dataclasses

from labeling.errors import LabelingError, PlatformError, listed, near
from labeling.label_studio.check_config import check_config, check_schema
from labeling.label_studio.config_reader import read_interface
from labeling.label_studio.labeling_config import (
    annotator_config,
    instructions_html,
    is_generated,
    reviewer_config,
)
from labeling.label_studio.projects import ProjectSpec, StudioProject
from labeling.records import LabelSchema, checked_votes_per_sample

SAME_PROJECT = "Annotators and reviewers must have a project each. Both are given {!r}."


def check_options(prelabels: object, votes_per_sample: object) -> None:
    """Raise a LabelingError unless `prelabels` and `votes_per_sample` are valid."""
    if prelabels not in ("hidden", "shown"):
        raise LabelingError(
            f"`prelabels` must be 'hidden' or 'shown'. Got {prelabels!r}."
            f"{near(prelabels, ('hidden', 'shown'))}"
        )
    checked_votes_per_sample(votes_per_sample)


def reviewers_title(project: str | int, expert_project: str | int | None) -> str | int:
    """Return the title or id of the reviewers' project."""
    title = project if isinstance(project, str) else f"project {project}"
    expert = f"{title}: review" if expert_project is None else expert_project
    if expert == project:
        raise LabelingError(SAME_PROJECT.format(project))
    return expert


def annotators_spec(
    title_or_id: str | int,
    schema: LabelSchema,
    votes_per_sample: int,
    *,
    shows_prelabels: bool,
    guidelines: str,
    owner: str = "",
) -> ProjectSpec:
    """Return the specification of the annotators' project.

    Args:
        title_or_id: its title or id.
        schema: the labels.
        votes_per_sample: how many annotators label a sample.
        shows_prelabels: whether annotators see the label model's label and its reasons.
        guidelines: the instructions that are displayed when annotators begin.
        owner: the owner of the project, if it is created.
    """
    instructions = instructions_html(guidelines, schema)
    settings = {
        "label_config": annotator_config(schema, reasons=shows_prelabels),
        "maximum_annotations": votes_per_sample,
        "overlap_cohort_percentage": 100,
        "sampling": "Uncertainty sampling",
        "skip_queue": "REQUEUE_FOR_OTHERS",
        "show_skip_button": True,
        "show_collab_predictions": shows_prelabels,
        "expert_instruction": instructions,
        "show_instruction": bool(instructions),
    }
    configs = tuple(
        annotator_config(schema, reasons=reasons, rework=rework)
        for reasons in (False, True)
        for rework in (False, True)
    )
    return ProjectSpec(title_or_id, schema, settings, configs, owner)


def showing_rework(spec: ProjectSpec) -> ProjectSpec:
    """Return the specification of an annotators' project that displays why votes were rejected."""
    reasons = bool(spec.settings["show_collab_predictions"])
    config = annotator_config(spec.schema, reasons=reasons, rework=True)
    return dataclasses.replace(spec, settings={**spec.settings, "label_config": config})


def reviewers_spec(
    title_or_id: str | int,
    schema: LabelSchema,
    *,
    shows_prelabels: bool,
    guidelines: str,
    owner: str = "",
) -> ProjectSpec:
    """Return the specification of the reviewers' project, where one decision is enough."""
    instructions = instructions_html(guidelines, schema)
    settings = {
        "label_config": reviewer_config(schema, model=shows_prelabels),
        "maximum_annotations": 1,
        "overlap_cohort_percentage": 100,
        "sampling": "Sequential sampling",
        "skip_queue": "IGNORE_SKIPPED",
        "show_skip_button": True,
        "show_collab_predictions": False,
        "expert_instruction": instructions,
        "show_instruction": bool(instructions),
    }
    configs = tuple(reviewer_config(schema, model=model) for model in (False, True))
    return ProjectSpec(title_or_id, schema, settings, configs, owner)


def checks_title(project: str | int) -> str:
    """Return the title of the project in which reviewers check votes."""
    return f"{project if isinstance(project, str) else f'project {project}'}: checks"


def checks_spec(
    title: str, schema: LabelSchema, *, guidelines: str, owner: str = ""
) -> ProjectSpec:
    """Return the specification of the project in which reviewers check votes, each one once."""
    choices = check_schema(schema)
    config = check_config(choices)
    instructions = instructions_html(guidelines, schema)
    settings = {
        "label_config": config,
        "maximum_annotations": 1,
        "overlap_cohort_percentage": 100,
        "sampling": "Sequential sampling",
        "skip_queue": "REQUEUE_FOR_OTHERS",
        "show_skip_button": True,
        "show_collab_predictions": choices is schema,  # labeled anew, beginning with the vote
        "expert_instruction": instructions,
        "show_instruction": bool(instructions),
    }
    return ProjectSpec(title, choices, settings, (config,), owner)


def display_differences(spec: ProjectSpec, project: StudioProject) -> str:
    """Return in words how a project's display differs from its specification; empty if it does not.

    A labeling config that this package did not generate displays what its authors chose.
    """
    if not is_generated(project.config, *spec.generated_configs):
        return ""
    wanted = read_interface(str(spec.settings["label_config"]), project.title, spec.schema)
    actual = project.interface
    missing = sorted((wanted.keys - {wanted.text}) - actual.keys)
    extra = sorted((actual.keys - {actual.text}) - wanted.keys)
    differences = [f"it does not show {listed(missing)}"] if missing else []
    differences += [f"it shows {listed(extra)}"] if extra else []
    setting = "show_collab_predictions"  # without it no label is sent that could be displayed
    if spec.settings[setting] and not project.settings.get(setting):
        differences.append("it hides prelabels")
    return ", and ".join(differences)


def require_display(spec: ProjectSpec, project: StudioProject) -> None:
    """Raise a PlatformError unless a project displays what its specification says."""
    differences = display_differences(spec, project)
    if differences:
        raise PlatformError(
            f"The project {project.title!r} is not set up as `prelabels` says: {differences}."
            " Nothing was sent. `labeling studio init`, or `LabelStudio.init()`, updates it."
        )
