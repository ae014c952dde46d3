"""Versions, exports and checks of functions that mark spans or name several labels."""

from __future__ import annotations

from labeling.notebook.parts.state import PartState


class PartVersions(PartState):
    """Keeps versions of the labeling functions of a workbench whose labels have parts."""
