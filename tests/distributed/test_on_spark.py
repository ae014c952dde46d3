"""Spark, for real: executors and Python workers on loopback, one of which is killed."""

import pytest

from labeling.distributed.engines import opened_engine
from labeling.errors import LabelingError
from tests.conftest import lacking
from tests.distributed import on_clusters
from tests.support.clusters import has_java


@pytest.fixture(scope="module")
def spark():
    if not has_java():
        lacking("Spark needs Java; on Debian: apt-get install default-jre-headless")
    with opened_engine("spark:local[2]") as engine:
        engine.context.setLogLevel("OFF")
        yield engine.context


def test_everything_is_that_of_one_machine(spark, data, lfs, whole, tmp_path):
    on_clusters.check_everything("spark", data, lfs, whole, tmp_path)


def test_spans_and_sets_are_those_of_one_machine(spark, data, tmp_path):
    on_clusters.check_kinds("spark", data, tmp_path)


def test_an_active_context_is_used_and_stays(spark, data, lfs, whole, tmp_path):
    from pyspark import SparkContext

    for on in ("spark", "spark:local[2]", spark):
        on_clusters.check_votes(on, data, lfs, whole, tmp_path)
    assert SparkContext._active_spark_context is spark
    assert spark.master == "local[2,4]"
    with pytest.raises(LabelingError, match=r"the active one runs on 'local\[2,4\]'"):
        on_clusters.apply("spark:local[3]", lfs, data, tmp_path / "out")


def test_the_first_fault_is_raised(spark, data, tmp_path):
    on_clusters.check_first_fault("spark", data, tmp_path)


def test_a_worker_is_killed(spark, slow, data, tmp_path):
    on_clusters.check_killed_worker("spark", *slow, data, tmp_path)


def test_a_function_that_ends_each_worker_is_given_up(spark, data, tmp_path):
    with pytest.raises(LabelingError, match="Spark gave a partition up"):
        on_clusters.apply_ending("spark", data, tmp_path)
