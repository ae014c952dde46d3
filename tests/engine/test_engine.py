import datetime
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling import ABSTAIN, labeling_function
from labeling.engine.batches import rows_of
from labeling.records import clean_text, unsafe_characters

SCHEMA = lb.LabelSchema(["red", "green", "blue"])
NAMES = [
    *(
        "text",
        "my col",
        "class",
        "count",
        "index",
        "_x",
        "f0",
        "__getitem__",
        "__iter__",
        "__len__",
    ),
    *(
        "__class__",
        "__del__",
        "__getattr__",
        "_fields",
        "self",
        "naïve",
        "a\x00b",
        "1st",
        "",
        "x.y",
    ),
]

# A kind of column: what an LF must see of a value, and how a frame holds such values.
TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    ["\x00", "a\r\nb", "\r", "e\u0301", "👩‍👩‍👧", "\u2028", "NA", "", " ", "\ufeff", "\x1b[31m"]
)
INTS = st.integers(-(2**63), 2**63 - 1) | st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1])
FLOATS = st.floats() | st.sampled_from([math.nan, math.inf, -math.inf, -0.0, 5e-324])
TIMES = st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1)).map(pd.Timestamp)


def optional(values):
    return st.none() | values


def held_as(dtype):
    return lambda values: pd.Series(values, dtype=dtype)


def boxed(box):
    return lambda values: pd.Series(
        [None if value is None else box(value) for value in values], dtype=object
    )


def boxed_floats(values):
    assume(any(value == value for value in values))  # objects that are all NaN are of no type
    return boxed(np.float64)(values)


def categories(values):
    present = sorted({value for value in values if value is not None})
    return pd.Series(pd.Categorical(values, categories=[*present, "never seen"]))


FILED = {
    "text": (optional(TEXT), held_as("str")),
    "text in Python": (optional(TEXT), held_as(pd.StringDtype("python"))),
    "text as objects": (optional(TEXT), held_as(object)),
    "category": (optional(TEXT), categories),
    "float64": (FLOATS, held_as("float64")),
    "float32": (st.floats(width=32), held_as("float32")),
    "int64": (INTS, held_as("int64")),
    "int8": (st.integers(-128, 127), held_as("int8")),
    "Int64": (optional(INTS), held_as("Int64")),
    "uint64": (st.integers(0, 2**64 - 1), held_as("uint64")),
    "UInt64": (optional(st.integers(0, 2**64 - 1)), held_as("UInt64")),
    "bool": (st.booleans(), held_as("bool")),
    "boolean": (optional(st.booleans()), held_as("boolean")),
    "times": (optional(TIMES), held_as("datetime64[us]")),
    "dates": (optional(st.dates()), held_as(object)),
    "lists": (optional(st.lists(st.lists(INTS))), held_as(object)),
}
UNFILED = {
    "large ints": (optional(st.integers(-(2**70), 2**70)), held_as(object)),
    "any text": (optional(st.text(st.characters(), max_size=5)), held_as(object)),
    "NumPy ints": (optional(INTS), boxed(np.int64)),
    "NumPy floats": (FLOATS, boxed_floats),
    "NumPy bools": (optional(st.booleans()), boxed(np.bool_)),
}


@st.composite
def tables(draw, kinds):
    """Return the values that LFs must see, by column, and a frame that holds them."""
    n = draw(st.integers(1, 6))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=5, unique=True))
    seen, columns = {}, {}
    for name in names:
        values, build = kinds[draw(st.sampled_from(sorted(kinds)))]
        seen[name] = draw(st.lists(values, min_size=n, max_size=n))
        columns[name] = build(seen[name]).set_axis(range(n))
    ids = draw(st.lists(TEXT, min_size=n, max_size=n, unique=True) | st.just(list(range(7, 7 + n))))
    return seen, pd.DataFrame(columns).set_axis(pd.Index(ids), axis="index")


class PlainRow(SimpleNamespace):
    def __getitem__(self, name):
        return vars(self)[name]


def voting_by(names):
    """Return undecorated functions whose vote depends on the type and every bit of a value."""

    def by_attribute(name):
        def vote(x):
            import zlib

            value = getattr(x, name)
            return zlib.crc32(f"{type(value).__name__} {value!r}".encode("utf8", "replace")) % 4 - 1

        return vote

    def by_item(name):
        def vote(x):
            import zlib

            value = x[name]
            code = zlib.crc32(f"{value!r} {type(value).__name__}".encode("utf8", "replace")) % 4
            return [None, "red", "green", "blue"][code]

        return vote

    attributes = [name for name in names if not name.startswith("__")]
    return [*map(by_attribute, attributes), *map(by_item, names)]


