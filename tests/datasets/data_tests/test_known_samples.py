"""Which samples are new against the base: those that it neither has nor had left out."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.datasets.data_tests import run_data_tests
from tests.support.made_training_sets import SCHEMA, made_samples, made_votes

DOUBTFUL = 40


@pytest.fixture(scope="module")
def doubtful():
    """Samples, of which the soft labels are unsure of the first 40, which have no vote."""
    frame, codes = made_samples(1200, seed=4)
    array = made_votes(codes)
    array[:DOUBTFUL] = -1
    confidence = np.where(np.arange(len(frame)) < DOUBTFUL, 0.55, 0.95)
    right = np.eye(2)[codes]
    probabilities = right * confidence[:, None] + (1 - right) * (1 - confidence[:, None])
    covered = np.ones(len(frame), dtype=bool)
    soft = lb.SoftLabels(probabilities, frame.index, SCHEMA, covered)
    votes = lb.Votes.from_array(
        array, sample_ids=frame.index, voters=["a", "b", "c"], schema=SCHEMA
    )
    return frame, soft, votes


def test_samples_that_the_base_had_left_out_are_no_drift(doubtful):
    frame, soft, votes = doubtful
    strict = lb.build_training_set(frame, soft, votes=votes, min_confidence=0.6)
    lenient = lb.build_training_set(frame, soft, votes=votes)

    report = run_data_tests(lenient, strict)

    assert len(lenient) - len(strict) == DOUBTFUL
    assert report.failed == ()


def test_such_samples_are_drift_where_the_base_did_not_know_them(doubtful):
    frame, soft, votes = doubtful
    known = frame.iloc[DOUBTFUL:]
    base = lb.build_training_set(
        known, soft.of_samples(known.index), votes=votes.of_samples(known.index)
    )

    report = run_data_tests(lb.build_training_set(frame, soft, votes=votes), base)

    assert {"drift_votes", "lf_health"} <= {finding.name for finding in report.failed}


def test_names_of_left_out_samples_get_the_prefix_too(doubtful):
    from labeling.datasets.data_tests.tested import training_set_to_test

    frame, soft, votes = doubtful
    tested = training_set_to_test(
        lb.build_training_set(frame, soft, votes=votes, min_confidence=0.6)
    ).with_prefix("base ")

    assert tested.left_out.tolist() == [f"base {name}" for name in frame.index[:DOUBTFUL]]
    assert isinstance(tested.left_out, pd.Index)
