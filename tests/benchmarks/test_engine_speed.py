"""CPU time of applying labeling functions, as ratios to a plain loop and to peers, in one process.

Run it with `make bench-speed`. The plain loop gets its rows ready-made, for free; ours makes them.
`SPEED_ROWS` in the environment sets the number of rows.
"""

import copy
import importlib.util
import os
import resource
import statistics
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest

import labeling as lb
from labeling.records import LabelingFunction
from tests.benchmarks.corpus import INHERENTLY_PYTHON, LFS, METADATA, N, comments

SCHEMA = lb.LabelSchema(["ham", "spam"])
ROWS = int(os.environ.get("SPEED_ROWS", N))
RAW_ROWS = 20_000
PEER_ROWS = 4_000
REPEATS = 3
MIB = 2**20


def cpu(call):
    """Return the CPU seconds of a call, its child processes not included."""
    begin = time.process_time()
    call()
    return time.process_time() - begin


def nanoseconds_a_row(call, rows):
    """Return the nanoseconds that a call takes a row: median and range of some runs."""
    runs = [1e9 * cpu(call) / rows for _ in range(REPEATS)]
    return statistics.median(runs), min(runs), max(runs)


def show(name, measured, floor=None, of=""):
    """Print nanoseconds a row, and how many times faster than a floor that is."""
    middle, low, high = measured
    line = f"{name}: {middle:,.0f} ns a row ({low:,.0f} to {high:,.0f}, {REPEATS} runs)"
    if floor is not None:
        line += f", {floor[0] / middle:.2f} x as fast as {of}"
    sys.stdout.write(f"\n{line}\n")


def ready_rows(data):
    row = namedtuple("row", data.columns)  # the columns are data
    return [row(*values) for values in zip(*(data[name].tolist() for name in data), strict=True)]


def by_rows(lfs):
    """Return labeling functions that are run row by row."""
    copies = [copy.copy(lf) for lf in lfs]
    for lf in copies:
        lf.compile = False
    return copies


@pytest.fixture(scope="module")
def data():
    return comments(ROWS)


@pytest.fixture(scope="module")
def rows(data):
    return ready_rows(data.head(RAW_ROWS))


def raw_loop(rows, lfs):
    functions = [lf.function for lf in lfs]
    return nanoseconds_a_row(
        lambda: [[function(row) for function in functions] for row in rows], len(rows)
    )


def snorkel_on(data, lfs):
    """Return the nanoseconds a row of Snorkel's applier, and its votes; None without Snorkel."""
    if importlib.util.find_spec("snorkel") is None:
        sys.stdout.write("\nSnorkel is not installed (pip install 'labeling[snorkel]').\n")
        return None
    from snorkel.labeling import LabelingFunction as SnorkelFunction
    from snorkel.labeling import PandasLFApplier

    few = data.head(PEER_ROWS)
    applier = PandasLFApplier([SnorkelFunction(lf.name, lf.function) for lf in lfs])
    votes = applier.apply(few, progress_bar=False)
    np.testing.assert_array_equal(votes, lb.apply(lfs, few, SCHEMA).to_array())
    return nanoseconds_a_row(lambda: applier.apply(few, progress_bar=False), len(few))


@pytest.mark.parametrize(
    ("name", "lfs"),
    [
        ("20 functions", LFS),
        ("19 without `shouting`", [lf for lf in LFS if lf not in INHERENTLY_PYTHON]),
        ("6 of metadata", METADATA),
    ],
)
def test_functions_against_a_plain_loop_and_snorkel(name, lfs, data, rows):
    expected = [[lf.function(row) for lf in lfs] for row in rows]
    np.testing.assert_array_equal(expected, lb.apply(lfs, data.head(RAW_ROWS), SCHEMA).to_array())
    raw, snorkel = raw_loop(rows, lfs), snorkel_on(data, lfs)
    slow = nanoseconds_a_row(lambda: lb.apply(by_rows(lfs), data.head(RAW_ROWS), SCHEMA), RAW_ROWS)
    fast = nanoseconds_a_row(lambda: lb.apply(lfs, data, SCHEMA), len(data))
    show(f"{name}, plain loop", raw)
    for way, measured in (("row by row", slow), ("in columns", fast)):
        show(f"{name}, {way}", measured, raw, "the plain loop")
        if snorkel is not None:
            show(f"{name}, {way}", measured, snorkel, "Snorkel's PandasLFApplier")


