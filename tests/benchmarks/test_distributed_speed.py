"""CPU time of engines beside that of one process, on partitions of about a second of work each.

Run it with `make bench-speed`. CPU time is that of all processes of an engine: the driver, the
scheduler or the Java machine, and the workers. Starting them is not in it: a first run on few rows
goes before. `DISTRIBUTED_ROWS` in the environment sets the rows of a partition.
"""

import importlib.util
import os
import sys
import time

import psutil
import pytest

import labeling as lb
from labeling.distributed.engines import opened_engine
from tests.benchmarks.corpus import LFS, comments
from tests.support.clusters import dask_cluster, has_java

SCHEMA = lb.LabelSchema(["ham", "spam"])
ROWS = int(os.environ.get("DISTRIBUTED_ROWS", 160_000))
PARTITIONS = 6
MOST_OVERHEAD = 0.25


def cpu_of_all():
    """Return the CPU seconds of this process and of all that it started and that still run."""
    total = time.process_time()
    for process in psutil.Process().children(recursive=True):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def measured(data, out, engine):
    """Return the CPU and the wall-clock seconds of a run."""
    begin, clock = cpu_of_all(), time.perf_counter()
    lb.apply_partitions(LFS, data, SCHEMA, id="id", out=out, on=engine)
    return cpu_of_all() - begin, time.perf_counter() - clock


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("partitions")
    frame = comments(ROWS)
    for number in range(PARTITIONS):
        ids = [f"{number}-{row}" for row in range(ROWS)]
        path = folder / "data" / f"{number}.parquet"
        path.parent.mkdir(exist_ok=True)
        frame.assign(id=ids).to_parquet(path, index=False)
    few = folder / "few"
    few.mkdir()
    for number in range(PARTITIONS):
        frame[:2000].assign(id=[f"{number}-{row}" for row in range(2000)]).to_parquet(
            few / f"{number}.parquet", index=False
        )
    return folder


@pytest.fixture(scope="module")
def local(folder):
    """The CPU seconds of one process; the lesser of two runs."""
    with opened_engine("local") as engine:
        measured(folder / "few", folder / "warm", engine)
        runs = [measured(folder / "data", folder / f"local-{n}", engine) for n in range(2)]
    return show("one process", min(runs))


def show(name, run, floor=None):
    cpu, wall = run
    rows = ROWS * PARTITIONS
    line = (
        f"\n{name}: {PARTITIONS} partitions of {ROWS:,} rows x {len(LFS)} functions:"
        f" {cpu:.1f} s CPU ({cpu / PARTITIONS:.2f} s a partition, {1e6 * cpu / rows:.1f} us a row),"
        f" {wall:.1f} s wall"
    )
    if floor is not None:
        line += f", {cpu / floor - 1:+.0%} CPU"
    sys.stdout.write(line + "\n")
    return cpu


def compare(name, engine, folder, local):
    measured(folder / "few", folder / f"warm-{name}", engine)
    runs = [measured(folder / "data", folder / f"{name}-{n}", engine) for n in range(2)]
    cpu = show(name, min(runs), local)
    manifests = [folder / f"{kind}-0" / "_manifest.json" for kind in ("local", name)]
    assert manifests[0].read_bytes() == manifests[1].read_bytes()
    return cpu / local - 1


def test_processes_cost_little_more_than_one_process(folder, local):
    with opened_engine("processes:2") as engine:
        assert compare("processes", engine, folder, local) <= MOST_OVERHEAD


def test_dask_costs_little_more_than_one_process(folder, local, tmp_path):
    pytest.importorskip("distributed", reason="pip install 'labeling[dask]'")
    with dask_cluster(tmp_path) as address, opened_engine(f"dask:{address}") as engine:
        assert compare("dask", engine, folder, local) <= MOST_OVERHEAD


def test_spark_beside_one_process(folder, local):
    if importlib.util.find_spec("pyspark") is None or not has_java():
        pytest.skip("Spark needs Java and the package pyspark: pip install 'labeling[spark]'")
    with opened_engine("spark:local[2]") as engine:
        engine.context.setLogLevel("OFF")
        compare("spark", engine, folder, local)
