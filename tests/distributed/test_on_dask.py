"""Dask, for real: a scheduler and workers on loopback, one of which is killed."""

import contextlib
import threading
import time

import numpy as np
import pytest

import labeling as lb
from labeling import labeling_function
from labeling.distributed.engines import DaskEngine
from labeling.errors import LabelingError
from tests.distributed import on_clusters
from tests.support.clusters import SCHEMA, WAIT, dask_cluster, dask_worker


@pytest.fixture(scope="module")
def on(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask")) as address:
        yield f"dask:{address}"


def test_everything_is_that_of_one_machine(on, data, lfs, whole, tmp_path):
    on_clusters.check_everything(on, data, lfs, whole, tmp_path)


def test_spans_and_sets_are_those_of_one_machine(on, data, tmp_path):
    on_clusters.check_kinds(on, data, tmp_path)


def test_a_client_is_used_and_stays_open(on, data, lfs, whole, tmp_path):
    from distributed import Client

    with Client(on.removeprefix("dask:"), set_as_default=False) as client:
        on_clusters.check_votes(client, data, lfs, whole, tmp_path)
        assert client.status == "running"


def test_the_first_fault_is_raised(on, data, tmp_path):
    on_clusters.check_first_fault(on, data, tmp_path)


def test_a_worker_is_killed(slow, data, tmp_path):
    folder = tmp_path / "dask"
    folder.mkdir()
    with dask_cluster(folder) as address:
        on_clusters.check_killed_worker(f"dask:{address}", *slow, data, tmp_path)


def test_a_function_that_ends_each_worker_is_given_up(data, tmp_path):
    folder = tmp_path / "dask"
    folder.mkdir()
    with (
        dask_cluster(folder, workers=5) as address,
        pytest.raises(
            LabelingError,
            match=r"Dask gave partition \d up: each worker that had it ended\. A labeling function"
            " makes workers crash, on this partition or on one that the same workers had",
        ),
    ):
        on_clusters.apply_ending(f"dask:{address}", data, tmp_path)


def test_a_function_that_does_not_return_is_stopped(data, tmp_path):
    @labeling_function(label="spam")
    def endless(x):
        while x.key == "k101":
            pass
        return "http" in x.text

    folder = tmp_path / "dask"
    folder.mkdir()
    options = {"timeout": 0.2, "on_error": "record"}
    whole = lb.apply(endless, data, SCHEMA, id="key", **options)
    with dask_cluster(folder, workers=1, nanny=True) as address:
        votes = on_clusters.apply(f"dask:{address}", endless, data, tmp_path / "out", **options)

    assert np.array_equal(votes.read().array, whole.array)
    assert [fault.sample_id for fault in votes.read().faults] == ["k101"]


def test_a_scheduler_that_ends_in_a_run_is_said(slow, data, tmp_path):
    folder = tmp_path / "dask"
    folder.mkdir()
    with contextlib.ExitStack() as stack:
        address = stack.enter_context(dask_cluster(folder))

        def stop(_):
            stack.close()

        with pytest.raises(LabelingError, match="The Dask scheduler must run until"):
            on_clusters.apply(f"dask:{address}", slow[0], data, tmp_path / "out", progress=stop)


def test_a_scheduler_without_workers_is_said(data, lfs, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr("labeling.distributed.engines.dask_engine.PATIENCE", 0.1)
    with dask_cluster(tmp_path, workers=0) as address:
        run = threading.Thread(
            target=lambda: on_clusters.apply(f"dask:{address}", lfs, data, tmp_path / "out"),
        )
        run.start()
        until = time.monotonic() + WAIT
        while "waiting for workers" not in caplog.text and time.monotonic() < until:
            time.sleep(0.1)
        with dask_worker(address, tmp_path):
            run.join(WAIT)
    assert not run.is_alive()
    assert f"the Dask scheduler at {address} has none" in caplog.text


@pytest.mark.parametrize("address", ["foo", "tcp://host", "http://127.0.0.1:9"])
def test_no_client_is_made_of_a_malformed_address(address, monkeypatch):
    """A client that could not be made keeps Python from ending for a minute."""
    monkeypatch.setattr("distributed.Client", None)

    with pytest.raises(LabelingError, match=f"A Dask scheduler must answer at '{address}'"):
        DaskEngine(address)


def test_a_scheduler_that_does_not_answer_is_said(data, lfs, tmp_path, monkeypatch):
    monkeypatch.setattr("labeling.distributed.engines.dask_engine.CONNECT", 0.5)

    with pytest.raises(LabelingError, match=r"A Dask scheduler must answer at 'tcp://127.0.0.1:9'"):
        on_clusters.apply("dask:tcp://127.0.0.1:9", lfs, data, tmp_path / "out")
