"""Cells run in a real IPython shell, as in a notebook."""

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

FIRST_CELL = """
import collections, dataclasses, datetime, enum, functools, math, os, re, xml.etree.ElementTree
from datetime import datetime as moment
import numpy as np
import pandas as pd
import labeling as lb
from labeling.functions import (
    among, contains, keywords, lookup, matches, preprocessor, regex, search, where
)
from labeling.notebook import Workbench
texts = ["Free money http://x.org", "nice song", "çağ free", "win cash 99", "", "a" * 50]
samples = pd.DataFrame({"text": texts, "n": range(1, 7)}, index=list("abcdef"))
schema = lb.LabelSchema(["ham", "spam"])
"""


class Notebook:
    """A shell whose cells define the functions of one workbench after another."""

    def __init__(self):
        self.shell = InteractiveShell.instance(
            config=Config({"HistoryManager": {"enabled": False}})
        )
        self.run(FIRST_CELL)

    def run(self, cell, silent=False):
        """Run a cell; a failure in it is one of the test."""
        outcome = self.shell.run_cell(cell, silent=silent)
        outcome.raise_error()
        return outcome.result

    def workbench(self, cell, **options):
        """Return a new workbench after a cell that was run on it twice, as cells are."""
        space = self.shell.user_ns
        space["ws"] = space["Workbench"](space["samples"], space["schema"], text="text", **options)
        self.run(cell)
        self.run(cell)
        return space["ws"]
