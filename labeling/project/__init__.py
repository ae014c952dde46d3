"""The loop: one short method a verb; the only place where the rooms are wired together."""

from labeling.project.loop import Project
from labeling.project.snapshots import Round

__all__ = ["Project", "Round"]
