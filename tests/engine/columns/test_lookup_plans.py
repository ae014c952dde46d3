"""Plans of `lookup`: values are found as Python finds them."""

import numpy as np
import pandas as pd
import pytest

from labeling.functions import among, keywords, lookup, regex, search
from tests.support.rule_plans import EDGE_TEXTS, assert_decided_as_python

TABLES = {
    "texts": ["ham", "kiss", "straße", "É"],
    "numbers as texts": ["42", "4.2", "7", "True", "2026-07-01"],
    "numbers": [42, 7.5, 2**53 + 1, 1, 0],
    "mixed": ["ham", 42, None, 2.5, True],
    "missing": [None],
    "ambiguous": {"1.10": "ham", "1.1": "spam", "1.100": "ham"},
    "mapping": {"ham": "ham", "kiss": "spam", "42": None, 7: 1},
    "bool": [False],
    "far": [2**70, 10**30, 1e300, float("inf")],
}


COLUMNS = {
    "texts": pd.Series(EDGE_TEXTS, dtype="str"),
    "category": pd.Series(EDGE_TEXTS * 3, dtype="category"),
    "ints": pd.Series([42, 7, 0, 1, -1, 2**53 + 1, 2**53, 2**62] * 5),
    "small ints": pd.Series([42, 7, 0, 1, 255] * 5, dtype="uint8"),
    "ints with gaps": pd.Series([42, None, 7, 1], dtype="Int64"),
    "floats": pd.Series([42.0, 7.5, 4.2, 1.1, -0.0, 0.0, np.nan, np.inf, 2.0**53, 1e300]),
    "narrow floats": pd.Series([42.0, 7.5, 4.2, 1.1, np.nan], dtype="float32"),
    "bools": pd.Series([True, False, True]),
    "many texts": pd.Series([*map(str, range(1_000)), "É", "é", "KISS", "4.2", "042"], dtype="str"),
    "many ints": pd.Series(np.arange(-500, 500)),
    "many floats": pd.Series(np.arange(-500, 500) / 2),
    "dates": pd.Series(pd.to_datetime(["2026-07-01", None])),
    "nothing": pd.Series([None, None], dtype=object),
    "mixed": pd.Series(["ham", 42, None, 2.5, True], dtype=object),
}  # fmt: skip


@pytest.mark.parametrize("ignore_case", [True, False])
@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("table", TABLES)
def test_values_are_looked_up_as_python_does(table, column, ignore_case):
    values = TABLES[table]
    label = None if isinstance(values, dict) else "spam"
    lf = lookup("l", values, label=label, column="v", ignore_case=ignore_case)
    frame = pd.DataFrame({"v": COLUMNS[column]})

    assert_decided_as_python([lf], frame)
    assert_decided_as_python([search("s", ~among(list(values), column="v"), label="ham")], frame)


@pytest.mark.parametrize("column", ["texts", "category", "many texts"])
def test_texts_are_looked_up_without_python(column):
    lf = lookup("l", ["ham", "kiss"], label="spam", column="v")

    assert_decided_as_python([lf], pd.DataFrame({"v": COLUMNS[column]}), least=1.0)


def test_many_values_are_looked_up_once_each_and_only_where_they_may_be_known():
    lf = lookup("l", ["ham"], label="spam", column="v")
    asked = []
    rule = lf.rule
    table = type(rule.table)(
        lambda value: asked.append(value) or rule.table.find(value), rule.table.keys
    )
    lf.rule = type(rule)(rule.column, table)
    frame = pd.DataFrame({"v": [f"author {number}" for number in range(1_000)] + ["HAM"] * 10})

    assert_decided_as_python([lf], frame, least=1.0)

    assert ["HAM"] == asked


def test_texts_with_half_characters_are_left_to_python():
    frame = pd.DataFrame({"text": pd.Series(["ham \ud800", "ham", "\udfff"], dtype=object)})

    assert [0.0] == assert_decided_as_python([keywords("k", ["ham"], label="spam")], frame)


@pytest.mark.parametrize(
    "values",
    [
        [1, 2],
        [1.5, np.nan],
        [True, False],
        ["ham", 3],
        [None, None],
        [b"ham", b"x"],
        [["ham"], ["x"]],
    ],
)
def test_columns_without_texts_are_left_to_python(values):
    frame = pd.DataFrame({"text": pd.Series(values, dtype=object)})
    lfs = [keywords("k", ["ham"], label="spam"), regex("r", "ham", label="spam")]

    assert [0.0, 0.0] == assert_decided_as_python(lfs, frame)
