"""What is for one label per sample refuses spans and sets, and names what works for them."""

import pandas as pd
import pytest

import labeling as lb

SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")
TEXTS = pd.DataFrame({"text": ["Ann met Bob", "Acme"]}, index=["a", "b"])


@pytest.fixture(scope="module")
def spans():
    marked = pd.DataFrame(
        [("a", "v", 0, 3, "PER"), ("b", "w", 0, 4, "ORG")],
        columns=["sample", "voter", "start", "end", "label"],
    )
    votes = lb.SpanVotes.from_frame(marked, schema=SPANS)
    return votes, lb.SpanModel().fit(votes).predict(votes)


def test_measures_name_what_scores_spans(spans):
    gold = {"a": [(0, 3, "PER")]}
    labels = pd.Series(["PER", "ORG"], ["a", "b"])
    for refused in (
        lambda: lb.label_quality(labels, gold, schema=SPANS),
        lambda: lb.label_quality(labels, gold, schema=SETS),
        lambda: lb.estimated_class_balance(spans[1], gold),
    ):
        with pytest.raises(lb.LabelingError, match=r"must have one label per sample.*set_scores"):
            refused()
