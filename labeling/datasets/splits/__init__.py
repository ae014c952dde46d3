"""Splits that do not leak, and tests for leaks."""

from labeling.datasets.splits.leaks import find_leaks
from labeling.datasets.splits.report import SplitReport
from labeling.datasets.splits.splitting import split

__all__ = ["SplitReport", "find_leaks", "split"]
