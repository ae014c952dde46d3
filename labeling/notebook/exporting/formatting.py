"""Formats the source of a module with ruff, where that is installed."""

from __future__ import annotations

import subprocess
import sys

_COMMANDS = (
    ("check", "--isolated", "--fix-only", "--quiet", "--select", "I,F401", "--target-version"),
    ("format", "--isolated", "--quiet", "--line-length", "100", "--target-version"),
)


def formatted(source: str) -> str:
    """Return a module's source, formatted by ruff; as it is where ruff is missing or fails."""
    for command in _COMMANDS:
        arguments = [sys.executable, "-m", "ruff", *command, "py311", "-"]
        try:
            done = subprocess.run(
                arguments, input=source.encode(), capture_output=True, check=False, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired):
            return source
        if done.returncode or not done.stdout:
            return source
        source = done.stdout.decode()
    return source
