"""Tests on training sets and on new data."""

from labeling.datasets.data_tests.own_checks import DataTest, data_test
from labeling.datasets.data_tests.running import MONITORING, TESTS, monitor_data, run_data_tests
from labeling.datasets.data_tests.schema import inferred_schema
from labeling.datasets.data_tests.settings import Acknowledgement, DataTestSettings
from labeling.datasets.data_tests.tested import Tested, tested_training_set, tested_votes

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
    "tested_training_set",
    "tested_votes",
]
