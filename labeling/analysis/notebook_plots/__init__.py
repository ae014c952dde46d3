"""Plots that show themselves in a notebook: of labeling functions and of soft labels.

Each call returns a `Plot`: the chart as inline SVG that fits light and dark pages, needs no script
and can be read in greyscale. `.to_frame()` has its numbers, `.save(path)` writes image files. The
charts need matplotlib (`pip install 'labeling[plots]'`); without it the numbers are shown.
"""

from labeling.analysis.notebook_plots.function_plots import (
    accuracy,
    conflicts,
    coverage,
    coverage_growth,
    overlaps,
)
from labeling.analysis.notebook_plots.plot import Plot
from labeling.analysis.notebook_plots.soft_label_plots import (
    ConfusionExamples,
    confidence,
    confusion,
    reliability,
)

__all__ = [
    "ConfusionExamples",
    "Plot",
    "accuracy",
    "confidence",
    "conflicts",
    "confusion",
    "coverage",
    "coverage_growth",
    "overlaps",
    "reliability",
]
