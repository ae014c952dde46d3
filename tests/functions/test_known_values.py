"""Known values are found by what they are, whatever type a file, database or column gave them."""

import datetime
import decimal
import sqlite3
import unicodedata
import uuid

import numpy as np
import pandas as pd
import pytest

import labeling as lb
from labeling.errors import LabelingFunctionError
from labeling.functions import among, crowd, lookup, search, sql_values

TODAY = datetime.date(2026, 7, 1)
NOON = datetime.datetime(2026, 7, 1, 12, 30)
SOME_ID = uuid.UUID(int=7)


def votes(rule, column, schema):
    """Return for which values of a column a labeling function votes."""
    frame = pd.DataFrame({"value": column})
    return (lb.apply(rule, frame, schema).to_array()[:, 0] >= 0).tolist()


@pytest.mark.parametrize(
    ("known", "column"),
    [
        ("42", [42, 7]),
        ("42", pd.array([42, None], "Int64")),
        ("42", [42.0, np.nan]),
        ("42", np.array([42, 7], np.uint8)),
        ("42", [decimal.Decimal("42.00"), decimal.Decimal(7)]),
        ("42.5", [42.5, 7.0]),
        ("42.50", [42.5, 7.0]),
        (42, ["42", "042"]),
        (42, ["42.0", "42.0.0"]),
        (42, ["42", None]),
        (np.int64(42), [42, 7]),
        (42.0, [42, 7]),
        (decimal.Decimal(42), ["42", "7"]),
        (decimal.Decimal("0.1"), [0.1, 0.2]),
        ("True", [True, False]),
        ("true", pd.array([True, None], "boolean")),
        (False, ["False", "True"]),
        (True, [True, False]),
        (TODAY, [pd.Timestamp("2026-07-01"), pd.NaT]),
        (TODAY, ["2026-07-01", "2026-07-02"]),
        ("2026-07-01", [TODAY, None]),
        ("2026-07-01 12:30:00", [pd.Timestamp(NOON), pd.Timestamp(TODAY)]),
        (NOON, ["2026-07-01T12:30", "2026-07-01"]),
        (np.datetime64("2026-07-01"), ["2026-07-01", "then"]),
        (b"bot", ["bot", "ann"]),
        ("bot", [b"bot", b"ann"]),
        (SOME_ID, [str(SOME_ID), str(SOME_ID)[:-1]]),
        (str(SOME_ID), [SOME_ID, uuid.UUID(int=8)]),
        ("BOT", ["\uff22\uff2f\uff34", "bo"]),
        (
            unicodedata.normalize("NFC", "Zo\u00eb"),
            [unicodedata.normalize("NFD", "zo\u00eb"), "zoe"],
        ),
        ("STRASSE", ["stra\u00dfe", "strase"]),
    ],
)  # fmt: skip
def test_equal_values_are_found_whatever_their_types(schema, known, column):
    column = pd.Series(column)
    for rule in (
        lookup("rule", {known}, label="spam", column="value"),
        lookup("rule", {known: "spam"}, column="value"),
        search("rule", among([known], column="value"), label="spam"),
    ):
        assert votes(rule, column, schema) == [True, False]


@pytest.mark.parametrize(
    ("known", "column"),
    [
        ("42", ["042", "42.0", "4.2e1", " 42"]),
        ("042", ["42"]),
        ("1.10", ["1.1"]),
        (1, [True, False]),
        ([1, True], ["01", "+1"]),
        (["1", "True"], [2, 0]),
        ("bot\u2460", ["bot"]),
        (["nan", "None", ""], [None, "x"]),
    ],
)
def test_what_only_looks_alike_is_not_found(schema, known, column):
    known = known if isinstance(known, list) else [known]
    rule = lookup(
        "rule", [*known, True] if column == [True, False] else known, label=1, column="value"
    )

    assert votes(rule, column, schema) == [value is True for value in column]


def test_a_bool_is_no_number(schema):
    rule = lookup("rule", [1, 2], label="spam", column="value")

    with pytest.raises(LabelingFunctionError, match=r"int such as 1. 'value' holds True \(bool\)"):
        votes(rule, [True, False], schema)


