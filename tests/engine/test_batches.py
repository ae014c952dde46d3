"""A batch's columns hold exactly the values of its rows, whichever rows are asked for first."""

import datetime
import math
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.engine.batches import SampleBatch
from labeling.engine.shipping import PackedBatch
from labeling.engine.values import python_values, with_plain_objects
from labeling.errors import LabelingFunctionError
from labeling.records import FrozenRow
from tests.engine.test_engine import FILED, UNFILED, tables


def same(first, second):
    return [(type(value), repr(value)) for value in first] == [
        (type(value), repr(value)) for value in second
    ]


@given(table=tables(FILED | UNFILED))
def test_an_arrow_column_holds_the_values_that_functions_get(table):
    seen, frame = table
    batch = SampleBatch(with_plain_objects(frame))
    for name, values in seen.items():
        assert same([row[name] for row in batch.rows()], values)
        array = batch.column(name)
        assert array is None or same(array.to_pylist(), values)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["a", None, "ü"], "str"),
        (["a", None], pd.StringDtype("python")),
        (["a", None, "b"], object),
        (["a", None, "a"], "category"),
        ([2, 1, 2], "category"),
        ([1.5, None], "float32"),
        ([0.1, None], "Float64"),
        ([2**63 - 1, None], "Int64"),
        ([2**64 - 1], "uint64"),
        ([True, None], "boolean"),
        ([True, False], "bool"),
        ([None, None], object),
    ],
)
def test_texts_numbers_and_bools_have_an_arrow_column(values, dtype):
    batch = SampleBatch(with_plain_objects(pd.DataFrame({"x": pd.Series(values, dtype=dtype)})))
    assert same(batch.column("x").to_pylist(), [row.x for row in batch.rows()])


@pytest.mark.parametrize(
    "values",
    [
        [1, "a"],
        [1, True],
        [1, 2**70],
        ["\ud83d"],
        [[1], None],
        [datetime.date(2020, 1, 1)],
        pd.to_datetime(["2020-01-01"]),
    ],
)
def test_other_values_have_no_arrow_column(values):
    column = pd.Series(values) if isinstance(values, pd.Index) else pd.Series(values, dtype=object)
    batch = SampleBatch(with_plain_objects(pd.DataFrame({"x": column})))
    assert batch.column("x") is None
    assert batch.column("y") is None


@given(table=tables(FILED | UNFILED), data=st.data())
def test_some_rows_are_those_of_all_rows(table, data):
    frame = with_plain_objects(table[1])
    whole, batch = SampleBatch(frame).rows(), SampleBatch(frame)
    for _ in range(3):
        chosen = sorted(data.draw(st.sets(st.integers(0, len(frame) - 1))))
        rows = batch.rows(np.array(chosen, dtype=np.intp))
        assert list(map(repr, rows)) == [repr(whole[position]) for position in chosen]
        assert [type(row) for row in rows] == [type(whole[position]) for position in chosen]
        assert all(
            row is batch.rows()[position] for row, position in zip(rows, chosen, strict=True)
        )
        batch = SampleBatch(frame) if data.draw(st.booleans()) else batch


def test_a_column_that_is_not_read_stays_in_the_names_and_is_not_converted():
    frame = pd.DataFrame({"text": ["a", "b"], "tags": [["x"], ["y"]]}, index=["p", "q"])
    batch = SampleBatch(frame.rename_axis("key"), frozenset({"text"}))
    assert batch.names == ("text", "tags", "key")
    assert [row.text for row in batch.rows()] == ["a", "b"]
    assert not any(isinstance(row, FrozenRow) for row in batch.rows())
    row = batch.rows()[0]
    assert "tags" in row
    for read in (len, bool, str, hash, lambda tags: tags == ["x"], lambda tags: "x" in tags):
        with pytest.raises(LabelingFunctionError, match="did not show"):
            read(row.tags)
    with pytest.raises(LabelingFunctionError, match="did not show"):
        row.tags.append("z")
    nothing = SampleBatch(frame, frozenset())
    assert len(nothing.rows()) == 2


def test_what_no_function_reads_is_not_converted(schema, monkeypatch):
    converted = []

    def values(column):
        converted.append(column.name)
        return python_values(column)

    monkeypatch.setattr("labeling.engine.batches.python_values", values)
    frame = pd.DataFrame({"n": [1, 2], "at": pd.to_datetime(["2020-01-01"] * 2), "b": [1.5, 2]})
    reads = lb.LabelingFunction("reads", lambda x: x.n % 2, compile=False)
    assert lb.apply(reads, frame, schema).to_array()[:, 0].tolist() == [1, 0]
    assert set(converted) == {"n"}
    whole = lb.LabelingFunction("whole", lambda x: int("2020" in repr(x)), compile=False)
    assert lb.apply([reads, whole], frame, schema).to_array().tolist() == [[1, 1], [0, 1]]


def test_the_ids_are_a_column_under_the_name_of_the_index():
    frame = pd.DataFrame({"n": [1]}, index=pd.Index([np.int64(7)], dtype=object, name="key"))
    batch = SampleBatch(frame)
    assert (batch.names, batch.column("key").to_pylist()) == (("n", "key"), [7])
    assert math.prod(len(batch.column(name)) for name in batch.names) == 1


@given(table=tables(FILED | UNFILED))
def test_a_batch_that_was_sent_to_another_process_gives_the_same_values(table):
    frame = with_plain_objects(table[1])
    sent = pickle.loads(pickle.dumps(PackedBatch.of(frame))).unpacked()
    batch = SampleBatch(frame)
    assert sent.names == batch.names
    assert sent.ids.equals(batch.ids)
    for name in batch.names:
        assert same([row[name] for row in sent.rows()], [row[name] for row in batch.rows()])
        array = batch.column(name)
        assert array is None or same(sent.column(name).to_pylist(), array.to_pylist())
    assert [type(row).__mro__[-2] for row in sent.rows()] == [
        type(row).__mro__[-2] for row in batch.rows()
    ]


def test_only_the_rows_of_a_batch_are_sent_and_texts_not_one_by_one():
    frame = pd.DataFrame({"text": ["x" * 100] * 10_000, "n": range(10_000)})
    frame.index = [f"s{row}" for row in range(10_000)]
    part = PackedBatch.of(with_plain_objects(frame).iloc[500:600])
    assert part.others.columns.tolist() == []
    assert len(pickle.dumps(part)) < 100 * (100 + 8 + 8) + 6_000


@pytest.mark.parametrize("values", [[1, 0, 0, 2], [1.5, 0.0, float("nan"), 2.0], [True, False] * 2])
@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"cache": "votes"}])
def test_sparse_columns_are_as_dense_ones(tmp_path, monkeypatch, values, options):
    monkeypatch.chdir(tmp_path)
    lf = lb.LabelingFunction("large", lambda x: int(x.n > 0.5))
    dense, sparse = (
        lb.apply(lf, pd.DataFrame({"n": column}), lb.LabelSchema(["no", "yes"]), **options)
        for column in (pd.Series(values), pd.Series(pd.arrays.SparseArray(values)))
    )
    assert dense.to_array().tolist() == sparse.to_array().tolist()
