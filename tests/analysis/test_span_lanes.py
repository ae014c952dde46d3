"""Texts with the spans of each voter in a lane of its own."""

import pandas as pd
import pytest

import labeling as lb
from labeling.rendering.html import html_of
from labeling.rendering.plain import plain_of

SCHEMA = lb.LabelSchema(["PER", "ORG"], kind="spans")
TEXTS = pd.DataFrame(
    {"text": ["Ann <Lee> of Acme", "nothing", "Bob " + "x" * 500 + " Acme"]}, index=["a", "b", "c"]
)
ROWS = [
    ("a", "names", 0, 3, "PER"),
    ("a", "caps", 0, 9, "PER"),
    ("a", "caps", 4, 9, "ORG"),
    ("c", "names", 0, 3, "PER"),
    ("c", "names", 505, 509, "ORG"),
]


def votes():
    frame = pd.DataFrame(ROWS, columns=["sample", "voter", "start", "end", "label"])
    return lb.SpanVotes.from_frame(frame, schema=SCHEMA, sample_ids=["a", "b", "c"])


def test_each_voter_has_a_lane_and_what_overlaps_a_further_one():
    lanes = lb.span_lanes(TEXTS, votes(), ids=["a"], gold={"a": [(0, 9, "PER")], "b": []})
    assert [
        "Spans in 1 of 3 samples",
        "voter        sample 'a'",
        "names        [Ann PER] <Lee> of Acme",
        "caps         [Ann <Lee> PER] of Acme",
        "caps (also)  Ann [<Lee> ORG] of Acme",
        "gold         [Ann <Lee> PER] of Acme",
    ] == [line.strip() for line in plain_of(lanes._view()).splitlines()]


def test_the_model_is_a_lane_and_texts_are_escaped():
    soft = lb.SpanModel().fit(votes()).predict(votes())
    page = html_of(lb.span_lanes(TEXTS, votes(), soft=soft, ids=["a"])._view())
    assert "model" in page
    assert "<Lee>" not in page
    assert '<mark class="lbl-span lbl-s0">Ann &lt;Lee&gt;<small>PER</small></mark>' in page


def test_of_long_texts_a_part_is_shown_and_what_is_left_out_is_counted():
    text = plain_of(lb.span_lanes(TEXTS, votes(), ids=["c"])._view())
    assert "[Bob PER] xxx" in text
    assert "names (and 1 span not shown)" in text


def test_the_most_disputed_samples_come_first():
    assert ["a", "c"] == list(lb.span_lanes(TEXTS, votes(), n=2).texts)
    assert ["b"] == list(lb.span_lanes(TEXTS, votes(), ids=["b"]).texts)


@pytest.mark.parametrize(
    ("options", "words"), [({"n": 0}, "whole number from 1"), ({"ids": ["z"]}, "'z'")]
)
def test_wrong_arguments_are_named(options, words):
    with pytest.raises(lb.LabelingError, match=words):
        lb.span_lanes(TEXTS, votes(), **options)


def test_a_person_who_marked_nothing_has_an_empty_lane_where_they_were_asked():
    frame = pd.DataFrame(ROWS[:1], columns=["sample", "voter", "start", "end", "label"])
    asked = pd.DataFrame({"sample": ["a", "a", "b"], "voter": ["names", "cleo", "names"]})
    answers = lb.SpanVotes.from_frame(frame, schema=SCHEMA, asked=asked, speaks=True)
    lanes = lb.span_lanes(TEXTS, answers, ids=["a", "b"]).lanes

    assert {"names": (lb.Span(0, 3, "PER"),), "cleo": ()} == dict(lanes["a"])
    assert {"names": ()} == dict(lanes["b"])


def test_votes_of_another_kind_are_named():
    data = pd.DataFrame({"text": ["Ann"]})
    schema = lb.LabelSchema(["PER"], kind="spans")
    votes = lb.apply([lb.functions.span_keywords("PER", ["ann"])], data, schema)
    with pytest.raises(
        lb.LabelingError, match=r"`votes` must be of type SpanVotes\. Got a DataFrame"
    ):
        lb.span_lanes(votes, data)
    one = lb.Votes.from_array([[0]], schema=lb.LabelSchema(["a", "b"]))
    with pytest.raises(lb.LabelingError, match=r"Got a Votes; votes on whole samples go to"):
        lb.span_lanes(data, one)
