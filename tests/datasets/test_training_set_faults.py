"""Faults that users and their data make: each is an error in words, or changes nothing."""

import datetime
import decimal
import hashlib
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import labeling as lb
from labeling.errors import DataError

SCHEMA = lb.LabelSchema(["ham", "spam"])
N = 10


def made(frame=None, index=None, **how):
    frame = pd.DataFrame({"text": [f"text {i}" for i in range(N)]}) if frame is None else frame
    frame = frame if index is None else frame.set_axis(index)
    array = np.random.default_rng(0).dirichlet([1, 1], len(frame))
    covered = np.arange(len(frame)) % 5 != 4
    soft = lb.SoftLabels(array, frame.index, SCHEMA, covered)
    return lb.build_training_set(frame, soft, **how)


def made_by_id(**how):
    return made(index=pd.Index([f"i{i}" for i in range(N)]), **how)


@pytest.mark.parametrize(
    "index",
    [
        None,
        pd.RangeIndex(5, 25, 2, name="text"),
        pd.Index(range(N), name="reason"),
        pd.Index(range(N), name="split"),
        pd.Index(range(N), name="label"),
        pd.date_range("2024-01-01", periods=N),
    ],
)
def test_what_was_left_out_comes_back_whatever_the_ids(tmp_path, index):
    train = made(index=index)
    train.write(tmp_path)
    again = lb.TrainingSet.read(tmp_path)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    again.write(tmp_path)

    assert ["reason"] == list(again.dropped.columns)
    assert train.dropped.index.tolist() == again.dropped.index.tolist() != []
    assert train.fingerprint == again.fingerprint
    assert before == {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    split = lb.split(again, test=0.5)
    split.write(tmp_path)
    back = lb.TrainingSet.read(tmp_path)
    assert split.added_column("split").to_dict() == back.added_column("split").to_dict()


@pytest.mark.parametrize(
    "values",
    [
        [datetime.date(2026, 1, 1), "t"],
        [decimal.Decimal("1.5"), "t"],
        [{"a": 1}, {"b": 2}],
        [{"a": 1}, {}],
        [[1, None], [2]],
        [[[1], None], [[2, None]]],
        [10**30, 1],
        [b"hi", "t"],
        [np.array(1.5), np.array(2.5)],
        [np.array([1.5, 2.5]), np.array([3.5])],
        pd.array([decimal.Decimal("1.50")] * 2, pd.ArrowDtype(pa.decimal128(9, 2))),
        pd.array(["a", None], pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))),
    ],
)
def test_values_of_any_type_come_back_with_the_same_fingerprint(tmp_path, values):
    column = pd.Series([None] * N, dtype=object)
    for row in range(N):
        column[row] = values[row % 2]
    if hasattr(values, "dtype"):
        column = pd.Series(column.tolist(), dtype=values.dtype)
    train = made(pd.DataFrame({"text": ["t"] * N, "x": column}))
    train.write(tmp_path)

    assert train.fingerprint == lb.TrainingSet.read(tmp_path).fingerprint


def test_ids_that_are_no_single_values_are_refused(tmp_path):
    train = made(index=pd.Index([(i, "x") for i in range(N)], tupleize_cols=False))
    with pytest.raises(DataError, match=r"Ids must be single values.*Got \(0, 'x'\)"):
        train.write(tmp_path)


def test_left_out_ids_of_several_types_are_named(tmp_path):
    dropped = pd.DataFrame({"reason": ["no"] * 2}, pd.Index([1, "a"], dtype=object))
    with pytest.raises(DataError, match=r"sample 4 holds 4 .int., and sample 'a'"):
        made().with_dropped(dropped).write(tmp_path)


def test_rows_are_taken_by_positions_or_masks_and_nothing_else():
    train = made_by_id()
    n = len(train)
    mask = [True, *[False] * (n - 1)]
    backward = pd.Series(mask, index=train.sample_ids[::-1])

    for given in (mask, np.array(mask, dtype=object), pd.array(mask, dtype="boolean"), [0], [-n]):
        assert ["i0"] == train.take(given).sample_ids.tolist()
    assert [train.sample_ids[-1]] == train.take(backward).sample_ids.tolist()
    assert 0 == len(train.take([])) == len(train.take([False] * n))
    for wrong in ([True], [n], [0.7], ["i0"], [None] * n, pd.Series(mask)):
        with pytest.raises(DataError, match=r"positions from 0 to 7|must have the ids"):
            train.take(wrong)


def test_columns_are_set_by_id():
    train = made_by_id()
    splits = pd.Series(["test", *["train"] * (len(train) - 1)], index=train.sample_ids)
    done = train.with_columns(split=splits[::-1])

    assert splits.to_dict() == done.added_column("split").to_dict()
    for wrong in (splits[1:], splits.reset_index(drop=True)):
        with pytest.raises(DataError, match=r"'split': a Series must have the ids of the 8"):
            train.with_columns(split=wrong)


