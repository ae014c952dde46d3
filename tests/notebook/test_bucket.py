"""`Workbench.bucket`, `errors` and `conflicts`: rows along any axes."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import DataError, LabelingFunctionError, UnknownLabelError
from labeling.functions import keywords
from tests.notebook.planted import GOLD, SCHEMA, free, link, love, samples, song, workbench


@pytest.fixture
def made():
    return workbench(free(), song(), love(), link())


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "c1 c2 c8"),
        ({"vote": "spam"}, "c1 c2 c8"),
        ({"vote": "ham"}, ""),
        ({"vote": "abstain"}, "c3 c4 c5 c6 c7"),
        ({"vote": -1}, "c3 c4 c5 c6 c7"),
        ({"vote": ["spam", "abstain"]}, "c1 c2 c3 c4 c5 c6 c7 c8"),
        ({"gold": "ham"}, "c2"),
        ({"vote": "abstain", "gold": "none"}, "c5 c7"),
        ({"vote": "abstain", "gold": "any"}, "c3 c4 c6"),
        ({"conflict_with": "song"}, "c8"),
        ({"conflict_with": "song", "gold": "spam"}, "c8"),
        ({"conflict_with": "song", "gold": "ham"}, ""),
        ({"gold": 1}, "c1 c8"),
        ({"slice": lambda frame: frame["text"].str.contains("love")}, "c2"),
        ({"vote": "abstain", "model": "none"}, "c6"),
    ],
)
def test_conditions_on_a_function_are_combined(made, conditions, expected):
    assert sorted(made.bucket("free", **conditions).ids) == expected.split()


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({}, "c1 c2 c3 c4 c5 c6 c7 c8"),
        ({"vote": "spam"}, "c1 c2 c3 c7 c8"),
        ({"vote": "abstain"}, "c6"),
        ({"vote": "any", "gold": "none"}, "c5 c7"),
        ({"conflict_with": "free"}, "c2 c8"),
        ({"gold": "none"}, "c5 c7"),
    ],
)
def test_conditions_without_a_function_are_on_any(made, conditions, expected):
    assert sorted(made.bucket(**conditions).ids) == expected.split()


def test_the_axis_of_the_label_model_is_its_label(made):
    codes = made.soft_labels().codes()
    for code, label in enumerate(SCHEMA):
        assert set(made.bucket(model=label).ids) == set(made.samples.index[codes == code])
    assert set(made.bucket(model="none").ids) == set(made.samples.index[codes < 0])


def test_a_draft_and_a_draft_in_conflict(made):
    rows = made.bucket(keywords("year", ["year", "this"], label="spam"), conflict_with=song())
    assert sorted(rows.ids) == ["c4", "c5"]
    assert len(made.functions) == 4


def test_the_frame_has_all_rows_and_what_others_voted(made):
    rows = made.bucket("free", conflict_with="song")
    frame = rows.to_frame()
    assert frame.loc["c8", ["vote", "other_vote", "gold", "text"]].tolist() == [
        "spam",
        "ham",
        "spam",
        "Free song",
    ]
    frame = made.bucket("free").to_frame()
    assert list(frame) == ["vote", "gold", "model", "model_probability", "others", "text"]
    assert frame.loc["c2", "others"] == "love: ham"
    soft = made.soft_labels().to_frame()
    assert frame.loc["c1", "model_probability"] == soft.loc["c1"].max()
    assert len(rows.show(0).to_frame()) == len(rows)


def test_fewer_rows_are_shown_than_there_are(made):
    rows = made.bucket().show(3)
    assert "and 5 more" in repr(rows)
    assert len(rows) == 8
    assert "and" not in repr(rows.show(8)).splitlines()[-1]
    with pytest.raises(DataError, match="whole number"):
        rows.show(-1)


def test_labels_named_like_the_words_for_none_come_first():
    schema = lb.LabelSchema(["none", "abstain", "any"])
    made = lb.Workbench(samples(), schema, gold={"c1": "none", "c2": "any"})
    made.add(keywords("free", ["free"], label="abstain"))
    assert made.bucket(gold="none").ids == ["c1"]
    assert made.bucket(gold="any").ids == ["c2"]
    assert len(made.bucket(gold=-1)) == 6
    assert sorted(made.bucket("free", vote="abstain").ids) == ["c1", "c2", "c8"]
    assert len(made.bucket("free", vote=-1)) == 5


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"vote": "spma"}, "Did you mean 'spam'"),
        ({"gold": "nothing"}, "must be one of 'ham', 'spam', 'none', 'any'"),
        ({"model": 7}, "7 is not a label"),
        ({"vote": True}, "True is not a label"),
        ({"vote": ["ham", "egg"]}, "Got 'egg'"),
    ],
)
def test_values_that_are_no_labels_are_refused(made, conditions, message):
    with pytest.raises(UnknownLabelError, match=message):
        made.bucket("free", **conditions)


def test_slices_by_id_by_position_and_by_function(made):
    starts = made.samples["text"].str.startswith("f")
    for slice in (starts, starts.iloc[::-1], starts.to_numpy(), starts.tolist(), lambda _: starts):
        assert sorted(made.bucket(slice=slice).ids) == ["c1", "c2", "c6"]
    with_more = pd.concat([starts, pd.Series({"c9": True})])
    assert sorted(made.bucket(slice=with_more).ids) == ["c1", "c2", "c6"]


@pytest.mark.parametrize(
    ("slice", "message"),
    [
        (pd.Series({"c1": True}), "not among those of `slice`"),
        ([True], "1 values"),
        (np.ones(8), "boolean Series"),
        ("text", "Got 'text'"),
        (pd.Series([True, None] * 4, index=[f"c{i}" for i in range(1, 9)]), "missing"),
        (pd.Series([True] * 16, index=[f"c{i}" for i in range(1, 9)] * 2), "once"),
    ],
)
def test_slices_that_are_not_a_bool_for_each_sample_are_refused(made, slice, message):
    with pytest.raises(DataError, match=message):
        made.bucket(slice=slice)


def test_names_of_functions_that_are_not_there_are_refused(made):
    for call in (made.bucket, made.errors, made.conflicts):
        with pytest.raises(LabelingFunctionError, match="Got 'fere'"):
            call("fere")
    with pytest.raises(LabelingFunctionError, match="Got 'fere'"):
        made.bucket(conflict_with="fere")


def test_errors_of_a_function_are_its_wrong_votes_the_most_confident_first(made):
    rows = made.errors("free")
    assert rows.ids == ["c2"]
    assert "Right on the dev set: 0.667" in repr(rows)
    soft = made.soft_labels()
    rows = made.errors()
    codes = soft.codes()
    wrong = (codes >= 0) & (made.gold_codes >= 0) & (codes != made.gold_codes)
    assert set(rows.ids) == set(made.samples.index[wrong])
    confidence = rows.to_frame()["model_probability"].round(6).tolist()
    assert confidence == sorted(confidence, reverse=True)


def test_without_a_dev_set_there_are_no_errors_and_it_says_why():
    rows = workbench(free(), gold=None).errors("free")
    assert len(rows) == 0
    assert "There is no dev set" in repr(rows)
    assert rows.to_frame().empty


def test_without_functions_there_are_rows_without_votes():
    made = workbench()
    assert len(made.bucket()) == 8
    assert made.bucket().to_frame()["model"].isna().all()
    assert len(made.errors()) == 0


def test_conflicts_of_two_functions(made):
    rows = made.conflicts("free", "song")
    assert rows.ids == ["c8"]
    assert "free is right in these conflicts on the dev set: 1.000" in repr(rows)
    assert sorted(made.conflicts("free").ids) == ["c2", "c8"]
    assert rows.to_frame().loc["c8", ["vote", "other_vote"]].tolist() == ["spam", "ham"]
    with pytest.raises(LabelingFunctionError, match="Two different functions"):
        made.conflicts("free", "free")


def test_the_table_of_pairs_says_who_is_right(made):
    pairs = made.conflicts()
    frame = pairs.to_frame().set_index(["first", "second"])
    assert list(frame.index) == [("free", "love"), ("free", "song")]
    row = frame.loc[("free", "song")]
    assert (row["both"], row["conflicts"], row["n"]) == (1, 1, 1)
    assert (row["first_right"], row["second_right"]) == (1.0, 0.0)
    row = frame.loc[("free", "love")]
    assert (row["first_right"], row["second_right"]) == (0.0, 1.0)
    assert "2 of 6 pairs" in repr(pairs)
    assert "first right" not in repr(workbench(free(), song(), gold=None).conflicts())
    assert "0 of 0 pairs" in repr(workbench().conflicts())


def test_rows_come_in_the_same_order_whatever_the_order_of_the_table():
    first = workbench(free(), song()).bucket().ids
    backward = lb.Workbench(samples().iloc[::-1], SCHEMA, gold=GOLD)
    backward.add(song())
    backward.add(free())
    assert backward.bucket().ids == first != sorted(first)


def test_a_bucket_keeps_its_meaning_when_the_workbench_changes(made):
    rows = made.bucket("free")
    before = rows.to_frame()
    made.add(keywords("free", ["song"], label="ham"))
    made.drop("love")
    assert rows.to_frame().equals(before)


def test_a_function_called_like_another_column_is_shown_beside_it():
    made = workbench(free("gold"))
    (table,) = (part for part in made.bucket("gold")._view().parts if hasattr(part, "headings"))
    assert table.headings == ("id", "text", "gold", "gold", "label model")
