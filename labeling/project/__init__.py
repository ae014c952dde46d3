"""Runs a labeling project step by step; the only room that wires the others together."""

from labeling.project.loop import Project
from labeling.project.results import Round

__all__ = ["Project", "Round"]
