"""Releases: training sets that never change, with branches, tests, approvals and a log."""

from labeling.datasets.releases.release import Release
from labeling.datasets.releases.repository import Releases

__all__ = ["Release", "Releases"]
