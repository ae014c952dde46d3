"""Whatever a labeling function does, its votes on columns are those of a plain loop.

`make fuzz` tries more, from other seeds.
"""

import os
from collections import Counter

import numpy as np
import pytest

from tests.engine.fuzz.comparing import Case

pytest.importorskip("polars")

SEEDS = int(os.environ.get("FUZZ_SEEDS", "48"))
FUNCTIONS, ROWS = 40, 96  # of a seed; together 184,320 cases


@pytest.mark.parametrize("seed", range(SEEDS))
def test_votes_faults_and_errors_are_those_of_a_plain_loop(seed, tmp_path):
    case = Case(seed, tmp_path, FUNCTIONS, ROWS)

    assert [case.explained(mismatch) for mismatch in case.mismatches()] == []


def test_the_random_functions_run_on_columns(tmp_path):
    """Functions that run in Python only would prove nothing."""
    cases = [Case(seed, tmp_path, FUNCTIONS, ROWS) for seed in range(12)]
    kinds = sum((case.kinds() for case in cases), Counter())

    assert kinds["columns"] + kinds["partly"] >= kinds.total() / 2
    assert np.mean([case.decided_share() for case in cases]) > 0.25
