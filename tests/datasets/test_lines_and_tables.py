"""JSON lines and CSV: made column by column, the same as row by row, and safe in spreadsheets."""

import json
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import labeling as lb
from labeling.datasets import json_lines, unguarded_text
from labeling.datasets.csv_tables import guarded_text
from labeling.datasets.json_rows import json_rows
from labeling.datasets.values import without_non_finite
from labeling.records import is_formula
from tests.support.nasty_training_set import IDS, TEXTS, N, nasty

STARTS = st.text(
    st.sampled_from("'=+-@\t\r\n \x0b\x1c\x85\xa0\u2028\u3000\uff1d\uff0b1a"), max_size=5
)


def by_rows(train):
    """The lines as `json.dumps` makes them of an object for each sample."""
    rows = (without_non_finite(row)[0] for row in json_rows(train))
    lines = (json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows)
    return "".join(f"{line}\n" for line in lines).encode("utf-8")


def of_people():
    """Votes of people with skips, infinite numbers, objects, and names that need quotes."""
    ids = pd.Index([f"s{i}" for i in range(4)])
    data = pd.DataFrame(
        {
            'a "name"': [1.0, float("inf"), float("nan"), 1e-7],
            "more": [{"x": float("nan")}, ["\u2028"], None, {"y": [True, 1, 1.5, "\x00"]}],
            "yes": [True, False, True, False],
        },
        index=ids,
    )
    schema = lb.LabelSchema(["ham", 'sp"am'])
    when = pd.Timestamp("2026-01-01", tz="UTC").to_pydatetime()
    said = [
        lb.Annotation("s0", 'ann "A"', "ham", when, when),
        lb.Annotation("s0", "bob", None, when, when),
        lb.Annotation("s2", "bob", 'sp"am', when, when),
    ]
    soft = lb.SoftLabels(
        [[1.0, 0.0], [0.9, 0.1], [0.25, 0.75], [1 / 3, 2 / 3]], ids, schema, [True] * 4
    )
    return lb.build_training_set(data, soft, annotations=said)


@pytest.mark.parametrize("rows_at_once", [1, 4, 100_000])
@pytest.mark.parametrize("made", [of_people, nasty, lambda: nasty("date", split=True)])
def test_lines_are_those_of_json_dumps(monkeypatch, made, rows_at_once):
    monkeypatch.setattr(json_lines, "AT_ONCE", rows_at_once)
    train = made()

    assert by_rows(train) == b"".join(json_lines.json_lines(train))


@given(st.lists(st.text(), min_size=1, max_size=5), st.lists(st.floats(), min_size=5, max_size=5))
def test_any_text_and_number_is_written_as_json_dumps_does(texts, numbers):
    ids = pd.Index(range(len(texts)))
    data = pd.DataFrame({"text": texts, "number": numbers[: len(texts)]}, index=ids)
    soft = lb.SoftLabels(
        [[0.9, 0.1]] * len(ids), ids, lb.LabelSchema(["ham", "spam"]), [True] * len(ids)
    )
    train = lb.build_training_set(data, soft)

    assert by_rows(train) == b"".join(json_lines.json_lines(train))


@given(STARTS)
def test_guarded_texts_are_no_formulas_and_can_be_undone(text):
    guarded = guarded_text(text)

    assert not is_formula(guarded) or re.fullmatch(r"[+-]1+(\.1+)?", guarded)
    assert text == unguarded_text(guarded)
    assert (text == guarded) or is_formula(text.lstrip("'"))


def test_a_csv_file_is_safe_and_its_manifest_counts_what_was_changed(tmp_path):
    nasty().to_csv(tmp_path / "train.csv")
    frame = pl.read_csv(tmp_path / "train.csv").with_columns(pl.col("text").fill_null(""))
    manifest = json.loads((tmp_path / "train.csv.manifest.json").read_text("utf-8"))
    changed = [text for text in TEXTS[: N - 1] if is_formula(text)]

    assert [guarded_text(text) for text in TEXTS[: N - 1]] == frame["text"].to_list()
    assert list(TEXTS[: N - 1]) == [unguarded_text(text) for text in frame["text"]]
    assert {"text": len(changed)} == manifest["guarded_in_csv"]
    assert ["=HYPERLINK(1)", "\t@tab"] == changed
    nasty().to_csv(tmp_path / "exact.csv", for_spreadsheet=False)
    exact = pd.read_csv(tmp_path / "exact.csv", keep_default_na=False)
    assert list(TEXTS[: N - 1]) == exact["text"].tolist()
    assert not json.loads((tmp_path / "exact.csv.manifest.json").read_text("utf-8"))[
        "guarded_in_csv"
    ]


def test_negative_numbers_are_no_formulas(tmp_path):
    data = pd.DataFrame({"whole": [-1.0, 2.0], "part": [-0.5, 2], "n": [-1, -2]}, index=["-1", "b"])
    soft = lb.SoftLabels([[0.9, 0.1]] * 2, data.index, lb.LabelSchema(["-", "b"]), [True] * 2)
    lb.build_training_set(data, soft).to_csv(tmp_path / "train.csv")
    frame = pd.read_csv(tmp_path / "train.csv")

    assert [[-1.0, -0.5, -1], [2.0, 2.0, -2]] == frame[["whole", "part", "n"]].to_numpy().tolist()
    assert ["-1", "b"] == frame["sample_id"].tolist()
    assert ["'-"] * 2 == frame["label"].tolist()


@pytest.mark.parametrize("ids", IDS)
def test_votes_in_csv_are_objects(tmp_path, ids):
    nasty(ids).to_csv(tmp_path / "train.csv")
    votes = pd.read_csv(tmp_path / "train.csv")["lf_votes"].map(json.loads)

    assert nasty(ids).frame["lf_votes"].tolist() == votes.tolist()
    of_people().to_csv(tmp_path / "people.csv")
    said = pd.read_csv(tmp_path / "people.csv")["annotators"].map(json.loads)
    assert {'ann "A"': "ham", "bob": None} == said[0]


@pytest.mark.parametrize("n", [0, 1])
def test_none_and_one(tmp_path, n):
    train = nasty().take(np.arange(n))
    train.to_jsonl(tmp_path / "train.jsonl")
    train.to_csv(tmp_path / "train.csv")

    assert n == len((tmp_path / "train.jsonl").read_bytes().splitlines())
    assert n == len(pd.read_csv(tmp_path / "train.csv"))
