"""The descriptions of databases: read as shipped, and labeled no worse with gold than without."""

from pathlib import Path

import numpy as np
import pytest

import labeling as lb
from labeling.demo import databases
from tests.benchmarks.set_quality import by_text, by_votes

LFS = Path(__file__).parents[2] / "lfs" / "databases.py"


@pytest.fixture(scope="module")
def data():
    return databases.descriptions()


@pytest.fixture(scope="module")
def votes(data):
    return lb.apply(lb.load_labeling_functions(LFS), data, databases.SCHEMA)


def test_records_have_texts_and_several_subjects(data):
    sizes = data["subjects"].map(len)
    assert len(data) == 4079
    assert data["text"].is_unique
    assert sizes.max() == 9
    assert (sizes == 0).sum() == 935
    assert set().union(*data["subjects"]) == set(databases.SCHEMA)


def test_any_gold_is_as_good_as_none(data, votes):
    for n, scores in by_votes(votes, data["subjects"], draws=2):
        assert scores[:, 2].min() >= -0.2, f"with {n} gold samples"
    assert scores[:, 2].mean() >= 1  # with 1,000


def test_the_end_model_needs_its_thresholds(data, votes):
    f1 = by_text(data, votes, data["subjects"], 300, 0)
    assert f1["text"][0] >= f1["text, p > 0.5"][0] + 2
    assert f1["text and votes"][0] >= f1["text"][0] + 2
    assert np.isfinite(list(f1.values())).all()