def clean(value):
    return clean_text(value) if isinstance(value, str) else value


def plain_loop(functions, seen):
    rows = [
        PlainRow(**dict(zip(seen, values, strict=True)))
        for values in zip(*seen.values(), strict=True)
    ]
    codes = {None: ABSTAIN, "red": 0, "green": 1, "blue": 2}
    answers = [[function(row) for function in functions] for row in rows]
    return [[codes.get(answer, answer) for answer in row] for row in answers]


def decorated(functions):
    return [labeling_function(name=f"lf {i}")(function) for i, function in enumerate(functions)]


@settings(max_examples=250)
@given(table=tables(FILED | UNFILED))
def test_the_votes_are_those_of_a_plain_loop(table):
    seen, frame = table
    functions = voting_by(seen)
    votes = lb.apply(decorated(functions), frame, SCHEMA)
    assert votes.to_array().tolist() == plain_loop(functions, seen)
    assert votes.sample_ids.tolist() == frame.index.tolist()


@given(table=tables(FILED))
def test_a_parquet_file_gives_the_same_votes_as_a_plain_loop(table, tmp_path):
    """But for characters that cannot be stored: a file of samples is cleaned of them."""
    seen, frame = table
    assume(not any(unsafe_characters(str(value)) for value in [*frame.columns, *frame.index]))
    seen = {name: [clean(value) for value in values] for name, values in seen.items()}
    functions = voting_by(seen)
    path = tmp_path / "samples.parquet"
    frame.rename_axis("sample id").reset_index().to_parquet(path, index=False)
    votes = lb.apply(decorated(functions), path, SCHEMA, id="sample id")
    assert votes.to_array().tolist() == plain_loop(functions, seen)
    assert votes.sample_ids.tolist() == frame.index.tolist()


@settings(max_examples=8)
@given(table=tables(FILED | UNFILED))
def test_two_workers_give_the_same_votes_as_a_plain_loop(table):
    seen, frame = table
    functions = voting_by(seen)
    votes = lb.apply(decorated(functions), frame, SCHEMA, workers=2)
    assert votes.to_array().tolist() == plain_loop(functions, seen)


@given(table=tables(FILED | UNFILED), at_once=st.integers(1, 4))
def test_the_votes_do_not_depend_on_how_many_rows_are_held_at_once(table, at_once):
    seen, frame = table
    functions = voting_by(seen)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("labeling.engine.applier.ROWS_AT_ONCE", at_once)
        votes = lb.apply(decorated(functions), frame, SCHEMA)
    assert votes.to_array().tolist() == plain_loop(functions, seen)


@given(table=tables(FILED | UNFILED))
def test_preprocessors_see_what_labeling_functions_see(table):
    seen, frame = table
    functions = voting_by(seen)
    lfs = [
        lb.LabelingFunction(f"lf {i}", function, pre=[lambda x: x])
        for i, function in enumerate(functions)
    ]
    assert lb.apply(lfs, frame, SCHEMA).to_array().tolist() == plain_loop(functions, seen)


def test_the_ids_of_the_frame_can_be_read_under_the_name_of_the_index():
    frame = pd.DataFrame(
        {"n": [1, 2]}, index=pd.Index([np.int64(7), 2**70], dtype=object, name="key")
    )
    row = rows_of(frame)[0]
    assert (row.key, type(row.key), row["n"]) == (7, int, 1)


def test_a_column_of_ids_stays_visible_and_leaves_the_frame_as_it_was():
    frame = pd.DataFrame({"key": ["b", "a"], "n": [0, 1]})
    rule = labeling_function(lambda x: x.n if x.key == "a" else None)
    votes = lb.apply(rule, frame, SCHEMA, id="key")
    assert (votes.to_array().tolist(), votes.sample_ids.tolist()) == ([[-1], [1]], ["b", "a"])
    assert frame.columns.tolist() == ["key", "n"]


def test_a_frame_without_columns_still_has_samples():
    rule = labeling_function(name="always")(lambda x: 1)
    votes = lb.apply(rule, pd.DataFrame(index=["a", "b"]), SCHEMA)
    assert votes.to_array().tolist() == [[1], [1]]


def test_rows_are_immutable_and_show_their_values():
    row = rows_of(pd.DataFrame({"text": ["hi"], "my n": [3]}))[0]
    assert repr(row) == "Row(text='hi', my n=3)"
    with pytest.raises(AttributeError):
        row.text = "changed"
    with pytest.raises(TypeError):
        row["text"] = "changed"
    with pytest.raises(AttributeError):
        row.new = 1
    assert (row.text, row["my n"]) == ("hi", 3)
