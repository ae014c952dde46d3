"""Functions that run in Python on all samples share their rows."""

from unittest import mock

import pandas as pd
import pytest

import labeling as lb
from labeling import labeling_function
from labeling.engine import batches
from labeling.engine.values import python_values

SCHEMA = lb.LabelSchema(["ham", "spam"])


@labeling_function(compile=False)
def reads_text(x):
    return "spam" if "free" in x.text else None


@labeling_function(compile=False)
def reads_number(x):
    return "ham" if x.n > 1 else None


@labeling_function(compile=False)
def reads_list(x):
    return "ham" if x.tags else None


SAMPLES = pd.DataFrame({"text": ["free", "no"], "n": [1, 2], "tags": [["x"], []]}, index=["a", "b"])


@pytest.mark.parametrize(
    ("lfs", "times_made", "votes"),
    [
        ([reads_text, reads_number], 1, [[1, -1], [-1, 0]]),
        # Values that can be changed in place are copied for each call: only for who reads them.
        ([reads_text, reads_list], 2, [[1, 0], [-1, -1]]),
    ],
)
def test_functions_in_python_share_rows_unless_these_must_be_copied(lfs, times_made, votes):
    rows = batches.rows_of_columns
    with mock.patch.object(batches, "rows_of_columns", side_effect=rows) as made:
        got = lb.apply(lfs, SAMPLES, SCHEMA)

    assert votes == got.to_array().tolist()
    assert times_made == made.call_count


def test_ints_and_times_with_gaps_become_plain_values():
    time = pd.Timestamp("2026-01-01")
    ints = python_values(pd.Series([1, None, 2**53 + 1], dtype="Int64"))
    flags = python_values(pd.Series([True, None], dtype="boolean"))

    assert (ints, list(map(type, ints))) == ([1, None, 2**53 + 1], [int, type(None), int])
    assert (flags, type(flags[0])) == ([True, None], bool)
    assert python_values(pd.Series([time, None])) == [time, None]
