"""Tests on training sets and on new data."""

from labeling.datasets.data_tests.own_checks import DataTest, data_test
from labeling.datasets.data_tests.running import MONITORING, TESTS, monitor_data, run_data_tests
from labeling.datasets.data_tests.schema import inferred_schema
from labeling.datasets.data_tests.settings import Acknowledgement, DataTestSettings
from labeling.datasets.data_tests.tested import Tested, training_set_to_test, votes_to_test

__all__ = [
    "MONITORING",
    "TESTS",
    "Acknowledgement",
    "DataTest",
    "DataTestSettings",
    "Tested",
    "data_test",
    "inferred_schema",
    "monitor_data",
    "run_data_tests",
    "training_set_to_test",
    "votes_to_test",
]
