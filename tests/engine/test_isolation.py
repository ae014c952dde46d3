"""What a labeling function changes in place, no other one sees, nor does whoever gave the frame."""

import collections
import copy
import dataclasses
import datetime
import itertools
import random
import threading
import zlib
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling import labeling_function
from labeling.engine.batches import rows_of
from labeling.errors import DataError, LabelingFunctionError
from labeling.records import isolated

SCHEMA = lb.LabelSchema(["red", "green", "blue"])


@dataclasses.dataclass
class Note:
    words: list
    n: int = 0


@dataclasses.dataclass(slots=True)
class Slotted:
    words: list


class Own(list):
    """A list of a class of one's own."""


class Pair(collections.namedtuple("Pair", "first second")):
    __slots__ = ()


def inside(value):
    if isinstance(value, dict):
        return list(value.values())
    if isinstance(value, (list, tuple, collections.deque)):
        return list(value)
    return [value.words] if hasattr(value, "words") else []


def spoil(value):
    """Change a value in place, and all that is inside it."""
    for inner in inside(value):
        spoil(inner)
    if isinstance(value, dict):
        value["spoilt"] = 1
    elif isinstance(value, np.ndarray):
        value[:] = 0
    elif hasattr(value, "append"):
        value.append(1)
    elif hasattr(value, "clear"):
        value.clear()


def seen(value):
    return zlib.crc32(repr(value).encode()) % 4 - 1


ATOMS = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3) | st.dates()
NESTED = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.tuples(inner, inner)
        | st.lists(inner, max_size=2).map(Note)
        | st.lists(inner, max_size=2).map(Slotted)
        | st.lists(inner, max_size=2).map(Own)
        | st.lists(inner, max_size=2).map(collections.deque)
        | st.tuples(inner, inner).map(lambda second: Pair(*second))
        | st.dictionaries(st.text(max_size=2), inner, max_size=2).map(collections.OrderedDict)
        | st.lists(st.integers(-9, 9), max_size=3).map(np.array)
        | st.sets(st.integers(-9, 9), max_size=3)
    ),
    max_leaves=8,
)


def spoiler(name, read):
    def rule(x):
        before = seen(read(x))
        spoil(read(x))
        if seen(read(x)) != seen(read(x)):
            raise AssertionError("a labeling function must see its own changes")
        return before

    return lb.LabelingFunction(name, rule)


def with_pre(lf, pre):
    return lb.LabelingFunction(lf.name, lf.function, pre=pre)


def copied_field(x):
    x.more = [x["value"], {"n": x["value"]}]
    return x


def and_spoil_it(x):
    spoil(x.more)
    return x


@settings(max_examples=60)
@given(values=st.lists(NESTED, min_size=1, max_size=4), seed=st.integers(0, 99))
def test_votes_are_equal_for_any_order_and_the_frame_is_untouched(values, seed):
    frame = pd.DataFrame({"value": pd.Series(values, dtype=object), "n": range(len(values))})
    before = copy.deepcopy(values)
    value, more = (lambda x: x.value), (lambda x: x["more"])
    lfs = [
        spoiler("a", value),
        spoiler("b", lambda x: x["value"]),
        with_pre(spoiler("c", more), [copied_field]),
        with_pre(spoiler("d", value), [copied_field]),
        with_pre(spoiler("e", more), [copied_field]),
        with_pre(spoiler("f", more), [copied_field, and_spoil_it]),
        with_pre(spoiler("g", value), [copied_field, and_spoil_it]),
    ]
    alone = {lf.name: lb.apply(lf, frame, SCHEMA).to_array()[:, 0].tolist() for lf in lfs}
    random.Random(seed).shuffle(lfs)
    votes = lb.apply(lfs, frame, SCHEMA)
    columns = dict(zip(votes.voters, votes.to_array().T.tolist(), strict=True))
    assert columns == alone
    assert alone["a"] == alone["b"] == alone["d"]
    assert repr(frame["value"].tolist()) == repr(before)


@pytest.mark.parametrize("workers", [1, 2])
def test_votes_are_equal_in_workers_and_when_repeated(workers):
    frame = pd.DataFrame({"tags": [["a"], ["b", "c"]] * 20, "meta": [{"k": [1]}, {}] * 20})
    lfs = [
        lb.LabelingFunction("grow", lambda x: x.tags.append("z") or len(x.tags) % 3),
        lb.LabelingFunction("count", lambda x: len(x.tags)),
        lb.LabelingFunction("pop", lambda x: len(x.meta.pop("k", []))),
        lb.LabelingFunction("left", lambda x: len(x.meta)),
    ]
    wanted = [[2, 1, 1, 1], [0, 2, 0, 0]] * 20
    for _ in range(2):
        assert lb.apply(lfs, frame, SCHEMA, workers=workers).to_array().tolist() == wanted
    assert frame["tags"].tolist() == [["a"], ["b", "c"]] * 20
    assert frame["meta"].tolist() == [{"k": [1]}, {}] * 20


def test_a_value_that_rows_share_in_the_frame_is_not_shared_by_their_calls():
    tags = ["a"]
    frame = pd.DataFrame({"tags": [tags, tags, tags]})
    grow = lb.LabelingFunction("grow", lambda x: x.tags.append("z") or len(x.tags) - 1)
    assert lb.apply(grow, frame, SCHEMA).to_array()[:, 0].tolist() == [1, 1, 1]
    assert tags == ["a"]


