"""Labeling functions of a notebook as a Python module that gives the same votes."""

from labeling.notebook.exporting.module_file import Exported, export
from labeling.notebook.exporting.module_writer import source_text

__all__ = ["Exported", "export", "source_text"]
