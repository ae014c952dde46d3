"""Which fold a sample is in: by its id alone."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.end_model.cross_fitting import draws_by_id

DATES = pd.date_range("2026-01-01", periods=3)


@pytest.mark.parametrize(
    ("ids", "stored_otherwise"),
    [
        ([1, 2, 3], pd.Index([1, 2, 3], dtype=object)),
        ([1, 2, 3], pd.Index([1, 2, 3, "a"])),
        ([1, 2, 3], pd.Index([1.0, 2.0, 3.0])),
        ([1, 2, 3], pd.Index([1, 2.0, 3, 0.5, None, 10**30], dtype=object)),
        ([1, 2, 3], pd.Index([1, 2, 3], dtype="uint8")),
        (["a", "b", "1"], pd.Index(["a", "b", "1", 1], dtype=object)),
        (DATES, DATES.as_unit("s")),
        (DATES, DATES.as_unit("ns")),
    ],
)
def test_equal_ids_are_in_the_same_fold_however_they_are_stored(ids, stored_otherwise):
    draws = draws_by_id(pd.Index(ids))

    np.testing.assert_array_equal(draws, draws_by_id(stored_otherwise)[:3])
    assert len(set(draws)) == 3


def test_a_sample_is_scored_by_the_model_that_has_not_seen_it_however_ids_are_stored():
    data = pd.DataFrame({"text": ["good day", "bad day"] * 15}, index=range(30))
    given = np.tile([[0.1, 0.9], [0.9, 0.1]], (15, 1))
    schema = lb.LabelSchema(["no", "yes"])
    model = lb.EndModel().fit(data, lb.SoftLabels(given, data.index, schema, np.full(30, True)))

    expected = model.predict_proba(data).to_array()
    floats = model.predict_proba(data.set_axis(data.index.astype(float))).to_array()
    more = pd.concat([data, pd.DataFrame({"text": ["good"]}, index=["new"])])
    np.testing.assert_array_equal(expected, floats)
    np.testing.assert_array_equal(expected, model.predict_proba(more).to_array()[:30])
    assert len(np.unique(expected[::2, 0])) > 1  # the folds have different models
