"""What values become in files: each has a form in every kind of file, or an error that names it."""

import dataclasses
import datetime
import decimal
import enum
import json
import pathlib
import re
import subprocess
import sys
import uuid

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.datasets.exports import value_findings
from labeling.datasets.values import plain, without_non_finite

SCHEMA = lb.LabelSchema(["ham", "spam"])
# The forms of files that a training set can be written in; a new one is tested by being there.
OF_TABLES = {"to_folder", "to_pandas", "to_sklearn"}
KINDS = [name[3:] for name in vars(lb.TrainingSet) if name[:3] == "to_" and name not in OF_TABLES]
INF, NAN = float("inf"), float("nan")
PARIS = datetime.timezone(datetime.timedelta(hours=1))


class Colour(enum.Enum):
    RED = "red"


def training_set(**columns):
    n = len(next(iter(columns.values())))
    data = pd.DataFrame(columns, index=[f"s{i}" for i in range(n)])
    return lb.build_training_set(
        data, lb.SoftLabels([[0.9, 0.1]] * n, data.index, SCHEMA, [True] * n)
    )


def strict(text):
    """JSON as the standard has it: no NaN, no infinite numbers."""

    def refused(name):
        raise AssertionError(f"{name} is not JSON")

    return json.loads(text, parse_constant=refused)


def written(train, folder):
    """The column `x` as it is read back from each kind of file."""
    train.to_folder(folder)
    lines = (folder / "training_set.jsonl").read_text("utf-8").splitlines()
    table = pd.read_csv(folder / "training_set.csv", keep_default_na=False, dtype=str)
    return {
        "parquet": pq.read_table(folder / "training_set.parquet")["x"].to_pylist(),
        "jsonl": [strict(line)["x"] for line in lines],
        "csv": table["x"].tolist(),
    }


MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=PARIS)
ID = uuid.UUID(int=7)
# A value; what JSON lines hold; what CSV holds; what Parquet holds.
FORMS = {
    "text": ("é", "é", "é", "é"),
    "numpy text": (np.str_("a"), "a", "a", "a"),
    "bool": (True, True, "True", True),
    "numpy bool": (np.True_, True, "True", True),
    "int": (np.int16(-3), -3, "-3", -3),
    "date": (datetime.date(2026, 1, 2), "2026-01-02", "2026-01-02", datetime.date(2026, 1, 2)),
    "time": (datetime.time(3, 4), "03:04:00", "03:04:00", datetime.time(3, 4)),
    "decimal": (decimal.Decimal("1.10"), "1.10", "1.10", decimal.Decimal("1.10")),
    "bytes": (b"\x00\xff", "AP8=", "AP8=", b"\x00\xff"),
    "uuid": (ID, str(ID), str(ID), str(ID)),
    "path": (pathlib.PurePosixPath("a/b"), "a/b", "a/b", "a/b"),
    "complex": (1 + 2j, "(1+2j)", "(1+2j)", "(1+2j)"),
    "enum": (Colour.RED, "red", "red", "red"),
    "period": (pd.Period("2026-01"), "2026-01", "2026-01", "2026-01"),
    "interval": (pd.Interval(0, 1), "(0, 1]", "(0, 1]", "(0, 1]"),
    "set": ({"b", "a", "c"}, ["a", "b", "c"], '["a", "b", "c"]', ["a", "b", "c"]),
    "tuple": ((1, 2), [1, 2], "[1, 2]", [1, 2]),
    "array": (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]], "[[1, 2], [3, 4]]", [[1, 2], [3, 4]]),
    "dict": (
        {"a": {1: [None]}}, {"a": {"1": [None]}}, '{"a": {"1": [null]}}', {"a": {"1": [None]}},
    ),
    "empty dict": ({}, {}, "{}", None),
    "empty dict within": ({"a": [{}]}, {"a": [{}]}, '{"a": [{}]}', {"a": [None]}),
    "nested date": (
        [datetime.date(2026, 1, 2)], ["2026-01-02"], '["2026-01-02"]', [datetime.date(2026, 1, 2)],
    ),
    "nested NaN": ({"a": [NAN, 1.0]}, {"a": [None, 1.0]}, '{"a": [null, 1.0]}', {"a": [None, 1.0]}),
    "infinite": (INF, None, "inf", INF),
    "numpy infinite": ([np.float32(INF)], [None], "[null]", [INF]),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_value_has_a_form_in_every_kind_of_file(tmp_path, name):
    value, in_json, in_csv, in_parquet = FORMS[name]
    found = written(
        training_set(x=pd.Series([value, None], dtype=object, index=["s0", "s1"])), tmp_path
    )

    assert in_json == found["jsonl"][0]
    assert in_csv == found["csv"][0]
    np.testing.assert_equal(found["parquet"][0], in_parquet)
    assert [None, "", None] == [found["jsonl"][1], found["csv"][1], found["parquet"][1]]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(pd.period_range("2026-01", periods=2, freq="M")),
        pd.Series(pd.interval_range(0, 2)),
        pd.Series(["a", None], dtype="category"),
        pd.Series(pd.arrays.SparseArray([0, 1])),
        pd.Series(pd.arrays.SparseArray([0.0, 1.5])),
        pd.Series([1 + 1j, 2j]),
        pd.Series(pd.to_datetime(["2026-01-01", None]).tz_localize("Europe/Berlin")),
        pd.Series(pd.to_timedelta(["1h", None])),
        pd.Series([True, None], dtype="boolean"),
        pd.Series([2**64 - 1, 0], dtype="uint64"),
        pd.Series([0.5, 1], dtype="float16"),
        pd.Series([None, None], dtype=object),
    ],
    ids=lambda column: str(column.dtype),
)
def test_a_column_of_any_type_is_written(tmp_path, column):
    train = training_set(x=column.tolist())
    train.samples["x"] = column.set_axis(train.samples.index)
    found = written(train, tmp_path)

    assert {2} == {len(values) for values in found.values()}
    assert 2 == len(pd.read_parquet(tmp_path / "training_set.parquet"))


