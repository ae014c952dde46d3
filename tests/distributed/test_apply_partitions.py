"""Labeling functions on partitioned Parquet: the votes of one table, wherever they are made."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labeling as lb
from labeling import LabelSchema, PartitionedVotes, apply_partitions, labeling_function
from labeling.distributed import kernel
from labeling.errors import DataError, LabelingError, LabelingFunctionError
from tests.support.clusters import SCHEMA, labeling_functions, write_partitions


def apply(lfs, data, out, **given):
    return apply_partitions(lfs, data, SCHEMA, id="key", out=out, **{"on": "local", **given})


@pytest.fixture
def computed(monkeypatch):
    """The partitions whose votes are computed, by the first id of each."""
    found = []

    def votes(samples, plan, compute=kernel._votes):
        found.append(samples.index[0])
        return compute(samples, plan)

    monkeypatch.setattr(kernel, "_votes", votes)
    return found


@pytest.mark.parametrize(("rows", "parts"), [(250_000, 4), (60, 8), (1, 16)])
def test_votes_are_those_of_one_table(tmp_path, lfs, rows, parts):
    data = write_partitions(tmp_path / "data", row_group_size=25)
    whole = lb.apply(lfs, data, SCHEMA, id="key")

    votes = apply(lfs, data, tmp_path / "out", rows=rows)
    read = votes.read()

    assert parts == len(votes.partitions)
    assert read.sample_ids.identical(whole.sample_ids)
    assert read.voters == whole.voters
    assert read.array.dtype == whole.array.dtype
    assert np.array_equal(read.array, whole.array)


def test_files_of_different_columns_and_types_are_as_in_one_table(tmp_path):
    tables = {
        "a": {"key": pa.array([1, 2], pa.int32()), "n": pa.array([1, None], pa.int32())},
        "b": {"key": [3, 4], "n": [5, 6], "tags": [["x"], None]},
        "c": {"key": [5], "n": pa.array([None], pa.null()), "when": [pd.Timestamp("2026-01-01")]},
        "d": {"key": [6], "n": [2.5], "flag": [True]},
        "e": {"key": pa.array([], pa.int64())},
    }
    data = tmp_path / "data"
    data.mkdir()
    for name, columns in tables.items():
        pq.write_table(pa.table(columns), data / f"{name}.parquet")

    @labeling_function()
    def all_values(x):
        return "spam" if (type(x.n), x.n) == (float, 1.0) else -1

    @labeling_function()
    def nested(x):
        return "spam" if x.tags == ["x"] else "ham" if x.when is not None or x.flag else -1

    lfs = [all_values, nested]
    whole = lb.apply(lfs, data, SCHEMA, id="key")
    votes = apply(lfs, data, tmp_path / "out")

    assert len(votes.partitions) == 4
    assert np.array_equal(votes.read().array, whole.array)
    assert votes.read().sample_ids.equals(whole.sample_ids)
    assert whole.array[:, 0].tolist() == [1, -1, -1, -1, -1, -1]


def test_statistics_add_up_to_those_of_all_votes(tmp_path, data, lfs, whole):
    votes = apply(lfs, data, tmp_path / "out")

    pd.testing.assert_frame_equal(votes.summary(), lb.lf_summary(whole))
    marks = np.stack([whole.array == code for code in (0, 1)])
    numbers = marks.astype(int)
    voted = numbers.sum(axis=0)
    assert (
        votes.statistics.same.tolist()
        == (numbers[0].T @ numbers[0] + numbers[1].T @ numbers[1]).tolist()
    )
    assert votes.statistics.both.tolist() == (voted.T @ voted).tolist()
    assert (votes.n_covered, len(votes)) == (whole.covered.sum(), len(whole))


def test_a_folder_is_opened_again(tmp_path, data, lfs):
    votes = apply(lfs, data, tmp_path / "out")

    again = PartitionedVotes.open(tmp_path / "out")

    assert again.manifest() == votes.manifest()
    assert again.partitions == votes.partitions
    assert np.array_equal(again.read().array, votes.read().array)


def test_the_files_of_votes_are_one_table_to_other_programs(tmp_path, data, lfs, whole):
    apply(lfs, data, tmp_path / "out")

    table = pd.read_parquet(tmp_path / "out" / "votes").set_index("key")

    assert table.columns.tolist() == list(whole.voters)
    assert np.array_equal(table.to_numpy(), whole.array)


def test_a_second_call_computes_nothing(tmp_path, data, lfs, computed):
    first = apply(lfs, data, tmp_path / "out").manifest()
    assert computed == ["k0", "k200", "k100", "k300"]
    computed.clear()

    assert apply(labeling_functions(), data, tmp_path / "out").manifest() == first
    assert computed == []


def test_only_what_is_missing_damaged_or_new_is_computed(tmp_path, lfs, computed):
    data, out = write_partitions(tmp_path / "data"), tmp_path / "out"
    first = apply(lfs, data, out).manifest()
    computed.clear()
    about = out / "_about"
    (about / "part-00000.npz").unlink()
    (about / "part-00001.npz").write_bytes(b"PK, but not a zip")
    votes = out / "votes" / "part-00002.parquet"
    table = pq.read_table(votes)
    changed = table.set_column(1, "link", pa.array([1] * len(table), pa.int8()))
    pq.write_table(changed.replace_schema_metadata(table.schema.metadata), votes)

    assert apply(lfs, data, out).manifest() == first
    assert computed == ["k0", "k200", "k100"]

    computed.clear()
    more = pd.DataFrame({"key": ["new"], "text": ["http"], "n": [1], "score": [0.1]})
    more.to_parquet(data / "part=1" / "9.parquet")
    assert len(apply(lfs, data, out)) == 401
    assert computed == ["new"]


@pytest.mark.parametrize("change", ["function", "labels", "on_error", "file"])
def test_nothing_stale_is_kept(tmp_path, lfs, computed, change):
    data, out = write_partitions(tmp_path / "data"), tmp_path / "out"
    apply(lfs, data, out)
    computed.clear()
    given = {"lfs": lfs, "schema": SCHEMA, "on_error": "raise"}
    if change == "function":

        @labeling_function(label="spam")
        def link(x):
            return "https" in x.text

        given["lfs"] = [link, *lfs[1:]]
    elif change == "labels":
        given["schema"] = LabelSchema(["spam", "ham"])
    elif change == "on_error":
        given["on_error"] = "record"
    else:
        file = data / "part=0" / "2.parquet"
        table = pd.read_parquet(file)
        table.loc[3, "text"] = "http http http"
        table.to_parquet(file)

    votes = apply_partitions(given.pop("lfs"), data, **given, id="key", out=out, on="local")

    assert computed == (["k200"] if change == "file" else ["k0", "k200", "k100", "k300"])
    assert len(votes.read()) == 400


@pytest.mark.parametrize("on", ["local", "processes:2"])
def test_with_a_cache_only_a_changed_function_runs(tmp_path, data, lfs, on):
    calls = tmp_path / "calls"
    calls.mkdir()
    folder = str(calls)

    def named(name, version):
        @labeling_function(name=name, label="spam", version=version)
        def function(x):
            import pathlib

            pathlib.Path(folder, f"{name} {version}").touch()
            return "http" in x.text

        return function

    kept = {"cache": tmp_path / "cache", "on": on}
    apply([named("a", 1), named("b", 1)], data, tmp_path / "out", **kept)
    for path in calls.iterdir():
        path.unlink()
    votes = apply([named("a", 1), named("b", 2)], data, tmp_path / "out", **kept)

    assert [path.name for path in calls.iterdir()] == ["b 2"]
    assert len(votes) == 400


def test_what_cannot_be_fingerprinted_is_named_and_computed_again(
    tmp_path, data, lfs, computed, caplog
):
    import time

    @labeling_function(label="spam")
    def late(x):
        return time.time() < 0

    apply([*lfs, late], data, tmp_path / "out")
    apply([*lfs, late], data, tmp_path / "out")

    assert len(computed) == 8
    assert "no partition of an earlier run is kept: 'late (" in caplog.text


def test_a_time_limit_is_that_of_one_table(tmp_path, data):
    @labeling_function(label="spam")
    def endless(x):
        while x.key == "k101":
            pass
        return "http" in x.text

    whole = lb.apply(endless, data, SCHEMA, id="key", on_error="record", timeout=0.2)
    for on in ("local", "processes:2"):
        votes = apply(endless, data, tmp_path / on[:5], on=on, on_error="record", timeout=0.2)
        read = votes.read()
        assert np.array_equal(read.array, whole.array)
        assert [fault.sample_id for fault in read.faults] == ["k101"]


def test_files_of_partitions_that_are_gone_are_removed(tmp_path, lfs):
    data, out = write_partitions(tmp_path / "data"), tmp_path / "out"
    apply(lfs, data, out)
    (data / "part=1" / "3.parquet").unlink()
    (out / "votes" / ".part-00001.parquet.ab12.part").write_bytes(b"left by a killed worker")

    votes = apply(lfs, data, out)

    assert len(votes) == 300
    assert sorted(path.name for path in (out / "votes").iterdir()) == [
        f"part-{number:05}.parquet" for number in range(3)
    ]


def test_the_first_fault_is_raised_with_the_words_of_one_table(tmp_path, data):
    @labeling_function(label="spam")
    def third(x):
        if x.key in ("k350", "k120", "k210", "k211"):
            raise ValueError(f"not {x.key}")
        return False

    @labeling_function(label="spam")
    def second(x):
        return x.key == "k210" and [][1]

    for lfs in ([third], [second, third], [third, second]):
        with pytest.raises(LabelingFunctionError) as whole:
            lb.apply(lfs, data, SCHEMA, id="key")
        for on in ("local", "processes:2"):
            with pytest.raises(LabelingFunctionError) as found:
                apply(lfs, data, tmp_path / "out", on=on)
            assert str(found.value) == str(whole.value)
            assert "'k210'" in str(found.value)
            assert repr(found.value.__cause__) == repr(whole.value.__cause__)


def test_recorded_faults_are_those_of_one_table(tmp_path, data):
    @labeling_function(label="spam")
    def one(x):
        return x.n > 4

    @labeling_function()
    def two(x):
        return "eggs" if x.key.endswith("7") else "spam"

    whole = lb.apply([one, two], data, SCHEMA, id="key", on_error="record")
    votes = apply([one, two], data, tmp_path / "out", on_error="record")
    read = votes.read()

    assert [fault[:2] for fault in read.faults] == [fault[:2] for fault in whole.faults]
    assert [str(fault.exception) for fault in read.faults] == [
        repr(fault.exception) for fault in whole.faults
    ]
    assert np.array_equal(read.array, whole.array)
    assert votes.summary()["faults"].tolist() == lb.lf_summary(whole)["faults"].tolist()
    assert sum(part.faults for part in votes.partitions) == len(whole.faults) > 50


def test_an_id_in_two_partitions_is_named(tmp_path, lfs):
    data = write_partitions(tmp_path / "data")
    file = data / "part=0" / "2.parquet"
    table = pd.read_parquet(file)
    table.loc[3, "key"] = "k105"
    table.to_parquet(file)

    with pytest.raises(
        DataError,
        match=r"unique over all partitions.*'k105' is in 'part=0/2.parquet', 'part=1/1.parquet'",
    ):
        apply(lfs, data, tmp_path / "out")
    with pytest.raises(DataError, match="finished"):
        PartitionedVotes.open(tmp_path / "out")


def test_an_id_twice_in_a_partition_is_named_with_its_file(tmp_path, lfs):
    data = write_partitions(tmp_path / "data")
    file = data / "part=0" / "2.parquet"
    table = pd.read_parquet(file)
    table.loc[3, "key"] = table.loc[4, "key"]
    table.to_parquet(file)

    with pytest.raises(DataError, match=r"part=0/2.parquet: .*more than once: 'k204'"):
        apply(lfs, data, tmp_path / "out")


def test_ids_with_equal_hashes_are_not_taken_for_equal(tmp_path, data, lfs, monkeypatch):
    from labeling.distributed import unique_ids

    ids = []

    def colliding(index):
        ids.extend(index)
        return np.array([int(key[1:]) % 50 for key in index], dtype=np.uint64)

    monkeypatch.setattr(kernel, "id_hashes", colliding)
    monkeypatch.setattr(unique_ids, "id_hashes", colliding)
    monkeypatch.setattr(unique_ids, "IDS_AT_ONCE", 30)

    assert len(apply(lfs, data, tmp_path / "out")) == 400
    assert len(ids) > 400  # they were read to be compared


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"data": "nowhere"}, "There is no file 'nowhere'"),
        ({"data": "s3://bucket/data"}, "on a file system that all workers share"),
        ({"data": []}, "at least one Parquet file"),
        ({"id": "text_id"}, "There must be a column 'text_id'"),
        ({"rows": 0}, "`rows` must be a whole number from 1"),
        ({"on": "dusk:tcp://127.0.0.1:1"}, "`on` must be one of .* Did you mean 'dask'"),
        ({"on": "processes:none"}, "`on` must be one of"),
        ({"on_error": "ignore"}, "`on_error` must be 'raise' or 'record'"),
        ({"lfs": []}, "at least one labeling function"),
        ({"out": None}, "`out` must be the path of a folder. Got None"),
        ({"cache": 1}, "`cache` must be the path of a folder"),
        ({"progress": 1}, "`progress` must be a function"),
        ({"data": None}, "a path or a list of paths. Got None"),
    ],
)
def test_what_cannot_be_used_is_said_before_anything_runs(tmp_path, data, lfs, given, match):
    usual = {"lfs": lfs, "data": data, "id": "key", "out": tmp_path / "out", "on": "local"}

    with pytest.raises(LabelingError, match=match):
        apply_partitions(**{**usual, **given}, schema=SCHEMA)


def test_files_that_are_no_parquet_are_refused(tmp_path, lfs):
    (tmp_path / "a.csv").write_text("key,text\n")
    (tmp_path / "b.parquet").write_text("key,text\n")

    with pytest.raises(DataError, match=r"must be Parquet files .* 'a.csv'"):
        apply(lfs, tmp_path / "a.csv", tmp_path / "out")
    with pytest.raises(DataError, match=r"b.parquet' cannot be read as Parquet"):
        apply(lfs, tmp_path / "b.parquet", tmp_path / "out")


def test_a_function_that_cannot_be_sent_is_named(tmp_path, data, lfs):
    import threading

    lock = threading.Lock()

    @labeling_function(label="spam")
    def locked(x):
        with lock:
            return "http" in x.text

    with pytest.raises(LabelingFunctionError, match=r"'locked' cannot be sent"):
        apply([*lfs, locked], data, tmp_path / "out")


def test_replaced_characters_are_as_in_one_table_and_counted(tmp_path, caplog):
    pd.DataFrame({"key": ["a", "b"], "text": ["x\x00", "y"]}).to_parquet(tmp_path / "a.parquet")

    @labeling_function(label="spam")
    def replaced(x):
        return "\ufffd" in x.text

    votes = apply(replaced, tmp_path / "a.parquet", tmp_path / "out")

    assert votes.read().array[:, 0].tolist() == [1, -1]
    assert "1 text had characters that cannot be stored" in caplog.text


def test_the_manifest_has_no_time_and_no_machine(tmp_path, data, lfs):
    apply(lfs, data, tmp_path / "a")
    apply(lfs, data, tmp_path / "b")

    first, second = ((tmp_path / name / "_manifest.json").read_bytes() for name in "ab")
    assert first == second
    assert json.loads(first)["rows"] == 400


def test_progress_counts_samples(tmp_path, data, lfs):
    done = []

    apply(lfs, data, tmp_path / "out", progress=done.append)

    assert done == [100] * 4
