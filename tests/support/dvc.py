"""The real DVC, installed once in an environment of its own."""

import os
import subprocess
import sys
from pathlib import Path

import filelock

VERSION = "3.67.1"
CACHE = Path(__file__).parents[2] / ".cache"
ENVIRONMENT = CACHE / f"dvc-{VERSION}"
PATHS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")  # would show DVC other packages


def programs():
    """Return the folder with the program dvc; install it if it is not installed."""
    CACHE.mkdir(exist_ok=True)
    with filelock.FileLock(CACHE / "dvc.lock"):
        done = ENVIRONMENT / "labeling.installed"
        if not done.is_file():
            python = str(ENVIRONMENT / "bin" / "python")
            pip = [python, "-m", "pip", "install", "--quiet", "--no-input", f"dvc=={VERSION}"]
            subprocess.run([sys.executable, "-m", "venv", "--clear", ENVIRONMENT], check=True)
            subprocess.run(pip, check=True, env=environment())
            done.write_text(VERSION)
    return ENVIRONMENT / "bin"


def environment(home=None):
    """Return variables under which git and DVC depend on nobody's settings."""
    variables = {name: value for name, value in os.environ.items() if name not in PATHS}
    person = {
        f"GIT_{role}_{what}": value
        for role in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "ann"), ("EMAIL", "ann@example.com"))
    }
    variables |= person | {"DVC_NO_ANALYTICS": "1", "GIT_CONFIG_NOSYSTEM": "1"}
    return variables if home is None else {**variables, "HOME": str(home)}
