"""The report: one HTML page that describes the state of a project."""

from labeling.report.rendering import write_report

__all__ = ["write_report"]
