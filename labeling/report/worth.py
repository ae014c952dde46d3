"""Section on what the labeling functions are worth: gold labels that teach as much."""

from __future__ import annotations

from dataclasses import dataclass

from labeling.analysis.label_worth import LabelWorth
from labeling.project.label_worth import drawn_gold, label_worth, models_of
from labeling.rendering.svg import Svg
from labeling.report.context import ReportContext


@dataclass(frozen=True)
class WorthSection:
    """Contents of the section.

    Attributes:
        worth: the result, or why there is none.
        picture: the learning curve beside the functions.
    """

    worth: LabelWorth
    picture: Svg | None


def section(context: ReportContext) -> WorthSection | None:
    """Return the section; `None` before labeling functions were applied."""
    if context.outputs is None:
        return None
    worth = label_worth(
        context.data.samples,
        context.outputs.votes,
        drawn_gold(context.project, context.verdict.gold),
        models_of(context.project),
    )
    return WorthSection(worth, worth.picture("worth"))
