"""Soft labels that no annotator has influenced: a second reference for the skills of annotators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labeling.project.gold import teaching_gold
from labeling.records import GoldLabel, LabelSource, SoftLabels

if TYPE_CHECKING:
    from labeling.project.models import Learner


def labels_without_people(
    learner: Learner, soft: SoftLabels, settled: tuple[GoldLabel, ...]
) -> SoftLabels:
    """Return the label model's soft labels, fitted anew if it has learned from people's labels.

    Args:
        learner: fits the models of a project.
        soft: the soft labels of its label model.
        settled: the gold labels that people settled.
    """
    learned = learner.for_label_model(teaching_gold(learner.data.dev, settled))
    if all(label.source == LabelSource.GIVEN for label in learned):
        return soft
    return learner.fit_label_model(teaching_gold(learner.data.dev, ())).soft
