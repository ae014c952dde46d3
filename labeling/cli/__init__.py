"""Arguments in, tables and next steps out; no logic."""

from labeling.cli.app import Settings, Stopped, app, main

__all__ = ["Settings", "Stopped", "app", "main"]