def test_functions_against_polars_by_hand(data):
    if importlib.util.find_spec("polars") is None:
        sys.stdout.write("\npolars is not installed (pip install 'labeling[fast]').\n")
        return
    from tests.benchmarks.polars_by_hand import VOTES, votes_of

    lfs = [lf for lf in LFS if lf.name in VOTES]
    votes = lb.apply(lfs, data, SCHEMA)
    ours = votes.to_array()
    ascii_rows = data["text"].map(str.isascii).to_numpy()
    theirs = votes_of(data, [lf.name for lf in lfs])
    np.testing.assert_array_equal(ours[ascii_rows], theirs[ascii_rows])
    by_hand = nanoseconds_a_row(lambda: votes_of(data, [lf.name for lf in lfs]), len(data))
    measured = nanoseconds_a_row(lambda: lb.apply(lfs, data, SCHEMA), len(data))
    show(f"{len(lfs)} functions, polars by hand", by_hand)
    show(f"{len(lfs)} functions, in columns", measured, by_hand, "polars by hand")


def test_a_trivial_function_costs_little_per_vote(data):
    lfs = by_rows([LabelingFunction(f"lf{i}", lambda x: -1) for i in range(20)])
    few = data.head(50_000)
    ready = ready_rows(few)
    bare = nanoseconds_a_row(
        lambda: [list(map(lf.function, ready)) for lf in lfs], len(few) * len(lfs)
    )
    ours = nanoseconds_a_row(lambda: lb.apply(lfs, few, SCHEMA), len(few) * len(lfs))
    sys.stdout.write(f"\ntrivial function: {ours[0]:.0f} ns a vote; calling it {bare[0]:.0f}\n")


def test_two_workers(data):
    """Wall-clock time: what two processes gain on two free cores."""
    few, lfs = data.head(100_000), by_rows(LFS)
    lb.apply(lfs, few.head(100), SCHEMA, workers=2)  # the processes are started
    walls = {}
    for workers in (1, 2):
        begin = time.perf_counter()
        lb.apply(lfs, few, SCHEMA, workers=workers)
        walls[workers] = time.perf_counter() - begin
    sys.stdout.write(f"\n2 workers: {walls[1] / walls[2]:.2f} x as fast as 1 (wall-clock)\n")


STREAM = """
import sys
from pathlib import Path
import labeling as lb
from tests.benchmarks.corpus import LFS

def bytes_of(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(name)))

schema = lb.LabelSchema(["ham", "spam"])
lb.apply(LFS, sys.argv[1], schema, id="id")
before = bytes_of("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here
votes = lb.apply(LFS, sys.argv[2], schema, id="id")
print(len(votes), bytes_of("VmHWM") - before, votes.to_array().nbytes)
"""


@pytest.mark.parametrize("n", [200_000, 600_000])
def test_memory_of_streaming_a_file(n, tmp_path):
    """Peak memory above that of a small run, which has imported everything (Linux)."""
    if not Path("/proc/self/clear_refs").exists():
        sys.stdout.write("\nPeak memory is measured on Linux only.\n")
        return
    path, small = tmp_path / "comments.parquet", tmp_path / "small.parquet"
    frame = comments(50_000)
    frame = frame.loc[np.arange(n) % len(frame)].reset_index(drop=True)
    frame.insert(0, "id", np.arange(n))
    frame.to_parquet(path, row_group_size=65_536)
    frame.head(1_000).to_parquet(small)
    command = [sys.executable, "-c", STREAM, str(small), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, peak, votes = map(int, done.stdout.split())
    assert n == count
    sys.stdout.write(
        f"\n{n:,} rows from Parquet: {peak / MIB:.0f} MiB above the imports, of which votes"
        f" {votes / MIB:.0f} MiB\n"
    )


def test_ten_million_rows(tmp_path):
    """Only if `SPEED_BIG` is set: minutes."""
    if not os.environ.get("SPEED_BIG"):
        sys.stdout.write("\n10,000,000 rows: set SPEED_BIG=1 to measure.\n")
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    n, path, frame = 10_000_000, tmp_path / "big.parquet", comments(100_000)
    with pq.ParquetWriter(path, pa.Table.from_pandas(frame.assign(id=0)).schema) as writer:
        for start in range(0, n, len(frame)):
            ids = np.arange(start, start + len(frame))
            writer.write_table(pa.Table.from_pandas(frame.assign(id=ids)))
    begin, cpu_begin = time.perf_counter(), time.process_time()
    votes = lb.apply(LFS, path, SCHEMA, id="id", workers=2)
    wall, own = time.perf_counter() - begin, time.process_time() - cpu_begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    assert n == len(votes)
    sys.stdout.write(
        f"\n10,000,000 rows, 2 workers: {wall:.0f} s wall-clock, {own:.0f} s CPU in the main"
        f" process, {peak / MIB:,.0f} MiB at most in it\n"
    )
