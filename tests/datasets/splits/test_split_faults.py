"""Faults of data and arguments that a split must not silently swallow."""

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.datasets.splits.giveaways import natural_key
from labeling.errors import DataError

N = 200


def samples(**columns):
    frame = pd.DataFrame({"text": [f"word{i} of {i * 7919}" for i in range(N)], **columns})
    return frame.set_axis([f"id{i}" for i in range(N)])


def test_a_missing_group_moves_no_other_row():
    by = [i // 2 for i in range(N)]
    whole = lb.split(samples(by=by), group="by", test=0.3)
    grown = lb.split(samples(by=[*by[:-1], np.nan]), group="by", test=0.3)

    assert whole.iloc[:-2].to_dict() == grown.iloc[:-2].to_dict()


def test_splits_of_ids_of_another_type_are_refused():
    frame = samples().set_axis(range(N))
    earlier = {str(i): "test" for i in range(N)}
    with pytest.raises(DataError, match=r"same type.*'0'.*\(str\) for 0.*\(int\)"):
        lb.split(frame, previous=earlier)
    with pytest.raises(DataError, match=r"ids of `used` must be of the same type"):
        lb.split(frame, used={"exemplars": ["0", "1"]})
    with pytest.raises(DataError, match=r"ids of the splits must be of the same type"):
        lb.find_leaks(frame, earlier)
    assert N == len(lb.split(frame, previous={N + 1: "test"}, used=[]))


def test_leaks_are_found_beside_columns_of_arrays_and_ids_with_raised_digits():
    frame = samples(vector=[np.array([i, 1.0]) for i in range(N)])
    frame.index = [f"x{i}\N{SUPERSCRIPT TWO}" for i in range(N)]
    labels = {name: "ab"[i % 2] for i, name in enumerate(frame.index)}
    found = {one.name: one for one in lb.find_leaks(frame, lb.split(frame), labels=labels)}

    assert found["order_of_ids"].status == "passed"
    assert found["single_columns"].status == "passed"
    with pytest.raises(DataError, match=r"must hold texts. Sample 'id0'"):
        lb.split(samples(vector=[np.array([1.0, 2.0])] * N), text="vector")


def test_numbers_in_ids_sort_as_numbers_however_long():
    ids = ["a10", "a9", "a" + "9" * 5000, "a\N{SUPERSCRIPT TWO}", 3]

    assert [3, "a9", "a10", "a" + "9" * 5000, "a\N{SUPERSCRIPT TWO}"] == sorted(
        ids, key=natural_key
    )


def test_a_series_of_texts_keeps_its_ids():
    frame = samples()
    assert lb.split(frame).to_dict() == lb.split(frame["text"]).to_dict()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"group": 5}, r"`group` must be the name of a column, or several. Got 5"),
        ({"salt": 2**70}, r"`salt` must be less than 2\*\*64"),
    ],
)
def test_arguments_of_other_types_are_refused_in_words(how, said):
    with pytest.raises(lb.LabelingError, match=said):
        lb.split(samples(), **how)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"text": "txet"}, "no column 'txet'"),
        ({"group": "author"}, "no column 'author'"),
        ({"time": "day"}, "no column 'day'"),
        ({"near_duplicates": 0}, "Jaccard index from 0.3 to 1"),
        ({"gold_columns": "gold"}, "must be a list of columns. Got 'gold'"),
        ({"gold_columns": ["gold"], "reads": {"lf": "gold"}}, "must be a list of columns"),
        ({"reads": ["lf"]}, "must be a dict from labeling function"),
    ],
)
def test_leaks_are_not_looked_for_in_columns_that_are_not_there(how, said):
    with pytest.raises(lb.LabelingError, match=said):
        lb.find_leaks(samples(), **how)


@pytest.mark.parametrize("zone", ["", "Z"])
def test_times_far_in_the_future_are_the_newest(zone):
    days = [f"{1600 + 40 * (i // 10)}-01-{i % 10 + 1:02d}T00:00{zone}" for i in range(N)]
    splits = lb.split(samples(day=days), time="day", test=0.2)

    assert {"train"} == set(splits.iloc[: N * 4 // 5].dropna())
    assert {"test"} == set(splits.iloc[N * 4 // 5 :].dropna())


def test_what_is_no_time_is_said_in_one_sentence():
    with pytest.raises(lb.LabelingError, match=r"is not ISO8601 format\.$"):
        lb.split(samples(day=["01/02/2024"] * N), time="day")
    with pytest.raises(lb.LabelingError, match=r"must hold times"):
        lb.split(samples(day=[1 + 2j] * N), time="day")
