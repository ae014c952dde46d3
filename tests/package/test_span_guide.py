"""The guide to labeling functions that mark spans runs, and gives what it says."""

import pytest

import labeling as lb
from tests.package.test_cookbook import run


@pytest.fixture(scope="module")
def names():
    return run("span-labeling-functions.md")


def test_the_functions_mark_what_the_guide_says(names):
    text = names["samples"].loc["a", "text"]
    frame = names["votes"].to_frame()
    frame = frame[frame["sample"] == "a"]
    marked = {
        voter: [(text[row.start : row.end], row.label) for row in rows.itertuples()]
        for voter, rows in frame.groupby("voter")
    }
    assert marked["ends_in_inc"] == [("Acme Labs Inc", "ORG")]
    assert marked["months"] == [("May", None)]
    assert marked["PER_regex"] == [("Lee", "PER")]
    assert marked["document_majority"] == [("Lee", "PER")]
    assert marked["ORG_lookup"] == [("Acme Labs", "ORG"), ("Initech", "ORG")]
    band = names["votes"].of_voters(["bands"]).to_frame()
    assert band[["start", "end"]].to_numpy().tolist() == [[0, 11]]


def test_a_function_is_tried_on_a_sample(names):
    spans = names["ends_in_inc"](names["samples"].iloc[0])
    assert spans == [lb.Span(14, 27, "ORG")]


def test_answers_say_yes_and_no_as_the_guide_says(names):
    frame = names["set_votes"].to_frame()
    says = {(row.sample, row.voter, row.label): row.says for row in frame.itertuples(index=False)}
    assert says[("a", "polite", "anger")] is False
    assert says[("c", "rating", "joy")] is False
    assert ("b", "shouting", "joy") not in says
    assert says[("b", "shouting", "fear")]
