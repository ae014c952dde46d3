"""A workbench of spans, or of several labels, as `Workbench` makes it: votes, gold, parts."""

import re

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError
from labeling.notebook import SetWorkbench, SpanWorkbench

NOTES = pd.DataFrame(
    {"text": ["Ann met Bob at Acme.", "No one came.", "Bob Lee left"]}, index=["n1", "n2", "n3"]
)
SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "anger"], kind="several")
POSTS = pd.DataFrame({"text": ["so happy", "angry, happy", "rain"]}, index=["p1", "p2", "p3"])


def span_workbench():
    gold = {"n1": [(0, 3, "PER"), (15, 19, "ORG")], "n2": []}
    workbench = lb.Workbench(NOTES, SPANS, gold)

    @workbench.lf(label="PER")
    def names(x):
        yield from re.finditer(r"[A-Z]\w+(?: [A-Z]\w+)*", x.text)

    return workbench


def set_workbench():
    workbench = lb.Workbench(POSTS, SETS, {"p2": ["anger"]})

    @workbench.lf
    def feelings(x):
        return {label for label, word in (("joy", "happy"), ("anger", "angry")) if word in x.text}

    return workbench


def test_the_schema_picks_the_workbench():
    assert isinstance(span_workbench(), SpanWorkbench)
    assert isinstance(set_workbench(), SetWorkbench)
    assert type(lb.Workbench(POSTS, lb.LabelSchema(["ham", "spam"]))) is lb.Workbench


def test_votes_and_posteriors_are_of_the_kind():
    spans, sets = span_workbench(), set_workbench()
    assert spans.votes().to_frame()["start"].tolist() == [0, 8, 15, 0, 0]
    assert isinstance(spans.soft_labels(), lb.SoftSpans)
    assert sets.votes().to_frame()["label"].tolist() == ["joy", "joy", "anger"]
    assert isinstance(sets.soft_labels(), lb.SoftSets)


def test_parts_have_gold_and_spans_that_no_function_marked():
    workbench = lb.Workbench(NOTES, SPANS, {"n1": [(8, 11, "PER")]})
    workbench.add(lb.functions.span_regex("PER", r"Ann"))
    moment = workbench._part_moment()
    table = moment.table(*moment.functions)
    assert table.columns(np.arange(2), moment.texts_of(table.sample))["span"] == ["Ann", "Bob"]
    assert table.codes.tolist() == [[0], [-1]]
    assert table.gold.tolist() == [2, 0]  # Ann is no gold span


def test_sets_have_a_part_for_each_label_that_anything_speaks_of():
    moment = set_workbench()._part_moment()
    table = moment.table(*moment.functions)
    pairs = list(zip(table.sample.tolist(), table.label.tolist(), strict=True))
    assert pairs == [(0, 0), (1, 0), (1, 1)]
    assert table.words_of(table.gold) == [None, "no", "yes"]


def test_a_workbench_of_spans_must_know_the_text():
    frame = NOTES.assign(title="a title").rename(columns={"text": "body"})
    with pytest.raises(DataError, match="column of the text must be named"):
        lb.Workbench(frame, SPANS)
    assert lb.Workbench(frame, SPANS, text="body").text == "body"


def test_rerunning_a_cell_replaces_the_function_and_equal_votes_are_reused():
    workbench = span_workbench()
    before = workbench.functions["names"]
    workbench.add(before.lf)
    assert workbench.functions["names"].votes is before.votes
    assert len(workbench.functions) == 1


def test_a_text_is_read_once_however_many_parts_it_has():
    workbench = lb.Workbench(pd.DataFrame({"text": ["Ann " * 50, "Bob"]}), SPANS)
    workbench.add(lb.functions.span_regex("PER", r"\w+"))
    moment = workbench._part_moment()
    rows = moment.table(*moment.functions).sample
    texts = moment.texts_of(rows)
    assert len(texts) == 51
    assert texts[-1] == "Bob"
    assert len({id(text) for text in texts}) == 2
    assert len(workbench.bucket(vote="any").to_frame()) == 51


@pytest.mark.parametrize("skip", [1.5, "n1", object()])
def test_samples_to_skip_must_be_a_list(skip):
    with pytest.raises(DataError, match="`skip` must be a list of sample ids"):
        span_workbench().next_example(skip)


@pytest.mark.parametrize("sample_id", [["n1"], {"n1": 1}, slice(2)])
def test_a_highlighted_sample_must_have_an_id(sample_id):
    with pytest.raises(DataError, match="There must be a sample"):
        span_workbench().highlight(sample_id, "Ann", "PER")


def test_an_array_of_samples_may_be_skipped():
    example = span_workbench().next_example(np.array(["n1", "n2"], dtype=object))
    assert example.sample_id == "n3"