@pytest.mark.parametrize(
    ("known", "value", "message"),
    [
        (["bot", "ann"], 5, r"with, str such as 'ann'. 'value' holds 5 \(int\)"),
        (["007", "042"], 7, r"str such as '007'. 'value' holds 7 \(int\)"),
        (["bot"], 5.5, r"holds 5.5 \(float\)"),
        (["bot"], True, r"holds True \(bool\)"),
        ([1, 2], TODAY, r"int such as 1. 'value' holds .*2026, 7, 1.* \(date\)"),
        ([0], TODAY, r"int such as 0"),
        (["bot"], ["a"], r"single values. Got .*'a'.* \(list\)"),
        (["bot"], b"\xff", r"\(bytes\)"),
        ([NOON.replace(tzinfo=datetime.UTC)], pd.Timestamp(NOON), r"\(Timestamp\)"),
    ],
)
def test_types_that_can_never_be_equal_are_an_error_that_names_both(schema, known, value, message):
    column = pd.Series([None, value], dtype=object)
    for rule in (
        lookup("rule", known, label="spam", column="value"),
        search("rule", among(known, column="value"), label="spam"),
    ):
        with pytest.raises(LabelingFunctionError, match=message):
            votes(rule, column, schema)


def test_a_number_that_is_several_texts_with_different_labels_is_an_error(schema):
    """Of "1.1" and "1.10" the first is what 1.1 looks like; of "1.10" and "1.100" neither is."""
    clear = lookup("clear", {"1.1": "ham", "1.10": "spam"}, column="value")
    unclear = lookup("unclear", {"1.10": "ham", "1.100": "spam"}, column="value")

    assert lb.apply(clear, pd.DataFrame({"value": [1.1]}), schema).to_array().tolist() == [[0]]
    assert votes(unclear, ["1.1", "1.10", "1.100"], schema) == [False, True, True]
    with pytest.raises(
        LabelingFunctionError,
        match=r"holds 1.1 .*which equals '1.10' and '1.100', with different labels",
    ):
        votes(unclear, [1.1], schema)


def test_exact_texts_differ_by_case_and_width_and_not_by_composition(schema):
    composed, apart = (unicodedata.normalize(form, "Zo\u00eb") for form in ("NFC", "NFD"))
    rule = lookup("rule", {composed, "A"}, label="spam", column="value", ignore_case=False)

    assert (
        votes(rule, [apart, composed, "zo\u00eb", "a", "\uff21"], schema)
        == [True, True] + [False] * 3
    )
    with pytest.raises(LabelingFunctionError, match=r"case or width .* ignore_case=False"):
        lookup("rule", {"A": "ham", "\uff21": "spam"}, column="value")


def test_lines_of_a_file_are_found_in_columns_of_any_type(tmp_path, schema):
    (tmp_path / "known.txt").write_text("42\n7\n", "utf-8")
    rule = lookup("rule", tmp_path / "known.txt", label="spam", column="value")
    (tmp_path / "samples.csv").write_text("key,value\na,42\nb,\nc,8\n", "utf-8")
    samples = lb.read_samples(tmp_path / "samples.csv", "key")

    assert lb.apply(rule, samples, schema).to_array()[:, 0].tolist() == [1, -1, -1]


def test_values_of_a_database_are_found_in_columns_of_other_types(tmp_path, schema):
    with sqlite3.connect(tmp_path / "crm.db") as database:
        database.execute("CREATE TABLE known (n NUMERIC(6, 2), day DATE, name BLOB)")
        database.execute("INSERT INTO known VALUES (42, '2026-07-01', CAST('bot' AS BLOB))")
    database.close()
    url = f"sqlite:///{tmp_path}/crm.db"
    for column, values in (
        ("n", [42, 7]), ("n", ["42", "7"]), ("n", [42.0, np.nan]),
        ("day", ["2026-07-01", "2026-07-02"]), ("day", [pd.Timestamp("2026-07-01"), None]),
        ("name", ["bot", "ann"]),
    ):  # fmt: skip
        rule = lookup("rule", sql_values(url, "known", column), label="spam", column="value")
        assert votes(rule, values, schema) == [True, False]


def test_a_crowd_finds_its_samples_by_value(schema):
    annotations = pd.DataFrame({"sample": [1, 2], "annotator": "ann", "label": ["spam", "ham"]})
    (voter,) = crowd(annotations, by="value")

    for column in (["1", "2", "3"], [1.0, 2.0, np.nan], pd.array([1, 2, None], "Int64")):
        array = lb.apply(voter, pd.DataFrame({"value": column}), schema).to_array()
        assert array[:, 0].tolist() == [1, 0, -1]
    with pytest.raises(LabelingFunctionError, match=r"int such as 1. 'value' holds True \(bool\)"):
        lb.apply(voter, pd.DataFrame({"value": [True]}), schema)


def test_known_values_must_be_single_ones():
    with pytest.raises(
        LabelingFunctionError, match=r"Lookup 'rule' must have .* Got \['a'\] \(list\)"
    ):
        lookup("rule", [["a"]], label="spam", column="value")
