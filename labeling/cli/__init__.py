"""The command line: parses arguments, calls `labeling.project`, prints results and next steps."""

from labeling.cli.app import Settings, Stopped, app
from labeling.cli.entry_point import main

__all__ = ["Settings", "Stopped", "app", "main"]
