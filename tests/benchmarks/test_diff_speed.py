"""Time of comparing two training sets of a million rows against reading their files with pyarrow.

Run it with `make bench-speed`. `DIFF_ROWS` in the environment sets the number of rows. One function
of eight was edited, and votes otherwise on 5 % of the samples. CPU time in one process, the median
of three runs.
"""

import os
import statistics
import sys
import time

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

import labeling as lb
from labeling.datasets import diff_training_sets
from tests.benchmarks.corpus import comments

ROWS = int(os.environ.get("DIFF_ROWS", 1_000_000))
SCHEMA = lb.LabelSchema(["ham", "spam"])
VOTERS = list("abcdefgh")
MOST = 3.0
"""Times of reading both files that a comparison may take."""


def training_set(data, edited):
    rng = np.random.default_rng(0)
    array = rng.integers(-1, 2, (len(data), len(VOTERS)))
    array[rng.random(array.shape) < 0.5] = -1
    if edited:
        array[rng.random(len(data)) < 0.05, 0] = 1
    votes = lb.Votes.from_array(array, schema=SCHEMA, sample_ids=data.index, voters=VOTERS)
    share = (1 + (array == 1).sum(axis=1)) / (2 + (array >= 0).sum(axis=1))
    soft = lb.SoftLabels(np.column_stack([1 - share, share]), data.index, SCHEMA, votes.covered)
    train = lb.build_training_set(data, soft, votes=votes)
    return train.with_origin({"functions": {**dict.fromkeys(VOTERS, "0"), "a": str(edited)}})


def seconds(call):
    begin = time.process_time()
    call()
    return time.process_time() - begin


def test_a_million_rows_are_compared(tmp_path):
    data = pd.DataFrame(comments(ROWS)[["text"]])
    folders = [tmp_path / "base", tmp_path / "head"]
    for edited, folder in enumerate(folders):
        folder.mkdir()
        training_set(data, edited).write(folder)

    def read():
        for folder in folders:
            for path in folder.glob("*.parquet"):
                pq.read_table(path)

    sets = [lb.TrainingSet.read(folder) for folder in folders]
    calls = {
        "pyarrow reads both": read,
        "TrainingSet.read of both": lambda: [lb.TrainingSet.read(folder) for folder in folders],
        "diff": lambda: diff_training_sets(*sets),
    }
    times = {name: [] for name in calls}
    for _ in range(3):
        for name, call in calls.items():
            times[name].append(seconds(call))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    changes = diff_training_sets(*sets)
    sys.stderr.write(f"\n{ROWS:,} rows: {changes}\n")
    for name, median in medians.items():
        sys.stderr.write(f"{name}: {median:.2f} s\n")

    assert set(changes.cause) == {"rule"}
    assert medians["diff"] <= MOST * medians["pyarrow reads both"]
