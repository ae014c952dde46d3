"""The canonical form of a training set: always the same bytes, and all of it can be read back."""

import datetime
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import labeling as lb
from labeling.datasets.fingerprint import table_fingerprint

SCHEMA = lb.LabelSchema(["ham", "spam"])
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
SAID = (
    lb.Annotation("s2", "ann", "ham", NOW, NOW),
    lb.Annotation("s2", "bob", None, NOW, NOW),
    lb.Annotation("s2", "eve", "ham", NOW, NOW, reviewer=True),
)


def training_set(n=8, data=None, name="key", **how):
    ids = pd.Index([f"s{i}" for i in range(n)], name=name)
    if data is None:
        data = pd.DataFrame(
            {
                "text": [f"text, {i}\n\U0001f600" for i in range(n)],
                "size": pd.array([None, *range(1, n)], dtype="Int64"),
                "score": [np.inf, np.nan, *np.linspace(0, 1, n - 2)],
                "kind": pd.Categorical(["a", "b"] * (n // 2)),
                "day": pd.to_datetime(["2026-01-01"] * n).tz_localize("Europe/Berlin"),
                "tags": [["x"], [], *[["y", None]] * (n - 2)],
                "mixed": ["a", 1, {"a": [1]}, None, *[2.5] * (n - 4)],
                "yes": pd.array([True, None] * (n // 2), dtype="boolean"),
            },
        )
    rng = np.random.default_rng(0)
    array = rng.dirichlet([1, 1], n)
    array[1] = 0.5
    covered = np.ones(n, bool)
    covered[0] = False
    array[0] = 0.5
    said = [one for one in SAID if n > 2]
    gold = [lb.GoldLabel("s2", "ham", "review", SAID)] if n > 2 else None
    votes = lb.Votes.from_array(
        rng.integers(-1, 2, (n, 3)), schema=SCHEMA, sample_ids=ids, voters=["link", "short", "é"]
    )
    soft = lb.SoftLabels(array, ids, SCHEMA, covered)
    how = {"gold": gold, "votes": votes, "annotations": said} | how
    return lb.build_training_set(data.set_axis(ids), soft, **how)


def same(one, other):
    """Assert that two training sets are equal in all that is public."""
    pd.testing.assert_index_equal(one.sample_ids, other.sample_ids)
    assert list(one.columns) == list(other.columns)
    assert one.dropped["reason"].to_dict() == other.dropped["reason"].to_dict()
    assert one.sample_ids.name == other.sample_ids.name
    assert one.schema == other.schema
    assert one.voters == other.voters
    assert one.own_columns == other.own_columns
    assert one.fingerprint == other.fingerprint
    for name, column in one.columns.items():
        assert column.equals(other.columns[name]), name
    for name, column in one.dropped_columns.items():
        assert column.equals(other.dropped_columns[name]), name


@pytest.mark.parametrize("how", ["folder", "all formats", "file"])
def test_what_was_written_is_read_back(tmp_path, how):
    train = training_set(min_confidence=0.6).with_origin({"seed": 3})
    path = tmp_path / "train.parquet" if how == "file" else tmp_path
    {"folder": train.write, "all formats": train.to_folder, "file": train.to_parquet}[how](path)
    again = lb.TrainingSet.read(path)

    same(train, again)
    settings = {"min_confidence": 0.6, "keep_undecided": False, "abstain": "drop"}
    assert settings == again.origin["settings"]
    assert 3 == again.origin["seed"]
    for name in ("text", "size", "score", "kind", "day", "yes"):
        pd.testing.assert_series_equal(train.samples[name], again.samples[name])
    assert train.samples["mixed"].tolist() == again.samples["mixed"].tolist()
    pd.testing.assert_frame_equal(
        train.frame[["label", "confidence", "votes_for", "lf_votes", "annotators", "reviewer"]],
        again.frame[["label", "confidence", "votes_for", "lf_votes", "annotators", "reviewer"]],
    )
    assert again.manifest() == train.manifest()


def test_what_is_written_again_after_reading_is_the_same_bytes(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    training_set().write(tmp_path / "one")
    lb.TrainingSet.read(tmp_path / "one").write(tmp_path / "two")

    for name in ("training_set.parquet", "left_out.parquet", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_another_process_writes_the_same_bytes(tmp_path):
    program = "import sys; from tests.datasets.test_canonical_form import training_set\n"
    for name, seed in (("one", "1"), ("two", "2")):
        (tmp_path / name).mkdir()
        subprocess.run(
            [sys.executable, "-c", program + f"training_set().write({str(tmp_path / name)!r})"],
            check=True,
            env={
                **os.environ,
                "PYTHONHASHSEED": seed,
                "TZ": "Asia/Tokyo" if seed == "2" else "UTC",
            },
        )

    for name in ("training_set.parquet", "left_out.parquet", "manifest.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


@pytest.mark.parametrize("n", [2, 3, 8])
@pytest.mark.parametrize("name", [None, "key", "text", "label", "reason"])
def test_ids_of_any_name_come_back(tmp_path, n, name):
    data = pd.DataFrame({"text": ["a"] * n, "label": ["mine"] * n})
    train = training_set(n, data, name)
    train.write(tmp_path)

    same(train, lb.TrainingSet.read(tmp_path))


@pytest.mark.parametrize(
    "ids",
    [
        pd.Index([10, 11, 12]),
        pd.RangeIndex(3),
        pd.Index([0.5, 1.5, 2.5]),
        pd.DatetimeIndex(["2026-01-01", "2026-01-02", "2026-01-03"]),
    ],
    ids=lambda ids: str(ids.dtype),
)
def test_ids_of_any_type_come_back(tmp_path, ids):
    soft = lb.SoftLabels([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]], ids, SCHEMA, [True] * 3)
    train = lb.build_training_set(pd.DataFrame({"text": list("abc")}, index=ids), soft)
    train.write(tmp_path)
    again = lb.TrainingSet.read(tmp_path)

    assert train.sample_ids.tolist() == again.sample_ids.tolist()
    assert train.dropped.index.tolist() == again.dropped.index.tolist()
    assert train.fingerprint == again.fingerprint


def test_an_empty_training_set_comes_back(tmp_path):
    train = training_set(gold=None, annotations=None, min_confidence=1.0)
    train.write(tmp_path)
    again = lb.TrainingSet.read(tmp_path)

    assert 0 == len(again) == len(again.probabilities)
    assert 8 == len(again.dropped)
    assert (0, 2) == again.probabilities.shape
    assert (0, 3) == again.lf_codes.shape


def test_left_out_rows_keep_what_is_known_of_them_and_no_label_of_the_prior(tmp_path):
    train = training_set(min_confidence=0.7)
    train.write(tmp_path)
    rows = pd.read_parquet(tmp_path / "left_out.parquet")

    assert train.dropped["reason"].to_dict() == rows["reason"].to_dict()
    assert rows.loc[rows["reason"] == "no voter covers it", "label"].isna().all()
    assert rows.loc[rows["reason"].str.startswith("tie"), "label"].isna().all()
    assert rows.loc[rows["reason"].str.startswith("confidence"), "label"].notna().all()
    assert {"probabilities", "lf_votes", "annotators", "source"} <= set(rows.columns)


def test_without_votes_and_people_all_is_empty_and_comes_back(tmp_path):
    train = training_set(votes=None, annotations=None, gold=None)
    train.write(tmp_path)

    same(train, lb.TrainingSet.read(tmp_path))
    assert {0} == {len(votes) for votes in train.frame["lf_votes"]}


def changed(path, name, edit):
    file = path / name
    file.write_bytes(edit(file.read_bytes()))


@pytest.mark.parametrize("name", ["training_set.parquet", "left_out.parquet"])
def test_a_changed_byte_is_found(tmp_path, name):
    training_set().write(tmp_path)
    changed(tmp_path, name, lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:])

    with pytest.raises(lb.LabelingError, match=f"{name}' must have the digest"):
        lb.TrainingSet.read(tmp_path)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda data: b"", "cannot be read"),
        (lambda data: b"[]", "must be the manifest of a training set"),
        (lambda data: b'{"format": 3}', "must have the digest"),
        (lambda data: b'{"format": 3, "files": 7}', "must have the digest"),
    ],
)
def test_a_manifest_that_is_none_is_an_error_in_words(tmp_path, edit, message):
    training_set().write(tmp_path)
    changed(tmp_path, "manifest.json", edit)

    with pytest.raises(lb.LabelingError, match=message):
        lb.TrainingSet.read(tmp_path)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(lb.LabelingError, match="There is no training set at"):
        lb.TrainingSet.read(tmp_path)
    training_set().write(tmp_path)
    (tmp_path / "left_out.parquet").unlink()
    with pytest.raises(lb.LabelingError, match=r"left_out\.parquet' must have"):
        lb.TrainingSet.read(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(lb.LabelingError, match=r"manifest .* must be beside it"):
        lb.TrainingSet.read(tmp_path)


def test_a_table_of_others_is_refused_in_words(tmp_path):
    file = tmp_path / "table.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(file)
    (tmp_path / "table.parquet.manifest.json").write_text('{"format": 3}')
    with pytest.raises(lb.LabelingError, match="must have the digest"):
        lb.TrainingSet.read(file)
    training_set().to_parquet(tmp_path / "train.parquet")
    shutil.copy(tmp_path / "train.parquet.manifest.json", tmp_path / "other.parquet.manifest.json")
    shutil.copy(tmp_path / "train.parquet", tmp_path / "other.parquet")
    with pytest.raises(lb.LabelingError, match=r"other\.parquet' must have the digest"):
        lb.TrainingSet.read(tmp_path / "other.parquet")


def test_columns_are_replaced_by_name_and_wrong_ones_refused():
    train = training_set()
    split = train.with_columns(split=["train"] * len(train), weight=np.ones(len(train)))

    assert {"train"} == set(split.frame["split"])
    assert {1.0} == set(split.added_column("weight"))
    assert {"train": len(train)} == split.manifest()["splits"]
    assert "split" not in train.frame
    with pytest.raises(lb.LabelingError, match=r"no column 'spilt'.*Did you mean 'split'"):
        train.with_columns(spilt=[])
    with pytest.raises(lb.LabelingError, match="must have"):
        train.with_columns(split=["train"])
    with pytest.raises(lb.LabelingError, match="must hold values of type"):
        train.with_columns(weight=["heavy"] * len(train))


def test_rows_are_taken_with_all_their_columns():
    train = training_set()
    taken = train.take(train.codes == 0)

    assert {"ham"} == set(taken.frame["label"])
    pd.testing.assert_frame_equal(train.frame[train.codes == 0], taken.frame)
    assert taken.probabilities.shape == (len(taken), 2)


def test_codes_of_votes_are_those_that_were_given():
    train = training_set()
    rng = np.random.default_rng(0)
    rng.dirichlet([1, 1], 8)
    votes = rng.integers(-1, 2, (8, 3))

    kept = [int(one[1:]) for one in train.sample_ids]
    np.testing.assert_array_equal(votes[kept], train.lf_codes)


def test_sparse_votes_give_the_same_rows():
    n, m = 2_000, 600
    rng = np.random.default_rng(1)
    triples = pd.DataFrame(
        {"sample": rng.permutation(n), "voter": rng.integers(0, m, n).astype(str), "label": "spam"}
    )
    votes = lb.Votes.from_triples(triples, schema=SCHEMA)
    assert votes.long is not None
    ids = votes.sample_ids[::-1]
    dense = lb.Votes(votes.array, votes.sample_ids, votes.voters, SCHEMA)
    soft = lb.SoftLabels([[0.2, 0.8]] * n, ids, SCHEMA, [True] * n)
    data = pd.DataFrame({"text": "x"}, index=ids)

    one, other = (lb.build_training_set(data, soft, votes=v) for v in (votes, dense))
    assert one.fingerprint == other.fingerprint
    assert {"spam"} == {label for cell in one.frame["lf_votes"] for label in cell.values()}


def test_the_manifest_is_strict_json_and_names_no_time_and_place(tmp_path):
    training_set().write(tmp_path)
    text = (tmp_path / "manifest.json").read_text("utf-8")

    assert str(tmp_path) not in text
    json.loads(text, parse_constant=lambda name: pytest.fail(name))


ARRAYS = st.one_of(
    st.lists(st.none() | st.text()).map(lambda values: pa.array(values, pa.string())),
    st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)).map(lambda v: pa.array(v, pa.int64())),
    st.lists(st.none() | st.booleans()).map(lambda values: pa.array(values, pa.bool_())),
    st.lists(st.none() | st.lists(st.none() | st.text(max_size=3))).map(
        lambda values: pa.array(values, pa.list_(pa.string()))
    ),
    st.lists(st.none() | st.dates()).map(lambda values: pa.array(values, pa.date32())),
    st.lists(st.none() | st.decimals(0, 9, places=2)).map(
        lambda values: pa.array(values, pa.decimal128(10, 2))
    ),
    st.lists(st.none() | st.fixed_dictionaries({"a": st.none() | st.text(max_size=2)})).map(
        lambda values: pa.array(values, pa.struct([("a", pa.string())]))
    ),
)


@settings(deadline=None)
@given(ARRAYS, st.integers(0, 5))
def test_a_fingerprint_is_of_values_not_of_how_they_are_stored(array, cut):
    whole = table_fingerprint(pa.table({"x": array}))
    cut = min(cut, len(array))
    parts = pa.chunked_array([array[:cut], array[cut:]], array.type)
    longer = pa.concat_arrays([array, array])[len(array) :]

    assert whole == table_fingerprint(pa.table({"x": parts}))
    assert whole == table_fingerprint(pa.table({"x": longer}))


@settings(deadline=None)
@given(ARRAYS, ARRAYS)
def test_other_values_have_other_fingerprints(one, other):
    is_same = one.type == other.type and one.to_pylist() == other.to_pylist()

    assert is_same == (
        table_fingerprint(pa.table({"x": one})) == table_fingerprint(pa.table({"x": other}))
    )