def test_batches_and_the_rows_tried_again_after_a_failed_batch_see_what_was_given():
    def votes(rows):
        for row in rows:
            row.tags.append("z")
        if len(rows) > 1:
            raise ValueError("one by one, please")
        return [len(rows[0].tags)]

    frame = pd.DataFrame({"tags": [[], ["a"]]})
    lfs = [lb.LabelingFunction(name, lambda x: 0, batch=votes) for name in ("p", "q")]
    assert lb.apply(lfs, frame, SCHEMA).to_array().tolist() == [[1, 1], [2, 2]]


def test_a_row_of_another_class_that_a_preprocessor_returns_is_copied_as_well():
    lfs = [
        lb.LabelingFunction(name, lambda x: x.words.append(1) or len(x.words), pre=[note])
        for name in ("p", "q")
    ]
    assert lb.apply(lfs, pd.DataFrame({"n": [1]}), SCHEMA).to_array().tolist() == [[1, 1]]


def note(x):
    return Note([])


def test_a_direct_call_does_not_change_the_sample_either():
    @labeling_function(pre=[lambda x: x.tags.append("pre") or x])
    def grow(x):
        x.tags.append("z")
        return len(x.tags)

    for sample in (
        SimpleNamespace(tags=["a"]),
        pd.Series({"tags": ["a"], "n": 1}),
        rows_of(pd.DataFrame({"tags": [["a"]]}))[0],
    ):
        assert [grow(sample), grow(sample), list(sample.tags)] == [3, 3, ["a"]]


def test_the_same_field_is_one_object_during_a_call():
    same = lb.LabelingFunction("same", lambda x: int(x.tags is x["tags"] is x.get("tags")))
    assert lb.apply(same, pd.DataFrame({"tags": [["a"]]}), SCHEMA).to_array().tolist() == [[1]]


def test_plain_rows_are_not_copied():
    frame = pd.DataFrame({"text": ["a"], "day": [datetime.date(2020, 1, 1)], "n": [1]})
    assert all(isinstance(row, tuple) for row in rows_of(frame))
    pd_times = pd.DataFrame({"at": pd.to_datetime(["2020-01-01"])})
    assert all(isinstance(row, tuple) for row in rows_of(pd_times))


def test_what_can_be_read_only_once_is_refused():
    words = lb.LabelingFunction("words", lambda x: len(list(x.words)), pre=[lazily])
    with pytest.raises(LabelingFunctionError, match=r"'lazily'.*Got a map as 'words'; make it a"):
        lb.apply(words, pd.DataFrame({"text": ["a b"]}), SCHEMA)
    with pytest.raises(DataError, match=r"'words'.*Got a list_iterator; make it a list"):
        lb.apply(words, pd.DataFrame({"text": ["a b"], "words": [iter([1])]}), SCHEMA)


def lazily(x):
    x.words = map(str.lower, x.text.split())
    return x


class Uncopied:
    def __init__(self):
        self.words = ["a"]

    def __reduce_ex__(self, protocol):
        raise TypeError("not me")


def test_what_refuses_to_be_copied_is_shared_with_a_warning(caplog):
    shared = Uncopied()
    assert isolated([shared])[0] is shared
    assert "Uncopied cannot be copied (TypeError('not me'))" in caplog.text
    lock = threading.Lock()
    assert isolated({"lock": lock}) == {"lock": lock}


def test_loops_and_doubled_references_inside_a_value_stay_what_they_are():
    loop = []
    loop.append(loop)
    made = isolated(loop)
    assert made is not loop
    assert made[0] is made
    twice = ["a"]
    first, second = isolated([twice, twice])
    assert first is second
    assert first is not twice


def test_frames_inside_cells_and_objects_inside_a_series_are_copied():
    frame, series = pd.DataFrame({"n": [1]}), pd.Series([["a"], 1], dtype=object)
    made_frame, made_series = isolated([frame, series])
    made_frame.loc[0, "n"] = 2
    made_series[0].append("z")
    assert (frame.loc[0, "n"], series[0]) == (1, ["a"])


def test_objects_inside_frames_and_views_of_memory_are_copied():
    frame = pd.DataFrame([[[1], 2.0, "a"]], columns=["tags", "tags", "text"])
    value = {"frame": frame, "view": memoryview(bytearray(b"abcd")).cast("H"), "fixed": b"ab"}
    made = isolated(value)
    made["frame"].iloc[0, 0].append(2)
    made["frame"].iloc[0, 2] = "b"
    made["view"][0] = 7
    assert [[1], 2.0, "a"] == frame.iloc[0].tolist()
    assert (b"abcd", "H") == (value["view"].tobytes(), made["view"].format)
    assert frame.dtypes.tolist() == made["frame"].dtypes.tolist()
    assert isolated(memoryview(b"ab")).readonly


def test_all_pairs_of_kinds_stay_apart():
    values = [[1], {"a": [1]}, {1}, bytearray(b"a"), np.array([1]), Note([1]), Own([1])]
    for first, second in itertools.product(values, values):
        given = [first, second]
        before = repr(given)
        spoil(isolated(given))
        assert repr(given) == before
