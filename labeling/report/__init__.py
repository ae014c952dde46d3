"""The report of a project, one self-contained HTML page, and a page for each annotator."""

from labeling.report.annotator_pages import write_annotator_pages
from labeling.report.rendering import write_report

__all__ = ["write_annotator_pages", "write_report"]
