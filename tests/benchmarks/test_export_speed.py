"""Time of writing a training set as Parquet against pandas' own `to_parquet`, on a million rows.

Run it with `make bench-speed`. `EXPORT_ROWS` in the environment sets the number of rows. pandas
writes the flattest table that holds the same: a number column a voter and a label, no lists. CPU
time in one process, the median of five runs of each, in turn.
"""

import os
import statistics
import sys
import time

import numpy as np
import pandas as pd

import labeling as lb
from tests.benchmarks.corpus import comments

ROWS = int(os.environ.get("EXPORT_ROWS", 1_000_000))
SCHEMA = lb.LabelSchema(["ham", "spam", "other"])
N_VOTERS = 10
MOST = 3.0
"""Times of pandas' own writing that ours may take."""


def training_set():
    rng = np.random.default_rng(0)
    data = comments(ROWS)[["text"]]
    array = np.where(rng.random((ROWS, N_VOTERS)) < 0.3, rng.integers(0, 3, (ROWS, N_VOTERS)), -1)
    voters = [f"lf{number}" for number in range(N_VOTERS)]
    votes = lb.Votes.from_array(array, schema=SCHEMA, sample_ids=data.index, voters=voters)
    soft = lb.SoftLabels(rng.dirichlet([1, 1, 1], ROWS), data.index, SCHEMA, votes.covered)
    return lb.build_training_set(data, soft, votes=votes, min_confidence=0.4)


def flat(train):
    own = ("label", "source", "confidence", "weight", "decided_by")
    return train.samples.assign(
        **{name: train.added_column(name) for name in own},
        **{f"p_{label}": train.probabilities[:, code] for code, label in enumerate(SCHEMA)},
        **{voter: train.lf_codes[:, number] for number, voter in enumerate(train.voters)},
    )


def seconds(call):
    begin = time.process_time()
    call()
    return time.process_time() - begin


def test_a_million_rows_as_parquet(tmp_path):
    train = training_set()
    table = flat(train)
    calls = {
        "pandas": lambda: table.to_parquet(tmp_path / "pandas.parquet"),
        "to_parquet": lambda: train.take(np.arange(len(train))).to_parquet(tmp_path / "ours"),
        "read": lambda: lb.TrainingSet.read(tmp_path / "ours"),
    }
    times = {name: [] for name in calls}
    for _ in range(5):
        for name, call in calls.items():
            times[name].append(seconds(call))
    floor = statistics.median(times["pandas"])
    report = [f"\n{len(train):,} rows, votes of {N_VOTERS} functions; pandas {floor:.2f} s CPU"]
    for name in ("to_parquet", "read"):
        ratio = statistics.median(times[name]) / floor
        report.append(f"  {name:<12} {ratio:.2f} x pandas' to_parquet")
    sys.stdout.write("\n".join(report) + "\n")

    assert pd.read_parquet(tmp_path / "ours")["label"].tolist() == table["label"].tolist()
    assert statistics.median(times["to_parquet"]) / floor <= MOST
