"""A stream of Parquet files gives labeling functions exactly the values of the files read whole."""

import datetime
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.engine import apply_to_stream
from labeling.engine.batches import rows_of
from labeling.engine.values import with_plain_objects
from labeling.errors import DataError
from labeling.sources import read_samples, sample_stream, streaming

SCHEMA = lb.LabelSchema(["ham", "spam"])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
MOMENT = st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1))
VALUES = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.int8(): st.integers(-128, 127),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.float64(): st.floats(),
    pa.float32(): st.floats(width=32),
    pa.bool_(): st.booleans(),
    pa.string(): TEXT,
    pa.large_string(): TEXT,
    pa.null(): st.none(),
    pa.date32(): st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1)),
    pa.timestamp("us"): MOMENT,
    pa.timestamp("ns", tz="Europe/Berlin"): MOMENT,
    pa.time64("us"): st.times(),
    pa.duration("us"): st.timedeltas(datetime.timedelta(-99), datetime.timedelta(99)),
    pa.list_(pa.int64()): st.lists(st.none() | st.integers(0, 9), max_size=2),
    pa.list_(pa.string()): st.lists(TEXT, max_size=2),
    pa.struct({"a": pa.int64(), "b": pa.string()}): st.fixed_dictionaries(
        {"a": st.none() | st.integers(0, 9), "b": TEXT}
    ),
    pa.dictionary(pa.int32(), pa.string()): TEXT,
    pa.decimal128(9, 2): st.decimals(-999, 999, places=2),
    pa.binary(): st.binary(max_size=3),
}


