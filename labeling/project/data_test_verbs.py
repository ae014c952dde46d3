"""The verbs of a project on the quality of its data: tests of training sets, and monitoring."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from labeling.errors import counted
from labeling.project.data_testing import (
    data_test_settings,
    own_data_tests,
    read_new_samples,
    votes_of,
)
from labeling.project.people_verbs import PeopleVerbs
from labeling.project.splitting import columns_read

if TYPE_CHECKING:
    from labeling.datasets import DataTestReport, TrainingSet

logger = logging.getLogger(__name__)


class DataTestVerbs(PeopleVerbs):
    """Tests of training sets, and of data that come later."""

    def test_training_set(
        self, train: TrainingSet, base: TrainingSet | None = None
    ) -> DataTestReport:
        """Return the report of the tests on a training set, with the limits of the config.

        Args:
            train: the training set to test.
            base: the training set that it would replace.

        Raises:
            LoadError: the file of a test of your own cannot be loaded.
        """
        from labeling.datasets import run_data_tests

        settings, own = data_test_settings(self.config), own_data_tests(self.config)
        reads = columns_read(self.labeling_functions)
        return run_data_tests(train, base, settings, own, reads=reads)

    def monitor(self, path: str | os.PathLike[str]) -> DataTestReport:
        """Compare new data with those of the project: drift, and the health of the functions.

        The labeling functions of today vote on both, so that only the data differ. Nothing of the
        project changes; the run log says what was found.

        Args:
            path: of new samples with the columns of the project's: a file, a folder, an address.

        Raises:
            DataError: the new samples cannot be read.
        """
        from labeling.datasets.data_tests import monitor_data, votes_to_test

        settings = data_test_settings(self.config)
        with self._locked("monitor") as run:
            samples, n_missing = read_new_samples(self.config, path)
            if n_missing:
                logger.warning("left out %s", counted(n_missing, "sample without a text"))
            lfs, known = self.labeling_functions, self.samples
            with self.store.stage("applying labeling functions"):
                votes = votes_of(self.config, lfs, samples, self.schema)
                cached = self.vote_cache.cached()
                if cached is None:
                    cached = votes_of(self.config, lfs, known, self.schema)
            base = votes_to_test(known, cached)
            if not isinstance(self.config.data.id, str):
                # Numbers of rows, or hashes, say nothing about which samples are the same.
                base = base.with_prefix("project ")
            with self.store.stage("testing"):
                report = monitor_data(votes_to_test(samples, votes), base, settings)
            run.outcome |= {
                "samples": len(samples),
                "failed": [finding.name for finding in report.failed],
            }
        return report
