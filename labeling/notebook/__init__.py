"""The workbench: labeling functions are written, compared, suggested and kept in a notebook."""

from labeling.notebook.parts.part_workbench import SetWorkbench, SpanWorkbench
from labeling.notebook.workbench import Workbench

__all__ = ["SetWorkbench", "SpanWorkbench", "Workbench"]