def test_columns_that_would_be_lost_or_misread_are_refused():
    train = made_by_id()
    n = len(train)
    with pytest.raises(DataError, match=r"'train', 'dev', 'test' or missing. Got 'tset'. Did"):
        train.with_columns(split=["tset"] * n)
    with pytest.raises(DataError, match=r"Got string"):
        train.with_columns(weight=pa.array(["x"] * n))
    uneven = train.with_columns(probabilities=[[0.1], [0.1, 0.2, 0.7], *[[0.5, 0.5]] * (n - 2)])
    with pytest.raises(DataError, match=r"as many probabilities as there are labels. Got 1"):
        _ = uneven.probabilities
    strange = train.with_columns(lf_votes=[[{"voter": "v", "label": "ham"}]] * n)
    with pytest.raises(DataError, match=r"Got votes of 'v'"):
        _ = strange.lf_codes


def test_the_origin_is_plain_json_from_the_start(tmp_path):
    train = made(min_confidence=np.float32(0.5), keep_undecided=np.bool_(False))
    train = train.with_origin({"share": np.float64(0.5), "columns": ("a",), "none": np.nan})
    train.write(tmp_path)

    assert train.origin == lb.TrainingSet.read(tmp_path).origin
    with pytest.raises(DataError, match=r"origin of a training set must hold texts"):
        train.with_origin({"what": object()})


def test_samples_without_votes_are_no_annotations_of_people():
    tasks = made(abstain="as_class").to_label_studio()
    abstained = [task for task in tasks if task["meta"]["source"] == "abstained"]

    assert 2 == len(abstained)
    assert not any("annotations" in task for task in abstained)
    assert all(task["predictions"][0]["score"] == 1 for task in abstained)


def test_a_split_that_is_none_gives_no_empty_file():
    for train in (made(), lb.split(made())):
        with pytest.raises(lb.LabelingError, match=r"Got 'tset'. Did you mean 'test'"):
            train.to_label_studio(split="tset")


def test_undersampled_rows_keep_the_digest_of_their_content():
    train = made_by_id()
    content = train.balanced("undersample").dropped_columns["content"]

    assert len(train.balanced("undersample").dropped) == len(content) > len(train.dropped)
    assert not content.null_count


def test_a_training_set_with_rows_twice_is_neither_read_nor_split(tmp_path):
    over = made_by_id().balanced("oversample")
    over.write(tmp_path)
    with pytest.raises(DataError, match=r"must be unique. Given more than once: 'i"):
        lb.TrainingSet.read(tmp_path)
    with pytest.raises(DataError, match=r"before any balancing.*unique"):
        lb.split(over)


def changed(folder, table=None, **manifest):
    made_by_id().write(folder)
    file, about = folder / "training_set.parquet", folder / "manifest.json"
    if table is not None:
        pq.write_table(table(pq.read_table(file)), file)
    facts = json.loads(about.read_text("utf-8"))
    facts["files"][file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
    about.write_text(json.dumps({**facts, **manifest}), "utf-8")
    return folder


def without_metadata(table):
    return table.replace_schema_metadata(None)


def without_columns_of_ours(table):
    about = {**json.loads(table.schema.metadata[b"labeling"]), "own_columns": {}}
    return table.replace_schema_metadata({b"labeling": json.dumps(about).encode()})


def test_files_of_others_and_of_other_versions_are_refused_in_words(tmp_path):
    with pytest.raises(DataError, match=r"do not say which columns are the labels"):
        lb.TrainingSet.read(changed(tmp_path, without_metadata))
    with pytest.raises(DataError, match=r"must be a training set of this package"):
        lb.TrainingSet.read(changed(tmp_path, without_columns_of_ours))
    for version in (2, 99):
        with pytest.raises(DataError, match=rf"must be of format 3 .* Got format {version}"):
            lb.TrainingSet.read(changed(tmp_path, format=version))
    (changed(tmp_path) / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match=r"cannot be read"):
        lb.TrainingSet.read(tmp_path)


def test_a_tie_between_many_labels_is_told_in_short():
    ids = ["a", "b"]
    schema = lb.LabelSchema([f"l{i}" for i in range(1000)])
    soft = lb.SoftLabels(np.full((2, 1000), 1e-3), ids, schema, [True] * 2)
    data = pd.DataFrame({"text": ["x", "y"]}, ids)

    reason = lb.build_training_set(data, soft).dropped["reason"].iloc[0]
    assert reason.startswith("tie between l0, l1, ")
    assert reason.endswith(", l9 and 990 more")


def test_arguments_that_name_nothing_are_refused_in_words():
    train = made_by_id()
    with pytest.raises(DataError, match=r"the name of a column, or a list. Got 3"):
        train.to_sklearn(3)
    with pytest.raises(DataError, match=r"single value. Got \['i0'\]"):
        train.explain(["i0"])
    with pytest.raises(lb.LabelingError, match=r"or a function from texts to vectors. Got a int"):
        made_by_id(select=0.5, features=5)


def test_a_column_of_the_name_of_the_ids_is_theirs_only_if_it_is_of_their_type(tmp_path):
    ids = pd.Index([0, 1], name="k")
    for column in ([False, True], [np.array([1.0, 2.0])] * 2, [0.0, 1.0]):
        train = made(pd.DataFrame({"text": ["a", "b"], "k": column}, ids))
        train.write(tmp_path)
        again = lb.TrainingSet.read(tmp_path)

        assert [(0, int), (1, int)] == [(one, type(one)) for one in again.sample_ids.tolist()]
        assert train.fingerprint == again.fingerprint
