"""Labeling in spreadsheets: batches go out as CSV, XLSX or JSON lines files, votes come back."""

from labeling.label_files.platform import LabelFiles

__all__ = ["LabelFiles"]
