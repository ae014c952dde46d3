"""Digests of blocks of rows tell which values changed, whatever holds them."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.engine import block_digests
from labeling.engine.block_digests import BlockDigests, row_blocks


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(block_digests, "BLOCK_ROWS", 64)
    monkeypatch.setattr(block_digests, "LEAST_ROWS", 8)


def test_blocks_cover_all_rows_once():
    for n in (1, 7, 8, 9, 63, 64, 65, 127, 128, 129, 1_000):
        blocks = list(row_blocks(n))
        assert [row for start, end in blocks for row in range(start, end)] == list(range(n))
        assert all(0 < end - start <= 64 for start, end in blocks)


COLUMNS = [
    ["a", "b"],
    ["ab", ""],
    ["a", None],
    [None, "a"],
    ["", "ab"],
    [1, 2],
    [1, None],
    [1.0, 2.0],
    [1.0, float("nan")],
    [True, False],
    ["1", "2"],
    [b"a", "b"],
    [[1], [2]],
    [[1, 2], []],
    [(1,), (2,)],
    [{"a": 1}, {}],
    [{"a": [1]}, {"a": 2}],
    [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")],
    [pd.Timestamp("2026-01-01", tz="UTC"), pd.Timestamp("2026-01-02", tz="UTC")],
    [pd.Timedelta(1), pd.Timedelta(2)],
    [2**70, 1],
    ["\ud800", "a"],
    [None, None],
    ["é", "e"],
    [1, "1"],
    [0.0, 1.0],
    [-0.0, 1.0],
]


def digest_of(values, dtype=None):
    data = pd.DataFrame({"x": pd.Series(values, dtype=dtype)})
    return BlockDigests(data, b"s" * 16).digest(frozenset({"x"}))


def test_different_columns_have_different_digests():
    digests = [digest_of(values, object) for values in COLUMNS]
    assert None not in digests
    assert len(set(digests)) == len(digests)
    assert digests == [digest_of(list(values), object) for values in COLUMNS]


@pytest.mark.parametrize(
    "dtypes", [("str", object, "category", "string"), ("int64", "Int64", "category")]
)
def test_the_same_values_have_the_same_digest_whatever_the_column_is(dtypes):
    values = ["a", "b"] if "str" in dtypes else [1, 2]
    assert len({digest_of(values, dtype) for dtype in dtypes}) == 1


@given(texts=st.lists(st.one_of(st.none(), st.text(max_size=5)), min_size=1, max_size=8))
@settings(max_examples=50)
def test_slices_have_the_digests_of_copies(texts):
    data = pd.DataFrame({"x": pd.Series([*texts, *texts], dtype=object)})
    if all(text is None or text.isprintable() for text in texts):
        data["x"] = data.x.astype("str")
    part = data.iloc[len(texts) :]
    fresh = pd.DataFrame({"x": pd.Series(list(part.x), dtype=data.x.dtype)})
    reads = frozenset({"x"})
    assert BlockDigests(part, b"").digest(reads) == BlockDigests(fresh, b"").digest(reads)


def test_which_columns_are_read_and_absent_ones_count():
    digests = BlockDigests(pd.DataFrame({"a": [1], "b": [1]}), b"")
    reads = [None, frozenset(), *map(frozenset, ["a", "b", "ab", "c"])]
    assert len({digests.digest(columns) for columns in reads}) == len(reads)
