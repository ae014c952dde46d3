"""The labeling functions of this repository have the same fingerprints in each process."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CODE = """
import json, sys
import labeling as lb
from labeling.engine import fingerprint_of
lfs = lb.load_labeling_functions(sys.argv[1])
print(json.dumps({lf.name: fingerprint_of(lf).digest for lf in lfs}))
"""


@pytest.mark.parametrize("name", ["tweets.py", "addresses.py", "databases.py", "examples.py"])
def test_fingerprints_do_not_depend_on_the_seed_of_hashes(name):
    found = []
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", CODE, str(ROOT / "lfs" / name)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(json.loads(done.stdout))

    assert found[0]
    assert found[0] == found[1]
