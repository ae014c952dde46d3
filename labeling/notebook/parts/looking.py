"""What is asked of a workbench of spans or of several labels: preview, diff, buckets, errors."""

from __future__ import annotations

from labeling.notebook.parts.state import PartState


class PartLooking(PartState):
    """Shows what labeling functions do to parts, before and after they are added."""