@st.composite
def arrow_tables(draw, kinds=tuple(VALUES)):
    n = draw(st.integers(1, 9))
    columns = {"key": pa.array([f"s{row}" for row in range(n)])}
    for number in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(kinds))
        some = draw(st.sampled_from([0, n // 2, n]))  # missing in no, some or all row groups
        values = draw(st.lists(VALUES[kind], min_size=n, max_size=n))
        gaps = [None if row < some and draw(st.booleans()) else v for row, v in enumerate(values)]
        columns[f"c{number}"] = pa.array(gaps, kind)
    return pa.table(columns)


def seen(frame):
    """What labeling functions get of a frame, with the types."""
    rows = rows_of(with_plain_objects(frame))
    names = [*frame.columns, frame.index.name]
    return [[(type(row[name]), repr(row[name])) for name in names] for row in rows]


def streamed(path, rows_of_part, id="key"):
    with pytest.MonkeyPatch.context() as patch, sample_stream(path, id) as stream:
        patch.setattr(streaming, "PART_ROWS", rows_of_part)
        return None if stream is None else list(stream)


def check(path, rows_of_part):
    parts, whole = streamed(path, rows_of_part), read_samples(path, "key")
    assert parts is not None
    assert [row for part in parts for row in seen(part)] == seen(whole)
    for part in parts:
        assert part.columns.tolist() == whole.columns.tolist()
    ids = [key for part in parts for key in part.index.tolist()]
    assert ids == whole.index.tolist()
    return parts


@settings(max_examples=200)
@given(table=arrow_tables(), group=st.integers(1, 4), part=st.integers(1, 5))
def test_parts_hold_the_values_of_the_whole(table, group, part, tmp_path):
    path = tmp_path / "samples.parquet"
    pq.write_table(table, path, row_group_size=group)
    check(path, part)


@settings(max_examples=60)
@given(table=arrow_tables(), group=st.integers(1, 4), indexed=st.booleans())
def test_frames_that_pandas_wrote_are_no_exception(table, group, indexed, tmp_path):
    path = tmp_path / "samples.parquet"
    frame = table.to_pandas()
    frame["nullable"] = pd.array([None, *range(len(frame) - 1)], dtype="Int64")
    frame["kind"] = pd.Categorical(["b", *["a"] * (len(frame) - 1)])
    frame = frame.set_index("key") if indexed else frame
    frame.to_parquet(path, row_group_size=group)
    parts, whole = streamed(path, 2), read_samples(path, "key")
    if parts is not None:
        assert [row for part in parts for row in seen(part)] == seen(whole)


@settings(max_examples=60)
@given(first=arrow_tables(), second=arrow_tables())
def test_files_of_a_folder_are_one_table(first, second, tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    keys = pa.array([f"t{row}" for row in range(len(second))])
    for name, table in (("day=1", first), ("day=2", second.set_column(0, "key", keys))):
        (folder / name).mkdir()
        pq.write_table(table, folder / name / "part.parquet")
    try:
        whole = read_samples(folder, "key")
    except DataError:  # a column has types that do not go together
        assert streamed(folder, 2) is None
        return
    parts = streamed(folder, 2)
    if parts is not None:
        assert [row for part in parts for row in seen(part)] == seen(whole)
        assert {row.day for part in parts for row in rows_of(part)} == {"1", "2"}


def test_columns_whose_types_differ_between_files_are_read_whole(tmp_path):
    for number, kind in enumerate([pa.int64(), pa.float64()]):
        table = pa.table({"key": [f"s{number}"], "n": pa.array([2], kind)})
        pq.write_table(table, tmp_path / f"{number}.parquet")
    assert streamed(tmp_path, 2) is None
    lf = lb.LabelingFunction("is float", lambda x: int(type(x.n) is float))
    assert lb.apply(lf, tmp_path, SCHEMA, id="key").to_array()[:, 0].tolist() == [1, 1]


def test_an_integer_that_is_missing_in_one_row_group_only(tmp_path):
    path = tmp_path / "samples.parquet"
    table = pa.table({"key": list("abcd"), "n": pa.array([1, 2, None, 2**53 + 1])})
    pq.write_table(table, path, row_group_size=2)
    parts = check(path, 2)
    assert parts[0]["n"].tolist() == [1, 2]
    lf = lb.LabelingFunction("exact", lambda x: int(x.n == 2**53 + 1 and type(x.n) is int))
    votes = lb.apply(lf, path, SCHEMA, id="key")
    assert votes.to_array()[:, 0].tolist() == [0, 0, 0, 1]


def test_a_long_text_makes_parts_of_fewer_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(streaming, "PART_BYTES", 10_000)
    path = tmp_path / "samples.parquet"
    texts = [f"{row}" * 3_000 for row in range(10, 40)]
    pq.write_table(pa.table({"key": range(30), "text": texts}), path, compression="none")
    assert len(check(path, 100)) > 5


def test_characters_that_cannot_be_stored_are_replaced_and_told_as_when_read_whole(
    tmp_path, caplog
):
    path = tmp_path / "samples.parquet"
    texts = ["a\x00", "b", "c\x01\x02"]
    table = pa.table({"key": list("abc"), "text": texts, "title": texts[::-1]})
    pq.write_table(table, path, row_group_size=1)
    read_samples(path, "key")
    wanted = caplog.messages.copy()
    caplog.clear()
    lf = lb.LabelingFunction("replaced", lambda x: int("\ufffd" in x.text))
    votes = lb.apply(lf, path, SCHEMA, id="key")
    assert votes.to_array()[:, 0].tolist() == [1, 0, 1]
    assert caplog.messages == wanted


@pytest.mark.parametrize(
    ("table", "id", "message"),
    [
        ({"key": ["a", "a"]}, "key", "given more than once: 'a'"),
        ({"key": ["a", None]}, "key", "Missing in rows 1"),
        ({"key": ["a", "b"]}, "id", "no column 'id'"),
        ({"key": pa.array([], pa.string())}, "key", "at least one sample"),
        ({"key": ["a\x00", "b"]}, "key", "control characters"),
        ({"key": ["a"], "b\x00": [1]}, "key", "control characters"),
    ],
)
def test_what_cannot_be_read_is_refused_as_when_read_whole(tmp_path, table, id, message):
    path = tmp_path / "samples.parquet"
    pq.write_table(pa.table(table), path)
    lf = lb.LabelingFunction("fine", lambda x: 0)
    with pytest.raises(DataError, match=f"(?i){message}") as ours:
        lb.apply(lf, path, SCHEMA, id=id)
    with pytest.raises(DataError) as whole:
        read_samples(path, id)
    assert str(ours.value) == str(whole.value)


def test_a_file_that_is_cut_off_is_an_error(tmp_path):
    path = tmp_path / "samples.parquet"
    rng = np.random.default_rng(0)
    table = pa.table({"key": range(5_000), "noise": rng.random(5_000)})
    pq.write_table(table, path, row_group_size=1_000)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 9_000] = b"x" * 9_000
    path.write_bytes(content)
    lf = lb.LabelingFunction("fine", lambda x: 0)
    with pytest.raises(DataError, match=r"samples.parquet' cannot be read as \.parquet"):
        lb.apply(lf, path, SCHEMA, id="key")


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"key": ["a", "b"]}, index=pd.RangeIndex(2, name="row")),
        pd.DataFrame({"key": ["a", "b"], "when": pd.period_range("2020", periods=2, freq="D")}),
    ],
    ids=["named range", "period"],
)
def test_what_is_not_known_to_be_the_same_in_parts_is_read_whole(tmp_path, frame):
    path = tmp_path / "samples.parquet"
    frame.to_parquet(path)
    assert streamed(path, 2) is None
    lf = lb.LabelingFunction("fine", lambda x: int(x.key == "b"))
    assert lb.apply(lf, path, SCHEMA, id="key").to_array()[:, 0].tolist() == [0, 1]


