"""The report: one HTML file that tells where a project stands, for people to read."""

from labeling.report.rendering import write_report

__all__ = ["write_report"]
