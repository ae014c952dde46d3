import pytest

import labeling as lb
from tests.support.clusters import SCHEMA, labeling_functions, slow_functions, write_partitions


@pytest.fixture(scope="session")
def data(tmp_path_factory):
    """A folder of Parquet files, in folders `part=0` and `part=1`."""
    return write_partitions(tmp_path_factory.mktemp("partitions"))


@pytest.fixture(scope="session")
def lfs():
    return labeling_functions()


@pytest.fixture(scope="session")
def whole(data, lfs):
    """The votes of one machine, and of one table."""
    return lb.apply(lfs, data, SCHEMA, id="key")


@pytest.fixture
def slow(tmp_path):
    """Labeling functions that can be killed, and the folder of the processes that run them."""
    pids = tmp_path / "pids"
    pids.mkdir()
    return slow_functions(pids), pids
