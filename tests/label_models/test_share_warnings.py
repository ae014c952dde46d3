"""Warnings of odd shares by the models of spans and of several labels: their words and remedies."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelSharesWarning
from tests.support.synthetic_votes import voters


@pytest.fixture(scope="module")
def marks():
    """Return the votes of ten voters of which majority vote and the label model think otherwise."""
    _, votes, _ = voters(np.linspace(0.55, 0.9, 10), n=4000, shares=(0.95, 0.05))
    rows, columns = np.nonzero(votes.to_array() >= 0)
    codes = votes.to_array()[rows, columns]
    return pd.DataFrame({"sample": rows, "voter": columns.astype(str), "label": codes})


def test_spans_are_candidates_and_gold_spans_decide(marks):
    schema = lb.LabelSchema(["PER", "ORG"], kind="spans")
    votes = lb.SpanVotes.from_frame(marks.assign(start=0, end=3), schema=schema)
    words = (
        r"of 3,976 candidate spans, by majority vote for .*: give gold spans of 50 samples drawn at"
        r" random\."
    )
    with pytest.warns(LabelSharesWarning, match=words) as warned:
        model = lb.SpanModel().fit(votes)
    assert warned[0].filename == __file__
    assert f"What: {warned[0].message}" in model.report_
    assert "What: 3,976 candidate spans, 10 voters; 96% of the candidate spans have two" in (
        "\n".join(model.report_)
    )
    assert not any(line.startswith("What: No gold") for line in model.report_)


def test_labels_of_sets_are_decided_by_gold_of_samples(marks):
    schema = lb.LabelSchema(["joy"], kind="several")
    frame = marks.assign(says=marks["label"] == 1, label="joy")
    votes = lb.SetVotes.from_frame(frame, schema=schema)
    words = (
        r"Label 'joy': .* of 3,976 covered samples, .*: give the labels of 25 samples drawn at"
        r" random as gold\."
    )
    with pytest.warns(LabelSharesWarning, match=words) as warned:
        model = lb.SetModel().fit(votes)
    assert warned[0].filename == __file__
    assert str(warned[0].message) in model.report_
    assert not any("class_balance" in line for line in model.report_)