def test_infinite_numbers_are_null_in_json_and_counted(tmp_path):
    train = training_set(size=[INF, -INF, NAN, 1.5], more=[{"a": NAN}, {"a": 1.0}, None, None])
    about = train.to_folder(tmp_path)
    rows = [
        strict(line) for line in (tmp_path / "training_set.jsonl").read_text("utf-8").splitlines()
    ]

    assert {"size": 2, "more": 1} == about["null_in_json"]
    assert [None, None, None, 1.5] == [row["size"] for row in rows]
    assert [{"a": None}, {"a": 1.0}] == [row["more"] for row in rows[:2]]
    back = pd.read_parquet(tmp_path / "training_set.parquet")["size"]
    np.testing.assert_array_equal([INF, -INF, NAN, 1.5], back)
    np.testing.assert_array_equal(
        [INF, -INF, NAN, 1.5], pd.read_csv(tmp_path / "training_set.csv")["size"]
    )


def test_the_fingerprint_tells_infinite_from_missing():
    assert (
        training_set(x=[INF]).manifest()["fingerprint"]
        != (training_set(x=[NAN]).manifest()["fingerprint"])
    )


def test_sets_are_written_alike_by_every_process(tmp_path):
    """Python puts a set's texts in another order in each process."""
    code = (
        "import sys, pandas as pd, labeling as lb; from pathlib import Path\n"
        "data = pd.DataFrame({'x': [{'b', 'a', 'c', 'd'}]}, index=['s'])\n"
        "soft = lb.SoftLabels([[0.9, 0.1]], data.index, lb.LabelSchema(['ham', 'spam']), [True])\n"
        "lb.build_training_set(data, soft).to_folder(Path(sys.argv[1]))"
    )
    files = []
    for seed in ("1", "2"):
        (tmp_path / seed).mkdir()
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / seed)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            check=True,
        )
        files.append({one.name: one.read_bytes() for one in (tmp_path / seed).iterdir()})

    assert files[0] == files[1]


@dataclasses.dataclass
class Thing:
    """Has no form in a file."""

    text: str = "x" * 10_000


def holding_itself():
    found = []
    found.append(found)
    return found


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (Thing(), "a Thing has no form"),
        (object(), "a object has no form"),
        (holding_itself(), "nested too deeply"),
        ({1: "a", "1": "b"}, "two of its keys have the text '1'"),
        ([Thing()], "a Thing has no form"),
    ],
    ids=["dataclass", "object", "itself", "keys", "nested"],
)
@pytest.mark.parametrize("kind", KINDS)
def test_what_has_no_form_is_named_in_a_line(tmp_path, kind, value, why):
    train = training_set(
        fine=["a", "b"], x=pd.Series([None, value], dtype=object, index=["s0", "s1"])
    )

    with pytest.raises(lb.LabelingError, match=rf"'x' of sample 's1' holds .*{why}") as caught:
        getattr(train, f"to_{kind}")(tmp_path / "train")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500
    assert [] == list(tmp_path.iterdir())


MIXED = pd.Series([1, 2, "three" * 1000, 4.5], dtype=object, index=["s0", "s1", "s2", "s3"])


def with_ids_of_two_types(**columns):
    ids = pd.Index(
        [0, *(f"s{i}" for i in range(1, len(next(iter(columns.values())))))], dtype=object
    )
    soft = lb.SoftLabels([[0.9, 0.1]] * len(ids), ids, SCHEMA, [True] * len(ids))
    return lb.build_training_set(
        pd.DataFrame({name: list(values) for name, values in columns.items()}, index=ids), soft
    )


def test_one_form_that_cannot_be_written_stops_no_other(tmp_path):
    train = with_ids_of_two_types(x=MIXED)

    with pytest.raises(lb.LabelingError, match=r"Not written: training_set\.parquet\. ") as caught:
        train.to_folder(tmp_path)
    said = str(caught.value)
    assert "sample 0 holds 0 (int), and sample 's1' holds 's1' (str)" in said
    assert "Written: training_set.jsonl, training_set.csv, left_out.parquet." in said
    assert len(said) < 600
    written = [
        f"training_set.{kind}{more}" for kind in ("csv", "jsonl") for more in ("", ".manifest.json")
    ]
    assert ["left_out.parquet", *written] == sorted(one.name for one in tmp_path.iterdir())
    lines = (tmp_path / "training_set.jsonl").read_text("utf-8").splitlines()
    assert MIXED.tolist() == [strict(line)["x"] for line in lines]


