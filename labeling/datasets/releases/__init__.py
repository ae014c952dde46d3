"""Releases: training sets that never change, with branches, tests, approvals and a log."""

from labeling.datasets.releases.merging import MergeOutcome
from labeling.datasets.releases.names import check_branch_name
from labeling.datasets.releases.proposals import Proposal
from labeling.datasets.releases.release import Release
from labeling.datasets.releases.repository import Releases
from labeling.datasets.releases.status import ReleaseStatus

__all__ = [
    "MergeOutcome",
    "Proposal",
    "Release",
    "ReleaseStatus",
    "Releases",
    "check_branch_name",
]
