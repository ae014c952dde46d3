"""Recorded votes are played back: each at most once, and alike for a table in any order."""

import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError
from labeling.records import AskAgain, Escalation, checked_label

SCHEMA = lb.LabelSchema(["ham", "spam"])
VOTES = pd.DataFrame(
    [(s, a, label) for s in "xyz" for a, label in zip("1234", ["ham", "spam"] * 2, strict=True)],
    columns=["sample", "annotator", "label"],
)
SAMPLES = pd.DataFrame({"text": ["a", "b", "c"]}, index=list("xyz"))


def batch(*ids):
    return lb.Batch(pd.DataFrame({"stratum": ["random"] * len(ids)}, index=list(ids)))


def test_a_sample_is_asked_once_however_often_it_is_pushed():
    platform = lb.Replay(VOTES, SCHEMA, rng=0)
    platform.push(batch("x"), SAMPLES)
    platform.push(batch("x", "y"), SAMPLES)

    assert 4 == len(platform.pull())


def test_each_vote_is_played_at_most_once():
    platform = lb.Replay(VOTES, SCHEMA, rng=0)
    platform.push(batch("x"), SAMPLES)
    platform.ask_again([AskAgain("x", 5, ())])
    platform.ask_again([AskAgain("x", 1, ())])

    played = platform.pull()
    assert ["1", "2", "3", "4"] == sorted(one.annotator for one in played)
    assert 0 == platform.votes_left("x")


def test_whom_not_to_ask_is_not_asked():
    platform = lb.Replay(VOTES, SCHEMA, votes_per_sample=1, rng=0)
    platform.push(batch("x"), SAMPLES)
    first = platform.pull()[0].annotator
    barred = [one for one in "1234" if one != "3"] if first != "3" else ["1", "2"]
    platform.ask_again([AskAgain("x", 1, tuple(barred))])

    assert platform.pull()[1].annotator not in barred


def test_the_round_tells_who_was_asked_again():
    platform = lb.Replay(VOTES, SCHEMA, rng=0)
    platform.push(batch("x"), SAMPLES)
    platform.ask_again([AskAgain("x", 1, ())])

    assert [1, 1, 2] == [one.round for one in platform.pull()]


def test_the_order_of_the_table_does_not_matter():
    def played(votes):
        platform = lb.Replay(votes, SCHEMA, rng=3)
        platform.push(batch("x", "y", "z"), SAMPLES)
        return [(one.sample_id, one.annotator, one.label) for one in platform.pull()]

    assert played(VOTES) == played(VOTES.iloc[::-1])


def test_the_reviewer_is_heard_once():
    platform = lb.Replay(VOTES, SCHEMA, reviewer={"x": "spam", "y": None}, rng=0)
    escalations = [Escalation(one, (), "") for one in "xyz"]
    platform.escalate(escalations, SAMPLES)
    platform.escalate(escalations, SAMPLES)

    assert [("x", "spam"), ("y", None)] == [(one.sample_id, one.label) for one in platform.pull()]
    assert all(one.reviewer for one in platform.pull())


def test_without_a_reviewer_an_escalation_is_an_error():
    with pytest.raises(lb.LabelingError, match="no reviewer"):
        lb.Replay(VOTES, SCHEMA).escalate([Escalation("x", (), "")], SAMPLES)


def test_samples_without_recorded_votes_are_an_error():
    """Ids that look alike but differ in kind would otherwise be lost without a word."""
    with pytest.raises(
        lb.LabelingError, match="1 of 2 samples of the batch have no recorded votes"
    ):
        lb.Replay(VOTES, SCHEMA).push(batch("x", 7), SAMPLES)


def test_missing_annotators_are_refused():
    with pytest.raises(lb.LabelingError, match="Missing in rows 0"):
        lb.Replay(VOTES.assign(annotator=[None, *VOTES["annotator"][1:]]), SCHEMA)


def test_two_votes_of_one_annotator_are_refused():
    with pytest.raises(lb.LabelingError, match=r"once per sample. Twice: \('x', '1'\)"):
        lb.Replay(pd.concat([VOTES, VOTES.head(1)]), SCHEMA)


def test_a_missing_column_names_the_near_one():
    with pytest.raises(lb.LabelingError, match=r"no column 'annotator'.*Did you mean 'annotators'"):
        lb.Replay(VOTES.rename(columns={"annotator": "annotators"}), SCHEMA)


def test_an_unknown_label_is_refused():
    with pytest.raises(lb.LabelingError, match="'eggs' is not a label"):
        lb.Replay(VOTES.replace("spam", "eggs"), SCHEMA)


SPANS = lb.LabelSchema(["PER", "ORG"], kind="spans")
SETS = lb.LabelSchema(["joy", "love"], kind="several")


@pytest.mark.parametrize(
    ("schema", "first", "second", "decided"),
    [
        (SPANS, [(0, 3, "PER")], '[[0,3,"PER"]]', ((4, 7, 1),)),
        (SETS, {"joy", "love"}, '["love","joy"]', frozenset()),
    ],
)
def test_spans_and_sets_are_played_back_as_their_schema_stores_them(schema, first, second, decided):
    """Also as JSON, as in a CSV file; an empty answer is one, and a missing one is a skip."""
    rows = [("x", "1", first), ("x", "2", second), ("y", "1", "[]"), ("y", "2", None)]
    votes = pd.DataFrame(rows, columns=["sample", "annotator", "label"])
    platform = lb.Replay(votes, schema, reviewer={"y": decided}, rng=0)
    platform.push(batch("x", "y"), SAMPLES)
    played = {(one.sample_id, one.annotator): one.label for one in platform.pull()}

    assert played["x", "1"] == played["x", "2"]
    assert (played["y", "1"], played["y", "2"]) == (type(played["x", "1"])(), None)
    verdict = lb.review(platform.pull(), schema, annotators=platform.annotators)
    assert {gold.sample_id: gold.label for gold in verdict.gold} == {"x": played["x", "1"]}
    (escalation,) = verdict.escalations
    platform.escalate([escalation], SAMPLES)
    gold = lb.review(platform.pull(), schema).gold
    expected = {"x": played["x", "1"], "y": checked_label(decided, schema)}
    assert {label.sample_id: label.label for label in gold} == expected


def test_recorded_labels_of_another_form_are_refused():
    votes = pd.DataFrame([("x", "1", "PER")], columns=["sample", "annotator", "label"])
    with pytest.raises(DataError, match="A label must be JSON such as"):
        lb.Replay(votes, SPANS)
