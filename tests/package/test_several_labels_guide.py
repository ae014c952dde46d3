"""The guide to several labels a sample: its code runs, and gives what the page says."""

import pytest

from tests.package.test_cookbook import run


@pytest.fixture(scope="module")
def names():
    """What the code of the guide defines."""
    return run("several-labels.md")


def test_any_yes_decides(names):
    assert names["sets"].tolist() == [
        {"sport", "money"},
        {"sport"},
        {"money", "food"},
        frozenset(),
        {"sport", "food"},
        {"money"},
    ]


def test_constraints_hold(names):
    for labels in names["strict"].predict(names["votes"]).to_labels():
        assert not {"sport", "money"} <= labels
        assert "food" not in labels or "money" in labels


def test_every_text_has_an_answer_and_a_score(names):
    assert names["by_text"].covered.all()
    assert 0 <= names["scores"].micro.value <= 1
    assert names["scores"].n_samples == 3
