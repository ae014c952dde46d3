"""Dask, for real: a scheduler and workers on loopback, one of which is killed."""

import pytest

from labeling.errors import LabelingError
from tests.distributed import on_clusters
from tests.support.clusters import dask_cluster


@pytest.fixture(scope="module")
def on(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask")) as address:
        yield f"dask:{address}"


def test_everything_is_that_of_one_machine(on, data, lfs, whole, tmp_path):
    on_clusters.check_everything(on, data, lfs, whole, tmp_path)


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
        pytest.raises(LabelingError, match="Dask gave partition 0 up"),
    ):
        on_clusters.apply_ending(f"dask:{address}", data, tmp_path)


def test_a_scheduler_that_does_not_answer_is_said(data, lfs, tmp_path, monkeypatch):
    monkeypatch.setattr("labeling.distributed.engines.dask_engine.CONNECT", 0.5)

    with pytest.raises(LabelingError, match=r"A Dask scheduler must answer at 'tcp://127.0.0.1:9'"):
        on_clusters.apply("dask:tcp://127.0.0.1:9", lfs, data, tmp_path / "out")