BIG = """
import json, resource, sys
import labeling as lb

schema = lb.LabelSchema(["ham", "spam"])
lfs = [
    lb.LabelingFunction("exclaims", lambda x: int(x.text.endswith("!")) - 1),
    lb.LabelingFunction("odd", lambda x: x.n % 2),
    lb.functions.keywords("sevens", ["7 7", "77"], label="spam"),  # on whole columns
]
small, big = sys.argv[1:]

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

lb.apply(lfs, small, schema, id="key")
before = peak()
votes = lb.apply(lfs, big, schema, id="key").to_array()
print(json.dumps([peak() - before, len(votes), int(votes[:, 1].sum())]))
"""


def test_a_large_file_takes_little_memory(tmp_path):
    """300 MB of text, in one row group."""
    paths = tmp_path / "small.parquet", tmp_path / "big.parquet"
    for path, n in zip(paths, (100, 600_000), strict=True):
        texts = pa.DictionaryArray.from_arrays(
            np.arange(n, dtype=np.int32) % 100, [f"{row} " * 160 for row in range(100)]
        ).cast(pa.string())
        pq.write_table(pa.table({"key": range(n), "n": range(n), "text": texts}), path)
    ran = subprocess.run(
        [sys.executable, "-c", BIG, *map(str, paths)], capture_output=True, text=True, check=True
    )
    more, count, odd = json.loads(ran.stdout)
    assert (count, odd) == (600_000, 300_000)
    assert more < 200


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("cache", [False, True])
def test_rows_of_a_file_without_ids_are_never_dropped(tmp_path, workers, cache):
    folder = tmp_path / "parts"
    folder.mkdir()
    pd.DataFrame({"key": ["a", "b"], "n": [1, 2]}).to_parquet(folder / "1.parquet")
    pd.DataFrame({"n": [3, 4, 5]}).to_parquet(folder / "2.parquet")
    lf = lb.LabelingFunction("any", lambda x: 1)
    options = {"cache": tmp_path / "votes"} if cache else {}
    with pytest.raises(DataError, match=r"ids in column 'key' must not be missing.* rows 2, 3, 4"):
        lb.apply(lf, folder, SCHEMA, id="key", workers=workers, **options)


@pytest.mark.parametrize("rows", [1, 2, 4, 90])
@pytest.mark.parametrize("cache", [False, True])
def test_a_file_that_changes_while_it_is_read_is_an_error(tmp_path, rows, cache):
    path = tmp_path / "samples.parquet"
    frame = pd.DataFrame({"key": range(100), "n": 1})
    frame[:3].to_parquet(path)
    with sample_stream(path, "key") as stream:
        frame[:rows].to_parquet(path)
        message = r"samples\.parquet' must not change while it is read.* the 3 samples"
        with pytest.raises(DataError, match=message):
            apply_to_stream(
                lb.LabelingFunction("any", lambda x: 1),
                stream,
                SCHEMA,
                cache=tmp_path / "votes" if cache else None,
            )