def test_a_file_of_before_that_was_not_replaced_is_named(tmp_path):
    training_set(x=[1, 2]).to_folder(tmp_path)
    before = (tmp_path / "training_set.parquet").read_bytes()

    with pytest.raises(lb.LabelingError, match=r"from an earlier export: training_set\.parquet"):
        with_ids_of_two_types(x=[1, 2]).to_folder(tmp_path)
    assert before == (tmp_path / "training_set.parquet").read_bytes()


@pytest.mark.parametrize(
    ("column", "example"),
    [
        ([2**70, 1], r"sample 's0' holds 1180591620717411303424 \(int\)"),
        ([{"a": 1}, ["b"]], r"\(dict\), and sample 's1' holds \['b'\] \(list\)"),
        ([[1], ["b"]], r"sample 's0' holds \[1\] \(list\), and sample 's1' holds \['b'\]"),
        ([["b", {"a": 1}], None], r"sample 's0' holds \['b', \{'a': 1\}\] \(list\)\)"),
        ([{"a": [1, {"b": [None, "c"]}]}, None], "sample 's0' holds"),
        ([{"a": 1}, {"a": "b"}], r"sample 's1' holds \{'a': 'b'\} \(dict\)"),
        ([True, 1], r"True \(bool\), and sample 's1' holds 1 \(int\)"),
        (["free", 4.5], r"'free' \(str\), and sample 's1' holds 4.5 \(float\)"),
    ],
)
def test_a_column_without_a_common_type_is_json_text_in_parquet_and_that_is_said(
    tmp_path, column, example
):
    train = training_set(x=pd.Series(column, dtype=object, index=["s0", "s1"]), y=[["a"], ["b"]])
    manifest = train.to_folder(tmp_path)

    written = pq.read_table(tmp_path / "training_set.parquet")
    texts = written["x"].to_pylist()
    assert column == [None if text is None else json.loads(text) for text in texts]
    assert [["a"], ["b"]] == written["y"].to_pylist()
    assert ["x"] == manifest["json_in_parquet"]
    (found,) = value_findings(train.samples[["x", "y"]])
    assert re.search(rf"Column 'x' holds values of no common type \(.*{example}", found)
    assert "JSON text in Parquet" in found


def test_dates_beside_texts_are_their_text_and_come_back_equal(tmp_path):
    mixed = pd.Series([datetime.date(2026, 1, 1), "b"], dtype=object, index=["s0", "s1"])
    training_set(x=mixed).to_parquet(tmp_path / "train.parquet")

    assert ["2026-01-01", "b"] == pq.read_table(tmp_path / "train.parquet")["x"].to_pylist()
    again = lb.TrainingSet.read(tmp_path / "train.parquet")
    assert training_set(x=mixed).fingerprint == again.fingerprint


def test_half_a_character_beside_other_values_is_named_and_nothing_is_written(tmp_path):
    train = training_set(x=pd.Series([1, "cut \ud83d"], dtype=object, index=["s0", "s1"]))

    with pytest.raises(lb.LabelingError, match=r"Column 'x'.*whole characters"):
        train.to_parquet(tmp_path / "train.parquet")
    assert [] == list(tmp_path.iterdir())


def test_names_of_columns_that_are_no_texts_become_texts(tmp_path):
    train = training_set(text=["a"])
    train.samples[7] = 1
    train.to_folder(tmp_path)

    assert "7" in pd.read_csv(tmp_path / "training_set.csv").columns
    train = training_set(text=["a"])
    train.samples[7] = 1
    train.samples["7"] = 2
    with pytest.raises(lb.LabelingError, match="Given twice: '7'"):
        train.to_folder(tmp_path)


def test_what_an_export_will_say_is_found_beforehand():
    data = pd.DataFrame(
        {
            "size": [INF, 1.0], "tags": [[NAN, INF], None], "mixed": [1, "a"],
            "thing": [None, Thing()],
        },
        index=["s0", "s1"],
    )  # fmt: skip
    found = value_findings(data)

    assert "Column 'mixed' holds values of no common type" in found[0]
    assert "Column 'size' holds 1 number that JSON does not have" in found[1]
    assert "Column 'tags' holds 2 numbers" in found[2]
    assert "No format of the training set can be written. Column 'thing' of sample 's1'" in found[3]
    assert 4 == len(found)
    assert [] == value_findings(pd.DataFrame({"text": ["a", None], "size": [NAN, 2.0]}))


SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=8,
)


@given(VALUES)
def test_any_nested_value_becomes_strict_json(value):
    text = json.dumps(without_non_finite(plain(value))[0], allow_nan=False)

    assert without_non_finite(strict(text)) == (strict(text), 0)
