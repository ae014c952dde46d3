"""Behavioural tests of a model: what must not change, and which way it must go."""

from labeling.analysis.behaviour.checking import (
    BehaviourResult,
    ChangedText,
    directional,
    invariance,
)
from labeling.analysis.behaviour.perturbations import (
    Perturbation,
    added_phrase,
    dropped_words,
    duplicated_words,
    extra_spaces,
    lower_case,
    swapped_names,
    typos,
    upper_case,
    without_punctuation,
)
from labeling.analysis.behaviour.robustness import Robustness, RobustnessPoint, robustness

__all__ = [
    "BehaviourResult",
    "ChangedText",
    "Perturbation",
    "Robustness",
    "RobustnessPoint",
    "added_phrase",
    "directional",
    "dropped_words",
    "duplicated_words",
    "extra_spaces",
    "invariance",
    "lower_case",
    "robustness",
    "swapped_names",
    "typos",
    "upper_case",
    "without_punctuation",
]
