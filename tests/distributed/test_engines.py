"""Engines: what they promise to the driver, and what workers must have."""

import copyreg
import os
import pickle
import subprocess
import sys
import threading

import pytest

from labeling.distributed.engines import Engine, LocalEngine, ProcessEngine, opened_engine
from labeling.distributed.outcomes import Failure, run_task
from labeling.distributed.shared import packed, unpacked, versions
from labeling.distributed.source_lines import lines_of
from labeling.errors import DataError, LabelingError, LabelingFunctionError, LFTimeoutError
from labeling.functions import load_labeling_functions
from labeling.records import dumps_functions


def double(job, shared):
    if job == shared:
        raise DataError(f"{job} is the shared number")
    return 2 * job


class Scripted(Engine):
    """Yields what it is told to."""

    name = "scripted"

    def __init__(self, results):
        self.results = results

    def run(self, task, jobs, shared):
        yield from self.results


def test_results_come_in_the_order_of_jobs_and_second_ones_are_ignored():
    engine = Scripted([(2, "c"), (0, "a"), (0, "again"), (2, "again"), (1, "b"), (1, "again")])

    assert [*engine.in_order(double, [1, 2, 3], b"")] == ["a", "b", "c"]


def test_the_first_failure_by_job_is_raised_whenever_it_comes():
    late, early = (Failure.of(DataError(text)) for text in ("of job 2", "of job 1"))
    engine = Scripted([(2, late), (0, "a"), (1, early)])
    results = engine.in_order(double, [1, 2, 3], b"")

    assert next(results) == "a"
    with pytest.raises(DataError, match="of job 1"):
        next(results)


def test_a_missing_result_is_an_error():
    with pytest.raises(LabelingError, match="scripted must give a result for each of 2 jobs"):
        [*Scripted([(1, "b")]).in_order(double, [1, 2], b"")]


@pytest.mark.parametrize("on", ["local", "processes:2", LocalEngine()])
def test_each_engine_runs_tasks_on_jobs(on):
    with opened_engine(on) as engine:
        assert [*engine.in_order(double, range(9), packed(-1))] == [*range(0, 18, 2)]
        with pytest.raises(DataError, match="4 is the shared number"):
            [*engine.in_order(double, range(9), packed(4))]


def test_processes_are_as_many_as_there_are_cores():
    assert ProcessEngine().workers == len(os.sched_getaffinity(0))


def test_the_kind_that_was_given_is_not_suggested():
    with pytest.raises(LabelingError, match=r"Got 'dask'\.$"), opened_engine("dask"):
        pass
    with pytest.raises(LabelingError, match="Did you mean 'dask'"), opened_engine("dusk:tcp://a"):
        pass


def end_this_process(job, parent):
    if os.getpid() != parent:
        os._exit(1)


def test_a_task_that_always_ends_its_process_is_given_up():
    with pytest.raises(LabelingError, match=r"ended 4 times .* 2 partitions, 0, 1"):
        [*ProcessEngine(2).in_order(end_this_process, [0, 1], packed(os.getpid()))]


def test_processes_end_where_jobs_are_left(monkeypatch):
    """After a fault, or Ctrl-C; the thread of their pool fails if jobs are cancelled before."""
    failed = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    engine = ProcessEngine(1)

    with pytest.raises(DataError, match="1 is the shared number"):
        [*engine.in_order(double, [1, *range(2, 40)], packed(1))]
    engine.close()

    assert not failed
    assert [*engine.in_order(double, [2, 3], packed(1))] == [4, 6]
    engine.close()


def test_workers_must_have_the_same_versions(monkeypatch):
    shared = packed({"a": 1})
    other = {**versions(), "pyarrow": "1.0", "polars": None}
    monkeypatch.setattr("labeling.distributed.shared.versions", lambda: other)
    unpacked.cache_clear()

    failure = run_task(double, 1, shared)

    with pytest.raises(LabelingError, match=r"differ: pyarrow 1.0 instead of .*; polars is absent"):
        raise failure.error()


def test_what_a_worker_cannot_import_is_said():
    shared = packed(1)
    header, _, _ = shared.partition(b"\n")

    failure = run_task(double, 1, header + b"\nccertainly_not_here\nvalue\n.")

    with pytest.raises(LabelingError, match="No module named 'certainly_not_here'"):
        raise failure.error()


def test_functions_are_run_on_columns_where_their_file_is_not(tmp_path):
    pytest.importorskip("polars")
    file = tmp_path / "rules.py"
    file.write_text(
        "from labeling import labeling_function\n\n\n"
        "def money(text):\n    return 'cash' in text\n\n\n"
        "@labeling_function(label='spam')\ndef offers(x):\n    return money(x.text)\n"
    )
    lfs = load_labeling_functions(file)
    lines = lines_of(lfs)
    code = (
        "import sys, pickle\n"
        "from labeling import LabelSchema, explain\n"
        "from labeling.records import loads_functions\n"
        "from labeling.distributed.source_lines import provide_lines\n"
        "functions, lines = pickle.load(sys.stdin.buffer)\n"
        "schema = LabelSchema(['ham', 'spam'])\n"
        "if sys.argv[1] == 'with':\n    provide_lines(lines)\n"
        "print(explain(loads_functions(functions)[0], schema))\n"
    )
    sent = pickle.dumps((dumps_functions(lfs), lines))
    file.unlink()

    assert list(lines) == [str(file)]
    told = [
        subprocess.run(
            [sys.executable, "-c", code, how], input=sent, capture_output=True, check=True
        ).stdout.decode()
        for how in ("with", "without")
    ]
    assert "source" in told[1]
    assert "source" not in told[0]
    assert "columns" in told[0]


class Odd(Exception):
    """Cannot be pickled: it needs two arguments."""

    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def test_failures_keep_causes_and_notes():
    error = LabelingFunctionError("it failed")
    error.add_note("on Monday")
    for cause in (ValueError("why"), Odd(1, 2)):
        error.__cause__ = cause
        cause.add_note("a line")
        again = Failure.of(error).error()

        assert (type(again), str(again)) == (LabelingFunctionError, "it failed")
        assert "on Monday" in again.__notes__
        assert str(cause) in str(again.__cause__)
        assert "a line" in again.__cause__.__notes__


def test_a_time_limit_is_one_also_where_tblib_pickles_errors(monkeypatch):
    """It does where Dask is imported, and makes errors by the `__new__` of their class."""
    from tblib import pickling_support

    table = copyreg.dispatch_table
    monkeypatch.setitem(table, LFTimeoutError, pickling_support.pickle_exception)

    error = Failure.of(LFTimeoutError("it did not return")).error()

    assert type(error) is LFTimeoutError
    assert str(error) == "it did not return"
