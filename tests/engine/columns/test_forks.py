"""A forked process, which lacks the threads of polars, votes as its parent does and never waits."""

import multiprocessing
import os
import subprocess
import sys

import pytest

SCRIPT = """
import multiprocessing, os, sys
import pandas as pd
import labeling as lb
from rules import LFS

DATA = pd.DataFrame({"text": ["win it now", "hello", "café win"] * 400, "n": range(1200)})
SCHEMA = lb.LabelSchema(["ham", "spam"])

def votes(_):
    return lb.apply(LFS, DATA, SCHEMA).to_array().tolist()

expected = votes(0)
assert "polars" in sys.modules
with multiprocessing.get_context("fork").Pool(1) as pool:
    assert pool.map(votes, [0, 1]) == [expected, expected]
print("equal")
"""

RULES = """
from labeling import labeling_function
from labeling.functions import keywords

@labeling_function(label="spam")
def wins(x):
    return "win" in x.text.lower() and x.n > 3

LFS = [wins, keywords("hello", ["hello"], label="ham")]
"""


@pytest.mark.skipif(
    not hasattr(os, "fork") or "fork" not in multiprocessing.get_all_start_methods(),
    reason="processes cannot be forked here",
)
def test_a_process_forked_after_votes_on_columns_gives_the_same_votes(tmp_path):
    pytest.importorskip("polars")
    (tmp_path / "rules.py").write_text(RULES, encoding="utf-8")
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=120, cwd=tmp_path
    )

    assert "equal\n" == done.stdout, done.stderr
