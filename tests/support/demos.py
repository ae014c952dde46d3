"""Runs of `labeling demo spans` and `sets` in a copy of what they read of the checkout."""

import re
from pathlib import Path
from shutil import copy

from tests.support.in_process import run

ROOT = Path(__file__).parents[2]


def printed_by_demo(folder, name, files):
    """Run a demo in a folder with copies of some files of the checkout, and return its output."""
    for file in files:
        (folder / file).parent.mkdir()
        copy(ROOT / file, folder / file)
    done = run(folder, "demo", name)
    assert done.returncode == 0, done.stderr
    return done.stdout


def before_and_after(text, name):
    """Return the figure on a line of the output, before and after human votes."""
    figures = [
        re.search(rf"{re.escape(name)}, {when} +(0\.\d+)", text) for when in ("before", "after")
    ]
    return [float(figure[1]) for figure in figures]
