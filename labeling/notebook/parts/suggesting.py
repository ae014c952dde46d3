"""Suggestions of functions that mark spans or name several labels."""

from __future__ import annotations

from labeling.notebook.parts.state import PartState


class PartSuggesting(PartState):
    """Suggests labeling functions where labels have parts."""
