"""What a labeling function sees of a sample: columns, and a word about those that are not there."""

import copy
import pickle

import pandas as pd
import pytest

import labeling as lb
from labeling.engine.batches import rows_of
from labeling.errors import ColumnError
from labeling.records import FrozenRow

PLAIN = pd.DataFrame({"text": ["hi"], "my n": [3], "count": [1]})
MUTABLE = PLAIN.assign(tags=[["a"]])


def rows():
    def same(x):
        seen.append(copy.copy(x))
        return x

    seen = []
    for frame in (PLAIN, MUTABLE):
        yield rows_of(frame)[0]
        lf = lb.LabelingFunction("look", lambda x: seen.append(x), pre=[same])
        lb.apply(lf, frame, lb.LabelSchema(["a", "b"]))
    yield from seen


@pytest.mark.parametrize("row", list(rows()), ids=lambda row: type(row).__name__)
def test_a_column_is_read_by_name_and_a_missing_one_is_named_with_the_nearest(row):
    assert (row.text, row["text"], row["my n"], row.count) == ("hi", "hi", 3, 1)
    assert (row.get("text"), row.get("txt"), row.get("txt", 7)) == ("hi", None, 7)
    assert ("text" in row, "txt" in row, "hi" in row) == (True, False, False)
    message = r"^This sample has no column 'txt'\. Did you mean 'text'\? It has 'text', 'my n'"
    for error in (AttributeError, KeyError, ColumnError, lb.LabelingError):
        with pytest.raises(error, match=message):
            _ = row.txt
        with pytest.raises(error, match=message):
            _ = row["txt"]
    assert getattr(row, "txt", "none") == "none"
    assert not hasattr(row, "txt")
    assert not hasattr(row, "__array__")


def test_what_tuples_have_is_no_column():
    row = rows_of(pd.DataFrame({"text": ["hi"], "counts": [1]}))[0]
    for name in ("count", "index", "f0", "f1"):
        with pytest.raises(ColumnError, match=f"no column {name!r}"):
            getattr(row, name)
    with pytest.raises(ColumnError, match="Did you mean 'counts'"):
        _ = row.count


def test_columns_may_bear_the_names_of_methods():
    frame = pd.DataFrame({"get": ["a"], "fields": ["b"], "row_of_call": [["c"]], "of": [1]})
    row = FrozenRow.row_of_call(rows_of(frame)[0])
    assert (row.get, row.fields, row.row_of_call, row.of) == ("a", "b", ["c"], 1)
    assert "fields='b'" in repr(row)
    assert rows_of(frame[["get"]])[0].get == "a"


def test_the_error_survives_a_pipe():
    error = pickle.loads(pickle.dumps(ColumnError("no column 'a'")))
    assert str(error) == "no column 'a'"
    assert repr(error) == "ColumnError(\"no column 'a'\")"
