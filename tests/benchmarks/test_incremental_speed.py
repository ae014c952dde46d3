"""CPU time of applying labeling functions again, when nothing, one function or some rows changed.

Run it with `make bench-speed`. `SPEED_ROWS_AGAIN` in the environment sets the number of rows.
"""

import os
import statistics
import sys
import time

import pandas as pd
import pytest

import labeling as lb
from labeling.engine import VoteStore, apply_to_frame
from labeling.records import LabelingFunction
from tests.benchmarks.corpus import LFS, comments

SCHEMA = lb.LabelSchema(["ham", "spam"])
ROWS = int(os.environ.get("SPEED_ROWS_AGAIN", 1_000_000))
MADE = 200_000
REPEATS = 5


def say(line):
    sys.stdout.write(f"\n{line}\n")


@pytest.fixture(scope="module")
def samples():
    made = comments(min(ROWS, MADE))
    parts = [made.assign(text=made.text + f" {part}") for part in range(-(-ROWS // len(made)))]
    return pd.concat(parts, ignore_index=True)[:ROWS]


@pytest.fixture(scope="module")
def folder(samples, tmp_path_factory):
    folder = tmp_path_factory.mktemp("votes")
    seconds, _ = measured(LFS, samples, folder)
    say(f"first run of {len(LFS)} functions on {len(samples):,} rows: {seconds:.1f} s CPU")
    return folder


def measured(lfs, samples, folder):
    """Return the CPU seconds of a run, and how many rows of each function were run."""
    store = None if folder is None else VoteStore(folder)
    begin = time.process_time()
    apply_to_frame(lfs, samples, SCHEMA, cache=store)
    seconds = time.process_time() - begin
    return seconds, [] if store is None else [use.rows_run for use in store.report.functions]


def test_nothing_changed(samples, folder):
    runs = []
    for _ in range(REPEATS):
        seconds, rows = measured(LFS, samples, folder)
        assert rows == [0] * len(LFS)
        runs.append(1_000 * seconds)
    spread = f"{min(runs):.0f} to {max(runs):.0f}, {REPEATS} runs"
    say(
        f"nothing changed, {len(LFS)} functions, {len(samples):,} rows:"
        f" {statistics.median(runs):.0f} ms CPU ({spread})"
    )


CHANGED = {
    "a keyword": lambda number: lambda x: 1 if f"buy now {number}" in x.text.lower() else -1,
    "a number": lambda number: lambda x: 1 if x.n_links > number else -1,
    "Python only": lambda number: lambda x: 1 if len(set(x.text)) > 40 + number else -1,
}


@pytest.mark.parametrize("kind", CHANGED)
def test_one_function_changed(samples, folder, kind):
    ratios, alone = [], []
    for number in range(REPEATS):
        changed = LabelingFunction("changed", CHANGED[kind](number))
        alone.append(measured([changed], samples, None)[0])
        seconds, rows = measured([*LFS[:-1], changed], samples, folder)
        assert rows == [0] * (len(LFS) - 1) + [len(samples)]
        ratios.append(seconds / alone[-1])
    say(
        f"one of {len(LFS)} changed ({kind}), {len(samples):,} rows:"
        f" {statistics.median(ratios):.2f} x that function alone"
        f" ({min(ratios):.2f} to {max(ratios):.2f}, {REPEATS} runs;"
        f" alone {1_000 * statistics.median(alone):.0f} ms CPU)"
    )


def test_rows_appended(samples, folder):
    new = samples[:10].assign(text=[f"new {number}" for number in range(10)])
    seconds, rows = measured(LFS, pd.concat([samples, new], ignore_index=True), folder)
    say(f"10 rows appended: {1_000 * seconds:.0f} ms CPU, {max(rows):,} rows run")
